# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Calls at a time, on one thread.

Create and start a scheduler:

    scheduler = schedule.Scheduler("timer")
    scheduler.start()

Call update() in 30 seconds, unless it is cancelled before:

    call = scheduler.schedule(30.0, update)
    call.cancel()

Calls run one after the other on the scheduler's thread: they must be short
and must not block. Give real work to an executor:

    scheduler.schedule(30.0, functools.partial(pool.dispatch, update))

Times are seconds of a monotonic clock, which may be passed in. With nothing
to do the thread sleeps without waking up.
"""

from __future__ import absolute_import, division, print_function

import heapq
import itertools
import logging
import threading

from threadpool import clock as _clock
from threadpool import errors
from threadpool import fork
from threadpool import threads
from threadpool import waiter as _waiter

log = logging.getLogger("threadpool.schedule")

_CREATED = "not started"
_RUNNING = "running"
_STOPPED = "stopped"
_FORKED = "it belongs to the parent process"

# Cancelled calls are dropped from the heap once they are the larger half and
# at least so many; fewer are not worth the work.
_SWEEP = 64


class Call(object):
    """
    A call to come. Made by Scheduler.schedule().
    """

    __slots__ = ("deadline", "_call", "_scheduler")

    def __init__(self, deadline, call, scheduler):
        self.deadline = deadline
        # None once it was cancelled or taken for running. Taken by one
        # atomic operation, see take().
        self._call = [call]
        self._scheduler = scheduler

    def cancel(self):
        """
        Do not run it. True if it had not begun; idempotent. Thread: any.
        """
        if self.take() is None:
            return False
        self._scheduler.forget()
        return True

    def take(self):
        """
        Return the callable to the first who asks, None to all others.
        """
        try:
            return self._call.pop()
        except IndexError:
            return None

    @property
    def pending(self):
        return bool(self._call)

    def __repr__(self):
        return "<Call at {0:.6f}{1}>".format(
            self.deadline, "" if self.pending else " done")


class Scheduler(object):
    """
    Runs calls at their time on one thread. Construct, start, stop: one way.
    """

    def __init__(self, name="scheduler", clock=_clock.monotonic, waiter=None):
        """
        clock: function without arguments, seconds, monotonic.
        waiter: for tests with virtual time, see waiter.Waiter.
        """
        self.name = name
        self.clock = clock
        self._given_waiter = waiter
        # All below changes under the lock. Nothing is called out and nothing
        # waits while it is held.
        self._lock = threading.Lock()
        self._state = _CREATED
        # (deadline, number, Call): the number keeps calls that are due
        # together in their order, and Call objects out of comparisons.
        self._heap = []
        self._numbers = itertools.count()
        # How many in the heap are cancelled; may be too high for a moment
        # (a call cancelled while it is being popped), never too low for long.
        self._cancelled = 0
        # The waiter exists from start() until the thread ends.
        self._waiter = None
        self._thread = None
        fork.watch(self)

    def start(self):
        """
        Start the thread. Raises AlreadyStarted.
        """
        fork.check()
        with self._lock:
            if self._state != _CREATED:
                raise errors.AlreadyStarted(self.name, self._state)
            self._waiter = self._given_waiter or _waiter.Waiter()
            self._thread = threads.create(self._run, self.name)
            self._state = _RUNNING
        try:
            self._thread.start()
        except Exception:
            with self._lock:
                self._state = _STOPPED
                self._waiter.close()
                self._waiter = self._thread = None
            raise

    def stop(self, wait=True, timeout=10.0):
        """
        Drop all calls and end the thread; idempotent.

        Waits for a call under way up to timeout seconds, unless wait is
        False or this is called by such a call.
        """
        fork.check()
        with self._lock:
            thread = self._thread
            if self._state in (_CREATED, _RUNNING):
                self._state = _STOPPED
                del self._heap[:]
                self._cancelled = 0
                if self._waiter is not None:
                    self._waiter.wake()
        if wait and thread not in (None, threading.current_thread()):
            thread.join(timeout)

    def schedule(self, delay, call):
        """
        Call call() in delay seconds; returns a Call, which can be cancelled.

        Raises NotRunning. Thread: any.
        """
        if fork.MUST_CHECK:
            fork.check()
        deadline = self.clock() + delay
        entry = Call(deadline, call, self)
        with self._lock:
            if self._state != _RUNNING:
                raise errors.NotRunning(self.name, self._state)
            heapq.heappush(self._heap, (deadline, next(self._numbers), entry))
            # The thread itself looks at the heap before it waits.
            if (self._heap[0][2] is entry and
                    threading.current_thread() is not self._thread):
                self._waiter.wake()
        return entry

    def forget(self):
        """
        A call in the heap was cancelled: make sure that such calls do not
        pile up until their time comes. Called by Call.cancel().
        """
        with self._lock:
            self._cancelled += 1
            if self._cancelled < max(_SWEEP, len(self._heap) // 2):
                return
            # In place: the thread holds no other reference.
            self._heap[:] = [e for e in self._heap if e[2].pending]
            heapq.heapify(self._heap)
            self._cancelled = 0

    def after_fork(self):
        """
        Called in a forked child: the thread stayed in the parent.
        """
        self._lock = threading.Lock()
        if self._state == _CREATED:
            return
        self._state = _FORKED
        self._heap = []
        self._thread = None
        if self._waiter is not None:
            # The descriptors are shared with the parent: one write here
            # would wake the scheduler there.
            self._waiter.close()
            self._waiter = None

    def __len__(self):
        """
        How many calls are to come, those cancelled of late included.
        """
        return len(self._heap)

    def __repr__(self):
        return "<Scheduler {0} {1} calls={2}>".format(
            self.name, self._state, len(self._heap))

    def _run(self):
        waiter = self._waiter
        try:
            while True:
                due, delay = self._next()
                if due is None:
                    break
                for entry in due:
                    self._execute(entry)
                if not due:
                    waiter.wait(delay)
        finally:
            with self._lock:
                self._waiter = None
            waiter.close()

    def _next(self):
        """
        Return (calls due now, seconds until the next or None for never);
        (None, None) when stopped.
        """
        with self._lock:
            if self._state != _RUNNING:
                return None, None
            due = []
            now = self.clock()
            while self._heap and self._heap[0][0] <= now:
                entry = heapq.heappop(self._heap)[2]
                if entry.pending:
                    due.append(entry)
                elif self._cancelled:
                    self._cancelled -= 1
            delay = self._heap[0][0] - now if self._heap else None
            return due, delay

    def _execute(self, entry):
        call = entry.take()
        if call is None:
            return
        try:
            call()
        except Exception:
            log.exception("%s: call %r failed", self.name, call)
