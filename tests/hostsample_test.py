# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import errno
import io
import os
import shutil
import tempfile

import kit
from vmsampling import hostsample

STAT = u"""\
cpu  100 10 30 400 5 0 0 0 0 0
cpu0 60 6 20 200 5 0 0 0 0 0
cpu11 40 4 10 200 0 0 0 0 0 0
intr 1 2 3
btime 1395249141
"""


class HostSampleTest(kit.TestCase):

    def setUp(self):
        super(HostSampleTest, self).setUp()
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def write(self, text):
        path = os.path.join(self.folder, "file")
        with io.open(path, "w", encoding="ascii") as f:
            f.write(text)
        return path

    def test_cpus(self):
        found = hostsample.cpus(self.write(STAT))
        self.assertEqual(sorted(found), ["", "0", "11"])
        self.assertEqual(
            [found[""][mode] for mode in hostsample.MODES[:6]],
            [100, 10, 30, 400, 5, 0])
        self.assertEqual(found["11"]["system"], 10)
        self.assertEqual(len(found[""]), len(hostsample.MODES))

    def test_cpus_of_an_old_kernel(self):
        found = hostsample.cpus(self.write(u"cpu0 60 6 20 200\n"))
        self.assertEqual(found, {
            "0": {"user": 60, "nice": 6, "system": 20, "idle": 200}})

    def test_cpus_of_this_host(self):
        self.assertGreater(hostsample.cpus()[""]["user"], 0)

    def test_process(self):
        user, system = hostsample.process_ticks(os.getpid())
        times = os.times()
        ticks = os.sysconf("SC_CLK_TCK")
        self.assertLessEqual(abs(user - times[0] * ticks), 100)
        self.assertLessEqual(abs(system - times[1] * ticks), 100)

    def test_process_that_is_gone(self):
        with self.assertRaises(EnvironmentError):
            hostsample.process_ticks(2 ** 22 + 1)

    def test_boot_time(self):
        self.assertEqual(
            hostsample.boot_time(self.write(STAT)), 1395249141)
        for text in (u"", u"btime\n", u"btime x1\n", u"btimer 1\n"):
            with self.assertRaises(ValueError):
                hostsample.boot_time(self.write(text))

    def test_loads(self):
        path = self.write(u"0.10 0.20 0.30 1/100 4711\n")
        self.assertEqual(hostsample.loads(path), ["0.10", "0.20", "0.30"])

    def test_huge_pages(self):
        path = self.write(u"always [madvise] never\n")
        self.assertEqual(hostsample.huge_pages(path), "madvise")
        with self.assertRaises(ValueError):
            hostsample.huge_pages(self.write(u"\n"))

    def test_space(self):
        self.assertGreaterEqual(hostsample.space(self.folder), 0)

    def test_counters_of_the_loopback(self):
        self.assertGreaterEqual(hostsample.counter("lo", "rx_bytes"), 0)
        self.assertEqual(hostsample.counter("lo", "nothing"), 0)
        self.assertEqual(hostsample.duplex("no such interface"), "unknown")

    def test_a_counter_that_reads_empty_for_a_moment(self):
        texts = ["", "", "42"]
        self.replace_read(lambda path: texts.pop(0))
        self.assertEqual(hostsample.counter("eth0", "rx_bytes"), 42)

    def test_a_counter_that_stays_empty(self):
        self.replace_read(lambda path: "")
        with self.assertRaises(ValueError):
            hostsample.counter("eth0", "rx_bytes")

    def test_a_counter_that_cannot_be_read(self):
        def fail(path):
            raise EnvironmentError(errno.EINVAL, "no")
        self.replace_read(fail)
        with kit.logs("vmsampling.hostsample") as logs:
            self.assertEqual(hostsample.counter("eth0", "rx_bytes"), 0)
        self.assertEqual(len(logs.records), 1)

    def test_advance(self):
        self.assertEqual(hostsample.advance(5, 3), 2)
        self.assertEqual(hostsample.advance(5, 2 ** 32 - 1), 6)

    def test_attempt(self):
        self.assertEqual(hostsample.attempt(lambda: 1, 2), 1)
        self.assertEqual(hostsample.attempt(lambda: int("x"), 2), 2)

    def replace_read(self, read):
        self.addCleanup(setattr, hostsample, "_read", hostsample._read)
        hostsample._read = read
