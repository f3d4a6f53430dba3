# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function


import kit
from vmsampling import table
from vmsampling import text


def vm(name, **changes):
    found = {
        "name": name,
        "state": "running",
        "age": {"host": 0.5, "monitor": 0.5, "storage": 42.0},
        "stuck": None,
        "stats": {"balloon.current": 4 * 1024 ** 2, "balloon.rss": 1500000},
        "rates": {"cpu.time": 1.5e9,
                  "block.count": 0,
                  "block.0.rd.bytes": 1000.0, "block.1.rd.bytes": 500.0,
                  "block.0.rd.times": 77.0, "block.0.wr.bytes": 0.0,
                  "net.0.rx.bytes": 2.0 ** 20, "net.0.tx.bytes": 10.0},
    }
    found.update(changes)
    return found


def snapshot(*vms, **changes):
    found = {
        "time": 0.0, "round": 7, "elapsed": 0.0123, "threads": 11,
        "connected": True,
        "pool": {"free": 4, "late": 1, "stuck": 1},
        "budget": {"hung": 1, "max_hung": 12},
        "vms": dict((str(n), one) for n, one in enumerate(vms)),
    }
    found.update(changes)
    return found


def unknown(name, **changes):
    """
    A VM of which nothing was measured yet.
    """
    return vm(name, age={"host": None, "monitor": None, "storage": None},
              stats={}, rates={}, **changes)


class LinesTest(kit.TestCase):

    def setUp(self):
        super(LinesTest, self).setUp()
        kit.use_utc(self)

    def test_whose_figures(self):
        for source in (None, {"text": None}):
            self.assertTrue(table.lines(
                snapshot(source=source), 2.0)[0].startswith("round 7 "))
        found = table.lines(snapshot(source={"text": u"from \x1b"}), 2.0)
        self.assertEqual(found[0], u"from \\x1b")
        self.assertTrue(found[1].startswith("round 7 "))

    def test_what_a_file_may_have(self):
        stats = {"balloon.current": "9" * 9, "balloon.rss": []}
        found = table.lines(snapshot(
            vm("a", stats=stats, rates={"cpu.time": "x"}, stuck={
                "seconds": "x", "call": 7})), 2.0)
        self.assertIn(u"stuck: a for -", found[-1])

    def test_all(self):
        self.assertEqual(table.lines(snapshot(vm("b"), unknown("a")), 2.0), [
            u"round 7  00:00:00  0.012 s  threads 11  free 4  late 1  "
            u"stuck 0  fresh 1/2",
            u"NAME            STATE   CPU%   MEM   RSS  RD/s  WR/s  RX/s  "
            u"TX/s  HOST   MON  STOR",
            u"a             running      -     -     -     -     -     -  "
            u"   -     -     -     -",
            u"b             running  150.0  4.0G  1.4G  1.5K     0  1.0M  "
            u"  10  0.5s  0.5s 42.0s",
        ])

    def test_no_vms(self):
        found = table.lines(snapshot(elapsed=None), 2.0)
        self.assertEqual(len(found), 2)
        self.assertIn(u"  -  threads 11", found[0])
        self.assertIn(u"fresh 0/0", found[0])

    def test_fresh_until_two_rounds_were_missed(self):
        for age, fresh in ((3.99, u"1/1"), (4.0, u"0/1"), (None, u"0/1")):
            one = vm("a", age={"host": 0, "monitor": age, "storage": None})
            self.assertTrue(table.lines(snapshot(one), 2.0)[0].endswith(fresh))

    def test_stuck_follow(self):
        stuck = vm("b", stuck={"seconds": 20.44, "call": "statsOf(\x1b)"})
        found = table.lines(snapshot(stuck, vm("a")), 2.0)
        self.assertIn(u"stuck 1  ", found[0])
        self.assertEqual(found[4:], [u"stuck: b for 20.4s in statsOf(\\x1b)"])

    def test_stuck_and_not_asked(self):
        stuck = vm("b", stuck={"seconds": 4.0, "call": "not asked",
                               "why": "it is \x1b stopped"})
        found = table.lines(snapshot(stuck), 2.0)
        self.assertEqual(found[-1], u"stuck: b for 4.0s, not asked: "
                         u"it is \\x1b stopped")

    def test_stuck_without_details(self):
        found = table.lines(snapshot(vm("b", stuck={"seconds": None})), 2.0)
        self.assertEqual(found[-1], u"stuck: b")

    def test_libvirt_is_away(self):
        old = vm("b", age={"host": 4.0, "monitor": 4.0, "storage": None})
        found = table.lines(snapshot(old, connected=False), 2.0)
        self.assertIn(u"libvirt does not answer", found[1])

    def test_libvirt_answers_roll_calls_only(self):
        found = table.lines(snapshot(vm("b"), connected=False), 2.0)
        self.assertIn(u"only the states stay fresh", found[1])

    def test_host(self):
        host = {"age": 0.0, "rates": {"busy": 12.0}, "load": [0.5, 0.25, 1]}
        found = table.lines(snapshot(vm("a"), host=host), 2.0)
        self.assertEqual(
            found[1], u"host  CPU% 12  load 0.50 0.25 1.00  MEM -/-G")
        self.assertTrue(found[2].startswith(u"NAME"))
        for unknown in ({}, {"host": None}):
            self.assertEqual(
                len(table.lines(snapshot(vm("a"), **unknown), 2.0)), 3)

    def test_budget(self):
        for hung, told in ((10, None), (11, u"known to answer"),
                           (12, u"no VM is asked"), (13, u"no VM is asked")):
            found = table.lines(snapshot(
                vm("b"), budget={"hung": hung, "max_hung": 12}), 2.0)
            self.assertEqual(len(found), 3 if told is None else 4)
            if told is not None:
                self.assertIn(u"%d calls hang, 12 may" % hung, found[1])
                self.assertIn(told, found[1])

    def test_never_nan(self):
        nan = float("nan")
        one = vm("b", rates={"cpu.time": nan, "net.0.rx.bytes": float("inf")},
                 age={"host": nan, "monitor": nan, "storage": nan}, stats={})
        line = table.lines(snapshot(one), 2.0)[-1]
        self.assertEqual(line.split(), [u"b", u"running"] + [u"-"] * 10)


