# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The command as its user meets it: a process, its output, its exit status.
"""

from __future__ import absolute_import, division, print_function

import json
import os
import signal
import subprocess
import sys
import time

import host
import kit
import tools
import vmsampling
from threadpool import clock

VMS = host.Host(vms=3)

LIB = os.path.dirname(os.path.dirname(os.path.abspath(vmsampling.__file__)))

# The installed command is these two statements as well.
COMMAND = [sys.executable, "-c",
           "import sys; from vmsampling import command; "
           "sys.exit(command.main())"]

# What the user waits for after SIGTERM or Ctrl-C.
AT_ONCE = 1.0


def setUpModule():
    VMS.start()


def tearDownModule():
    VMS.stop()


def environment():
    paths = [LIB, os.environ.get("PYTHONPATH", "")]
    return dict(os.environ, PYTHONPATH=os.pathsep.join(paths))


class TestCase(kit.TestCase):

    def setUp(self):
        super(TestCase, self).setUp()
        # No configuration of the machine must get into the tests.
        self.config = VMS.folder.write("empty.conf", "")

    def command(self, verb, *args):
        return COMMAND + [
            verb, "--config", self.config, "--connect", VMS.uri] + list(args)

    def run_command(self, verb, *args):
        return tools.run(self.command(verb, *args), 30, env=environment())

    def check_complaint(self, command):
        """
        One line on stderr for the user, exit status 2, nothing else.
        """
        status, out, err = tools.run(command, 20, env=environment())
        self.assertEqual(len(err.splitlines()), 1, err)
        self.assertEqual(status, 2, err)
        self.assertEqual(out, "")
        return err

    def freeze(self, name):
        self.addCleanup(VMS.thaw, name)
        VMS.freeze(name)

    def hang(self, name):
        """
        Freeze it, and have all who ask it hang.
        """
        self.freeze(name)
        hidden = host.hidden(VMS, name)
        hidden.__enter__()
        # Before it is thawed, for which its PID is needed.
        self.addCleanup(hidden.__exit__, None, None, None)


class WatchTest(TestCase):

    def test_json(self):
        status, out, err = self.run_command(
            "watch", "--format", "json", "--period", "1", "--rounds", "3")
        self.assertEqual((status, err), (0, ""))
        rounds = [json.loads(line) for line in out.splitlines()]
        self.assertEqual([r["round"] for r in rounds], [1, 2, 3])
        for one in rounds:
            self.check_round(one)
        for vm in rounds[-1]["vms"].values():
            self.assertEqual(vm["stats"]["block.count"], 1)
            self.assertEqual(vm["stats"]["balloon.maximum"], 16384)
            self.assertGreater(vm["stats"]["cpu.time"], 0)

    def check_round(self, one):
        self.assertLess(abs(one["time"] - time.time()), 60)
        self.assertLess(one["elapsed"], 1.0)
        self.assertGreater(one["threads"], 0)
        self.assertEqual(one["pool"]["stuck"], 0)
        names = sorted(vm["name"] for vm in one["vms"].values())
        self.assertEqual(names, sorted(VMS.domains))
        for vm in one["vms"].values():
            self.assertEqual(vm["state"], "running")
            self.assertIsNone(vm["stuck"])
            self.assertLess(vm["age"]["host"], 2.0)
            self.assertLess(vm["age"]["monitor"], 2.0)
            self.assertIn("storage", vm["age"])

    def test_json_with_a_stuck_vm(self):
        self.hang("vm02")
        stuck = self.check_stuck_json()
        self.assertIn("domainListGetStats", stuck["call"])
        self.assertIsNone(stuck["why"])
        self.assertTrue(stuck["stack"])

    def test_json_with_a_vm_that_is_not_asked(self):
        self.freeze("vm02")
        stuck = self.check_stuck_json()
        self.assertEqual(stuck["call"], "not asked")
        self.assertIn("is stopped", stuck["why"])
        self.assertEqual(stuck["kernel"]["state"], "T")

    def check_stuck_json(self):
        status, out, err = self.run_command(
            "watch", "--format", "json", "--period", "1", "--rounds", "6")
        self.assertEqual(status, 0, err)
        last = json.loads(out.splitlines()[-1])
        vms = dict((vm["name"], vm) for vm in last["vms"].values())
        self.assertGreater(vms["vm02"]["stuck"]["seconds"], 1.0)
        self.assertIsNone(vms["vm02"]["age"]["monitor"])
        self.assertLess(vms["vm02"]["age"]["host"], 2.0)
        for name in ("vm01", "vm03"):
            self.assertIsNone(vms[name]["stuck"])
            self.assertLess(vms[name]["age"]["monitor"], 2.0)
        return vms["vm02"]["stuck"]

    def test_table(self):
        self.freeze("vm03")
        status, out, err = self.run_command(
            "watch", "--format", "table", "--period", "1", "--rounds", "5")
        self.assertEqual(status, 0, err)
        for name in VMS.domains:
            self.assertGreaterEqual(out.count(name), 5, out)
        self.assertIn("stuck", out.lower())
        self.assertNotIn("\x1b", out)

    def test_reader_goes_away(self):
        shell = " ".join("'%s'" % word for word in self.command(
            "watch", "--format", "json", "--period", "0.2", "--rounds", "50"))
        begin = clock.monotonic()
        status, out, err = tools.run(
            ["sh", "-c", shell + " | head -n 1"], 20, env=environment())
        self.assertEqual((status, err), (0, ""))
        self.assertEqual(len(out.splitlines()), 1)
        self.assertLess(clock.monotonic() - begin, 5)


class EndTest(TestCase):

    def test_sigterm(self):
        self.check(signal.SIGTERM)

    def test_ctrl_c(self):
        self.check(signal.SIGINT)

    def test_sigterm_with_stuck_calls(self):
        self.hang("vm01")
        self.check(signal.SIGTERM, seconds=4)

    def test_ctrl_c_with_stuck_calls(self):
        self.hang("vm01")
        self.check(signal.SIGINT, seconds=4)

    def test_sigterm_without_libvirtd(self):
        watch = self.start()
        self.read(watch, 1)
        VMS.libvirtd.kill()
        try:
            time.sleep(1.5)
            self.end(watch, signal.SIGTERM)
        finally:
            VMS.libvirtd.start()

    def check(self, number, seconds=1):
        watch = self.start()
        self.read(watch, seconds)
        self.end(watch, number)

    def start(self):
        watch = subprocess.Popen(
            self.command("watch", "--format", "json", "--period", "1"),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, close_fds=True, universal_newlines=True,
            env=environment())
        self.addCleanup(self.reap, watch)
        return watch

    def reap(self, watch):
        if watch.poll() is None:
            watch.kill()
            watch.communicate()

    def read(self, watch, rounds):
        for _ in range(rounds):
            self.assertTrue(json.loads(watch.stdout.readline()))

    def end(self, watch, number):
        begin = clock.monotonic()
        watch.send_signal(number)
        tools.wait_until(lambda: watch.poll() is not None, AT_ONCE,
                         "the command ends", pause=0.01)
        elapsed = clock.monotonic() - begin
        _, err = watch.communicate()
        self.assertNotIn("Traceback", err)
        self.assertIn(watch.returncode, (0, 128 + number))
        self.assertLess(elapsed, AT_ONCE)


class StuckTest(TestCase):

    def test_none(self):
        status, out, err = self.run_command("stuck")
        self.assertEqual((status, err), (0, ""), out)

    def test_stopped(self):
        self.freeze("vm02")
        status, out, err = self.run_command("stuck")
        self.assertEqual((status, err), (1, ""), out)
        self.assertIn("vm02", out)
        self.assertNotIn("vm01", out)

    def test_call_of_another_client_hangs(self):
        self.freeze("vm02")
        other = tools.start(
            VMS.libvirtd.virsh_command("dommemstat", "vm02"), 30)
        self.addCleanup(other.communicate)
        self.addCleanup(VMS.thaw, "vm02")
        host.wait_occupied(VMS, "vm02")
        status, out, err = self.run_command("stuck")
        self.assertEqual((status, err), (1, ""), out)
        self.assertIn("vm02", out)

    def test_job_is_held(self):
        # It keeps the disk, as it has no guest that would let go of it.
        VMS.create("held")
        self.addCleanup(VMS.destroy, "held")
        with host.held_job(VMS, "held"):
            # So libvirtd calls it.
            tools.wait_until(
                lambda: "error" in VMS.virsh("domcontrol", "held"), 4,
                "the job is held")
            status, out, err = self.run_command("stuck")
        self.assertEqual((status, err), (0, ""), out)
        self.assertIn("held is busy, not stuck\n    the call of another "
                      "client holds its job\n", out)

    def test_look_touches_no_monitor(self):
        # A frozen QEMU that is asked answers once it goes on: libvirtd's
        # control interface would show the hung question.
        self.freeze("vm02")
        self.run_command("stuck")
        self.assertIn("ok", VMS.virsh("domcontrol", "vm02"))

    def test_probe_finds_none(self):
        status, out, err = self.run_command("stuck", "--probe")
        self.assertEqual((status, err), (0, ""), out)

    def test_probe_is_bounded(self):
        self.freeze("vm02")
        begin = clock.monotonic()
        status, out, err = self.run_command("stuck", "--probe")
        self.assertEqual((status, err), (1, ""), out)
        self.assertIn("vm02", out)
        self.assertNotIn("vm01", out)
        self.assertLess(clock.monotonic() - begin, 8)


class ComplaintTest(TestCase):

    def test_unknown_scheme(self):
        for verb in ("watch", "stuck"):
            self.check_complaint(
                COMMAND + [verb, "--connect", "nonsense:///system"])

    def test_no_daemon(self):
        uri = VMS.uri.replace("libvirt-sock", "nobody-listens")
        for verb in ("watch", "stuck"):
            self.check_complaint(COMMAND + [verb, "--connect", uri])

    def test_dead_daemon(self):
        VMS.libvirtd.kill()
        try:
            for verb in ("watch", "stuck"):
                self.check_complaint(self.command(verb))
        finally:
            VMS.libvirtd.start()

    def test_bad_value(self):
        path = VMS.folder.write("bad.conf", "[sampling]\nworkers = many\n")
        complaint = self.check_complaint(COMMAND + [
            "watch", "--config", path, "--connect", VMS.uri])
        self.assertIn("workers", complaint)
        self.assertIn("many", complaint)

    def test_unknown_format(self):
        self.check_complaint(self.command("watch", "--format", "xml"))
