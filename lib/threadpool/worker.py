# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
A thread that runs tasks, one after the other, and shows which.
"""

from __future__ import absolute_import, division, print_function

import threading

from threadpool import evidence
from threadpool import task as _task
from threadpool import threads


class Worker(object):
    """
    One worker of a crew. Made, started and sent away by the crew.
    """

    def __init__(self, name, crew, backlog, clock):
        self.name = name
        self._crew = crew
        self._backlog = backlog
        self._clock = clock
        # The task under way, or None: published by this thread, without a
        # lock, read by the scheduler's. See Watch.check() for the protocol.
        self.task = None
        # The published task once it was found late; written under the crew's
        # lock, read without it by this thread, after it set task to None.
        self.late = None
        # The late task was reported as stuck. Under the crew's lock.
        self.stuck = False
        # Set under the crew's lock, never unset: leave after this task.
        self.leaving = False
        # Written by this thread only.
        self.completed = 0
        self.failed = 0
        # Set by the thread when it starts.
        self.ident = None
        self.native_id = None
        # Held while nobody called wake(): sleep() is its acquisition. Never
        # released twice, since wake() belongs to whoever took this worker
        # off the list of idle ones.
        self._bed = threading.Lock()
        self._bed.acquire()

    def start(self):
        """
        Start the thread. Raises what threading raises if there is none.
        """
        threads.create(self._run, self.name).start()

    def sleep(self):
        self._bed.acquire()

    def wake(self):
        self._bed.release()

    def execute(self, task):
        """
        Run task under the eyes of the crew. Thread: this worker.
        """
        crew = self._crew
        watch = crew.watch
        task.begin(self._clock())
        # Publish first, arm after: a check that runs in between sees the
        # task. The other way round it would look too early, and no check
        # would come for a task that then gets stuck.
        self.task = task
        if task.deadline < watch.armed:
            watch.arm(task.deadline)
        try:
            task.run()
        except BaseException:
            # SystemExit included: a task is not what ends a worker.
            self.failed += 1
            crew.reporter.log_failure(task)
        self.completed += 1
        # Two flags: here task is unset and then late is read; the check sets
        # late and then reads task. Whatever the order, both agree whether
        # this task was late, and so who answers for its future.
        self.task = None
        # Before settle(), after which nobody waits for this worker: whoever
        # has seen the last one leave finds no key and no place taken.
        if task.key is not None or task.group is not None:
            self._backlog.release(task)
        in_time = self.late is None or not crew.settle(self, task)
        if in_time and task.future is not None:
            task.finish(self._run_callbacks)

    def _run_callbacks(self, call):
        self.execute(_task.Task(call, self._crew.timeout))

    def _run(self):
        self.ident = threading.current_thread().ident
        self.native_id = evidence.native_id()
        try:
            self._work()
        finally:
            self._crew.left(self)

    def _work(self):
        backlog = self._backlog
        while not self.leaving:
            # Read before the look into the queue: whatever was accepted
            # before the backlog was closed is then found by that look.
            closed = backlog.closed
            task = backlog.take()
            if task is not None:
                self.execute(task)
                # Let go of what the task refers to while we sleep.
                task = None
            elif closed:
                break
            else:
                backlog.idle.park(self, backlog.needs)

    def __repr__(self):
        return "<Worker {0} task={1} late={2} stuck={3}>".format(
            self.name, self.task, self.late is not None, self.stuck)
