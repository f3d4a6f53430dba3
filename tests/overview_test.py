# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import json
import os

import mock

import kit
import sampler_test
from vmsampling import view


class OverviewTest(sampler_test.TestCase):

    def test_slow_reader_delays_no_round(self):
        self.start("a", "b")
        kit.eventually(self.quiet)
        reading = kit.Gate()
        real = view.vm

        def slow(*args):
            reading()
            return real(*args)

        self.patch(view, "vm", slow)
        found = []
        with kit.Bunch(1, lambda _: found.append(self.sampler.snapshot())):
            try:
                reading.wait()
                for number in (2, 3, 4):
                    self.advance()
                    self.assertTrue(
                        self.sampler.wait_round(number, kit.PATIENCE))
            finally:
                reading.open()
        # It has what was there when it began.
        self.assertEqual(found[0]["round"], 1)
        self.assertEqual(self.sampler.snapshot()["round"], 4)
        for name in "ab":
            self.assertLess(
                self.vm(name)["age"]["monitor"], sampler_test.PERIOD)

    def test_without_a_descriptor(self):
        self.start("a")
        kit.eventually(self.quiet)
        full = EnvironmentError(24, "Too many open files")
        with mock.patch.object(os, "listdir", side_effect=full), \
                mock.patch.object(os, "open", side_effect=full):
            found = self.sampler.snapshot()
        self.assertEqual(found["threads"], len(os.listdir("/proc/self/task")))

    def test_keys(self):
        self.start("a")
        kit.eventually(self.quiet)
        found = self.sampler.snapshot()
        found.pop("host", None)
        self.assertEqual(sorted(found), [
            "budget", "connected", "elapsed", "executors", "hung",
            "monotonic", "period", "pool", "pools", "round", "sampler",
            "threads", "time", "versions", "vms"])
        self.assertEqual((found["monotonic"], found["period"]),
                         (self.scheduler.now, sampler_test.PERIOD))
        self.assertEqual(sorted(found["executors"]),
                         ["canary", "host", "monitor"])
        self.assertEqual(sorted(self.vm("a")), [
            "about", "age", "holder", "name", "partial", "rates", "reason",
            "state", "stats", "storage", "stuck"])
        json.dumps(found)
