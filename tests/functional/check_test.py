# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
vdsm-sampler check, on a host that is well and on hosts that are not.
"""

from __future__ import absolute_import, division, print_function

import json
import os
import re
import time

import faults
import host
import kit
import program_test
import six
import tools
from threadpool import clock

VMS = host.Host(vms=2)

# libvirtd lets only its own user at its admin socket.
_VIRT_ADMIN = """\
#!/bin/sh
exec %s "$@"
"""


def setUpModule():
    VMS.start()
    path = VMS.folder.write("bin/virt-admin", _VIRT_ADMIN % " ".join(
        host.as_user() + [tools.find_program("virt-admin")]))
    os.chmod(path, 0o755)


def tearDownModule():
    VMS.stop()


class TestCase(kit.TestCase):

    def setUp(self):
        super(TestCase, self).setUp()
        # No configuration of the machine must get into the tests.
        self.config = VMS.folder.write("empty.conf", "")

    def run_check(self, *args, **kwargs):
        """
        Return exit status, stdout and stderr.
        """
        command = program_test.COMMAND + [
            "check",
            "--connect", kwargs.get("uri", VMS.uri),
            "--config", kwargs.get("config", self.config)] + list(args)
        environ = self.environment()
        environ["PATH"] = kwargs.get("path", environ["PATH"])
        return tools.run(command, 30, env=environ)

    def environment(self):
        """
        One in which virt-admin works.
        """
        environ = program_test.environment()
        environ["PATH"] = os.pathsep.join([
            os.path.join(VMS.folder.path, "bin"), environ["PATH"]])
        return environ

    def rows(self, **kwargs):
        """
        Return exit status and {name: [finding]}.
        """
        status, out, err = self.run_check("--format", "json", **kwargs)
        self.assertEqual(err, "")
        rows = {}
        for row in json.loads(out)["checks"]:
            rows.setdefault(row["name"], []).append(row)
        return status, rows

    def check_only_warning(self, name, **kwargs):
        """
        Return what was found and what to do.
        """
        for _ in range(3):
            status, rows = self.rows(**kwargs)
            # On 2.7 the names of a list comprehension go on living after it.
            found = [row for some in sorted(rows) for row in rows[some]
                     if row["verdict"] != "ok"]
            if [row["name"] for row in found] == [name]:
                break
            # A QEMU of the test before may just be going on, which is worth
            # a warning of its own.
            time.sleep(0.5)
        self.assertEqual([row["name"] for row in found], [name], found)
        self.assertEqual((status, found[0]["verdict"]), (1, "warn"))
        return found[0]["found"], found[0]["advice"]

    def check_complaint(self, **kwargs):
        """
        One line on stderr for the user, exit status 2, nothing else.
        """
        status, out, err = self.run_check(**kwargs)
        self.assertEqual(len(err.splitlines()), 1, err)
        self.assertEqual((status, out), (2, ""), err)
        return err

    def configure(self, text):
        return VMS.folder.write("check.conf", text)


class CheckTest(TestCase):

    def test_well(self):
        status, out, err = self.run_check()
        self.assertEqual((status, err), (0, ""), out)
        lines = out.splitlines()
        self.assertEqual(lines[-1], "all is well")
        self.assertEqual([line.split()[:2] for line in lines[:-1]], [
            ["ok", name] for name in (
                "configuration", "connection", "versions", "binding",
                "statistics", "workers", "busy", "clients", "requests",
                "VMs", "looks", "storage", "host", "threads")])
        for words in ("libvirtd has at most 20 workers", "of at most 5000",
                      "STATE|INTERFACE", "2 active", "PID found for 2 of 2",
                      "2 images of vm01, vm02, all readable"):
            self.assertIn(words, out)

    def test_no_monitor_is_touched(self):
        self.addCleanup(VMS.thaw, "vm02")
        VMS.freeze("vm02")
        self.assertEqual(self.run_check()[0], 0)
        self.assertIn("ok", VMS.virsh("domcontrol", "vm02"))

    def test_occupied(self):
        self.addCleanup(VMS.thaw, "vm02")
        VMS.freeze("vm02")
        other = tools.start(
            VMS.libvirtd.virsh_command("dommemstat", "vm02"), 30)
        self.addCleanup(other.communicate)
        self.addCleanup(VMS.thaw, "vm02")
        host.wait_occupied(VMS, "vm02")
        found, advice = self.check_only_warning("VMs")
        self.assertIn("1 with an occupied control interface: vm02 for",
                      found)
        self.assertIn("vdsm-sampler stuck", advice)

    def test_max_hung_is_too_much(self):
        found, advice = self.check_only_warning(
            "workers", config=self.configure("[sampling]\nmax_hung = 15\n"))
        self.assertIn("leaves 5 to other clients", found)
        self.assertIn("max_workers = 23", advice)

    def test_no_virt_admin(self):
        folder = VMS.folder.make("nothing-but-timeout")
        os.symlink(tools.find_program("timeout"),
                   os.path.join(folder, "timeout"))
        found, advice = self.check_only_warning(
            "limits", path=folder)
        self.assertIn("there is no virt-admin", found)
        self.assertIn("libvirt-clients", advice)

    def test_other_users_daemon(self):
        if os.getuid() != 0:
            self.skipTest("nobody else's daemon is to be reached")
        found, advice = self.check_only_warning("limits", path=os.defpath)
        self.assertIn("run as the user that libvirtd runs as", advice, found)

    def test_image_is_not_for_us(self):
        # As root all may be read, but for what is not there.
        VMS.create("vm03")
        self.addCleanup(VMS.destroy, "vm03")
        os.unlink(os.path.join(VMS.folder.path, "vm03.raw"))
        found, advice = self.check_only_warning("storage")
        self.assertIn("vm03.raw cannot be read: No such file", found)

    def test_pid_file_is_away(self):
        with host.hidden(VMS, "vm01"):
            found, advice = self.check_only_warning("looks")
        self.assertIn("PID found for 1 of 2 QEMUs", found)
        self.assertIn("not found: vm01", found)

    def test_driver_without_a_daemon(self):
        # libvirt's test driver has a VM whose image is not there.
        found, advice = self.check_only_warning(
            "storage", uri="test:///default")
        self.assertIn("No such file", found)

    def test_takes_no_time(self):
        begin = clock.monotonic()
        self.run_check()
        self.assertLess(clock.monotonic() - begin, 5)


class ComplaintTest(TestCase):

    def test_libvirtd_hangs(self):
        tools.suspend(VMS.libvirtd.pid)
        begin = clock.monotonic()
        try:
            complaint = self.check_complaint()
        finally:
            tools.resume(VMS.libvirtd.pid)
        self.assertLess(clock.monotonic() - begin, 12)
        self.assertIn("is it hung?", complaint)

    def test_dead_daemon(self):
        VMS.libvirtd.kill()
        try:
            self.assertIn("is libvirtd running?", self.check_complaint())
        finally:
            VMS.libvirtd.start()

    def test_wrong_uri(self):
        self.check_complaint(uri="nonsense:///system")
        self.check_complaint(
            uri=VMS.uri.replace("libvirt-sock", "nobody-listens"))

    def test_bad_configuration(self):
        path = self.configure("[sampling]\nmax_hung = many\n")
        self.assertIn("max_hung = many", self.check_complaint(config=path))


class HungStorageTest(TestCase):

    def test_hangs(self):
        folder = host.HangingFolder(VMS)
        folder.start()
        self.addCleanup(folder.stop)
        VMS.create("vm04", folder.path)
        self.addCleanup(VMS.destroy, "vm04")
        folder.hang()
        self.addCleanup(folder.release)
        found, advice = self.check_only_warning("storage")
        self.assertIn("no answer within 2 s from %s/vm04.raw" % folder.path,
                      found)


class AllWorkersHangTest(TestCase):

    timeout = 200

    def test_all_hang(self):
        names = ["hang%02d" % number for number in range(20)]
        VMS.create_all(names)
        self.addCleanup(VMS.destroy, *names)
        fault = faults.WorkersHung(VMS, names)
        self.addCleanup(fault.end)
        fault.begin()
        begin = clock.monotonic()
        status, out, err = self.run_check()
        self.assertLess(clock.monotonic() - begin, 10)
        self.assertEqual(status, 2, out)
        # Not always all 20: see faults.WorkersHung.
        six.assertRegex(self, out, r"warn  busy           \d+ of 20 workers")
        self.assertIn("bad   statistics", out)
        self.assertEqual(len(err.splitlines()), 1, err)
        self.check_advice(out)

    def check_advice(self, out):
        """
        To do as it says ends what all others suffer from, with the VMs still
        hung.
        """
        command = re.search(
            r"virt-admin -c \S+ srv-threadpool-set libvirtd .*\d", out).group()
        self.addCleanup(self.administer, re.sub(
            "--.*", "--min-workers 5 --max-workers 20", command))
        self.administer(command)
        status, out, err = tools.run(VMS.libvirtd.virsh_command(
            "dommemstat", VMS.domains[0]), 10)
        self.assertEqual(status, 0, out + err)

    def administer(self, command):
        status, out, err = tools.run(["sh", "-c", command], 10,
                                     env=self.environment())
        self.assertEqual(status, 0, out + err)
