# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import kit
import snapshots
from vmsampling import ranking
from vmsampling import vmfigures


def names(ranked):
    return [vm["name"] for _, vm in ranked]


def rank(order, *vms, **kwargs):
    return names(ranking.rank(
        snapshots.snapshot(*vms)["vms"], ranking.order(order), **kwargs))


class RankTest(kit.TestCase):

    def test_numbers_descend(self):
        vms = [snapshots.vm(str(n), rates={"cpu.time": n * 1e8})
               for n in (3, 1, 2)]
        self.assertEqual(rank("cpu", *vms), ["3", "2", "1"])
        self.assertEqual(rank("cpu", *vms, backwards=True), ["1", "2", "3"])

    def test_names_ascend_in_capitals_or_not(self):
        vms = [snapshots.vm(name) for name in ("b", "C", "a")]
        self.assertEqual(rank("name", *vms), ["a", "b", "C"])

    def test_stuck_are_on_top_in_all_orders(self):
        vms = [snapshots.vm("a"), snapshots.stuck("b"), snapshots.unknown("c"),
               snapshots.stuck("z")]
        for order in ranking.ORDERS:
            for backwards in (False, True):
                ranked = rank(order.name, *vms, backwards=backwards)
                self.assertEqual(sorted(ranked[:2]), ["b", "z"])

    def test_unknown_are_last_both_ways(self):
        vms = [snapshots.unknown("a"), snapshots.vm("b")]
        for backwards in (False, True):
            self.assertEqual(
                rank("cpu", *vms, backwards=backwards), ["b", "a"])

    def test_equal_by_name(self):
        vms = [snapshots.vm(name) for name in ("b", "c", "a")]
        self.assertEqual(rank("disk", *vms), ["a", "b", "c"])

    def test_longest_stuck_first_then_oldest(self):
        old = snapshots.vm("old")
        old["age"]["monitor"] = 99.0
        self.assertEqual(
            rank("stuck", snapshots.vm("new"), snapshots.stuck("s", 4.0), old,
                 snapshots.stuck("t", 40.0)), ["t", "s", "old", "new"])

    def test_any_names(self):
        rng = kit.rng("ranking")
        for _ in range(50):
            vms = [snapshots.vm(snapshots.name(rng)) for _ in range(20)]
            self.assertEqual(len(rank("name", *vms)), 20)

    def test_matching(self):
        ranked = ranking.rank(snapshots.snapshot(
            snapshots.vm("Web1"), snapshots.vm("db")).get("vms"),
            ranking.order("name"))
        self.assertEqual(names(ranking.matching(ranked, u"wEB")), ["Web1"])
        self.assertEqual(names(ranking.matching(ranked, u"")), ["db", "Web1"])

    def test_beside(self):
        first, last = ranking.ORDERS[0], ranking.ORDERS[-1]
        self.assertIs(ranking.beside(first, -1), first)
        self.assertIs(ranking.beside(last, 1), last)
        self.assertIs(ranking.beside(first, 1), ranking.ORDERS[1])


class FiguresTest(kit.TestCase):

    def test_values(self):
        vm = snapshots.vm("a")
        for function, value in (
                (vmfigures.cpu, 150.0), (vmfigures.steal, 2.5),
                (vmfigures.memory, 4.0 * 2 ** 30), (vmfigures.read, 1500.0),
                (vmfigures.written, 0.0), (vmfigures.disk, 1500.0),
                (vmfigures.requests, 77.0), (vmfigures.received, 2.0 ** 20),
                (vmfigures.network, 2.0 ** 20 + 10), (vmfigures.age, 0.5),
                (vmfigures.stuck, 0.5)):
            self.assertEqual(function(vm), value)

    def test_unknown_is_no_zero(self):
        vm = snapshots.unknown("a")
        for function in (
                vmfigures.cpu, vmfigures.steal, vmfigures.memory,
                vmfigures.disk, vmfigures.requests, vmfigures.network,
                vmfigures.age):
            self.assertIsNone(function(vm))

    def test_number(self):
        for value in (None, float("nan"), float("inf"), "1", [1]):
            self.assertIsNone(vmfigures.number(value))
        self.assertEqual(vmfigures.number(0), 0)
