# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import functools
import threading

import kit
from vmsampling import rounds


class Question(object):

    late = False

    def is_late(self, grace):
        assert grace == 0.5
        return self.late


class RoundsTest(kit.TestCase):

    def setUp(self):
        super(RoundsTest, self).setUp()
        self.scheduler = kit.Scheduler(now=100.0)
        self.begun = []
        self.rounds = rounds.Rounds(2.0, self.scheduler, self.begun.append)
        self.addCleanup(self.rounds.stop)

    def start(self):
        self.rounds.start()
        self.scheduler.advance(0.0)

    def test_nothing_before_the_start(self):
        self.scheduler.advance(10.0)
        self.assertEqual(self.begun, [])
        self.assertEqual(self.rounds.last(), (0, None))

    def test_first_one_begins_at_once(self):
        self.start()
        self.assertEqual([r.number for r in self.begun], [1])
        self.assertEqual(self.rounds.last(), (0, None))

    def test_begin_at_fixed_times_whatever_hangs(self):
        self.start()
        self.scheduler.advance(7.0)
        self.assertEqual([r.number for r in self.begun], [1, 2, 3, 4])
        self.assertEqual([r.began for r in self.begun],
                         [100.0, 102.0, 104.0, 106.0])

    def test_late(self):
        self.assertIsNone(self.rounds.late())
        self.start()
        self.scheduler.advance(5.5)
        self.assertEqual(self.rounds.late(), 0.0)
        # The scheduler's thread did not get the processor.
        self.scheduler.now += 0.75
        self.assertEqual(self.rounds.late(), 0.25)
        self.scheduler.advance(0.0)
        self.assertEqual(self.rounds.late(), 0.25)
        self.scheduler.advance(2.0)
        self.assertEqual(self.rounds.late(), 0.0)

    def test_since_settled(self):
        self.assertIsNone(self.rounds.since_settled())
        self.start()
        self.assertIsNone(self.rounds.since_settled())
        self.begun[0].leave()
        self.scheduler.advance(0.5)
        self.assertEqual(self.rounds.since_settled(), 0.5)

    def test_settled_when_all_have_left(self):
        self.start()
        first = self.begun[0]
        first.join()
        first.leave()
        self.assertEqual(self.rounds.last(), (0, None))
        self.scheduler.advance(0.5)
        first.leave()
        self.assertEqual(self.rounds.last(), (1, 0.5))

    def test_settled_by_the_next(self):
        self.start()
        self.begun[0].join()
        self.begun[0].leave()
        self.scheduler.advance(2.0)
        self.assertEqual(self.rounds.last(), (1, 2.0))

    def test_late_leaver_changes_nothing(self):
        self.start()
        first = self.begun[0]
        self.scheduler.advance(2.0)
        second = self.begun[1]
        self.scheduler.advance(0.25)
        second.leave()
        first.leave()
        self.assertEqual(self.rounds.last(), (2, 0.25))

    def test_listeners(self):
        one = []
        other = []
        self.rounds.add_listener(functools.partial(one.append, 1))
        add = functools.partial(other.append, 1)
        self.rounds.add_listener(add)
        self.start()
        self.assertEqual((len(one), len(other)), (1, 1))
        self.rounds.remove_listener(add)
        self.rounds.remove_listener(add)
        self.scheduler.advance(2.0)
        self.assertEqual((len(one), len(other)), (2, 1))

    def test_listener_that_removes_itself(self):
        told = []

        def once():
            told.append(1)
            self.rounds.remove_listener(once)

        self.rounds.add_listener(once)
        self.rounds.add_listener(functools.partial(told.append, 2))
        self.start()
        self.scheduler.advance(2.0)
        self.assertEqual(told, [1, 2, 2])

    def test_wait(self):
        self.start()
        self.assertFalse(self.rounds.wait(1, timeout=0.001))
        waited = []
        with kit.Bunch(1, lambda _: waited.append(
                self.rounds.wait(1, kit.PATIENCE))):
            self.begun[0].leave()
        self.assertEqual(waited, [True])
        self.assertTrue(self.rounds.wait(1, timeout=0.0))
        self.assertFalse(self.rounds.wait(2, timeout=0.0))

    def test_wait_for_one_that_is_past(self):
        self.start()
        self.scheduler.advance(4.0)
        self.assertTrue(self.rounds.wait(1, timeout=0.0))

    def test_stop(self):
        self.start()
        self.rounds.stop()
        self.rounds.stop()
        self.scheduler.advance(10.0)
        self.assertEqual(len(self.begun), 1)

    def test_stop_wakes_those_who_wait(self):
        self.start()
        waited = []
        began = threading.Event()

        def wait(_number):
            began.set()
            waited.append(self.rounds.wait(5, 6 * kit.PATIENCE))

        with kit.Bunch(1, wait):
            kit.wait(began)
            self.rounds.stop()
        self.assertEqual(waited, [False])

    def test_many_leave_at_once(self):
        self.start()
        first = self.begun[0]
        for _ in range(400):
            first.join()

        def leave(_number):
            for _ in range(100):
                first.leave()

        with kit.Bunch(4, leave):
            pass
        self.assertEqual(self.rounds.last(), (0, None))
        first.leave()
        self.assertEqual(self.rounds.last()[0], 1)

    def test_begun_by_hand(self):
        first = self.rounds.begin()
        self.assertEqual(self.begun, [first])
        self.assertFalse(first.thorough)
        self.scheduler.advance(7.0)
        second = self.rounds.begin(thorough=True)
        self.assertTrue(second.thorough)
        self.assertEqual((second.number, second.began), (2, 107.0))
        self.assertEqual(self.rounds.last(), (1, 7.0))
        self.assertEqual(self.scheduler.pending, [])

    def test_only_late_ones_are_left(self):
        first = self.rounds.begin()
        slow, quick = Question(), Question()
        first.join(slow)
        first.join(quick)
        slow.late = True
        first.leave()
        self.assertFalse(first.is_only_late(0.5))
        first.leave(quick)
        self.assertTrue(first.is_only_late(0.5))
        self.assertEqual(self.rounds.last(), (0, None))
        # Somebody of whom nothing is known.
        first.join()
        self.assertFalse(first.is_only_late(0.5))
        first.leave()
        first.leave(slow)
        self.assertEqual(self.rounds.last()[0], 1)

    def test_repr(self):
        self.start()
        self.assertEqual(repr(self.begun[0]), "<Round 1 members=1>")
