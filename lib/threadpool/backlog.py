# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The tasks that wait, their keys, and the workers that wait for tasks.

This is the hot path: four submitters and four workers at once, a microsecond
a task. It takes no lock. It rests on single operations of deque and dict
being atomic, which CPython's global lock (and, in free-threaded builds, the
per-object lock) gives for objects whose hash and equality run no Python
code: keys must be of such types (str, int, uuid's text, a tuple of them).

Each step below leans on one rule, that of two flags: of two threads that each
first write their own mark and then read the other's, at least one sees the
other's mark. Whoever sees both settles the matter.
"""

from __future__ import absolute_import, division, print_function

import collections

from threadpool import errors
from threadpool import task as _task

NEVER = _task.NEVER


class Backlog(object):
    """
    A bounded FIFO of tasks that never blocks, with at most one task per key.
    """

    def __init__(self, name, max_tasks):
        self.name = name
        self.max_tasks = max_tasks
        # Tasks that wait, oldest first. A task is in the hands of the one
        # that removed it: popleft() and remove() both are atomic.
        self._tasks = collections.deque()
        # Tasks of the pool itself (reports, callbacks): first, unbounded,
        # without keys. There are few: one for each late or stuck task.
        self._errands = collections.deque()
        # A ticket for each place in the queue: taken by put(), given back by
        # take(). So the bound is exact without counting under a lock.
        self._tickets = collections.deque([None] * max_tasks)
        # key -> the task that has it, from put() until release().
        self._keys = {}
        # Workers that wait, each on its own lock. See park().
        self._idle = collections.deque()
        # No task is accepted; what waits, waits on. Set and unset by the
        # owner: unset to open it, set for good before clear(). See put().
        self.closed = True

    def put(self, task):
        """
        Queue task. Raises KeyBusy, QueueFull, or NotRunning when the backlog
        was closed meanwhile; then nothing was queued. Thread: any.
        """
        key = task.key
        if key is not None and self._keys.setdefault(key, task) is not task:
            raise errors.KeyBusy(self.name, key)
        try:
            self._tickets.pop()
        except IndexError:
            self._keys.pop(key, None)
            raise errors.QueueFull(self.name, self.max_tasks)
        self._tasks.append(task)
        # Two flags: closed is set, then the queue is cleared; here the task
        # is queued, then closed is read. A task that was queued too late
        # for clear() is seen here. If it cannot be removed, someone has it.
        if self.closed and self._remove(task):
            raise errors.NotRunning(self.name, "stopped")
        if self._idle:
            self._wake()

    def put_errand(self, task):
        """
        Queue a task of the pool itself, ahead of all others.
        """
        self._errands.append(task)
        self._wake()

    def take(self):
        """
        Return the next task, or None. Thread: a worker.
        """
        if self._errands:
            try:
                return self._errands.popleft()
            except IndexError:
                pass
        try:
            task = self._tasks.popleft()
        except IndexError:
            return None
        self._tickets.append(None)
        return task

    def release(self, key):
        """
        Let the next task with this key in. key may be None.
        """
        self._keys.pop(key, None)

    def park(self, worker):
        """
        Wait until there may be something to do. Thread: the worker.

        Two flags: a submitter queues a task, then looks for an idle worker;
        here the worker says that it is idle, then looks for a task. So a
        task never waits beside a worker that sleeps.
        """
        self._idle.append(worker)
        if self._tasks or self._errands or self.closed or worker.leaving:
            try:
                self._idle.remove(worker)
                return
            except ValueError:
                # Somebody took us from the list: a wake-up is under way, and
                # must be consumed here or it would end a later wait.
                pass
        worker.sleep()

    def _wake(self):
        try:
            worker = self._idle.pop()
        except IndexError:
            return
        worker.wake()

    def wake_all(self):
        """
        Have every idle worker look around, after its leaving was set.
        """
        while self._idle:
            self._wake()

    def expire(self, now):
        """
        Remove the submissions whose deadline passed while they waited.

        Returns (those tasks, earliest deadline of the others).
        Thread: the scheduler's.
        """
        expired = []
        earliest = NEVER
        for task in self._snapshot():
            if task.deadline is None:
                continue
            if task.deadline > now:
                earliest = min(earliest, task.deadline)
            elif self._remove(task):
                expired.append(task)
        return expired, earliest

    def clear(self):
        """
        Remove and return all tasks that wait; their keys are free.
        """
        cleared = []
        while True:
            try:
                task = self._tasks.popleft()
            except IndexError:
                return cleared
            self._tickets.append(None)
            self._keys.pop(task.key, None)
            cleared.append(task)

    @property
    def idle(self):
        return len(self._idle)

    def __len__(self):
        return len(self._tasks)

    def __bool__(self):
        return bool(self._tasks or self._errands)

    __nonzero__ = __bool__

    def _remove(self, task):
        """
        Take task out of the queue; False if somebody else has it already.
        """
        try:
            self._tasks.remove(task)
        except ValueError:
            return False
        self._tickets.append(None)
        self._keys.pop(task.key, None)
        return True

    def _snapshot(self):
        while True:
            try:
                return list(self._tasks)
            except RuntimeError:
                # Changed while it was copied: a garbage collection in
                # between may let another thread run.
                continue
