# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import kit
from vmsampling import underway

NEVER = float("-inf")


class UnderWayTest(kit.TestCase):

    def setUp(self):
        super(UnderWayTest, self).setUp()
        self.scheduler = kit.Scheduler(now=100.0)
        self.underway = underway.UnderWay(0.5, self.scheduler.clock)

    def check(self, storages, seconds, doubted_until):
        self.assertEqual(self.underway.longest(storages), seconds)
        self.assertEqual(
            self.underway.doubted_until(storages), doubted_until)

    def test_nothing(self):
        self.check(["a"], 0.0, NEVER)

    def test_what_takes_no_longer_than_usual(self):
        with self.underway.noted(["a"]):
            self.scheduler.advance(0.5)
            self.check(["a"], 0.5, NEVER)

    def test_what_takes_longer(self):
        with self.underway.noted(["a", "b"]):
            self.scheduler.advance(4.0)
            self.check(["a"], 4.0, 100.5)
            self.check(["b", "c"], 4.0, 100.5)
            self.check(["c"], 0.0, NEVER)
            self.check([], 0.0, NEVER)
        self.check(["a"], 0.0, NEVER)

    def test_several(self):
        with self.underway.noted(["a"]):
            self.scheduler.advance(2.0)
            with self.underway.noted(["a"]):
                self.scheduler.advance(1.0)
                # An answer must be from after both became doubtful.
                self.check(["a"], 3.0, 102.5)
            self.check(["a"], 3.0, 100.5)

    def test_equal_ones(self):
        with self.underway.noted(["a"]):
            with self.underway.noted(["a"]):
                pass
            self.scheduler.advance(1.0)
            self.check(["a"], 1.0, 100.5)

    def test_failure(self):
        with self.assertRaises(KeyError):
            with self.underway.noted(["a"]):
                raise KeyError()
        self.check(["a"], 0.0, NEVER)
