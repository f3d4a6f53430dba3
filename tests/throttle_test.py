# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import kit
from threadpool import throttle


class TestThrottle(kit.TestCase):

    def setUp(self):
        super(TestThrottle, self).setUp()
        self.clock = kit.Scheduler()

    def test_admits_a_burst_then_counts(self):
        admit = throttle.Throttle(10, burst=2, clock=self.clock.clock).admit
        self.assertEqual([admit() for _ in range(4)], [0, 0, None, None])
        self.clock.advance(10)
        self.assertEqual([admit() for _ in range(3)], [2, 0, None])

    def test_interval_begins_with_the_first_event(self):
        admit = throttle.Throttle(10, clock=self.clock.clock).admit
        self.clock.advance(9)
        self.assertEqual(admit(), 0)
        self.clock.advance(9)
        self.assertIsNone(admit())
        self.clock.advance(1)
        self.assertEqual(admit(), 1)