class RoomTest(kit.TestCase):

    def test_long_name_without_limit(self):
        found = table.lines(snapshot(vm("x" * 100)), 2.0)
        self.assertTrue(found[2].startswith(u"x" * 100 + u" "))

    def test_fits_into_a_terminal(self):
        one = vm(u"\u673a" * 60, stuck={"seconds": 1.0, "call": "c" * 300})
        for columns in list(range(20, 140)):
            for line in table.lines(snapshot(one, vm("a")), 2.0, columns):
                self.assertLessEqual(text.width(line), columns)

    def test_long_name_is_cut(self):
        found = table.lines(snapshot(vm("x" * 100)), 2.0, 79)
        self.assertTrue(found[2].startswith(u"x" * 14 + u"\u2026 "), found)
        self.assertNotIn(u"RSS", found[1])
        self.assertIn(u"STOR", found[1])
        found = table.lines(snapshot(vm("x" * 100)), 2.0, 100, None, "ascii")
        self.assertIn(u"xxx... ", found[2])
        self.assertIn(u"RSS", found[1])

    def test_columns_stay_in_line(self):
        names = [u"abc", u"\u673a\u5668", u"e\u0301", u"\x1b[2J"]
        found = table.lines(snapshot(*map(vm, names)), 2.0)[1:]
        self.assertEqual(len(set(map(text.width, found))), 1)

    def test_odd_state_does_not_move_columns(self):
        found = table.lines(snapshot(vm("a", state="pmsuspended\n")), 2.0)
        self.assertEqual(len(found[1]), len(found[2]))

    def test_few_rows(self):
        vms = [vm("%02d" % n) for n in range(50)]
        found = table.lines(snapshot(*vms), 2.0, 79, 24)
        self.assertEqual(len(found), 24)
        self.assertEqual(found[-1], u"(29 more VMs)")

    def test_few_rows_and_many_stuck(self):
        vms = [vm("%02d" % n, stuck={"seconds": 1.0, "call": "x"})
               for n in range(50)]
        found = table.lines(snapshot(*vms), 2.0, 79, 24)
        self.assertEqual(len(found), 24)
        self.assertEqual(sum(line.startswith(u"stuck:") for line in found), 10)
        self.assertEqual(found[-1], u"(40 more stuck VMs)")

    def test_stuck_take_the_room_that_is_left(self):
        vms = [vm("%02d" % n, stuck={"seconds": 1.0, "call": "x"})
               for n in range(8)]
        self.assertEqual(len(table.lines(snapshot(*vms), 2.0, 79, 24)), 18)

    def test_hardly_any_rows(self):
        vms = [vm("%02d" % n, stuck={"seconds": 1.0}) for n in range(8)]
        for rows in range(1, 5):
            self.assertLessEqual(
                len(table.lines(snapshot(*vms), 2.0, 79, rows)), max(rows, 3))


