# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What stands in for VDSM's threadPool module, as VDSM calls it.

P1 to P17 are the defects of VDSM's own, see doc/vdsm.md.
"""

from __future__ import absolute_import, division, print_function

import functools
import logging
import threading

import kit
import standins
from threadpool import storage


class ThreadPoolTest(kit.TestCase):

    module = "storage.threadPool"

    def setUp(self):
        super(ThreadPoolTest, self).setUp()
        self.clock = kit.Scheduler()
        self.gates = []
        self.pools = []
        self.addCleanup(self.release)

    def release(self):
        for gate in self.gates:
            gate.open()
        for pool in self.pools:
            pool.joinAll()

    def pool(self, *args, **kwargs):
        """
        Make a pool as VDSM does, but on virtual time.
        """
        made_by = standins.load(self.module).ThreadPool

        class ThreadPool(made_by):
            _make = functools.partial(made_by._make, scheduler=self.clock)
        pool = ThreadPool(*args, **kwargs)
        self.pools.append(pool)
        return pool

    def gate(self, **kwargs):
        gate = kit.Gate(**kwargs)
        self.gates.append(gate)
        return gate

    def hang(self, pool, count=1):
        gates = []
        for number in range(count):
            gate = self.gate()
            self.assertTrue(pool.queueTask("hung-%d" % number, gate))
            gate.wait()
            gates.append(gate)
        return gates

    def run_one(self, pool, task=None, id="id"):
        """
        Run a task to its end.
        """
        done = threading.Event()

        def run(args):
            try:
                return task() if task is not None else None
            finally:
                done.set()
        self.assertTrue(pool.queueTask(id, run))
        kit.wait(done, "a free worker")
        kit.eventually(lambda: id not in [
            entry[0] for entry in pool._pool.running()])


class TestUnnamed(ThreadPoolTest):
    """
    As VDSM before 4.19.
    """

    def test_made_by_the_task_manager(self):
        pool = self.pool(10, 3, 500)
        self.assertEqual(pool.getThreadCount(), 10)
        done = threading.Event()
        self.assertIs(pool.queueTask("id", lambda args=None: done.set()), True)
        kit.wait(done)
        pool.joinAll(waitForTasks=False, waitForThreads=False)

    def test_used_by_the_mailbox(self):
        # One tuple, which the task takes apart.
        pool = self.pool(5, 3, 500)
        seen = []
        pool.queueTask("id", lambda args: args[0](*args[1:]),
                       (lambda *args: seen.append(args), 1, 2))
        pool.joinAll()
        self.assertEqual(seen, [(1, 2)])

    def test_callback(self):
        pool = self.pool(1)
        seen = []
        pool.queueTask("id", lambda args: args + 1, 1, seen.append)
        pool.joinAll()
        self.assertEqual(seen, [2])

    def test_not_callable(self):
        pool = self.pool(1)
        with kit.logs("Storage.ThreadPool") as logs:
            self.assertIs(pool.queueTask("task-id", None), False)
        self.assertIn("task-id", logs.at(logging.WARNING)[0])

    def test_joined_by_two_at_once(self):
        # The SPM's mailbox thread and the HSM do that.
        pool = self.pool(2)
        gate, = self.hang(pool)
        opener = threading.Timer(0.01, gate.open)
        opener.start()
        with kit.Bunch(2, lambda _: pool.joinAll(waitForTasks=False)):
            pass
        self.assertEqual(gate.left, 1)
        opener.join()

    def test_no_threads(self):
        # Half of a thread_pool_size of 1.
        with kit.logs("Storage.ThreadPool") as logs:
            pool = self.pool(0, 3, 500)
        self.assertEqual(len(logs.at(logging.WARNING)), 1)
        self.run_one(pool)

    def test_no_maximum(self):
        pool = self.pool(1, maxTasks=0)
        self.hang(pool)
        for number in range(1000):
            self.assertTrue(pool.queueTask(number, len, ""))

    def test_resize(self):
        pool = self.pool(1)
        for count in (3, 1, 2):
            self.assertIs(pool.setThreadCount(count), True)
            kit.eventually(lambda: pool.getThreadCount() == count)
            self.run_one(pool)

    def test_real_time(self):
        pool = standins.load(self.module).ThreadPool(2, 3, 500)
        self.run_one(pool)
        pool.joinAll()
        self.assertEqual(pool.getThreadCount(), 0)
        self.assertIn("stopped", repr(pool))


class TestDefects(ThreadPoolTest):

    def fail_task(self, pool, error):
        def task():
            raise error
        with kit.logs("Storage.ThreadPool"):
            self.run_one(pool, task)

    def test_p1_failed_tasks_run_no_more(self):
        pool = self.pool(2)
        for _ in range(4):
            self.fail_task(pool, ValueError("bad"))
        kit.eventually(lambda: pool.getRunningTasks() == 0)
        self.hang(pool)
        self.assertEqual(pool.getRunningTasks(), 1)

    def test_p2_an_idle_worker_that_leaves_loses_no_task(self):
        pool = self.pool(2)
        self.run_one(pool)
        pool.setThreadCount(1)
        done = []
        for number in range(20):
            pool.queueTask(number, done.append, number)
        kit.eventually(lambda: len(done) == 20)

    def test_p2_a_busy_worker_that_leaves_loses_no_task(self):
        pool = self.pool(2)
        gates = self.hang(pool, 2)
        done = []
        for number in range(20):
            pool.queueTask(number, done.append, number)
        pool.setThreadCount(1)
        for gate in gates:
            gate.open()
        pool.joinAll()
        self.assertEqual(done, list(range(20)))

    def test_p3_no_task_ends_a_worker(self):
        pool = self.pool(2)
        for _ in range(2):
            self.fail_task(pool, SystemExit(1))
        self.run_one(pool)
        self.assertEqual(pool.getThreadCount(), 2)

    def test_p4_a_full_queue_says_no(self):
        pool = self.pool(1, waitTimeout=3, maxTasks=1)
        self.hang(pool)
        pool.queueTask("waits", len, "")
        answers = []
        with kit.logs("Storage.ThreadPool") as logs:
            with kit.Bunch(1, lambda _: answers.append(
                    pool.queueTask("refused", len, ""))):
                kit.eventually(lambda: len(pool._pool._room))
                self.clock.advance(3)
        self.assertEqual(answers, [False])
        self.assertIn("refused", logs.at(logging.WARNING)[0])

    def test_p5_no_task_is_taken_after_joining(self):
        pool = self.pool(2)
        self.hang(pool)
        pool.joinAll(waitForTasks=False, waitForThreads=False)
        with kit.logs("Storage.ThreadPool"):
            self.assertIs(pool.queueTask("late", len, ""), False)

    def test_p6_joining_clears_the_queue(self):
        pool = self.pool(1)
        gate, = self.hang(pool)
        stale = []
        for number in range(3):
            pool.queueTask(number, stale.append, number)
        pool.joinAll(waitForTasks=False, waitForThreads=False)
        gate.open()
        # One way, as in VDSM since 4.40.
        self.assertIs(pool.setThreadCount(1), False)
        kit.eventually(lambda: pool.getThreadCount() == 0)
        self.assertEqual(stale, [])

    def test_p7_a_stuck_task_does_not_stop_joining(self):
        pool = self.pool(2)
        self.hang(pool)
        self.clock.advance(storage.LATE)
        pool.joinAll()
        # It is there still, and said to be.
        self.assertEqual(pool.getThreadCount(), 1)

    def test_p8_joining_waits_for_running_tasks(self):
        pool = self.pool(2)
        gate, = self.hang(pool)
        left = []

        def join(_):
            pool.joinAll(waitForTasks=True, waitForThreads=False)
            left.append(gate.left)
        with kit.Bunch(1, join):
            kit.eventually(
                lambda: not pool._pool.state()["running"] or left)
            gate.open()
        self.assertEqual(left, [1])

    def test_p9_joining_in_a_task(self):
        pool = self.pool(2)
        joined = threading.Event()

        def task(args):
            pool.joinAll()
            joined.set()
        pool.queueTask("id", task)
        kit.wait(joined)
        kit.eventually(lambda: pool.getThreadCount() == 0)

    def test_p10_those_who_are_to_go_count_until_they_are_gone(self):
        pool = self.pool(3)
        gates = self.hang(pool, 2)
        pool.setThreadCount(1)
        kit.eventually(lambda: pool.getThreadCount() == 2)
        for gate in gates:
            gate.open()
        kit.eventually(lambda: pool.getThreadCount() == 1)
        self.run_one(pool)

    def test_p11_idle_workers_leave_at_once(self):
        pool = self.pool(2, waitTimeout=3600)
        self.run_one(pool)
        pool.joinAll()
        self.assertEqual(pool.getThreadCount(), 0)

    def test_p12_stop_thread(self):
        pool = self.pool(2)
        pool.stopThread()
        kit.eventually(lambda: pool.getThreadCount() == 1)
        # A pool that runs nothing serves nobody.
        pool.stopThread()
        self.run_one(pool)

    def test_p12_id_none(self):
        pool = self.pool(1)
        self.run_one(pool, id=None)

    def test_p13_threads_have_the_name_of_their_task_while_it_runs(self):
        pool = self.pool(1)
        names = []
        for id in ("a-uuid", u"\u00e9"):
            gate = self.gate()
            pool.queueTask(id, gate)
            gate.wait()
            names.append(self.names())
            gate.open()
            kit.eventually(lambda: not pool.getRunningTasks())
            kit.eventually(lambda: "a-uuid" not in self.names())
        self.assertIn("a-uuid", names[0])

    def names(self):
        return [thread.name for thread in threading.enumerate()]

    def test_p14_a_thread_that_does_not_start_does_not_count(self):
        pool = self.pool(1)
        real = threading.Thread.start

        def fail(thread):
            raise RuntimeError("can't start new thread")
        threading.Thread.start = fail
        try:
            with kit.logs("threadpool.crew"):
                pool.setThreadCount(3)
        finally:
            threading.Thread.start = real
        self.assertEqual(pool.getThreadCount(), 1)
        # It is tried again.
        with kit.logs("threadpool.crew"):
            self.clock.advance(1)
        self.assertEqual(pool.getThreadCount(), 3)

    def test_p15_negative_count(self):
        pool = self.pool(1)
        with self.assertRaises(ValueError) as raised:
            pool.setThreadCount(-1)
        self.assertIn("-1", str(raised.exception))
        with self.assertRaises(ValueError):
            self.pool(-1)
        self.assertEqual(pool.getThreadCount(), 1)

    def test_p17_stuck_tasks_leave_workers_and_are_reported(self):
        pool = self.pool(2)
        self.hang(pool, 2)
        self.clock.advance(storage.LATE)
        self.run_one(pool)
        with kit.logs("threadpool.report") as logs:
            self.clock.advance(storage.STUCK - storage.LATE)
            kit.eventually(lambda: len(logs.at(logging.WARNING)) == 2)
        self.assertIn("hung-", logs.at(logging.WARNING)[0])
        self.assertIn("kit.py", logs.at(logging.WARNING)[0])


class TestNamed(ThreadPoolTest):
    """
    As VDSM 4.19 and later.
    """

    module = "vdsm.storage.threadPool"

    def test_made_by_the_task_manager(self):
        pool = self.pool("tasks", 10, 3, 500)
        self.assertEqual(pool.getThreadCount(), 10)
        self.run_one(pool)
        pool.joinAll(waitForThreads=False)

    def test_joined_as_until_4_30(self):
        pool = self.pool("tasks", 1, 3, 500)
        pool.joinAll(waitForTasks=False, waitForThreads=False)
        pool.joinAll(waitForTasks=False)

    def test_keywords(self):
        pool = self.pool("name", numThreads=1, waitTimeout=0.05, maxTasks=5)
        seen = []
        pool.queueTask(id="id", task=seen.append, args=(1, 2))
        pool.joinAll(waitForTasks=True)
        self.assertEqual(seen, [(1, 2)])

    def test_joining_drops_what_waits(self):
        pool = self.pool("tasks", 1)
        gate, = self.hang(pool)
        pool.queueTask("dropped", self.fail)
        opener = threading.Timer(0.01, gate.open)
        opener.start()
        pool.joinAll()
        self.assertEqual(gate.left, 1)
        self.assertEqual(pool.getThreadCount(), 0)
        with kit.logs("storage.threadpool"):
            self.assertIs(pool.queueTask("late", len, ""), False)
        opener.join()

    def test_p11_workers_leave_when_nobody_waits_for_them(self):
        pool = self.pool("tasks", 2, waitTimeout=3600)
        pool.joinAll(waitForThreads=False)
        kit.eventually(lambda: pool.getThreadCount() == 0)

    def test_p13_names_of_threads(self):
        pool = self.pool("tasks", 1)
        names = []

        def task():
            names.append(threading.current_thread().name)
            with open("/proc/thread-self/comm") as comm:
                names.append(comm.read().strip())
        self.run_one(pool, task)
        self.assertEqual(names, ["tasks/0", "tasks/0"])

    def test_log(self):
        pool = self.pool("tasks", 1)
        with kit.logs("storage.threadpool") as logs:
            pool.queueTask("task-id", len, "four")
            pool.joinAll(waitForTasks=True)
        self.assertEqual(
            [line.split(" (")[0].split(" after")[0]
             for line in logs.at(logging.INFO)],
            ["START task task-id", "FINISH task task-id"])
