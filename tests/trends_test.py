# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import kit
from vmsampling import trends

RATES = {
    "cpu.time": 1.5e9, "cpu.user": 1e9, "vcpu.0.time": 1e9,
    "block.0.rd.bytes": 10.0, "block.10.wr.bytes": 5.0,
    "block.0.rd.reqs": 7.0,
    "net.0.rx.bytes": 1.0, "net.1.tx.bytes": 2.0, "net.0.rx.pkts": 9.0,
}


def snapshot(number, **vms):
    return {"round": number, "period": 2.0, "vms": dict(
        (uuid, {"rates": rates, "age": {"monitor": 0.1, "host": 0.1}})
        for uuid, rates in vms.items())}


class TrendsTest(kit.TestCase):

    def setUp(self):
        super(TrendsTest, self).setUp()
        self.trends = trends.Trends(points=3)

    def test_levels(self):
        self.assertEqual(trends.levels(RATES),
                         {"cpu": 1.5, "disk": 15.0, "net": 3.0})

    def test_nothing_known_is_no_zero(self):
        self.assertEqual(trends.levels({"block.0.rd.bytes": 0.0}),
                         {"cpu": None, "disk": 0.0, "net": None})

    def test_newest_last_and_bounded(self):
        for number in range(1, 6):
            self.trends.add(snapshot(number, a={"cpu.time": number * 1e9}))
        self.assertEqual(self.trends.of("a")["cpu"], [3.0, 4.0, 5.0])
        self.assertEqual(self.trends.of("a")["net"], [None] * 3)

    def test_vm_that_does_not_answer(self):
        found = snapshot(1, a=RATES)
        self.trends.add(found)
        found = snapshot(2, a=RATES)
        found["vms"]["a"]["age"] = {"monitor": 4.0, "host": 3.9}
        self.trends.add(found)
        self.assertEqual(self.trends.of("a"), {
            "cpu": [1.5, 1.5], "disk": [15.0, None], "net": [3.0, 3.0]})
        found = snapshot(3, a=RATES)
        found["vms"]["a"]["age"] = {"monitor": None, "host": None}
        self.trends.add(found)
        self.assertEqual(self.trends.of("a")["net"], [3.0, 3.0, None])

    def test_same_round_again(self):
        self.trends.add(snapshot(1, a=RATES))
        self.trends.add(snapshot(1, a=RATES))
        self.assertEqual(self.trends.of("a")["disk"], [15.0])

    def test_vm_that_left(self):
        self.trends.add(snapshot(1, a=RATES, b=RATES))
        self.trends.add(snapshot(2, b=RATES))
        self.assertEqual(self.trends.of("a"),
                         {"cpu": [], "disk": [], "net": []})
        self.trends.add(snapshot(3, a=RATES, b=RATES))
        self.assertEqual(self.trends.of("a")["cpu"], [1.5])
        self.assertEqual(self.trends.of("b")["cpu"], [1.5] * 3)
