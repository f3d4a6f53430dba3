# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import kit
import snapshots
from vmsampling import columns
from vmsampling import ranking


def chosen(*args):
    return [column.name for column, _ in columns.choose(*args)[1]]


class ChooseTest(kit.TestCase):

    def test_80_columns(self):
        self.assertEqual(chosen(79, 8, columns.SOME), [
            "state", "age", "cpu", "cpu trend", "mem", "read", "write",
            "iops", "receive", "send"])
        self.assertEqual(chosen(79, 8, columns.MANY)[:4], [
            "state", "age", "cpu", "cpu trend"])
        self.assertEqual(
            [name for name in chosen(79, 8, columns.MANY) if "trend" in name],
            ["cpu trend", "disk trend", "net trend"])
        self.assertNotIn("cpu trend", chosen(79, 8, columns.NONE))

    def test_wide_terminals_have_all(self):
        self.assertEqual(len(chosen(150, 8, columns.SOME)), len(columns.ALL))
        self.assertEqual(len(chosen(150, 8, columns.NONE)),
                         len(columns.ALL) - 3)

    def test_longer_trends_in_wider_terminals(self):
        _, shown = columns.choose(200, 8, columns.SOME)
        widths = [width for column, width in shown if column.trend]
        self.assertEqual(len(set(widths)), 1)
        self.assertGreater(widths[0], 20)

    def test_usual_names_go_before_more_columns(self):
        name, shown = columns.choose(79, 17, columns.SOME)
        self.assertEqual(name, 17)
        self.assertNotIn("iops", [column.name for column, _ in shown])

    def test_what_is_sorted_by_is_shown(self):
        for order in ranking.ORDERS:
            for mode in columns.MODES:
                shown = chosen(60, 100, mode, order.columns)
                for name in order.columns:
                    self.assertTrue(name in shown or name == "name", name)

    def test_never_wider_than_the_room(self):
        for room in range(1, 300):
            for longest in (0, 5, 17, 200):
                for mode in columns.MODES:
                    name, shown = columns.choose(room, longest, mode)
                    self.assertLessEqual(name + sum(
                        1 + width for _, width in shown), room)


class CellTest(kit.TestCase):

    def test_all(self):
        for vm, expected in (
                (snapshots.vm("a"), {
                    "state": "running", "age": "0.5s", "cpu": "150.0",
                    "steal": "2.5", "mem": "4.0G", "rss": "1.4G",
                    "read": "1.5K", "write": "0", "iops": "77",
                    "receive": "1.0M", "send": "10", "storage": "42.0s"}),
                (snapshots.stuck("a", 130.0), {"state": "stuck 2m"}),
                (snapshots.stuck("a", None), {"state": "stuck"}),
                (snapshots.unknown("a"), {
                    "age": "-", "cpu": "-", "mem": "-", "read": "-",
                    "iops": "-", "storage": "-"})):
            cells = dict((column.name, column.cell(vm))
                         for column in columns.ALL if column.cell)
            for name, cell in expected.items():
                self.assertEqual(cells[name], cell)

    def test_figures_fit(self):
        for show, greatest in ((columns.percent, 5), (columns.count, 12)):
            for power in range(-3, greatest):
                self.assertLessEqual(len(show(9.96 * 10 ** power)), 5)

    def test_span(self):
        for seconds, shown in ((0, "0s"), (99, "99s"), (100, "1m"),
                               (5999, "99m"), (6000, "1h"), (8e6, "92d")):
            self.assertEqual(columns.span(seconds), shown)
