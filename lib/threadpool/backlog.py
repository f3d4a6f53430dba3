# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The tasks that wait, their keys, and the workers that wait for tasks.

This is the hot path: four submitters and four workers at once, a microsecond
a task. It takes no lock, but for tasks of a group. It rests on single
operations of deque and dict being atomic, which CPython's global lock (and,
in free-threaded builds, the per-object lock) gives for objects whose hash and
equality run no Python code: keys must be of such types (str, int, uuid's
text, a tuple of them).

Each step below leans on one rule, that of two flags: of two threads that each
first write their own mark and then read the other's, at least one sees the
other's mark. Whoever sees both settles the matter.
"""

from __future__ import absolute_import, division, print_function

import collections

from threadpool import bulkhead
from threadpool import errors
from threadpool import idle as _idle
from threadpool import task as _task

NEVER = _task.NEVER


class Backlog(object):
    """
    A bounded FIFO of tasks that never blocks, with at most one task per key.

    Tasks of a group without a free place wait beside it, see bulkhead.py;
    those without a group pay nothing for that.
    """

    def __init__(self, name, max_tasks, places, clock):
        """
        places: of each group.
        """
        self.name = name
        self.max_tasks = max_tasks
        # Tasks that wait, oldest first. A task is in the hands of the one
        # that removed it: popleft() and remove() both are atomic.
        self._tasks = collections.deque()
        self.groups = bulkhead.Bulkheads(
            name, places, clock, self._tasks.append)
        # Tasks of the pool itself (reports, callbacks): first, unbounded,
        # without keys. There are few: one for each late or stuck task.
        self._errands = collections.deque()
        # A ticket for each place in the queue: taken by put(), given back by
        # take(). So the bound is exact without counting under a lock.
        self._tickets = collections.deque([None] * max_tasks)
        # key -> the task that has it, from put() until release().
        self._keys = {}
        # Workers that wait.
        self.idle = _idle.Idle()
        # No task is accepted; what waits, waits on. Set and unset by the
        # owner: unset to open it, set for good before clear(). See put().
        self.closed = True

    def put(self, task):
        """
        Queue task. Raises KeyBusy, QueueFull, GroupBusy, or NotRunning when
        the backlog was closed meanwhile; then nothing was queued. Thread:
        any.
        """
        key = task.key
        if key is not None and self._keys.setdefault(key, task) is not task:
            raise errors.KeyBusy(self.name, key)
        try:
            self._tickets.pop()
        except IndexError:
            self._keys.pop(key, None)
            raise errors.QueueFull(self.name, self.max_tasks)
        if task.group is None:
            self._tasks.append(task)
        else:
            self._enter(task)
        # Two flags: closed is set, then the queue is cleared; here the task
        # is queued, then closed is read. A task that was queued too late
        # for clear() is seen here. If it cannot be removed, someone has it.
        if self.closed and self._remove(task):
            raise errors.NotRunning(self.name, "stopped")
        if self.idle.workers:
            self.idle.wake()

    def put_errand(self, task):
        """
        Queue a task of the pool itself, ahead of all others.
        """
        self._errands.append(task)
        self.idle.wake()

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

    def release(self, task):
        """
        The task has ended: let the next one with its key in, and the next
        one of its group. Thread: the worker.
        """
        if task.key is not None:
            self._keys.pop(task.key, None)
        if task.group is not None:
            self.groups.leave(task)
            self.idle.wake(len(self._tasks))

    def turned_late(self, tasks, now):
        """
        These tasks are late. Returns when the next probe of a group is due.
        Thread: the scheduler's.
        """
        grouped = [task for task in tasks if task.group is not None]
        if grouped:
            self.groups.turned_late(grouped)
        probe_at = self.groups.probe(now)
        self.idle.wake(len(self._tasks))
        return probe_at

    def needs(self, worker):
        """
        Return whether the worker must not wait.
        """
        return (self._tasks or self._errands or self.closed or
                worker.leaving)

    def expire(self, now):
        """
        Remove the submissions whose deadline passed while they waited.

        Returns (those tasks, earliest deadline of the others).
        Thread: the scheduler's.
        """
        expired = []
        earliest = NEVER
        for task in self._snapshot() + self.groups.waiting():
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
        cleared = [task for task in self.groups.waiting()
                   if self._remove(task)]
        while True:
            try:
                task = self._tasks.popleft()
            except IndexError:
                return cleared
            self._tickets.append(None)
            self._forget(task)
            cleared.append(task)

    def __len__(self):
        # One look: tasks move from a group to the queue at any time.
        return self.max_tasks - len(self._tickets)

    def __bool__(self):
        return bool(self._tasks or self._errands)

    __nonzero__ = __bool__

    def _enter(self, task):
        try:
            self.groups.enter(task)
        except errors.GroupBusy:
            self._keys.pop(task.key, None)
            self._tickets.append(None)
            raise

    def _remove(self, task):
        """
        Take task out of the queue; False if somebody else has it already.
        """
        # A task that waits for a place may get one meanwhile, but never the
        # other way round: so it is looked for there first.
        if task.group is None or not self.groups.withdraw(task):
            try:
                self._tasks.remove(task)
            except ValueError:
                return False
        self._tickets.append(None)
        self._forget(task)
        return True

    def _forget(self, task):
        """
        The task was removed and does not run.
        """
        self._keys.pop(task.key, None)
        if task.group is not None:
            self.groups.forget(task)

    def _snapshot(self):
        while True:
            try:
                return list(self._tasks)
            except RuntimeError:
                # Changed while it was copied: a garbage collection in
                # between may let another thread run.
                continue