class UnitsTest(kit.TestCase):

    def test_amount(self):
        for value, shown in (
                (None, u"-"), (0, u"0"), (0.4, u"0"), (1023, u"1023"),
                (1023.6, u"1.0K"), (1024, u"1.0K"), (10188, u"9.9K"),
                (10240, u"10K"), (1048000, u"1023K"), (1048500, u"1.0M"),
                (5 * 2 ** 40, u"5.0T"), (2 ** 75, u"32768E")):
            self.assertEqual(table.amount(value), shown)

    def test_seconds(self):
        for value, shown in (
                (None, u"-"), (0, u"0.0s"), (99.94, u"99.9s"),
                (99.96, u"1m"), (5999, u"99m"), (6000, u"1h"),
                (71 * 3600, u"71h"), (72 * 3600, u"3d")):
            self.assertEqual(table.seconds(value), shown)


class VerdictTest(kit.TestCase):

    def report(self, **changes):
        report = {"vms": 3, "not_asked": 0, "stuck": {}, "busy": {},
                  "looked": {"control": 3, "proc": 2, "probe": 0}}
        report.update(changes)
        return report

    def test_none(self):
        self.assertEqual(table.verdict(self.report()), [
            u"0 of 3 VMs stuck; looked at the control interface of 3, at "
            u"/proc of 2"])

    def test_stuck(self):
        report = self.report(stuck={"1": {
            "name": "vm\n1", "seconds": 20.4, "holder": "save",
            "why": ["its QEMU is stopped", "a call\x1b waits"],
            "kernel": {"state": "D", "wchan": "nfs_wait", "switches": 7}}})
        self.assertEqual(table.verdict(report)[:-1], [
            u"vm\\x0a1 is stuck for 20.4s",
            u"    its QEMU is stopped",
            u"    a call\\x1b waits",
            u"    job: save",
            u"    kernel: state D, in nfs_wait, context switches 7"])

    def test_stuck_with_little_evidence(self):
        report = self.report(stuck={"1": {
            "name": "a", "seconds": None, "holder": None, "kernel": {},
            "why": ["it did not answer"]}})
        self.assertEqual(table.verdict(report)[:-1], [
            u"a is stuck", u"    it did not answer"])

    def test_busy(self):
        report = self.report(busy={"1": {"name": "a", "why": ["save"]}})
        self.assertEqual(table.verdict(report)[:-1], [
            u"a is busy, not stuck", u"    save"])

    def test_probe(self):
        report = self.report(
            looked={"control": 3, "proc": 0, "probe": 1}, not_asked=2)
        self.assertTrue(table.verdict(report)[-1].endswith(
            u"asked 1; not asked for the calls that hang already: 2"))


class FindingsTest(kit.TestCase):

    def test_lines(self):
        report = {"checks": [
            {"name": "a", "verdict": "ok", "found": "x", "advice": None},
            {"name": "long", "verdict": "warn", "found": u"\xe4\x1b",
             "advice": u"do\n\xe4"}]}
        self.assertEqual(table.findings(report, "ascii"), [
            u"ok    a     x",
            u"warn  long  \\xe4\\x1b -> do\\x0a\\xe4",
            u"1 of 2 checks ask for a change"])

    def test_well(self):
        report = {"checks": [
            {"name": "a", "verdict": "ok", "found": "x", "advice": None}]}
        self.assertEqual(table.findings(report)[-1], u"all is well")
