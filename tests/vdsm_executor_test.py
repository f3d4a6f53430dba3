# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What stands in for VDSM's executor module, as VDSM calls it.
"""

from __future__ import absolute_import, division, print_function

import functools
import logging
import os
import signal
import threading

import executorcase
import kit


class TestExecutor(executorcase.ExecutorTest):
    """
    What both do.
    """

    def test_made_for_periodic_operations(self):
        pool = self.make(name="periodic", workers_count=4, max_tasks=400,
                         scheduler=object(), max_workers=30)
        self.assertEqual(pool.name, "periodic")
        pool.start()
        self.run_one(pool)

    def test_made_for_json_rpc(self):
        pool = self.make(name="jsonrpc", workers_count=8, max_tasks=80,
                         scheduler=None)
        pool.start()
        done = threading.Event()
        dispatch = functools.partial(pool.dispatch, timeout=60, discard=False)
        dispatch(done.set)
        kit.wait(done)

    def test_no_thread_before_start(self):
        pool = self.make("periodic", 4, 400, None)
        self.assertEqual(self.timer.users, 0)
        with self.assertRaises(self.module.NotRunning):
            pool.dispatch(len)
        pool.stop()

    def test_dispatch_after_stop(self):
        pool = self.pool()
        pool.stop()
        with self.assertRaises(self.module.NotRunning):
            pool.dispatch(len)

    def test_dispatch_while_it_stops(self):
        pool = self.pool()
        pool._pool.stop()
        with self.assertRaises(self.module.NotRunning):
            pool.dispatch(len)

    def test_start_twice(self):
        pool = self.pool()
        with self.assertRaises(self.module.AlreadyStarted) as raised:
            pool.start()
        self.assertIn("periodic", str(raised.exception))

    def test_start_again(self):
        pool = self.pool()
        pool.stop()
        pool.start()
        self.run_one(pool)
        pool.stop()
        pool.stop()

    def test_names_of_threads(self):
        pool = self.pool(2)
        names = []
        gate = self.gate()

        def task():
            names.append(threading.current_thread().name)
            with open("/proc/thread-self/comm") as comm:
                names.append(comm.read().strip())
            gate()
        # One function twice, at once.
        for _ in range(2):
            pool.dispatch(task, 10)
        gate.wait(2)
        self.assertEqual(sorted(names), ["periodic/0"] * 2 +
                         ["periodic/1"] * 2)

    def test_failing_task(self):
        pool = self.pool(1)
        with kit.logs("Executor") as logs:
            pool.dispatch(self.gate(error=ValueError("bad")), 10)
            self.gates[0].open()
            self.run_one(pool)
        self.assertIn("Unhandled exception in <Task discardable <Gate",
                      logs.at(logging.ERROR)[0])

    def test_not_callable(self):
        pool = self.pool(1)
        with kit.logs("Executor") as logs:
            pool.dispatch(None)
            self.run_one(pool)
        self.assertIn("Unhandled exception in <Task discardable None",
                      logs.at(logging.ERROR)[0])

    def test_late_task_is_replaced_and_completes(self):
        pool = self.pool(1)
        gate, = self.hang(pool)
        self.clock.advance(10)
        self.run_one(pool)
        gate.open()
        kit.eventually(lambda: gate.left == 1)

    def test_timeout_zero_is_late_at_once(self):
        for timeout in (0, -1):
            pool = self.pool(1)
            self.hang(pool, timeout=timeout)
            self.clock.advance(0)
            self.run_one(pool)

    def test_no_timeout_is_never_late(self):
        pool = self.pool(1)
        self.hang(pool, timeout=None)
        self.clock.advance(1e6)
        self.assertEqual(self.threads(pool), 1)

    def test_at_the_cap_tasks_wait(self):
        pool = self.pool(2, max_tasks=3, max_workers=3)
        gates = self.hang(pool, 2, 0)
        with kit.logs("threadpool.crew"):
            self.clock.advance(0)
            gates += self.hang(pool, 1, 0)
            self.clock.advance(0)
        done = []
        for number in range(3):
            pool.dispatch(functools.partial(done.append, number), 0)
        with self.assertRaises(self.full):
            pool.dispatch(len, 0)
        self.assertEqual(done, [])
        gates[0].open()
        kit.eventually(lambda: done == [0, 1, 2])

    def test_stop_drops_what_waits(self):
        pool = self.pool(1)
        gate, = self.hang(pool)
        pool.dispatch(self.fail)
        pool.stop(wait=False)
        gate.open()
        pool.stop()
        self.assertEqual(self.threads(pool), 0)

    def test_stop_waits_for_late_tasks_that_end(self):
        pool = self.pool(1)
        gate, = self.hang(pool, timeout=0)
        self.clock.advance(0)
        opener = threading.Timer(0.01, gate.open)
        opener.start()
        pool.stop()
        self.assertEqual(gate.left, 1)
        opener.join()

    def test_no_workers(self):
        pool = self.pool(0, max_tasks=2, max_workers=0)
        for _ in range(2):
            pool.dispatch(self.fail)
        with self.assertRaises(self.full):
            pool.dispatch(self.fail)
        self.assertIn("tasks(2)", repr(pool))

    def test_repr(self):
        pool = self.make("periodic", 4, 400, None, 30)
        self.assertIn("<Executor periodic workers=4 max_workers=30 "
                      "<TaskQueue periodic max_tasks=400 tasks(0)>",
                      repr(pool))
        pool.start()
        self.hang(pool)
        self.clock.advance(10)
        self.assertIn(" late=1 overdue=[<Task discardable <Gate", repr(pool))

    def test_bad_size(self):
        pool = self.make("periodic", 4, 0, None)
        with self.assertRaises(ValueError) as raised:
            pool.start()
        self.assertIn("max_tasks", str(raised.exception))
        self.assertEqual(self.timer.users, 0)


class TestBlocked(executorcase.ExecutorTest):
    """
    Tasks with discard=False.
    """

    def test_worker_is_not_replaced(self):
        pool = self.pool(1)
        self.hang(pool, discard=False)
        with kit.logs("Executor"):
            self.clock.advance(1000)
        self.assertEqual(self.threads(pool), 1)

    def test_reported_again_and_again(self):
        pool = self.pool(1)
        gate, = self.hang(pool, timeout=60, discard=False)
        with kit.logs("Executor") as logs:
            self.clock.advance(59)
            self.assertEqual(logs.records, [])
            self.clock.advance(1)
            first, = logs.at(logging.WARNING)
            self.clock.advance(120)
            self.assertEqual(len(logs.at(logging.WARNING)), 3)
        self.assertTrue(first.startswith(
            "Worker blocked: <Worker name=periodic/0 running <Task <Gate"))
        self.assertIn("timeout=60 duration=60.00", first)
        # Where it is, for Python and for the kernel.
        self.assertIn("kit.py", first)
        self.assertIn("'switches': ", first)

    def test_reported_until_it_ends(self):
        pool = self.pool(2)
        gates = self.hang(pool, 2, timeout=60, discard=False)
        gates[0].open()
        kit.eventually(lambda: len(pool._under_way._jobs) == 1)
        with kit.logs("Executor") as logs:
            self.clock.advance(60)
            self.assertEqual(len(logs.records), 1)
            gates[1].open()
            kit.eventually(lambda: not pool._under_way._jobs)
            self.clock.advance(1000)
        self.assertEqual(len(logs.records), 1)
        # Nothing is looked for any more.
        self.assertEqual(self.clock.pending, [])

    def test_timeouts_of_each_task(self):
        pool = self.pool(2)
        self.hang(pool, timeout=60, discard=False)
        self.hang(pool, timeout=7, discard=False)
        with kit.logs("Executor") as logs:
            self.clock.advance(21)
            self.assertEqual(len(logs.records), 3)
            self.clock.advance(39)
        self.assertEqual(len(logs.records), 9)

    def test_not_more_than_once_a_second(self):
        # VDSM's would do nothing else.
        pool = self.pool(1)
        self.hang(pool, timeout=0, discard=False)
        with kit.logs("Executor") as logs:
            self.clock.advance(10)
        self.assertEqual(len(logs.records), 11)

    def test_log(self):
        log = logging.getLogger("test.log")
        pool = self.pool(1, log=log)
        self.hang(pool, timeout=60, discard=False)
        with kit.logs("test.log") as logs:
            self.clock.advance(60)
        self.assertEqual(len(logs.at(logging.WARNING)), 1)

    def test_repr_that_fails(self):
        class Callable(object):
            def __repr__(self):
                raise ValueError("bad")

            __call__ = staticmethod(self.gate())
        pool = self.pool(1)
        pool.dispatch(Callable(), 60, discard=False)
        self.gates[0].wait()
        with kit.logs("Executor") as logs:
            self.clock.advance(60)
        self.assertIn("its repr failed: ValueError",
                      logs.at(logging.WARNING)[0])


class TestTimer(executorcase.ExecutorTest):
    """
    Real time: one thread for all executors.
    """

    def real(self, name):
        pool = self.module.Executor(name, 1, 10, None)
        self.pools.append(pool)
        return pool

    def setUp(self):
        super(TestTimer, self).setUp()
        # Those of other tests in this process.
        self.others = set(threading.enumerate())

    def timers(self):
        return [thread for thread in threading.enumerate()
                if thread.name == "executor/timer" and
                thread not in self.others]

    def test_shared(self):
        pools = [self.real("foo"), self.real("bar")]
        self.assertEqual(self.timers(), [])
        for pool in pools:
            pool.start()
        self.assertEqual(len(self.timers()), 1)
        pools[0].stop()
        self.hang(pools[1], timeout=0.01)
        self.run_one(pools[1])
        pools[1].stop(wait=False)
        kit.eventually(lambda: not self.timers())
        pools[0].start()
        self.hang(pools[0], timeout=0.01)
        self.run_one(pools[0])

    def test_fork(self):
        self.real("foo").start()
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                signal.alarm(int(kit.PATIENCE))
                with self.assertRaises(self.module.NotRunning):
                    self.pools[0].dispatch(len)
                self.pools[0].stop()
                pool = self.real("bar")
                pool.start()
                self.hang(pool, timeout=0.01)
                self.run_one(pool)
                status = 0
            finally:
                os._exit(status)
        self.assertEqual(os.waitpid(pid, 0)[1], 0)
        self.run_one(self.pools[0])
