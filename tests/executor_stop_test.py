# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Stopping and shutting down, also with tasks that hang.
"""

from __future__ import absolute_import, division, print_function

import logging
import threading

import kit
import poolcase
from threadpool import errors
from threadpool import executor


class SlowEnd(logging.Handler):
    """
    Has threads linger after the last that they do for their pool.
    """

    def emit(self, record):
        if record.getMessage().startswith("FINISH"):
            threading.Event().wait(0.02)


class TestStop(poolcase.PoolTest):

    def test_not_started(self):
        pool = executor.Executor("new", scheduler=self.clock)
        with self.assertRaises(errors.NotRunning) as raised:
            pool.dispatch(int)
        self.assertIn("not started", str(raised.exception))
        self.assertIn("not started", repr(pool))
        self.assertEqual(pool.stop(), [])
        with self.assertRaises(errors.AlreadyStarted):
            pool.start()

    def test_stop_twice(self):
        self.assertEqual(self.pool.stop(), [])
        self.assertEqual(self.pool.stop(), [])

    def test_one_way(self):
        self.pool.stop()
        for call in (self.pool.dispatch, self.pool.submit):
            with self.assertRaises(errors.NotRunning) as raised:
                call(int)
            self.assertIn("stopped", str(raised.exception))
        with self.assertRaises(errors.AlreadyStarted):
            self.pool.start()
        self.assertFalse(self.pool.state()["running"])

    def test_drops_queue(self):
        self.hang(2)
        self.pool.dispatch(self.fail, key="vm")
        future = self.pool.submit(self.fail)
        self.pool.stop(wait=False)
        self.assertTrue(future.cancelled())
        self.assertEqual(self.pool.state()["queued"], 0)

    def test_waits_for_tasks(self):
        gate, = self.hang()
        opener = threading.Timer(0.01, gate.open)
        opener.start()
        self.assertEqual(self.pool.stop(timeout=kit.PATIENCE), [])
        self.assertEqual(gate.left, 1)
        opener.join()

    def test_waits_for_threads(self):
        # Not only until they have said that they leave.
        slow = SlowEnd()
        log = logging.getLogger("threadpool.threads")
        with kit.logs(log.name):
            log.addHandler(slow)
            try:
                self.pool.stop()
                self.assertEqual(self.threads(), [])
            finally:
                log.removeHandler(slow)

    def threads(self):
        return [thread for thread in threading.enumerate()
                if thread.name.startswith("pool/")]

    def test_returns_what_is_left(self):
        self.hang(key="vm")
        with kit.logs("threadpool.executor") as logs:
            left = self.pool.stop(timeout=0)
        self.assertEqual([entry["key"] for entry in left], ["vm"])
        self.assertIn("given up", logs.at(logging.WARNING)[0])

    def test_fails_futures_under_way(self):
        gate = self.gate()
        future = self.pool.bound(timeout=None).submit(gate)
        seen = []
        future.add_done_callback(seen.append)
        gate.wait()
        self.pool.stop(timeout=0)
        self.assertIsInstance(
            future.exception(kit.PATIENCE), errors.TaskStuck)
        self.assertEqual(seen, [future])

    def test_stop_in_a_task(self):
        done = threading.Event()

        def stop():
            self.pool.stop()
            done.set()
        self.pool.dispatch(stop)
        kit.wait(done)

    def test_shutdown_finishes_queue(self):
        gates = self.hang(2)
        future = self.pool.submit(pow, 2, 3)
        self.pool.shutdown(wait=False)
        with self.assertRaises(RuntimeError):
            self.pool.submit(int)
        gates[0].open()
        self.assertEqual(future.result(kit.PATIENCE), 8)
        gates[1].open()
        self.pool.shutdown(wait=True)
        self.check_state(threads=0)

    def test_shutdown_cancels(self):
        self.hang(2)
        future = self.pool.submit(self.fail)
        self.pool.shutdown(wait=False, cancel_futures=True)
        self.assertTrue(future.cancelled())

    def test_shutdown_waits_for_no_late_task(self):
        self.hang(timeout=0)
        self.pool.shutdown(wait=True)
        self.check_state(threads=1, late=1)

    def test_shutdown_ends_waiting_when_the_task_becomes_late(self):
        self.hang(timeout=5)
        with kit.Bunch(1, lambda _: self.pool.shutdown(wait=True)):
            kit.eventually(lambda: len(self.pool._crew._departures))
            self.clock.advance(5)
        self.check_state(threads=1, late=1)

    def test_stop_need_not_wait_for_late_tasks(self):
        self.hang(timeout=0)
        left = self.pool.stop(timeout=None, for_late=False)
        self.assertEqual(len(left), 1)

    def test_stop_ends_the_waiting_of_shutdown(self):
        self.hang()
        with kit.Bunch(1, lambda _: self.pool.shutdown(wait=True)):
            kit.eventually(lambda: len(self.pool._crew._departures))
            self.assertEqual(len(self.pool.stop(wait=False)), 1)

    def test_late_callbacks_run_though_all_have_left(self):
        gate = self.gate()
        future = self.pool.submit(gate)
        gate.wait()
        seen = threading.Event()
        future.add_done_callback(lambda f: seen.set())
        self.pool.shutdown(wait=False)
        self.check_state(threads=1)
        self.clock.advance(10)
        kit.wait(seen, "callback")
