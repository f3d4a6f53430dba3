# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import kit
from threadpool import errors
from threadpool import periodic


class FakeExecutor(object):
    """
    Records what is dispatched, when; refuses while error is set.
    """

    def __init__(self, clock):
        self._clock = clock
        self.error = None
        self.calls = []
        self.kwargs = []

    def dispatch(self, call, **kwargs):
        if self.error is not None:
            raise self.error
        self.calls.append(self._clock())
        self.kwargs.append(kwargs)


class TestOperation(kit.TestCase):

    def setUp(self):
        super(TestOperation, self).setUp()
        self.clock = kit.Scheduler(now=1000.0)
        self.executor = FakeExecutor(self.clock.clock)

    def operation(self, period=10.0, **kwargs):
        return periodic.Operation(
            int, period, self.executor, self.clock, **kwargs)

    def test_runs_at_start_and_each_period(self):
        self.operation().start()
        self.clock.advance(30)
        self.assertEqual(self.executor.calls, [1000, 1010, 1020, 1030])

    def test_delay(self):
        self.operation(delay=3).start()
        self.clock.advance(20)
        self.assertEqual(self.executor.calls, [1003, 1013])

    def test_no_drift_when_the_scheduler_is_late(self):
        self.operation().start()
        self.clock.advance(9)
        # The thread is late by 4 s at one run; the next is due as ever.
        self.clock.now += 5
        self.clock.advance(0)
        self.clock.advance(10)
        self.assertEqual(self.executor.calls, [1000, 1014, 1020])

    def test_no_drift_in_a_million_periods(self):
        operation = self.operation(period=0.1)
        operation.start()
        operation._next = 10 ** 6
        self.clock.now += 10 ** 5
        self.clock.advance(0)
        self.assertAlmostEqual(
            self.clock.pending[0], 1000 + 100000.1, places=6)

    def test_missed_runs_are_skipped_and_counted(self):
        operation = self.operation()
        operation.start()
        self.clock.advance(1)
        self.clock.now += 34
        self.clock.advance(0)
        self.assertEqual(self.executor.calls, [1000, 1035])
        self.assertEqual(operation.skipped, 2)
        self.clock.advance(5)
        self.assertEqual(self.executor.calls, [1000, 1035, 1040])

    def test_refusals_do_not_end_it(self):
        operation = self.operation()
        with kit.logs("threadpool.periodic") as logs:
            operation.start()
            self.clock.advance(0)
            for error in (errors.KeyBusy("pool", "k"),
                          errors.QueueFull("pool", 5),
                          errors.PoolStuck("pool", 5, []),
                          errors.NotRunning("pool", "stopped")):
                self.executor.error = error
                self.clock.advance(10)
        # Said once, not at each period.
        self.assertEqual(len(logs.records), 1)
        self.assertEqual(operation.skipped, 4)
        self.executor.error = None
        self.clock.advance(10)
        self.assertEqual(self.executor.calls, [1000, 1050])

    def test_key_and_timeout(self):
        operation = self.operation(timeout=3, key="vm")
        operation.start()
        self.clock.advance(0)
        self.assertEqual(self.executor.kwargs, [{"timeout": 3, "key": "vm"}])

    def test_each_has_a_key_of_its_own(self):
        operations = [self.operation(), self.operation()]
        for operation in operations:
            operation.start()
        self.clock.advance(0)
        first, second = [kwargs["key"] for kwargs in self.executor.kwargs]
        self.assertNotEqual(first, second)

    def test_slack_joins_wake_ups(self):
        for n in range(10):
            self.operation(delay=0.1 + n * 0.1, slack=2.0).start()
        self.assertEqual(len(set(self.clock.pending)), 1)
        self.clock.advance(20)
        self.assertEqual(self.executor.calls, [1002] * 10 + [1012] * 10)

    def test_slack_keeps_the_phase(self):
        self.operation(delay=1.0, slack=3.0).start()
        self.clock.advance(3000)
        for n, when in enumerate(self.executor.calls):
            self.assertTrue(0 <= when - (1001 + 10 * n) < 3.0)

    def test_stop(self):
        operation = self.operation()
        operation.start()
        self.clock.advance(10)
        operation.stop()
        operation.stop()
        self.clock.advance(100)
        self.assertEqual(self.executor.calls, [1000, 1010])
        self.assertEqual(self.clock.pending, [])
        self.assertIn("stopped", repr(operation))

    def test_start_twice_and_again(self):
        operation = self.operation()
        operation.start()
        with self.assertRaises(errors.AlreadyStarted):
            operation.start()
        operation.stop()
        operation.start()
        self.clock.advance(0)
        self.assertEqual(self.executor.calls, [1000])

    def test_bad_arguments(self):
        for kwargs in ({"period": 0}, {"period": -1},
                       {"slack": 10.0}, {"slack": -1.0}):
            with self.assertRaises(ValueError):
                self.operation(**kwargs)
