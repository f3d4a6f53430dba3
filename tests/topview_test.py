# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import kit
import snapshots
from vmsampling import columns
from vmsampling import ranking
from vmsampling import spans
from vmsampling import topview

VIEW = topview.View(
    ranking.order("name"), False, columns.SOME, u"", False, False, None, 0)


def draw(figures, rows=24, width=79, encoding="utf-8", **view):
    return topview.draw(
        figures, VIEW._replace(**view), rows, width, encoding)


def texts(*args, **kwargs):
    return [spans.plain(line).rstrip() for line in draw(
        *args, **kwargs).lines]


def styles(line):
    return [style for _, style in line]


class ListTest(kit.TestCase):

    def test_lines(self):
        found = texts(snapshots.figures(
            snapshots.vm("b"), snapshots.unknown("a")), selected="1")
        self.assertEqual(found[1], u"VMs 2  stuck 0  fresh 1/2  round 0.012 "
                         u"of 2 s  free 4  late 1  hung 1/12")
        self.assertTrue(found[0].endswith(u"  sorted by name  host  test:///"))
        self.assertEqual(found[2:5], [
            u"NAME         STATE   AGE  CPU% CPU            MEM  RD/s  WR/s"
            u"  IOPS  RX/s  TX/s",
            u"a          running     -     -                  -     -     -"
            u"     -     -     -",
            u"b          running  0.5s 150.0               4.0G  1.5K     0"
            u"    77  1.0M    10"])
        self.assertEqual(len(found), 24)
        self.assertIn(u"F1 help", found[-1])
        self.assertIn(u"q quit", found[-1])

    def test_selected(self):
        lines = draw(snapshots.figures(
            snapshots.vm("a"), snapshots.stuck("b")), selected="0").lines
        self.assertEqual(styles(lines[4]), [spans.STUCK])
        self.assertEqual(styles(lines[5]), [spans.SELECTED])
        self.assertEqual(spans.width(lines[5]), 79)
        lines = draw(snapshots.figures(
            snapshots.vm("a"), snapshots.stuck("b")), selected="1").lines
        self.assertEqual(styles(lines[4]), [spans.SELECTED_STUCK])

    def test_sorted_column_is_marked(self):
        lines = draw(snapshots.figures(snapshots.vm("a")),
                     order=ranking.order("disk")).lines
        marked = [part for part, style in lines[2] if style == spans.SORTED]
        self.assertEqual([part.strip() for part in marked], [u"RD/s", u"WR/s"])

    def test_stuck_with_duration_and_holder(self):
        found = texts(snapshots.figures(
            snapshots.vm("a"), snapshots.stuck("b", holder="save")),
            width=200)
        self.assertEqual(
            found[2], u"b stuck for 12.5s, its QEMU (PID 7) is stopped: all "
            u"threads in state T, job: save, kernel: do_signal_stop")
        self.assertTrue(found[4].startswith(u"b  "), found[4])
        self.assertIn(u"stuck 12s", found[4])

    def test_call_that_hangs(self):
        one = snapshots.stuck("b", why=None, call="statsOf(\x1b)", kernel={})
        found = texts(snapshots.figures(one))
        self.assertEqual(found[2], u"b stuck for 12.5s, in statsOf(\\x1b)")

    def test_stuck_without_details(self):
        one = snapshots.vm("b", stuck={"seconds": None}, holder=None)
        self.assertEqual(texts(snapshots.figures(one))[2], u"b stuck")

    def test_many_stuck(self):
        found = texts(snapshots.figures(*[
            snapshots.stuck("%02d" % n, float(n)) for n in range(50)]))
        self.assertIn(u"stuck 50", found[1])
        self.assertTrue(found[2].startswith(u"49 stuck for 49.0s"))
        self.assertEqual(found[10], u"(42 more stuck VMs)")
        self.assertIn(u"NAME", found[11])
        self.assertEqual(len(found), 24)

    def test_filter(self):
        figures = snapshots.figures(
            snapshots.vm("web"), snapshots.stuck("db"), snapshots.vm("web2"))
        found = texts(figures, part=u"WEB")
        self.assertIn(u"VMs 3  shown 2  stuck 1 (1 not shown)", found[1])
        self.assertTrue(found[2].startswith(u"db stuck"))
        self.assertTrue(found[4].startswith(u"web "))
        self.assertIn(u'names with "WEB"', found[-1])
        self.assertEqual(
            texts(figures, part=u"x")[4], u"no VM whose name has this part")

    def test_typing(self):
        found = texts(snapshots.figures(), part=u"w\u673a", typing=True)
        self.assertIn(u"Show names with: w\u673a_", found[-1])

    def test_paused(self):
        self.assertIn(u" PAUSED ", texts(snapshots.figures(), paused=True)[0])

    def test_backwards(self):
        self.assertIn(u"sorted by name, backwards",
                      texts(snapshots.figures(), backwards=True)[0])

    def test_no_vms(self):
        found = texts(snapshots.figures(round=0, elapsed=None))
        self.assertEqual(found[1], u"waiting for the first round")
        self.assertEqual(found[3], u"no VM")

    def test_figures_are_old(self):
        old = snapshots.vm("b")
        old["age"].update(host=9.0, monitor=9.0)
        lines = draw(snapshots.figures(old, connected=False)).lines
        self.assertIn(u"libvirt does not answer", spans.plain(lines[2]))
        self.assertEqual(styles(lines[2]), [spans.WARNING])

    def test_whose_figures(self):
        found = texts(snapshots.figures(source={"text": "from \x1b"}))
        self.assertEqual(found[2], u"from \\x1b")

    def test_host(self):
        found = texts(snapshots.figures(host={
            "age": 0.1, "rates": {"busy": 12.34}, "load": (0.5, 1.25, 2),
            "memory": {"total": 2 ** 34, "available": 2 ** 33}}))
        self.assertEqual(found[2], u"host  CPU% 12  load 0.50 1.25 2.00  "
                         u"MEM 8.0/16.0G")

    def test_trends(self):
        figures = snapshots.figures(snapshots.vm("a"))._replace(
            trends=lambda uuid: {"cpu": [0.0, None, 1.0], "disk": [],
                                 "net": []})
        self.assertIn(u" \u2581 \u2588 ", texts(figures)[3])
        self.assertIn(u" _ # ", texts(figures, encoding="ascii")[3])


