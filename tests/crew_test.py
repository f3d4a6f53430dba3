# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The interleavings that a lock-free hot path must survive, each forced: other
threads' steps are run from hooks at the very point between two steps.

Worker:     W1 publish task   W2 read armed   (run)   W3 unset task
            W4 read late
Check:      C1 reset armed    C2 read task    C3 set late   C4 read task
Submitter:  S1 queue task     S2 read closed  S3 look for idle workers
Stop:       T1 set closed     T2 clear the queue
"""

from __future__ import absolute_import, division, print_function

import threading

import kit
from threadpool import backlog as _backlog
from threadpool import crew as _crew
from threadpool import errors
from threadpool import report
from threadpool import roster as _roster
from threadpool import task as _task
from threadpool import watch as _watch
from threadpool import worker as _worker


class HookedWorker(_worker.Worker):
    """
    A worker without a thread: the test runs execute(). Hooks are called
    after its task is set or unset, and after late was read.
    """

    task_hook = None
    late_hook = None

    @property
    def task(self):
        return self._task

    @task.setter
    def task(self, value):
        self._task = value
        if self.task_hook is not None:
            self.task_hook(value)

    @property
    def late(self):
        late = self._late
        if self.late_hook is not None:
            hook, self.late_hook = self.late_hook, None
            hook()
        return late

    @late.setter
    def late(self, value):
        self._late = value


class HookedWatch(_watch.Watch):
    """
    Calls a hook after armed was read.
    """

    armed_hook = None

    @property
    def armed(self):
        armed = self._armed
        if self.armed_hook is not None:
            hook, self.armed_hook = self.armed_hook, None
            hook()
        return armed

    @armed.setter
    def armed(self, value):
        self._armed = value


class CrewTest(kit.TestCase):

    def setUp(self):
        super(CrewTest, self).setUp()
        self.clock = kit.Scheduler()
        self.backlog = _backlog.Backlog("crew", 10, 4, self.clock.clock)
        self.backlog.closed = False
        self.roster = _roster.Roster(1, 3, 2)
        self.stuck = []
        self.crew = _crew.Crew(
            "crew", self.roster, self.backlog, self.clock,
            report.Reporter("crew", self.clock.clock, self.stuck.append), 10)
        self.crew.watch = HookedWatch("crew", self.clock, self.crew.look)
        self.worker = HookedWorker(
            "crew/x", self.crew, self.backlog, self.clock.clock)
        self.roster._all.add(self.worker)

    def execute(self, call=int, timeout=10):
        task = _task.Task(call, timeout)
        self.worker.execute(task)
        return task


class TestArming(CrewTest):

    def hang_and_look(self, gate, check):
        """
        Have the worker hang in gate, and let the time until its deadline
        pass: it must be found late.
        """
        with kit.Bunch(1, lambda _: self.execute(gate, timeout=5)):
            try:
                check()
                gate.wait()
                self.clock.advance(5)
                self.assertEqual(self.crew.state()["late"], 1)
            finally:
                gate.open()
        # Let the others of the crew go, too.
        self.crew.dismiss()
        self.backlog.closed = True
        self.backlog.idle.wake_all()

    def test_check_after_armed_was_read(self):
        # W1 W2 reads an earlier time, so does not arm; C1 C2 sees the task
        # and arms. Were W2 before W1, the check would see nothing, and
        # nobody would ever look at this task again.
        self.crew.watch.arm(self.clock.now)
        self.crew.watch.armed_hook = lambda: self.clock.advance(0)
        self.hang_and_look(kit.Gate(), lambda: None)

    def test_task_published_after_the_check_looked(self):
        # C1 C2 sees nothing; W1 W2 must see that no check is armed any more.
        # Were C1 after C2, it would see the time of this very check.
        read = threading.Event()
        begin = threading.Event()
        watch = self.crew.watch
        look = watch._look

        def look_then_publish(now):
            found = look(now)
            watch._look = look
            watch.armed_hook = read.set
            begin.set()
            kit.wait(read)
            return found
        watch._look = look_then_publish
        self.crew.watch.arm(self.clock.now)
        self.worker.task_hook = lambda task: task and kit.wait(begin)
        self.hang_and_look(kit.Gate(), lambda: self.clock.advance(0))

    def test_armed_is_never_later_than_a_published_deadline(self):
        seen = []

        def look():
            seen.append((self.crew.watch.armed, self.worker.task.deadline))
        self.execute(look, timeout=7)
        self.execute(look, timeout=3)
        self.execute(look, timeout=9)
        for armed, deadline in seen:
            self.assertLessEqual(armed, deadline)

    def test_earlier_deadline_replaces_the_check(self):
        self.crew.watch.arm(self.clock.now + 9)
        self.crew.watch.arm(self.clock.now + 5)
        self.crew.watch.arm(self.clock.now + 7)
        self.assertEqual(self.clock.pending, [self.clock.now + 5])

    def test_scheduler_stopped_before_the_pool(self):
        def refuse(delay, call):
            raise errors.NotRunning("timer", "stopped")
        self.clock.schedule = refuse
        with kit.logs("threadpool.watch") as logs:
            self.execute()
        self.assertIn("no deadlines", logs.records[0][1])


class TestMarking(CrewTest):
    """
    A task ends at its deadline: worker and check must agree.
    """

    def test_marked_before_unset(self):
        # C1 to C4, then W3 W4: late, both know.
        def check():
            self.clock.advance(10)
            self.assertIs(self.worker.late, self.worker.task)
        self.roster.max_workers = 1
        self.execute(check)
        self.assertIsNone(self.worker.late)
        self.assertEqual(self.crew.state()["late"], 0)

    def test_unset_before_check(self):
        # W3, C1 C2 (nothing to see), W4: in time, both know.
        def unset(task):
            if task is None:
                self.clock.advance(10)
        self.worker.task_hook = unset
        self.execute()
        self.assertEqual(self.crew.state()["late"], 0)
        self.assertEqual(self.crew.state()["threads"], 1)

    def test_check_after_late_was_read(self):
        # W3 W4, C1 to C4: nothing to mark. Were W4 before W3, the check
        # would mark a worker that does not look any more.
        self.worker.late_hook = lambda: self.clock.advance(10)
        self.execute()
        self.assertEqual(self.crew.state()["late"], 0)

    def test_unset_between_reading_and_marking(self):
        # C2 reads the task, W3 unsets it, W4 reads that it is not late, then
        # C3 marks it and C4 finds it gone: in time, and no mark stays.
        task = _task.Task(int, 10)
        task.begin(self.clock.now)
        self.worker._task = task
        self.worker._late = None
        published = self.roster.published()
        self.worker._task = None
        self.roster.published = lambda: published
        self.clock.now += 10
        self.crew.watch.check()
        self.assertIsNone(self.worker.late)
        self.assertEqual(self.crew.state()["late"], 0)

    def test_settled_while_the_check_unmarks(self):
        # C2, W3, C3 sets late, W4 reads it, C4 finds the task gone and
        # unmarks, then the worker gets the lock: in time after all.
        task = _task.Task(int, 10)
        task.begin(self.clock.now)
        self.worker._late = None
        self.worker._task = None
        with self.crew._lock:
            self.assertFalse(self.roster.mark(self.worker, task))
        self.assertFalse(self.crew.settle(self.worker, task))

    def test_future_of_a_task_that_ends_while_marked(self):
        # The same with a future: exactly one of the two answers for it.
        for late_first in (True, False):
            task = _task.Submission(
                int, (), {}, 10, None, None, self.clock.now)
            future = task.future
            if late_first:
                self.worker.late_hook = None
                task.call = lambda: self.clock.advance(10)
            self.worker.execute(task)
            if late_first:
                self.assertIsInstance(
                    future.exception(0), errors.TaskStuck)
            else:
                self.assertEqual(future.result(0), 0)
        self.crew.dismiss()
        self.backlog.closed = True
        self.backlog.idle.wake_all()

    def test_key_and_place_are_free_when_it_is_settled(self):
        # settle() may take the worker off the list, and then nobody waits
        # for what it has still to do.
        self.backlog.put(_task.Task(
            lambda: self.clock.advance(10), 10, "key", "group"))
        seen = []

        def settle(worker, task):
            seen.append((dict(self.backlog._keys),
                         self.backlog.groups.state()["group"]["late"]))
            return True

        self.crew.settle = settle
        self.worker.execute(self.backlog.take())
        self.assertEqual(seen, [({}, 0)])
        self.crew.dismiss()
        self.backlog.closed = True
        self.backlog.idle.wake_all()

    def test_stuck_once(self):
        self.roster.max_workers = 1
        told = []

        def hang():
            self.clock.advance(100)
        with kit.logs("threadpool.crew"), kit.logs("threadpool.report"):
            self.execute(hang)
            # What is told of it is an errand; nobody has run it yet.
            while self.backlog.take() is not None:
                told.append(1)
        self.assertEqual(told, [1])

    def test_two_return_at_once(self):
        # Three late, one wanted: the first stays, the others leave, though
        # their threads have not ended when the next one returns.
        workers = [self.worker] + [
            HookedWorker("crew/%d" % n, self.crew, self.backlog,
                         self.clock.clock) for n in range(2)]
        for worker in workers:
            self.roster._all.add(worker)
            worker._task = _task.Task(int, 0)
            worker._task.begin(self.clock.now)
            worker._late = None
        with kit.logs("threadpool.crew"):
            self.crew.watch.check()
        self.assertEqual(self.crew.state()["free"], 0)
        for worker in workers:
            task, worker._task = worker._task, None
            self.assertTrue(self.crew.settle(worker, task))
        self.assertEqual([w.leaving for w in workers], [False, True, True])
        self.assertEqual(self.crew.state()["threads"], 1)


class HookedDeque(object):
    """
    A deque that calls a hook after one of its methods.
    """

    def __init__(self, deque, **hooks):
        self._deque = deque
        self._hooks = hooks

    def __getattr__(self, name):
        method = getattr(self._deque, name)

        def hooked(*args):
            result = method(*args)
            hook = self._hooks.pop(name, None)
            if hook is not None:
                hook()
            return result
        return hooked

    def __len__(self):
        return len(self._deque)

    def __iter__(self):
        return iter(self._deque)


class TestStopRaces(CrewTest):

    def test_queued_too_late_for_clear(self):
        # T1 T2, then S1 S2: the submitter takes it back.
        def stop():
            self.backlog.closed = True
            self.cleared = self.backlog.clear()
        tickets = self.backlog._tickets
        self.backlog._tickets = HookedDeque(tickets, pop=stop)
        with self.assertRaises(errors.NotRunning):
            self.backlog.put(_task.Task(int, 10, "key"))
        self.assertEqual(len(self.backlog), 0)
        self.assertEqual(len(tickets), 10)
        self.backlog.closed = False
        self.backlog.put(_task.Task(int, 10, "key"))

    def test_cleared_before_the_submitter_looks(self):
        # S1, T1 T2, S2: cleared, so accepted and reported by stop.
        def stop():
            self.backlog.closed = True
            self.cleared = self.backlog.clear()
        self.backlog._tasks = HookedDeque(self.backlog._tasks, append=stop)
        task = _task.Task(int, 10)
        self.backlog.put(task)
        self.assertEqual(self.cleared, [task])

    def test_worker_leaves_between_queueing_and_closing(self):
        # The queue is empty, S1 S2, T1: the worker, who looked before S1,
        # must look again before it leaves.
        task = _task.Task(int, 10)
        taken = []
        real_take = self.backlog.take

        def take():
            found = real_take()
            if not taken:
                self.backlog.put(task)
                self.backlog.closed = True
            taken.append(found)
            return found
        self.backlog.take = take
        self.worker._work()
        self.assertIn(task, taken)


class TestParking(CrewTest):

    def test_task_queued_before_the_worker_is_idle(self):
        # S1 S3 (nobody idle), then the worker parks: it must not sleep.
        self.backlog.put(_task.Task(int, 10))
        self.backlog.idle.park(self.worker, self.backlog.needs)
        self.assertEqual(len(self.backlog.idle), 0)

    def test_task_queued_between_idle_and_the_look(self):
        # The worker says that it is idle; S1 S3 takes it from the list and
        # wakes it; it sees the task, and must consume that wake-up.
        def put():
            self.backlog.put(_task.Task(int, 10))
        idle = self.backlog.idle
        idle.workers = HookedDeque(idle.workers, append=put)
        self.backlog.idle.park(self.worker, self.backlog.needs)
        self.assertFalse(self.worker._bed.acquire(False))

    def test_every_task_wakes_somebody(self):
        done = threading.Semaphore(0)
        self.roster._all.clear()
        self.roster.workers = 3
        self.crew.start()
        for _ in range(200):
            self.backlog.put(_task.Task(done.release, None))
            kit.eventually(lambda: done.acquire(False), "task to run")
        self.crew.dismiss()
        self.backlog.closed = True
        self.backlog.idle.wake_all()


class TestUnexpected(CrewTest):

    def test_worker_dies(self):
        # A fault of ours: the crew is complete again, and it is said.
        self.roster._all.clear()
        real_take = self.backlog.take
        faults = [MemoryError("fault")]

        def take():
            if faults:
                raise faults.pop()
            return real_take()
        self.backlog.take = take
        with kit.logs("threadpool.threads") as logs:
            self.crew.start()
            done = threading.Event()
            self.backlog.put(_task.Task(done.set, None))
            kit.wait(done)
            kit.eventually(
                lambda: [m for _, m in logs.records if "FAILED" in m])
        self.assertEqual(self.crew.state()["threads"], 1)
        self.crew.dismiss()
        self.backlog.closed = True
        self.backlog.idle.wake_all()
