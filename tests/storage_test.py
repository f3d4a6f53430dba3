# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The pool for tasks on storage, on virtual time.
"""

from __future__ import absolute_import, division, print_function

import logging
import os
import threading

import kit
from threadpool import errors
from threadpool import schedule
from threadpool import storage


class StorageTest(kit.TestCase):

    workers = 2
    max_tasks = 3

    def setUp(self):
        super(StorageTest, self).setUp()
        self.clock = kit.Scheduler()
        self.gates = []
        self.pool = storage.Pool(
            "pool", self.workers, self.max_tasks, queue_timeout=3,
            scheduler=self.clock)
        self.pool.start()
        self.addCleanup(self.release)

    def release(self):
        for gate in self.gates:
            gate.open()
        self.pool.join()

    def gate(self, **kwargs):
        gate = kit.Gate(**kwargs)
        self.gates.append(gate)
        return gate

    def hang(self, count=1):
        """
        Have count tasks hang, each in a gate of its own.
        """
        gates = []
        for number in range(count):
            gate = self.gate()
            self.pool.queue_task("hung-%d" % number, gate)
            gate.wait()
            gates.append(gate)
        return gates

    def fill(self):
        """
        Have all workers hang and no place left in the queue.
        """
        gates = self.hang(self.workers)
        for number in range(self.max_tasks):
            self.pool.queue_task(number, self.gate())
        return gates

    def ran(self):
        done = threading.Event()
        self.pool.queue_task("done", lambda args: done.set())
        kit.wait(done, "a free worker: %r" % self.pool)

    def check_state(self, **expected):
        def reached():
            state = self.pool.state()
            return all(state[k] == v for k, v in expected.items())
        kit.eventually(reached, "%r, have %r" % (expected, self.pool.state()))


class TestTasks(StorageTest):

    def test_one_argument(self):
        for args in (None, 1, (1, 2), [], {}):
            seen = []
            done = threading.Event()
            self.pool.queue_task(
                "id", seen.append, args, callback=lambda _: done.set())
            kit.wait(done)
            self.assertEqual(seen, [args])

    def test_callback_gets_the_result_on_the_worker(self):
        seen = []
        done = threading.Event()

        def callback(result):
            seen.append((result, threading.current_thread().name))
            done.set()
        self.pool.queue_task("id", len, "four", callback)
        kit.wait(done)
        self.assertEqual(seen[0][0], 4)
        self.assertTrue(seen[0][1].startswith("pool/"), seen)

    def test_any_id_and_the_same_one_twice(self):
        gates = []
        for id in (None, "same", "same", u"\u00e9", 7):
            gate = self.gate()
            gate.open()
            self.pool.queue_task(id, gate)
            gate.wait()
            gates.append(gate)
        self.check_state(completed=5, failed=0)

    def test_failures_harm_nobody(self):
        with kit.logs("threadpool.storage") as logs:
            for error in (ValueError("bad"), SystemExit(1),
                          KeyboardInterrupt()):
                for _ in range(self.workers):
                    gate = self.gate(error=error)
                    gate.open()
                    self.pool.queue_task("task-id", gate)
                    gate.wait()
            self.check_state(completed=6, failed=6, threads=2, free=2)
        self.assertEqual(self.pool.running(), [])
        failures = logs.at(logging.ERROR)
        self.assertEqual(len(failures), 6)
        self.assertIn("task-id", failures[0])
        self.ran()

    def test_failing_callback(self):
        def callback(result):
            raise ValueError(result)
        with kit.logs("threadpool.storage") as logs:
            self.pool.queue_task("id", len, "four", callback)
            self.check_state(completed=1, failed=1)
        self.assertEqual(len(logs.at(logging.ERROR)), 1)

    def test_running(self):
        first, = self.hang()
        self.clock.advance(5)
        self.pool.queue_task("second", self.gate())
        self.gates[-1].wait()
        self.clock.advance(1)
        self.assertEqual(self.pool.running(), [("hung-0", 6), ("second", 1)])
        first.open()
        self.check_state(completed=1)
        self.assertEqual(self.pool.running(), [("second", 1)])

    def test_told_in_the_log(self):
        gate, log = self.gate(), logging.getLogger("threadpool.storage")
        with kit.logs(log.name) as logs:
            self.pool.queue_task("task-id", gate, ("argument",))
            gate.wait()
            self.clock.advance(2)
            gate.open()
            self.check_state(completed=1)
        start, finish = logs.at(logging.INFO)
        self.assertIn("START task task-id", start)
        self.assertIn("argument", start)
        self.assertEqual(finish, "FINISH task task-id after 2.0 s")

    def test_one_way(self):
        pool = storage.Pool("new", 1, scheduler=self.clock)
        with self.assertRaises(errors.NotRunning):
            pool.queue_task("id", len, "")
        pool.start()
        pool.join()
        with self.assertRaises(errors.NotRunning):
            pool.queue_task("id", len, "")
        with self.assertRaises(errors.AlreadyStarted):
            pool.start()

    def test_a_scheduler_that_is_shared(self):
        shared = schedule.Scheduler("shared")
        pool = storage.Pool("pool", 1, scheduler=shared)
        self.assertIs(pool._scheduler, shared)

    def test_own_scheduler(self):
        pool = storage.Pool("own", 1)
        pool.start()
        done = threading.Event()
        pool.queue_task("id", lambda args: done.set())
        kit.wait(done)
        self.assertEqual(pool.join(), [])

    def test_bad_sizes(self):
        for sizes in ((0,), (-1,), (1, 0)):
            with self.assertRaises(ValueError):
                storage.Pool("bad", *sizes, scheduler=self.clock)

    def test_repr_in_each_state(self):
        gate, = self.hang()
        self.assertIn("running=1", repr(self.pool))
        self.clock.advance(storage.LATE)
        self.assertIn("late=1", repr(self.pool))
        self.pool.join(wait_for_tasks=False)
        self.assertIn("stopped", repr(self.pool))

    def test_forked_child_says_so(self):
        self.hang()
        child = os.fork()
        if not child:
            code = 1
            try:
                self.pool.queue_task("id", len, "")
            except errors.NotRunning:
                code = 10 + len(self.pool.running())
            finally:
                os._exit(code)
        self.assertEqual(os.WEXITSTATUS(os.waitpid(child, 0)[1]), 10)


class TestFullQueue(StorageTest):

    def queue(self, id="more"):
        """
        Queue a task from another thread, which waits for room; returns the
        thread and a list that gets the outcome.
        """
        outcome = []

        def queue():
            try:
                self.pool.queue_task(id, outcome.append, id)
                outcome.append("taken")
            except errors.Error as e:
                outcome.append(e)
        thread = threading.Thread(target=queue)
        waiting = len(self.pool._room)
        thread.start()
        kit.eventually(lambda: len(self.pool._room) > waiting or outcome)
        return thread, outcome

    def test_refused_after_a_while(self):
        self.fill()
        thread, outcome = self.queue()
        self.clock.advance(2.9)
        self.assertEqual(outcome, [])
        self.clock.advance(0.1)
        thread.join(kit.PATIENCE)
        self.assertIsInstance(outcome[0], errors.QueueFull)
        self.assertIn("3 tasks", str(outcome[0]))
        self.check_state(queued=3)
        self.assertEqual(self.clock.pending, [1060.0])

    def test_refused_at_once_if_so_wished(self):
        pool = storage.Pool("pool", 1, 1, 0, scheduler=self.clock)
        pool.start()
        with kit.Gate() as gate:
            pool.queue_task("running", gate)
            gate.wait()
            pool.queue_task("waiting", len, "")
            # The alarm never comes here: the clock stands.
            with self.assertRaises(errors.QueueFull):
                pool.queue_task("refused", len, "")
        pool.join()

    def test_taken_when_there_is_room(self):
        gates = self.fill()
        first, second = self.queue("first"), self.queue("second")
        for gate in gates:
            gate.open()
        for thread, outcome in (first, second):
            thread.join(kit.PATIENCE)
            self.assertEqual(outcome[0], "taken")
        self.check_state(queued=self.max_tasks)

    def test_one_place_is_for_one(self):
        gates = self.fill()
        waiters = [self.queue(str(number)) for number in range(3)]
        gates[0].open()
        kit.eventually(lambda: len(self.pool._room) == 2)
        self.clock.advance(3)
        outcomes = []
        for thread, outcome in waiters:
            thread.join(kit.PATIENCE)
            outcomes.append(outcome[0])
        self.assertEqual(outcomes.count("taken"), 1)

    def test_waiting_ends_when_the_pool_does(self):
        self.fill()
        thread, outcome = self.queue()
        self.pool.join(wait_for_tasks=False, wait_for_threads=False)
        thread.join(kit.PATIENCE)
        self.assertIsInstance(outcome[0], errors.NotRunning)

    def test_waiting_ends_though_the_queue_stays_full(self):
        gates = self.fill()
        thread, outcome = self.queue()
        with kit.Bunch(1, lambda _: self.pool.join()):
            thread.join(kit.PATIENCE)
            self.assertIsInstance(outcome[0], errors.NotRunning)
            for gate in gates + self.gates:
                gate.open()

    def test_many_at_once(self):
        # More than there is room for: who waits is served as room comes.
        count = 8
        done = []
        opener = self.gate()
        self.pool.queue_task("first", opener)
        self.pool.queue_task("second", opener)
        opener.wait(2)
        opener.open()
        with kit.Bunch(count, lambda n: self.pool.queue_task(
                n, done.append, n)):
            pass
        self.pool.join()
        self.assertEqual(sorted(done), list(range(count)))


class TestStuck(StorageTest):

    def test_replaced_then_reported(self):
        self.hang()
        self.clock.advance(storage.LATE)
        self.check_state(late=1, free=2, threads=3, stuck=0)
        with kit.logs("threadpool.report") as logs:
            self.clock.advance(storage.STUCK - storage.LATE)
            self.check_state(stuck=1)
            kit.eventually(lambda: logs.at(logging.WARNING))
        report, = logs.at(logging.WARNING)
        self.assertIn("stuck for 300.0 s: task 'hung-0'", report)
        self.assertIn("kit.py", report)
        self.assertIn("hung-0", self.pool.stuck()[0]["call"])

    def test_as_many_may_hang_as_there_are_workers(self):
        for hung in range(1, 3):
            self.hang()
            self.clock.advance(storage.LATE)
            self.check_state(late=hung, free=2)
            self.ran()

    def test_queue_takes_tasks_while_all_hang(self):
        self.hang(2)
        self.clock.advance(storage.LATE)
        self.check_state(threads=4)
        gates = self.hang(2)
        with kit.logs("threadpool.crew") as logs:
            self.clock.advance(storage.LATE)
        self.check_state(late=4, free=0)
        self.assertIn("nothing else runs", logs.at(logging.ERROR)[0])
        done = threading.Event()
        self.pool.queue_task("patient", lambda args: done.set())
        self.check_state(queued=1)
        gates[0].open()
        kit.wait(done)
        for gate in self.gates:
            gate.open()
        self.check_state(late=0, free=2, threads=2)


class TestJoin(StorageTest):

    def test_finishes_tasks(self):
        gates = self.hang(2)
        done = []
        for number in range(3):
            self.pool.queue_task(number, done.append, number)
        with kit.Bunch(1, lambda _: self.pool.join()):
            kit.eventually(lambda: not self.pool.state()["running"])
            self.assertEqual(done, [])
            for gate in gates:
                gate.open()
        # By two workers.
        self.assertEqual(sorted(done), [0, 1, 2])
        self.check_state(threads=0)

    def test_drops_those_that_wait(self):
        gates = self.hang(2)
        self.pool.queue_task("dropped", self.fail)
        opener = threading.Timer(0.01, lambda: [g.open() for g in gates])
        opener.start()
        self.assertEqual(self.pool.join(wait_for_tasks=False), [])
        # Those under way were waited for.
        self.assertEqual([gate.left for gate in gates], [1, 1])
        self.check_state(threads=0, queued=0, failed=0)
        opener.join()

    def test_waits_for_no_stuck_task(self):
        self.addCleanup(setattr, storage, "JOIN", storage.JOIN)
        storage.JOIN = 10 * kit.PATIENCE
        self.hang()
        self.clock.advance(storage.LATE)
        for wait_for_tasks in (True, False):
            left = self.pool.join(wait_for_tasks)
            self.assertIn("hung-0", left[0]["call"])

    def test_ends_waiting_when_a_task_becomes_late(self):
        self.hang()
        with kit.Bunch(1, lambda _: self.pool.join()):
            kit.eventually(lambda: len(self.pool._executor._crew._departures))
            self.clock.advance(storage.LATE)

    def test_does_not_wait_if_so_wished(self):
        self.hang(2)
        self.pool.queue_task("dropped", self.fail)
        self.assertEqual(
            len(self.pool.join(wait_for_tasks=False, wait_for_threads=False)),
            2)
        self.check_state(queued=0)

    def test_in_a_task(self):
        for wait_for_tasks in (True, False):
            pool = storage.Pool("pool", 1, scheduler=self.clock)
            pool.start()
            done = threading.Event()

            def task(args):
                pool.join(wait_for_tasks)
                done.set()
            pool.queue_task("join", task)
            kit.wait(done)
            pool.join()

    def test_from_several_threads(self):
        gates = self.hang(2)
        opener = threading.Timer(0.01, lambda: [g.open() for g in gates])
        opener.start()
        with kit.Bunch(4, lambda n: self.pool.join(n % 2 == 0)):
            pass
        self.check_state(threads=0)
        opener.join()

    def test_accepted_tasks_run_or_are_dropped_but_never_later(self):
        ran, taken = [], []

        def queue(number):
            try:
                for n in range(50):
                    self.pool.queue_task(n, ran.append, n)
                    taken.append(n)
            except errors.NotRunning:
                pass
        with kit.Bunch(2, queue):
            kit.eventually(lambda: taken)
            self.pool.join()
            count = len(ran)
        self.assertEqual(len(ran), count)
        self.assertEqual(len(ran), len(taken))
        self.check_state(queued=0, threads=0)


class TestResize(StorageTest):

    def test_sizes(self):
        for workers in (3, 1, 2):
            self.pool.resize(workers)
            self.check_state(workers=workers, max_workers=2 * workers,
                             threads=workers)
            self.ran()

    def test_no_task_is_lost(self):
        gates = self.hang(2)
        done = []
        for number in range(3):
            self.pool.queue_task(number, done.append, number)
        self.pool.resize(1)
        for gate in gates:
            gate.open()
        self.check_state(threads=1, completed=5, failed=0)
        self.assertEqual(done, [0, 1, 2])

    def test_bad(self):
        for workers in (0, -1):
            with self.assertRaises(ValueError):
                self.pool.resize(workers)