class ScrollTest(kit.TestCase):

    def setUp(self):
        super(ScrollTest, self).setUp()
        self.figures = snapshots.figures(*[
            snapshots.vm("%02d" % n) for n in range(50)])

    def check(self, expected, **view):
        picture = draw(self.figures, **view)
        self.assertEqual(picture.room, 20)
        self.assertEqual(picture.first, expected)
        shown = [spans.plain(line)[:2] for line in picture.lines[3:-1]]
        self.assertEqual(
            shown, ["%02d" % n for n in range(expected, expected + 20)])

    def test_selected_is_shown(self):
        self.check(0, selected="0")
        self.check(0, selected="19")
        self.check(1, selected="20")
        self.check(30, selected="49")
        self.check(5, selected="5", first=10)

    def test_as_few_move_as_possible(self):
        self.check(10, selected="15", first=10)

    def test_fewer_rows_than_before(self):
        self.check(30, first=45)


class RoomTest(kit.TestCase):

    def test_fits_in_every_window(self):
        rng = kit.rng("topview")
        for columns_ in range(20, 201, 3):
            vms = [snapshots.vm(snapshots.name(rng)) for _ in range(6)]
            vms += [snapshots.stuck(snapshots.name(rng), holder="x" * 300)]
            vms += [snapshots.unknown(snapshots.name(rng))]
            figures = snapshots.figures(
                *vms, connected=False, source={"text": "y" * 300})
            for encoding in ("utf-8", "ascii"):
                view = VIEW._replace(
                    order=rng.choice(ranking.ORDERS),
                    mode=rng.choice(columns.MODES), selected="2",
                    typing=rng.random() < 0.2)
                rows = rng.randrange(1, 40)
                picture = topview.draw(
                    figures, view, rows, columns_, encoding)
                self.assertLessEqual(len(picture.lines), rows)
                self.check(picture.lines, columns_, encoding)

    def check(self, lines, columns_, encoding):
        for line in lines:
            self.assertLessEqual(spans.width(line), columns_)
            spans.plain(line).encode(encoding)
            self.assertNotIn(u"\x1b", spans.plain(line))
            for _, style in line:
                self.assertIn(style, spans.ALL)

    def test_smallest_windows(self):
        figures = snapshots.figures(
            snapshots.vm("a"), snapshots.stuck("b"), connected=False)
        for columns_ in range(1, 30):
            for rows in range(1, 8):
                picture = draw(figures, rows, columns_, selected="0")
                self.assertLessEqual(len(picture.lines), rows)
                self.check(picture.lines, columns_, "utf-8")

    def test_20_by_5(self):
        found = texts(snapshots.figures(
            snapshots.vm("vm01"), snapshots.stuck("vm02")), 5, 19)
        self.assertEqual([line.split() for line in found[1:4]], [
            [u"NAME", u"STATE"], [u"vm02", u"stuck", u"12s"],
            [u"vm01", u"running"]])
