# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import copy

import kit
import wire_test
from vmsampling import aging

STUCK = {"call": "x", "seconds": 2.0, "late": None, "kernel": {}}


class AgingTest(kit.TestCase):

    def setUp(self):
        super(AgingTest, self).setUp()
        self.snapshot = wire_test.snapshot(
            vms=wire_test.vm(stuck=STUCK), hung=[dict(STUCK, late=1.0)],
            host={"age": 0.5, "time": 1.0, "load": [1.0]},
            server={"age": 20.0, "nWorkers": 5},
            pools={"images": {"age": 1.0, "state": "running"}})
        self.before = copy.deepcopy(self.snapshot)
        self.found = aging.aged(self.snapshot, 3.0)

    def test_ages_grow(self):
        vm = self.found["vms"]["u"]
        self.assertEqual(
            vm["age"], {"host": 3.0, "monitor": None, "storage": 4.5})
        self.assertEqual(vm["stuck"], dict(STUCK, seconds=5.0))
        self.assertEqual(
            self.found["hung"], [dict(STUCK, seconds=5.0, late=4.0)])
        self.assertEqual(self.found["host"],
                         {"age": 3.5, "time": 1.0, "load": [1.0]})
        self.assertEqual(self.found["server"], {"age": 23.0, "nWorkers": 5})
        self.assertEqual(self.found["pools"]["images"],
                         {"age": 4.0, "state": "running"})
        self.assertEqual(self.found["time"], 3.0)
        self.assertEqual(self.found["monotonic"], 1003.0)

    def test_all_else_stays(self):
        self.assertEqual(self.snapshot, self.before)
        self.assertEqual(aging.aged(self.snapshot, 0.0), self.before)
        self.assertEqual(self.found["vms"]["u"]["stats"], {"cpu.time": 7})
        self.assertIsNone(
            aging.aged(wire_test.snapshot(), 1.0)["vms"]["u"]["stuck"])
