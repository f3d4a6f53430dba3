# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The promises of the pool, on virtual time: a task is late when the test says
so, and hangs until the test lets go.
"""

from __future__ import absolute_import, division, print_function

import functools
import logging
import threading

import kit
from compat import futures
from threadpool import errors
from threadpool import executor


class PoolTest(kit.TestCase):
    """
    A pool on virtual time, stopped after the test, its hung calls released.
    """

    workers = 2
    max_workers = 4
    max_tasks = 10

    def setUp(self):
        super(PoolTest, self).setUp()
        self.clock = kit.Scheduler()
        self.gates = []
        self.stuck = []
        self.pool = executor.Executor(
            "pool", self.workers, self.max_workers, self.max_tasks,
            timeout=10, scheduler=self.clock, stuck_after=2,
            on_stuck=self.stuck.append)
        self.pool.start()
        self.addCleanup(self.release)

    def release(self):
        for gate in self.gates:
            gate.open()
        self.pool.stop(timeout=kit.PATIENCE)

    def gate(self, **kwargs):
        gate = kit.Gate(**kwargs)
        self.gates.append(gate)
        return gate

    def hang(self, count=1, timeout=10, **kwargs):
        """
        Have count tasks hang, each in a gate of its own.
        """
        gates = []
        for _ in range(count):
            gate = self.gate()
            self.pool.dispatch(gate, timeout=timeout, **kwargs)
            gate.wait()
            gates.append(gate)
            if timeout == 0:
                self.clock.advance(0)
        return gates

    def ran(self):
        """
        Prove that a worker is free: something runs now.
        """
        done = threading.Event()
        self.pool.dispatch(done.set, timeout=None)
        kit.wait(done, "a free worker: %r" % self.pool)

    def check_state(self, **expected):
        # A worker that has just finished is settled by itself.
        def reached():
            state = self.pool.state()
            return all(state[k] == v for k, v in expected.items())
        kit.eventually(reached, "%r, have %r" % (expected, self.pool.state()))


class TestDispatch(PoolTest):

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
        with kit.logs("threadpool.crew") as logs:
            for error in (ValueError("bad"), SystemExit(1),
                          KeyboardInterrupt()):
                self.pool.dispatch(kit_raise(error), key="k-%s" % error)
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


class TestKey(PoolTest):

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
        with kit.logs("threadpool.crew"):
            self.pool.dispatch(kit_raise(ValueError()), key="vm")
            self.check_state(failed=1)
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


class TestLate(PoolTest):

    def test_not_late_before_deadline(self):
        self.hang(2)
        self.clock.advance(9.9)
        self.check_state(late=0, threads=2)

    def test_replaced_at_deadline(self):
        self.hang(2)
        self.clock.advance(10)
        self.check_state(late=2, free=2, threads=4)
        self.ran()

    def test_late_is_not_stuck(self):
        self.hang()
        self.clock.advance(11.9)
        self.check_state(late=1, stuck=0)
        self.clock.advance(0.1)
        self.check_state(late=1, stuck=1)

    def test_never_above_max_workers(self):
        self.hang(4, timeout=0)
        self.check_state(late=4, free=0, threads=4)

    def test_invariant_for_any_number_of_late_tasks(self):
        for s in range(1, self.max_workers + 1):
            self.hang(timeout=0)
            self.check_state(
                late=s, free=min(self.workers, self.max_workers - s))
            self.assertEqual(
                self.pool.state()["threads"],
                min(self.workers + s, self.max_workers))
        for s in reversed(range(self.max_workers)):
            self.gates[s].open()
            self.check_state(
                late=s, free=min(self.workers, self.max_workers - s))

    def test_timeout_none_is_never_late(self):
        self.hang(timeout=None)
        self.clock.advance(10 ** 9)
        self.check_state(late=0)

    def test_shorter_timeout_behind_a_longer_one(self):
        self.hang(timeout=1000)
        self.hang(timeout=1)
        self.clock.advance(1)
        self.check_state(late=1)

    def test_rejoin(self):
        gates = self.hang(2, timeout=1)
        self.clock.advance(1)
        self.check_state(threads=4)
        for gate in gates:
            gate.open()
        self.check_state(threads=2, late=0, free=2)
        self.ran()

    def test_rejoin_when_short(self):
        # All four hang; the first two to return stay, the others leave.
        gates = self.hang(4, timeout=0)
        for n, gate in enumerate(gates, 1):
            gate.open()
            self.check_state(late=4 - n, threads=[4, 4, 3, 2][n - 1])
        self.ran()

    def test_pool_stuck(self):
        with kit.logs("threadpool.crew") as logs:
            gates = self.hang(4, timeout=0)
            self.clock.advance(1)
        self.assertEqual(len(logs.at(logging.ERROR)), 1)
        with self.assertRaises(errors.PoolStuck) as raised:
            self.pool.dispatch(int)
        held = raised.exception.tasks
        self.assertEqual([seconds for _, _, seconds in held], [1.0] * 4)
        self.assertIn("Gate", str(raised.exception))
        gates[0].open()
        self.check_state(late=3)
        self.ran()

    def test_queue_moves_when_one_returns(self):
        gates = self.hang(2, timeout=0) + self.hang(2, timeout=1)
        done = threading.Event()
        self.pool.dispatch(done.set)
        with kit.logs("threadpool.crew"):
            self.clock.advance(1)
        self.check_state(late=4)
        self.assertFalse(done.is_set())
        gates[0].open()
        kit.wait(done)

    def test_nothing_is_armed_when_idle(self):
        self.ran()
        self.hang()
        self.gates[0].open()
        self.check_state(completed=2)
        # One check may be pending from the last task; none follows it.
        self.clock.advance(10)
        self.assertEqual(self.clock.pending, [])

    def test_no_timer_per_task(self):
        for _ in range(50):
            self.ran()
            self.pool.bound().submit(int).result(kit.PATIENCE)
        self.assertLessEqual(len(self.clock.pending), 1)

    def test_no_thread_to_be_had(self):
        worker = executor._crew._worker.Worker
        start = worker.start

        def refuse(self):
            raise RuntimeError("can't start new thread")
        self.hang(2, timeout=1)
        worker.start = refuse
        try:
            with kit.logs("threadpool.crew") as logs:
                self.clock.advance(1)
                self.check_state(threads=2, late=2, free=0)
                self.clock.advance(1)
            self.assertIn("cannot start a thread", logs.at(logging.ERROR)[0])
        finally:
            worker.start = start
        self.clock.advance(1)
        self.check_state(threads=4, free=2)
        self.ran()


class TestStuck(PoolTest):

    def test_reported_once(self):
        with kit.logs("threadpool.report") as logs:
            self.hang(key="vm")
            self.clock.advance(12)
            kit.eventually(lambda: self.stuck, "on_stuck")
            self.clock.advance(1000)
            self.ran()
        self.assertEqual(len(self.stuck), 1)
        self.assertEqual(len(logs.at(logging.WARNING)), 1)
        self.assertIn("key='vm'", logs.at(logging.WARNING)[0])
        self.assertIn("kit.py", logs.at(logging.WARNING)[0])

    def test_short_hang_is_not_reported(self):
        gate, = self.hang()
        self.clock.advance(11)
        gate.open()
        self.check_state(late=0)
        self.clock.advance(100)
        self.ran()
        self.assertEqual(self.stuck, [])

    def test_hanging_hook_is_a_task_like_any_other(self):
        gate = self.gate()
        self.pool._reporter._on_stuck = gate
        with kit.logs("threadpool.report"):
            self.hang(timeout=0)
            self.clock.advance(2)
            gate.wait()
            self.clock.advance(10)
        self.check_state(late=2, free=2)

    def test_entries(self):
        self.hang(key="first")
        self.clock.advance(5)
        self.hang(key="second", timeout=1)
        self.assertEqual(self.pool.stuck(), [])
        self.clock.advance(8)
        first, second = self.pool.stuck()
        self.assertEqual(first["key"], "first")
        self.assertEqual(first["seconds"], 13)
        self.assertEqual(first["late"], 3)
        self.assertIs(first["stuck"], True)
        self.assertEqual(second["seconds"], 8)
        self.assertTrue(any("kit.py" in line for line in first["stack"]))
        # On 2.7 a timed wait polls, so it may be seen running.
        self.assertIn(first["kernel"]["state"], "RS")

    def test_since_last_look(self):
        self.hang(timeout=0)
        self.clock.advance(1)
        entry, = self.pool.stuck()
        self.assertIsNone(entry["since"])
        self.clock.advance(0.5)
        entry, = self.pool.stuck()
        self.assertEqual(entry["since"]["seconds"], 0.5)
        self.assertGreaterEqual(entry["since"]["ticks"], 0)

    def test_hang_in_queue_is_no_entry(self):
        self.hang(2)
        self.pool.dispatch(int, key="waits")
        self.clock.advance(20)
        self.assertNotIn("waits", [e["key"] for e in self.pool.stuck()])


class TestSubmit(PoolTest):

    def test_result(self):
        self.assertEqual(
            self.pool.submit(pow, 2, 5).result(kit.PATIENCE), 32)

    def test_keywords_of_any_name(self):
        result = self.pool.submit(dict, self=1, fn=2, key=3, timeout=4)
        self.assertEqual(result.result(kit.PATIENCE),
                         {"self": 1, "fn": 2, "key": 3, "timeout": 4})

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


class TestStop(PoolTest):

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
            kit.eventually(lambda: self.pool._crew._waiters)
            self.clock.advance(5)
        self.check_state(threads=1, late=1)

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


class TestWhole(kit.TestCase):

    def test_own_scheduler(self):
        pool = executor.Executor("own", 1, 2)
        pool.start()
        self.assertEqual(pool.submit(int).result(kit.PATIENCE), 0)
        self.assertEqual(pool.stop(), [])

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
