# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import functools
import logging
import threading

import kit
from threadpool import errors
from threadpool import schedule


class SchedulerTest(kit.TestCase):

    def setUp(self):
        super(SchedulerTest, self).setUp()
        self.waiter = kit.Waiter()
        self.scheduler = schedule.Scheduler(
            "timer", clock=self.waiter.clock, waiter=self.waiter)
        self.addCleanup(self.scheduler.stop)
        self.scheduler.start()
        self.ran = []

    def note(self, what):
        self.ran.append(what)

    def at(self, delay, what):
        return self.scheduler.schedule(
            delay, functools.partial(self.note, what))

    def advance(self, seconds):
        """
        Let time pass, and let the thread do all that is due.
        """
        self.waiter.advance(seconds)
        done = threading.Event()
        self.scheduler.schedule(0, done.set)
        kit.wait(done)


class TestSchedule(SchedulerTest):

    def test_not_early(self):
        self.at(5, "a")
        self.advance(4.999)
        self.assertEqual(self.ran, [])
        self.advance(0.001)
        self.assertEqual(self.ran, ["a"])

    def test_in_order_of_time(self):
        for delay in (3, 1, 2):
            self.at(delay, delay)
        self.advance(3)
        self.assertEqual(self.ran, [1, 2, 3])

    def test_due_together_in_order_of_scheduling(self):
        for n in range(20):
            self.at(1, n)
        self.advance(1)
        self.assertEqual(self.ran, list(range(20)))

    def test_earlier_call_wakes_the_thread(self):
        self.at(100, "late")
        kit.wait(self.waiter.asleep)
        self.at(1, "early")
        self.advance(1)
        self.assertEqual(self.ran, ["early"])

    def test_later_call_does_not_wake_the_thread(self):
        self.at(1, "early")
        kit.eventually(lambda: self.waiter.until is not None)
        before = self.waiter.wakeups
        self.at(100, "late")
        self.assertEqual(self.waiter.wakeups, before)

    def test_idle_waits_without_limit(self):
        self.at(1, "a")
        self.advance(1)
        kit.eventually(lambda: self.waiter.asleep.is_set() and
                       self.waiter.until is None)

    def test_failing_call_is_logged(self):
        with kit.logs("threadpool.schedule") as logs:
            self.scheduler.schedule(0, functools.partial(int, "x"))
            self.at(0, "next")
            self.advance(0)
        self.assertEqual(self.ran, ["next"])
        self.assertEqual(len(logs.at(logging.ERROR)), 1)

    def test_call_schedules_a_call(self):
        self.scheduler.schedule(1, lambda: self.at(1, "second"))
        self.advance(1)
        self.assertEqual(self.ran, [])
        self.advance(1)
        self.assertEqual(self.ran, ["second"])

    def test_runs_on_its_own_thread(self):
        self.scheduler.schedule(
            0, lambda: self.note(threading.current_thread().name))
        self.advance(0)
        self.assertEqual(self.ran, ["timer"])


class TestCancel(SchedulerTest):

    def test_cancelled_does_not_run(self):
        call = self.at(1, "a")
        self.assertTrue(call.pending)
        self.assertTrue(call.cancel())
        self.assertFalse(call.cancel())
        self.advance(1)
        self.assertEqual(self.ran, [])
        self.assertIn("done", repr(call))

    def test_too_late(self):
        call = self.at(1, "a")
        self.advance(1)
        self.assertFalse(call.cancel())

    def test_cancelled_while_due(self):
        # Both are popped; the first cancels the second.
        calls = []
        self.scheduler.schedule(1, lambda: calls[0].cancel())
        calls.append(self.at(1, "b"))
        self.advance(1)
        self.assertEqual(self.ran, [])

    def test_cancelled_calls_do_not_pile_up(self):
        for _ in range(10000):
            self.at(3600, "never").cancel()
        self.assertLess(len(self.scheduler), 100)

    def test_sweep_keeps_the_others(self):
        kept = [self.at(n, n) for n in range(1, 101)]
        for _ in range(1000):
            self.at(50.5, "never").cancel()
        self.advance(100)
        self.assertEqual(self.ran, list(range(1, 101)))
        self.assertFalse(any(call.pending for call in kept))


class TestStop(SchedulerTest):

    def test_stop_drops_calls(self):
        self.at(1, "a")
        self.scheduler.stop()
        self.waiter.advance(1)
        self.assertEqual(self.ran, [])
        self.assertEqual(len(self.scheduler), 0)

    def test_one_way(self):
        self.scheduler.stop()
        self.scheduler.stop()
        with self.assertRaises(errors.NotRunning) as raised:
            self.at(1, "a")
        self.assertIn("timer is not running: stopped", str(raised.exception))
        with self.assertRaises(errors.AlreadyStarted):
            self.scheduler.start()

    def test_start_twice(self):
        with self.assertRaises(errors.AlreadyStarted):
            self.scheduler.start()

    def test_stop_from_a_call(self):
        done = threading.Event()

        def stop():
            self.scheduler.stop()
            done.set()
        self.scheduler.schedule(0, stop)
        kit.wait(done)

    def test_stop_waits_for_the_call(self):
        with kit.Gate() as gate:
            self.scheduler.schedule(0, gate)
            gate.wait()
            self.scheduler.stop(timeout=0.001)
            self.assertEqual(gate.left, 0)
            gate.open()
            self.scheduler.stop()
            self.assertEqual(gate.left, 1)

    def test_not_started(self):
        scheduler = schedule.Scheduler("new")
        self.assertIn("not started", repr(scheduler))
        with self.assertRaises(errors.NotRunning):
            scheduler.schedule(0, int)
        scheduler.stop()


class TestRealTime(kit.TestCase):

    def test_runs(self):
        scheduler = schedule.Scheduler("real")
        scheduler.start()
        try:
            done = threading.Event()
            began = scheduler.clock()
            scheduler.schedule(0.002, done.set)
            kit.wait(done)
            self.assertGreaterEqual(scheduler.clock() - began, 0.002)
        finally:
            scheduler.stop()

    def test_no_thread_to_be_had(self):
        scheduler = schedule.Scheduler("real")
        create = schedule.threads.create

        def refuse(run, name):
            thread = create(run, name)

            def start():
                raise RuntimeError("can't start new thread")
            thread.start = start
            return thread
        schedule.threads.create = refuse
        try:
            with self.assertRaises(RuntimeError):
                scheduler.start()
        finally:
            schedule.threads.create = create
        scheduler.stop()
