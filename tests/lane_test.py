# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import logging

import kit
from vmsampling import lane


class LaneTest(kit.TestCase):

    def test_places(self):
        clock = kit.Scheduler()
        made = lane.Lane(2, clock.clock)
        with kit.logs("vmsampling.lane") as logs:
            with made.place() as first, made.place() as second:
                self.assertEqual((first, second), (True, True))
                for _ in range(3):
                    with made.place() as third:
                        self.assertIs(third, False)
            with made.place() as first, made.place() as second:
                self.assertEqual((first, second), (True, True))
        self.assertEqual(len(logs.at(logging.WARNING)), 1)

    def test_an_error_gives_the_place_back(self):
        made = lane.Lane(1)
        with self.assertRaises(ValueError):
            with made.place():
                raise ValueError()
        with made.place() as granted:
            self.assertTrue(granted)
