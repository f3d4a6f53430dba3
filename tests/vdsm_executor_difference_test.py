# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What VDSM's executor does in another way than what stands in for it, one test
for each: see doc/vdsm.md.
"""

from __future__ import absolute_import, division, print_function

import logging
import threading

import executorcase
import kit

# Seconds after its deadline when a task is stuck.
STUCK = 2.0


class Operation(object):
    """
    Dispatches itself every period, as VDSM's periodic.Operation does that is
    not exclusive, and calls something.
    """

    def __init__(self, call, period, pool, scheduler, refused):
        self._call = call
        self._period = period
        self._pool = pool
        self._scheduler = scheduler
        self._refused = refused
        self.rounds = 0
        self.refusals = 0

    def dispatch(self):
        try:
            self._pool.dispatch(self, self._period / 2, discard=True)
        except self._refused:
            self.refusals += 1
        self._scheduler.schedule(self._period, self.dispatch)

    def __call__(self):
        self.rounds += 1
        self._call()


class Watermark(object):
    """
    As VDSM's operations on one VM.
    """

    def __init__(self, vm, call):
        self._vm = vm
        self._call = call

    def __call__(self):
        self._call()

    def __repr__(self):
        return "<%s>" % type(self).__name__


class Volumes(Watermark):
    """
    Another one.
    """


class TestDifferences(executorcase.ExecutorTest):
    """
    What VDSM's does in another way.
    """

    def operations(self, pool, calls, period=2.0):
        operations = [
            Operation(call, period, pool, self.clock,
                      self.full) for call in calls]
        for operation in operations:
            operation.dispatch()
        return operations

    def pass_time(self, pool, gate, seconds):
        """
        Let time pass, and whatever can run to its end meanwhile.
        """
        def settled():
            hung = gate.calls - gate.left
            state = pool._pool.state()
            return state["idle"] == state["threads"] - hung and (
                not state["queued"] or not state["idle"])
        kit.eventually(settled)
        for _ in range(seconds):
            self.clock.advance(1)
            kit.eventually(settled)

    def test_operations_that_are_stuck_for_ever_do_not_take_the_pool(self):
        # VDSM's own would hold all 30 threads after a few periods.
        pool = self.pool(4, 400, 30)
        gate = self.gate()
        with kit.logs("threadpool.report"), kit.logs("Executor"):
            stuck = self.operations(pool, [gate] * 6)
            healthy = self.operations(pool, [lambda: None] * 2)
            self.pass_time(pool, gate, 200)
            self.assertEqual([operation.rounds for operation in healthy],
                             [101] * 2)
            self.assertEqual(self.threads(pool), 12 + 4)
            self.run_one(pool)
            # When what they wait for is back, so are they.
            self.assertEqual([operation.rounds for operation in stuck],
                             [2] * 6)
            self.assertEqual([operation.refusals for operation in stuck],
                             [99] * 6)
            gate.open()
            kit.eventually(lambda: not pool._under_way.overdue())
            kit.eventually(lambda: self.threads(pool) == 4)
            self.pass_time(pool, gate, 2)
            self.assertEqual([operation.rounds for operation in stuck],
                             [3] * 6)

    def test_one_overdue_run_does_not_stop_an_operation(self):
        # As in VDSM: an operation that is not exclusive goes on.
        pool = self.pool(1)
        gate = self.gate()
        hangs = [gate]
        operation, = self.operations(
            pool, [lambda: hangs.pop()() if hangs else None])
        with kit.logs("threadpool.report"), kit.logs("Executor"):
            self.pass_time(pool, gate, 20)
        self.assertEqual(operation.rounds, 11)
        self.assertEqual(operation.refusals, 0)

    def test_refusal_tells_what_is_overdue(self):
        pool = self.pool(4)
        gate = self.gate()
        for _ in range(3):
            pool.dispatch(gate, 10)
        gate.wait(3)
        # None is late yet: no reason to refuse.
        self.clock.advance(9)
        pool.dispatch(gate, 10)
        gate.wait()
        self.clock.advance(1)
        with self.assertRaises(self.full) as raised:
            pool.dispatch(gate, 10)
        self.assertIn("duration=10.00", str(raised.exception))
        # Others are not concerned.
        self.hang(pool)

    def test_tasks_about_a_vm_that_hangs_do_not_take_the_pool(self):
        # VDSM makes them afresh, several kinds for each VM and round; and
        # that VMs hang together, with their storage, is the rule.
        pool = self.pool(4, 400, 30)
        gate = self.gate()
        vms = [object() for _ in range(20)]
        with kit.logs("threadpool"), kit.logs("Executor") as logs:
            for kind in (Watermark, Volumes):
                for vm in vms:
                    pool.dispatch(kind(vm, gate), 1)
            self.pass_time(pool, gate, 10)
            self.assertEqual(gate.calls, 20)
            self.assertEqual(self.threads(pool), 20 + 4)
            self.assertEqual(len(
                [line for line in logs.at(logging.WARNING)
                 if "Volumes" in line and "does not run" in line]), 20)
            for vm in vms:
                with self.assertRaises(self.full):
                    pool.dispatch(Watermark(vm, gate), 1)
            # Other VMs are not concerned.
            done = threading.Event()
            pool.dispatch(Watermark(object(), done.set), 1)
            kit.wait(done)

    def test_tasks_about_a_vm_run_again_when_it_answers(self):
        pool = self.pool(4)
        gate, vm, done = self.gate(), object(), threading.Event()
        with kit.logs("threadpool"), kit.logs("Executor"):
            pool.dispatch(Watermark(vm, gate), 1)
            gate.wait()
            self.pass_time(pool, gate, 2)
            gate.open()
            kit.eventually(lambda: not pool._under_way.overdue())
        pool.dispatch(Watermark(vm, done.set), 1)
        kit.wait(done)

    def test_bound_where_vdsm_has_none(self):
        pool = self.pool(1)
        with kit.logs("threadpool"), kit.logs("Executor"):
            for _ in range(27):
                self.hang(pool, timeout=0)
                self.clock.advance(0)
            self.assertEqual(self.threads(pool), 27)
            pool.dispatch(self.fail)
            self.clock.advance(1000)
            self.assertEqual(self.threads(pool), 27)
            pool.stop(wait=False)

    def test_max_workers_below_workers_count(self):
        pool = self.pool(4, max_workers=2)
        self.assertEqual(self.threads(pool), 4)

    def test_stop_is_bounded(self):
        self.module._STOP = 0.01
        pool = self.pool(2)
        self.hang(pool)
        self.hang(pool, discard=False)
        with kit.logs("threadpool.executor") as logs:
            pool.stop()
        self.assertIn("2 tasks given up", logs.at(logging.WARNING)[0])

    def test_stop_in_a_task(self):
        pool = self.pool(2)
        stopped = threading.Event()

        def task():
            pool.stop()
            stopped.set()
        pool.dispatch(task)
        kit.wait(stopped)
        kit.eventually(lambda: self.threads(pool) == 0)

    def test_no_task_ends_a_worker(self):
        pool = self.pool(1)
        with kit.logs("Executor") as logs:
            pool.dispatch(self.gate(error=SystemExit(1)))
            self.gates[0].open()
            self.run_one(pool)
        self.assertEqual(len(logs.at(logging.ERROR)), 1)

    def test_worker_of_a_late_task_is_used_again(self):
        pool = self.pool(1, max_workers=1)
        gate, = self.hang(pool)
        with kit.logs("threadpool.crew"):
            self.clock.advance(10)
        names = []
        pool.dispatch(
            lambda: names.append(threading.current_thread().name))
        gate.open()
        kit.eventually(lambda: names == ["periodic/0"])

    def test_discarded_is_told_when_a_task_is_stuck(self):
        pool = self.pool(1)
        self.hang(pool)
        with kit.logs("Executor") as logs:
            with kit.logs("threadpool.report") as evidence:
                self.clock.advance(10 + STUCK - 0.1)
                self.run_one(pool)
                self.assertEqual(logs.records, [])
                self.clock.advance(0.1)
                kit.eventually(lambda: len(logs.records) == 2)
        discarded, = logs.at(logging.INFO)
        self.assertTrue(discarded.startswith(
            "Worker discarded: <Worker name=periodic/0 running "
            "<Task discardable <Gate"))
        state, = logs.at(logging.WARNING)
        self.assertTrue(state.startswith("executor state: <Executor periodic"))
        self.assertIn("late=1", state)
        self.assertIn("kit.py", evidence.at(logging.WARNING)[0])

    def test_all_threads_held_is_an_error(self):
        pool = self.pool(1, max_workers=1)
        self.hang(pool)
        with kit.logs("threadpool.crew") as logs:
            self.clock.advance(10)
        self.assertIn("all 1 threads are held", logs.at(logging.ERROR)[0])

    def test_needs_no_scheduler_for_a_timeout(self):
        pool = self.make("periodic", 1, 10, None)
        pool.start()
        self.hang(pool, timeout=1)
        self.clock.advance(1)
        self.run_one(pool)
