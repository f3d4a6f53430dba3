# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import itertools

import kit
from vmsampling import history
from vmsampling.history import HOST, MONITOR


class HistoryTest(kit.TestCase):

    def setUp(self):
        super(HistoryTest, self).setUp()
        self.scheduler = kit.Scheduler(now=100.0)
        self.history = history.History(clock=self.scheduler.clock)
        self.history.retain(["a", "b"])

    def times(self, vm="a", tier=HOST):
        return [sample.time for sample in
                self.history.samples(vm).get(tier, ())]

    def test_nothing_yet(self):
        self.assertEqual(self.history.samples("a"), {})
        self.assertIsNone(self.history.last("a", HOST))

    def test_put(self):
        self.scheduler.advance(0.25)
        self.assertTrue(self.history.put("a", HOST, 100.0, {"x": 1}))
        last = self.history.last("a", HOST)
        self.assertEqual((last.time, last.took, last.fields),
                         (100.0, 0.25, {"x": 1}))

    def test_tiers_and_vms_are_apart(self):
        self.history.put("a", HOST, 1.0, {})
        self.assertIsNone(self.history.last("a", MONITOR))
        self.assertIsNone(self.history.last("b", HOST))

    def test_keeps_the_last_two(self):
        for time in (1.0, 2.0, 3.0):
            self.history.put("a", HOST, time, {})
        self.assertEqual(self.times(), [2.0, 3.0])

    def test_late_result_is_dropped_and_counted(self):
        self.history.put("a", HOST, 2.0, {"new": 1})
        self.assertFalse(self.history.put("a", HOST, 1.0, {"late": 1}))
        self.assertFalse(self.history.put("a", HOST, 2.0, {"same": 1}))
        self.assertEqual(self.history.last("a", HOST).fields, {"new": 1})
        self.assertEqual(self.times(), [2.0])
        self.assertEqual(self.history.dropped, 2)

    def test_late_but_newer_than_what_is_there(self):
        self.history.put("a", HOST, 1.0, {})
        self.scheduler.advance(50.0)
        self.assertTrue(self.history.put("a", HOST, 100.0, {}))
        self.assertEqual(self.history.last("a", HOST).took, 50.0)

    def test_unknown_vm_is_dropped_and_counted(self):
        self.assertFalse(self.history.put("c", HOST, 1.0, {}))
        self.assertEqual(self.history.samples("c"), {})
        self.assertEqual(self.history.dropped, 1)

    def test_retain(self):
        for vm in "ab":
            self.history.put(vm, HOST, 1.0, {})
        self.history.retain(["b", "c"])
        self.assertEqual(self.times("a"), [])
        self.assertEqual(self.times("b"), [1.0])
        # An answer of a VM that ended meanwhile does not bring it back.
        self.assertFalse(self.history.put("a", HOST, 2.0, {}))
        self.assertTrue(self.history.put("c", HOST, 2.0, {}))

    def test_one_that_comes_back_has_no_past(self):
        self.history.put("a", HOST, 1.0, {})
        self.history.retain(["b"])
        self.history.retain(["a", "b"])
        self.assertEqual(self.times("a"), [])

    def test_forget(self):
        for tier in (HOST, MONITOR):
            self.history.put("a", tier, 1.0, {})
        self.history.forget("a", HOST)
        self.history.forget("c", HOST)
        self.assertEqual(self.times("a", HOST), [])
        self.assertEqual(self.times("a", MONITOR), [1.0])

    def test_what_was_read_does_not_change(self):
        fields = {"x": 1}
        self.history.put("a", HOST, 1.0, fields)
        samples = self.history.samples("a")
        fields["x"] = 2
        self.history.put("a", HOST, 2.0, {})
        self.assertEqual([s.time for s in samples[HOST]], [1.0])
        self.assertEqual(samples[HOST][0].fields, {"x": 1})

    def test_names_of_fields_are_shared(self):
        for vm in "ab":
            self.history.put(vm, HOST, 1.0, {"cpu.%s" % "time": 1})
        names = [list(self.history.last(vm, HOST).fields)[0] for vm in "ab"]
        self.assertIs(names[0], names[1])

    def test_threads(self):
        times = itertools.count(1)

        def work(_number):
            for _ in range(300):
                self.history.put("a", HOST, next(times), {})
                for samples in self.history.samples("a").values():
                    self.assertLessEqual(len(samples), 2)
                self.history.retain(["a"])

        with kit.Bunch(4, work):
            pass
        older, newer = self.times()
        self.assertLess(older, newer)
