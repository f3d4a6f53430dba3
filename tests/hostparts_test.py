# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import logging
import shutil
import sys
import unittest

import mock

import hostcase
import kit
from vmsampling import hostparts
from vmsampling import hostsample

HZ = hostcase.HZ

try:
    import psutil
except ImportError:
    psutil = None


class PartsTest(hostcase.TestCase):

    def setUp(self):
        super(PartsTest, self).setUp()
        self.parts = hostparts.Parts(self.psutil, self.proc, self.sys)

    def read(self, fails=()):
        found, failed = self.parts.read()
        self.assertEqual(sorted(failed), sorted(fails))
        return found

    def test_all(self):
        self.assertEqual(sorted(self.read()), sorted(hostparts.NAMES))

    def test_processors_keep_their_numbers(self):
        found = self.read()["cpu"]
        self.assertEqual(sorted(found), ["0", "2"])
        self.assertEqual(found["0"], {
            "user": 100 / HZ, "nice": 20 / HZ, "system": 30 / HZ,
            "idle": 300 / HZ, "iowait": 50 / HZ, "irq": 6 / HZ,
            "softirq": 7 / HZ, "steal": 8 / HZ, "guest": 9 / HZ,
            "guest_nice": 10 / HZ})
        self.assertEqual(found["2"]["system"], 70 / HZ)

    def test_load(self):
        self.assertEqual(self.read()["load"], [0.5, 1.25, 12.0])

    def test_memory(self):
        found = self.read()
        self.assertEqual(found["memory"], {
            "total": 8000, "available": 6000, "free": 4000, "buffers": 300,
            "cached": 2000})
        self.assertEqual(found["swap"], {"total": 500, "free": 400})

    def test_numa(self):
        # A node without memory has none; that was measured.
        self.assertEqual(self.read()["numa"], {
            "0": {"total": 4000 * 1024, "free": 1000 * 1024},
            "1": {"total": 0, "free": 1000 * 1024}})

    def test_network(self):
        self.assertEqual(self.read()["network"], {"eth0": {
            "receive_bytes": 1, "receive_packets": 2, "receive_errors": 3,
            "receive_drops": 4, "transmit_bytes": 5, "transmit_packets": 6,
            "transmit_errors": 7, "transmit_drops": 8}})

    def test_disk(self):
        self.assertEqual(self.read()["disk"], {"vda": {
            "read_bytes": 512, "read_requests": 2, "read_seconds": 1.5,
            "write_bytes": 1024, "write_requests": 3,
            "write_seconds": 2.5}})

    def test_pressure(self):
        # Of processors there is no "full" for a whole host.
        self.assertEqual(self.read()["pressure"], {
            "cpu": {"some": 1.5}, "io": {"some": 7e-06, "full": 0.0}})

    def test_counters_are_the_kernels_own(self):
        self.read()
        self.assertEqual(self.psutil.asked, {"perdisk": True, "nowrap": False})

    def test_old_psutil(self):
        self.psutil.version_info = (2, 2, 1)
        self.parts = hostparts.Parts(self.psutil, self.proc, self.sys)
        self.assertIn("disk", self.read())
        self.assertEqual(self.psutil.asked, {"perdisk": True})

    def test_what_is_not_there_is_absent(self):
        for name in ("cpu", "io"):
            self.remove("proc/pressure/" + name)
        shutil.rmtree(self.sys + "/devices")
        self.psutil.interfaces = ["vnet0"]
        # psutil's word for none.
        self.psutil.disk_io_counters = lambda **_: None
        self.assertEqual(
            sorted(self.read()), ["cpu", "load", "memory", "swap"])

    def test_one_that_fails_leaves_the_others(self):
        def fail(**_):
            raise NotImplementedError("no diskstats")
        self.psutil.disk_io_counters = fail
        self.write("proc/stat", "cpu0 x\n")
        self.remove("proc/loadavg")
        found = self.read(["cpu", "disk", "load"])
        self.assertEqual(found["memory"]["total"], 8000)


class LibraryTest(kit.TestCase):

    def test_missing(self):
        with mock.patch.dict(sys.modules, {"psutil": None}):
            self.assertIsNone(hostparts.library())

    def test_broken(self):
        class Finder(object):

            def find_spec(self, name, *_args):
                if name == "psutil":
                    raise OSError("/proc/stat")

            find_module = find_spec

        with mock.patch.dict(sys.modules), \
                mock.patch.object(sys, "meta_path", [Finder()]), \
                kit.logs("vmsampling.hostparts") as logs:
            sys.modules.pop("psutil", None)
            self.assertIsNone(hostparts.library())
        self.assertIn("/proc/stat", logs.at(logging.WARNING)[0])


@unittest.skipIf(psutil is None, "no psutil")
class ThisHostTest(kit.TestCase):

    def test_beside_the_kernels_files(self):
        parts = hostparts.Parts(hostparts.library())
        before = hostsample.cpus()
        found, failed = parts.read()
        after = hostsample.cpus()
        self.assertEqual(failed, {})
        self.assertEqual(len(found["load"]), 3)
        for name in found["cpu"]:
            for mode in ("user", "system"):
                seconds = found["cpu"][name][mode]
                self.assertLessEqual(before[name][mode] / HZ, seconds)
                self.assertLessEqual(seconds, after[name][mode] / HZ)
        with open("/proc/meminfo") as f:
            memory = dict(line.split()[:2] for line in f)
        self.assertEqual(
            found["memory"]["total"], int(memory["MemTotal:"]) * 1024)
        self.assertLessEqual(
            found["memory"]["available"], found["memory"]["total"])
