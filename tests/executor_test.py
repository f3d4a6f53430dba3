# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What the pool does with tasks, keys and futures, on virtual time: a task is
late when the test says so, and hangs until the test lets go.
"""

from __future__ import absolute_import, division, print_function

import functools
import logging
import threading
import traceback

import kit
import poolcase
from compat import futures
from threadpool import errors
from threadpool import executor
from threadpool import schedule


class TestDispatch(poolcase.PoolTest):

    def test_runs(self):
        self.ran()
        self.check_state(completed=1, failed=0, queued=0)

    def test_runs_in_order(self):
        gates = self.hang(2)
        seen = []
        done = threading.Event()
        for n in range(5):
            self.pool.dispatch(functools.partial(seen.append, n))
        self.pool.dispatch(done.set)
        # One worker only, or the order would not show.
        gates[0].open()
        kit.wait(done)
        self.assertEqual(seen, list(range(5)))

    def test_not_callable(self):
        with self.assertRaises(TypeError):
            self.pool.dispatch(None)

    def test_negative_timeout(self):
        with self.assertRaises(ValueError):
            self.pool.dispatch(int, timeout=-1)

    def test_error_is_logged_and_worker_lives(self):
        with kit.logs("threadpool.report") as logs:
            for error in (ValueError("bad"), SystemExit(1),
                          KeyboardInterrupt()):
                self.pool.dispatch(kit_raise(error), key="k-%s" % error)
            # Counted after it was logged, unlike failed.
            self.check_state(completed=3)
        self.check_state(failed=3)
        self.assertEqual(len(logs.at(logging.ERROR)), 3)
        self.ran()
        self.check_state(threads=2)

    def test_queue_full(self):
        self.hang(2)
        for _ in range(self.max_tasks):
            self.pool.dispatch(int)
        with self.assertRaises(errors.QueueFull) as raised:
            self.pool.dispatch(int, key="k")
        self.assertEqual(raised.exception.max_tasks, self.max_tasks)
        self.gates[0].open()
        # Refused without a trace: the key is free.
        self.check_state(queued=0)
        self.pool.dispatch(int, key="k")

    def test_queue_bound_is_exact(self):
        self.hang(2)
        accepted = []

        def fill(_):
            for _ in range(self.max_tasks):
                try:
                    self.pool.dispatch(int)
                    accepted.append(1)
                except errors.QueueFull:
                    pass
        with kit.Bunch(4, fill):
            pass
        self.assertEqual(len(accepted), self.max_tasks)
        self.assertEqual(self.pool.state()["queued"], self.max_tasks)


class TestKey(poolcase.PoolTest):

    def test_busy_while_running(self):
        gate, = self.hang(key="vm")
        with self.assertRaises(errors.KeyBusy) as raised:
            self.pool.dispatch(int, key="vm")
        self.assertEqual(raised.exception.key, "vm")
        self.pool.dispatch(int, key="other")
        gate.open()
        self.check_state(completed=2)
        self.pool.dispatch(int, key="vm")

    def test_busy_while_queued(self):
        self.hang(2)
        self.pool.dispatch(int, key="vm")
        with self.assertRaises(errors.KeyBusy):
            self.pool.dispatch(int, key="vm")

    def test_busy_while_stuck_then_free(self):
        gate, = self.hang(key="vm")
        self.clock.advance(3600)
        with self.assertRaises(errors.KeyBusy):
            self.pool.dispatch(int, key="vm")
        gate.open()
        self.check_state(late=0)
        self.pool.dispatch(int, key="vm")

    def test_free_after_failure(self):
        with kit.logs("threadpool.report"):
            self.pool.dispatch(kit_raise(ValueError()), key="vm")
            # A worker that waits has freed the key of its task.
            self.check_state(failed=1, idle=2)
        self.pool.dispatch(int, key="vm")

    def test_free_in_done_callback(self):
        gate = self.gate()
        future = self.pool.bound(key="vm").submit(gate)
        gate.wait()
        seen = []
        done = threading.Event()

        def again(_):
            try:
                seen.append(self.pool.bound(key="vm").submit(int))
            finally:
                done.set()
        future.add_done_callback(again)
        gate.open()
        kit.wait(done)
        self.assertEqual(seen[0].result(kit.PATIENCE), 0)

    def test_one_stuck_key_holds_one_thread(self):
        self.hang(key="vm", timeout=0)
        for _ in range(100):
            with self.assertRaises(errors.KeyBusy):
                self.pool.dispatch(int, key="vm", timeout=0)
            self.clock.advance(0.2)
        self.check_state(threads=3, late=1, free=2)


class TestSubmit(poolcase.PoolTest):

    def test_result(self):
        self.assertEqual(
            self.pool.submit(pow, 2, 5).result(kit.PATIENCE), 32)

    def test_keywords_of_any_name(self):
        result = self.pool.submit(dict, self=1, fn=2, key=3, timeout=4)
        self.assertEqual(result.result(kit.PATIENCE),
                         {"self": 1, "fn": 2, "key": 3, "timeout": 4})

    def test_callable_is_the_first_argument(self):
        for submit in (self.pool.submit, self.pool.bound().submit):
            with self.assertRaises(TypeError):
                submit(fn=int)

    def test_error_has_its_traceback(self):
        future = self.pool.submit(kit_raise(ValueError("bad")))
        try:
            future.result(kit.PATIENCE)
        except ValueError:
            self.assertIn("in fail", traceback.format_exc())
        else:
            self.fail("no error")

    def test_error(self):
        future = self.pool.submit(int, "x")
        self.assertIsInstance(future.exception(kit.PATIENCE), ValueError)

    def test_map(self):
        self.assertEqual(list(self.pool.map(abs, [-1, -2])), [1, 2])

    def test_late_in_call(self):
        gate = self.gate(result="late")
        future = self.pool.submit(gate)
        gate.wait()
        self.clock.advance(10)
        with self.assertRaises(errors.TaskStuck) as raised:
            future.result(kit.PATIENCE)
        self.assertIs(raised.exception.started, True)
        gate.open()
        self.check_state(late=0, dropped=1)
        with self.assertRaises(errors.TaskStuck):
            future.result(0)

    def test_late_in_queue(self):
        self.hang(2, timeout=None)
        future = self.pool.submit(self.fail)
        self.clock.advance(10)
        with self.assertRaises(errors.TaskStuck) as raised:
            future.result(kit.PATIENCE)
        self.assertIs(raised.exception.started, False)
        self.check_state(queued=0, expired=1)

    def test_clock_starts_at_submission(self):
        gates = self.hang(2, timeout=None)
        gate = self.gate()
        future = self.pool.submit(gate)
        self.clock.advance(9)
        gates[0].open()
        gate.wait()
        self.clock.advance(1)
        self.assertIsInstance(
            future.exception(kit.PATIENCE), errors.TaskStuck)

    def test_none_hangs_when_all_are_stuck(self):
        self.hang(2, timeout=0)
        self.hang(2, timeout=1)
        queued = self.pool.bound(timeout=5).submit(int)
        with kit.logs("threadpool.crew"):
            self.clock.advance(5)
        self.check_state(late=4)
        self.assertIsInstance(
            queued.exception(kit.PATIENCE), errors.TaskStuck)

    def test_late_callbacks_run_on_a_worker(self):
        gate = self.gate()
        names = []
        future = self.pool.submit(gate)
        future.add_done_callback(
            lambda f: names.append(threading.current_thread().name))
        gate.wait()
        self.clock.advance(10)
        kit.eventually(lambda: names, "callback")
        self.assertTrue(names[0].startswith("pool/"), names)

    def test_hanging_callback_is_watched(self):
        first, gate = self.gate(), self.gate()
        future = self.pool.submit(first)
        # Added while it runs: afterwards it would run here.
        first.wait()
        future.add_done_callback(gate)
        first.open()
        gate.wait()
        self.clock.advance(10)
        self.check_state(late=1, free=2)

    def test_cancel_in_queue(self):
        self.hang(2)
        future = self.pool.bound(key="vm").submit(self.fail)
        self.assertTrue(future.cancel())
        self.gates[0].open()
        self.ran()
        self.assertTrue(future.cancelled())
        self.pool.dispatch(int, key="vm")

    def test_cancelled_is_not_failed_at_deadline(self):
        self.hang(2, timeout=None)
        future = self.pool.submit(self.fail)
        future.cancel()
        self.clock.advance(10)
        self.assertTrue(future.cancelled())

    def test_bound(self):
        gate = self.gate()
        bound = self.pool.bound(key="vm", timeout=1)
        future = bound.submit(gate)
        gate.wait()
        with self.assertRaises(errors.KeyBusy):
            bound.submit(int)
        self.clock.advance(1)
        self.assertIsInstance(
            future.exception(kit.PATIENCE), errors.TaskStuck)
        bound.shutdown()
        self.ran()

    def test_wait_and_as_completed(self):
        fs = [self.pool.submit(abs, n) for n in range(5)]
        done, not_done = futures.wait(fs, kit.PATIENCE)
        self.assertEqual((len(done), len(not_done)), (5, 0))
        self.assertEqual(
            sorted(f.result() for f in futures.as_completed(fs)),
            list(range(5)))

    def test_context(self):
        try:
            import contextvars
        except ImportError:
            return
        var = contextvars.ContextVar("var", default="none")
        var.set("caller's")
        self.assertEqual(
            self.pool.submit(var.get).result(kit.PATIENCE), "caller's")


class TestWhole(kit.TestCase):

    def test_own_scheduler(self):
        pool = executor.Executor("own", 1, 2)
        pool.start()
        self.assertEqual(pool.submit(int).result(kit.PATIENCE), 0)
        self.assertEqual(pool.stop(), [])

    def test_shared_scheduler_goes_on(self):
        # It has no calls, so it is empty, which is not None.
        scheduler = schedule.Scheduler("shared")
        scheduler.start()
        self.addCleanup(scheduler.stop)
        pool = executor.Executor("pool", 1, 2, scheduler=scheduler)
        pool.start()
        with kit.Gate() as gate:
            pool.dispatch(gate)
            gate.wait()
            self.assertEqual(len(scheduler), 1)
        pool.stop()
        done = threading.Event()
        scheduler.schedule(0, done.set)
        kit.wait(done)

    def test_own_scheduler_ends_after_shutdown(self):
        pool = executor.Executor("own", 1, 2)
        pool.start()
        pool.shutdown(wait=False)
        # The leak check waits for its thread.

    def test_context_manager(self):
        pool = executor.Executor("own", 1, 2)
        pool.start()
        with pool:
            future = pool.submit(int)
        self.assertEqual(future.result(0), 0)

    def test_bad_sizes(self):
        for kwargs in ({"workers": 0}, {"workers": 5, "max_workers": 4},
                       {"max_tasks": 0}, {"timeout": -1}):
            with self.assertRaises(ValueError):
                executor.Executor("bad", **kwargs)


def kit_raise(error):
    def fail():
        raise error
    return fail
