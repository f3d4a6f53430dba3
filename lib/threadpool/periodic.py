# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Something that is done again and again, at a fixed phase of the clock.
"""

from __future__ import absolute_import, division, print_function

import logging
import math
import threading

from threadpool import errors
from threadpool import executor as _executor
from threadpool import throttle

log = logging.getLogger("threadpool.periodic")


class Operation(object):
    """
    Dispatches a call to an executor every period seconds.

    It does not drift: run n is due at the start plus n periods, however late
    the runs before it were. A run that cannot be dispatched (its key busy,
    the queue full, the pool stuck) is skipped and counted, and the next comes
    at its time all the same: nothing that a run does or fails to do ends the
    operation.
    """

    def __init__(self, call, period, executor, scheduler,
                 timeout=_executor.DEFAULT, key=None, delay=0.0, slack=0.0):
        """
        call: function without arguments, runs on the executor.
        period: seconds.
        timeout, key: as in Executor.dispatch(); without a key of its own an
            operation is its own key, so that at most one run is under way.
        delay: seconds from start() to the first run: spreads operations.
        slack: seconds that a run may be later than due. Operations with the
            same slack fall on a common grid and share wake-ups, which are
            what many operations cost.

        Raises ValueError.
        """
        if not period > 0:
            raise ValueError("period must be more than 0 seconds: "
                             "{0!r}".format(period))
        if not 0 <= slack < period:
            raise ValueError("slack must be from 0 to less than the period: "
                             "{0!r}".format(slack))
        self._call = call
        self._period = period
        self._executor = executor
        self._scheduler = scheduler
        self._timeout = timeout
        self._key = ("operation", id(self)) if key is None else key
        self._delay = delay
        self._slack = slack
        # All below changes under the lock.
        self._lock = threading.Lock()
        # When run 0 was due, and the number of the next one. None before
        # start() and after stop().
        self._phase = None
        self._next = 0
        self._pending = None
        self._skipped = 0
        self._throttle = throttle.Throttle(interval=60.0)

    @property
    def skipped(self):
        """
        Runs that were not dispatched since start().
        """
        return self._skipped

    def start(self):
        """
        Begin; the first run is due after delay. Raises AlreadyStarted.
        """
        with self._lock:
            if self._phase is not None:
                raise errors.AlreadyStarted(repr(self._call), "running")
            self._phase = self._scheduler.clock() + self._delay
            self._next = 0
            self._skipped = 0
            self._schedule()

    def stop(self):
        """
        No run is dispatched after this; one under way goes on. Idempotent.
        """
        with self._lock:
            self._phase = None
            if self._pending is not None:
                self._pending.cancel()
                self._pending = None

    def _schedule(self):
        due = self._phase + self._next * self._period
        if self._slack:
            due = math.ceil(due / self._slack) * self._slack
        self._pending = self._scheduler.schedule(
            due - self._scheduler.clock(), self._run)

    def _run(self):
        """
        Dispatch this run and arrange for the next. Thread: the scheduler's.
        """
        with self._lock:
            if self._phase is None:
                return
            late = self._scheduler.clock() - self._phase
            # Runs whose time has passed altogether are not made up for.
            number = max(int(late // self._period), self._next)
            self._skipped += number - self._next
            self._next = number + 1
            self._schedule()
        try:
            self._executor.dispatch(
                self._call, timeout=self._timeout, key=self._key)
        except errors.Error as e:
            with self._lock:
                self._skipped += 1
            suppressed = self._throttle.admit()
            if suppressed is not None:
                log.warning("Skipped a run of %r: %s (%d not logged)",
                            self._call, e, suppressed)

    def __repr__(self):
        return "<Operation {0!r} period={1} skipped={2}{3}>".format(
            self._call, self._period, self._skipped,
            "" if self._phase is not None else " stopped")
