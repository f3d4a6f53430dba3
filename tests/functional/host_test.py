# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The test host itself must leave nothing behind, whatever happens to the tests.
"""

from __future__ import absolute_import, division, print_function

import os
import signal
import subprocess
import sys
import unittest

import host
import keeper
import kit
import tools

# A host in its worst state: a stopped QEMU, and one that hangs in storage.
_CHILD = """
import sys, time
import host, tools
vms = host.Host(vms=1)
vms.start()
print(vms.folder.path)
sys.stdout.flush()
if sys.argv[1] == "storage":
    storage = host.HangingFolder(vms)
    storage.start()
    vms.create("vm02", storage.path)
    storage.hang()
    tools.run(vms.libvirtd.virsh_command("domblkinfo", "vm02", "vda"), 1)
vms.freeze("vm01")
print("ready")
sys.stdout.flush()
time.sleep(600)
"""


class KilledTest(kit.TestCase):

    def test_terminated(self):
        self.check(signal.SIGTERM)

    def test_killed_while_storage_hangs(self):
        tools.require("bindfs")
        self.check(signal.SIGKILL, "storage")

    def check(self, number, what="no storage"):
        tools.require()
        child = subprocess.Popen(
            [sys.executable, "-c", _CHILD, what], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, close_fds=True, universal_newlines=True,
            env=dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)))
        try:
            folder = child.stdout.readline().strip()
            ready = child.stdout.readline().strip()
            self.assertEqual(ready, "ready", folder)
            self.assertTrue(keeper.processes_of(folder))
        finally:
            child.send_signal(number)
            child.communicate()
        tools.wait_until(
            lambda: not keeper.processes_of(folder), 10,
            lambda: "processes %s ended" % keeper.processes_of(folder))
        self.assertFalse(os.path.lexists(folder))
        self.assertEqual(keeper.mounts_below(folder), [])


class MissingTest(kit.TestCase):

    def setUp(self):
        super(MissingTest, self).setUp()
        saved = dict(os.environ)
        self.addCleanup(os.environ.update, saved)
        self.addCleanup(os.environ.clear)

    def test_skipped_with_a_clear_word(self):
        os.environ.pop("VDSM_SAMPLING_REQUIRE_FUNCTIONAL", None)
        with self.assertRaises(unittest.SkipTest) as caught:
            self.require_missing()
        self.assertIn("install the package bindfs", str(caught.exception))

    def test_failed_where_required(self):
        os.environ["VDSM_SAMPLING_REQUIRE_FUNCTIONAL"] = "1"
        with self.assertRaises(AssertionError) as caught:
            self.require_missing()
        self.assertIn("install the package bindfs", str(caught.exception))

    def require_missing(self):
        tools.require()
        find = tools.find_program
        tools.find_program = lambda n: None if n == "bindfs" else find(n)
        try:
            tools.require("bindfs")
        finally:
            tools.find_program = find


class HostTest(kit.TestCase):

    def test_all_is_gone_after_stop(self):
        with host.Host(vms=1) as vms:
            folder = vms.folder.path
            vms.freeze("vm01")
            self.assertEqual(vms.silent(["vm01"], seconds=0.5), ["vm01"])
            vms.thaw("vm01")
            self.assertEqual(vms.silent(["vm01"]), [])
        self.assertEqual(keeper.processes_of(folder), [])
        self.assertFalse(os.path.lexists(folder))
