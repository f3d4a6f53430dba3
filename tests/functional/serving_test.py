# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
A service, and the commands that read from it, each a process of its own.
"""

from __future__ import absolute_import, division, print_function

import json
import os
import signal
import subprocess
import time

import host
import kit
import program_test
import tools
from threadpool import clock

VMS = host.Host(vms=3)

# Seconds from the start of a command to its first round from a service, with
# all that a busy machine takes to start Python.
SOON = 3.0


def setUpModule():
    VMS.start()


def tearDownModule():
    VMS.stop()


class TestCase(kit.TestCase):

    def setUp(self):
        super(TestCase, self).setUp()
        self.socket = os.path.join(VMS.folder.path, "serving", "socket")
        self.dumps = os.path.join(VMS.folder.path, "dumps")
        self.config = VMS.folder.write(
            "serving.conf", "[sampling]\nsocket = %s\ndump_folder = %s\n" % (
                self.socket, self.dumps))

    def start(self, verb, *args):
        process = subprocess.Popen(
            self.command(verb, *args), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, close_fds=True,
            universal_newlines=True, env=program_test.environment())
        self.addCleanup(self.reap, process)
        return process

    def command(self, verb, *args):
        return program_test.COMMAND + [
            verb, "--config", self.config, "--connect", VMS.uri,
            "--format", "json"] + list(args)

    def reap(self, process):
        if process.poll() is None:
            process.kill()
        process.communicate()

    def serve(self):
        service = self.start("watch", "--serve", "--period", "1")
        # All VMs have been asked.
        for _ in range(2):
            self.read(service)
        return service

    def read(self, process):
        line = process.stdout.readline()
        self.assertTrue(line, process.stderr.read() if not line else "")
        return json.loads(line)

    def run_command(self, verb, *args):
        return tools.run(self.command(verb, *args), 20,
                         env=program_test.environment())


class ServingTest(TestCase):

    def test_readers_have_no_connection(self):
        service = self.serve()
        before = clock.monotonic()
        watch = self.start("watch")
        first = self.read(watch)
        self.assertLess(clock.monotonic() - before, SOON)
        self.assertEqual(
            (first["source"]["pid"], first["source"]["own"]),
            (service.pid, False))
        self.assertEqual(len(first["vms"]), 3)
        for vm in first["vms"].values():
            self.assertLess(vm["age"]["monitor"], 2.0)
        # Not even the library was loaded.
        self.assertTrue(self.has_libvirt(service))
        self.assertFalse(self.has_libvirt(watch))
        self.check_stuck(service)

    def has_libvirt(self, process):
        with open("/proc/%d/maps" % process.pid) as maps:
            return "libvirt.so" in maps.read()

    def check_stuck(self, service):
        status, out, err = self.run_command("stuck")
        self.assertEqual((status, err), (0, ""), out)
        self.assertEqual(json.loads(out)["source"]["pid"], service.pid)
        status, out, err = self.run_command("stuck", "--own")
        self.assertEqual((status, err), (0, ""), out)
        self.assertNotIn("source", json.loads(out))

    def test_service_is_killed(self):
        service = self.serve()
        watch = self.start("watch", "--period", "1")
        self.assertEqual(self.read(watch)["source"]["pid"], service.pid)
        service.kill()
        service.wait()
        tools.wait_until(lambda: self.read(watch)["source"]["own"], 5,
                         "watch samples by itself")
        self.assertEqual(len(self.read(watch)["vms"]), 3)
        # What it has left is replaced, and watch goes back to it.
        again = self.serve()
        tools.wait_until(
            lambda: self.read(watch)["source"]["pid"] == again.pid, 10,
            "watch reads from the new service")

    def test_second_service(self):
        service = self.serve()
        status, out, err = self.run_command("watch", "--serve")
        self.assertEqual((status, out), (2, ""))
        self.assertEqual(len(err.splitlines()), 1, err)
        self.assertIn("process %d serves it already" % service.pid, err)

    def test_stuck_vm_is_dumped(self):
        service = self.serve()
        self.addCleanup(VMS.thaw, "vm02")
        VMS.freeze("vm02")
        tools.wait_until(self.dumped, 10, "a dump", pause=0.1)
        dump, = self.dumped()
        found = self.replay(dump)
        self.assertEqual(found[0]["event"], "dump")
        self.assertIn("VM vm02 is stuck", found[0]["text"])
        self.assertEqual(found[-1]["event"], "stuck")
        rounds = [one for one in found if "vms" in one]
        self.assertGreater(len(rounds), 2)
        stuck = [vm for vm in rounds[-1]["vms"].values() if vm["stuck"]]
        self.assertEqual([vm["name"] for vm in stuck], ["vm02"])
        self.assertEqual(stuck[0]["stuck"]["kernel"]["state"], "T")
        # The reader is told what the service knows.
        status, out, _ = self.run_command("stuck")
        self.assertEqual(status, 1)
        self.assertIn("all threads in state T", out)
        self.check_signal(service, dump)

    def dumped(self):
        if not os.path.isdir(self.dumps):
            return []
        return [name for name in os.listdir(self.dumps)
                if name.endswith(".gz")]

    def replay(self, name):
        status, out, err = tools.run(program_test.COMMAND + [
            "replay", os.path.join(self.dumps, name), "--format", "json"],
            20, env=program_test.environment())
        self.assertEqual((status, err), (0, ""))
        return [json.loads(line) for line in out.splitlines()]

    def check_signal(self, service, first):
        service.send_signal(signal.SIGUSR1)
        tools.wait_until(lambda: len(self.dumped()) == 2, 5, "another dump")
        name, = set(self.dumped()) - {first}
        found = self.replay(name)
        self.assertEqual(found[0]["text"], "somebody has asked for it")
        # The warning about the first dump is in the second one.
        self.assertIn("log", [one.get("event") for one in found])
        time.sleep(0.1)
        self.assertIsNone(service.poll())
