# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import kit
import snapshots
from vmsampling import details
from vmsampling import spans


def texts(vm, columns=79, encoding="utf-8", **replace):
    figures = snapshots.figures(vm)._replace(**replace)
    return [spans.plain(line).rstrip() for line in details.lines(
        figures, "0", columns, encoding)]


class LinesTest(kit.TestCase):

    def test_ages_and_storage(self):
        found = texts(snapshots.vm("a", holder="migration out"))
        self.assertEqual(found[:5], [
            u"a  running",
            u"  UUID         0",
            u"  ages         host 0.5s  monitor 0.5s  storage 42.0s  "
            u"process -  detail -",
            u"  storage      answers: /nfs",
            u"  job          migration out"])

    def test_devices(self):
        found = texts(snapshots.vm("a"))
        place = found.index(u"Disks")
        self.assertEqual([line.split() for line in found[place + 1:place + 4]],
                         [[u"RD/s", u"WR/s", u"rd/s", u"wr/s", u"ALLOC",
                           u"CAP", u"PHYS"],
                          [u"vda", u"1000", u"0", u"77", u"-", u"-", u"-",
                           u"-"][:8],
                          [u"1", u"500", u"-", u"-", u"-", u"-", u"-", u"-"]])
        self.assertIn([u"vnet0", u"1.0M", u"10", u"-", u"-", u"-", u"-",
                       u"-"], [line.split() for line in found])
        self.assertIn([u"0", u"-", u"2.5", u"-"],
                      [line.split() for line in found])

    def test_all_statistics(self):
        found = [line.split() for line in texts(snapshots.vm("a"))]
        self.assertIn([u"balloon.rss", u"1500000"], found)
        self.assertIn([u"block.0.name", u"vda"], found)
        self.assertIn([u"cpu.time", u"-", u"1500000000.0/s"], found)

    def test_fields_of_device_10_follow_9(self):
        found = texts(snapshots.vm("a", stats=dict(
            ("block.%d.x" % n, n) for n in (10, 9, 1))))
        fields = [line.split()[0] for line in found if ".x " in line]
        self.assertEqual(fields, ["block.1.x", "block.9.x", "block.10.x"])

    def test_stuck(self):
        one = snapshots.stuck(
            "a", call="domainListGetStats(a)", why=None, thread="monitor/3",
            native_id=77, late=11.5, stack=['File "x.py", line 3, in y'],
            since={"seconds": 2.0, "ticks": 0, "switches": 1})
        found = texts(one)
        place = found.index(u"Stuck")
        for line in (u"  for          12.5s",
                     u"  call         domainListGetStats(a)",
                     u"  thread       monitor/3", u"  thread ID    77",
                     u"  late by      11.5s", u"  state        T",
                     u"  waits in     do_signal_stop",
                     u"  system call  ppoll",
                     u"  since seen   2.0s: 0 CPU ticks, 1 context switches"):
            self.assertIn(line, found[place:])
        self.assertEqual(
            found[found.index(u"Python stack") + 1].strip(),
            u'File "x.py", line 3, in y')
        self.assertEqual(
            found[found.index(u"Kernel stack") + 1].strip(),
            u"do_signal_stop")

    def test_stuck_is_red(self):
        lines = details.lines(
            snapshots.figures(snapshots.stuck("a")), "0", 79)
        self.assertIn(spans.STUCK, [line[0][1] for line in lines if line])

    def test_unknown(self):
        found = texts(snapshots.unknown("a"))
        self.assertIn(u"  ages         host -  monitor -  storage -  "
                      u"process -  detail -", found)
        self.assertEqual(found[-1], u"  -")

    def test_trends(self):
        found = texts(snapshots.vm("a"), trends=lambda uuid: {
            "cpu": [0.5, 2.0, 1.0], "disk": [1024, None], "net": []})
        lines = dict((line.split()[0], line) for line in found if line)
        self.assertTrue(
            lines[u"CPU"].endswith(u"now 1.00, most 2.00 cores"))
        self.assertTrue(lines[u"DISK"].endswith(
            u"now -, most 1.0K bytes a second"))
        self.assertTrue(lines[u"NET"].endswith(u" -"))

    def test_about(self):
        found = texts(snapshots.vm("a", about={
            "os": {"type": "hvm"}, "metadata": {},
            "disks": [{"target": "vda", "bus": "virtio"}, {"target": "b\x1b"}],
            "interfaces": []}))
        self.assertIn(u"  disks        bus virtio, target vda", found)
        self.assertIn(u"  disks        target b\\x1b", found)
        self.assertIn(u"  os           type hvm", found)

    def test_gone(self):
        lines = details.lines(snapshots.figures(), "0", 79)
        self.assertEqual(len(lines), 1)

    def test_fits_in_every_window(self):
        rng = kit.rng("details")
        for columns in range(20, 201, 5):
            stats = dict((
                "block.%d.name" % n, snapshots.name(rng)) for n in range(3))
            one = rng.choice((snapshots.vm, snapshots.stuck))(
                snapshots.name(rng), holder=snapshots.name(rng), stats=stats,
                about={"metadata": {"x": snapshots.name(rng)}})
            for encoding in ("utf-8", "ascii"):
                for line in details.lines(
                        snapshots.figures(one), "0", columns, encoding):
                    shown = spans.plain(spans.cut(line, columns, encoding))
                    self.assertNotIn(u"\x1b", shown)
                    shown.encode(encoding)
                    if columns >= 79:
                        self.assertLessEqual(spans.width(line), columns)
