# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The rounds of sampling: when each begins, and when it is settled.
"""

from __future__ import absolute_import, division, print_function

import threading

from threadpool import clock as _clock
from threadpool import periodic


class Round(object):
    """
    Settled when all who take part have left, or when the next one begins.
    """

    def __init__(self, number, began, rounds, thorough=False):
        self.number = number
        self.began = began
        # Whether it waits, too, for VMs that are to be asked again in a
        # moment.
        self.thorough = thorough
        self._rounds = rounds
        self._lock = threading.Lock()
        # Both change under the lock. The one who began it takes part.
        self._members = 1
        # Those of the members that are known to be questions.
        self._questions = set()

    def join(self, question=None):
        with self._lock:
            self._members += 1
            if question is not None:
                self._questions.add(question)

    def leave(self, question=None):
        """
        Thread: any. Once for each join(), and once for the beginning.
        """
        with self._lock:
            self._members -= 1
            self._questions.discard(question)
            settled = not self._members
        if settled:
            self._rounds.settle(self)

    def is_only_late(self, grace):
        """
        Return whether all who still take part are questions that are late,
        by more than grace seconds. Thread: any.
        """
        with self._lock:
            return len(self._questions) == self._members and all(
                question.is_late(grace) for question in self._questions)

    def __repr__(self):
        return "<Round %d members=%d>" % (self.number, self._members)


class Rounds(object):
    """
    Begins a round each period, at a fixed phase, whatever hangs; or when
    begin() is called, without start().
    """

    def __init__(self, period, scheduler, begin):
        """
        begin: called with each new Round on the scheduler's thread, or on
            that of who calls begin(); it must not block.
        """
        self.period = period
        self._clock = scheduler.clock
        self._begin = begin
        self._operation = periodic.Operation(
            self.begin, period, _Here(), scheduler)
        # All below changes under the condition.
        self._changed = threading.Condition()
        self._current = None
        # When the round before it began.
        self._before = None
        # Number of the last round that was settled, how long it took, and
        # when it was over.
        self._settled = 0
        self._elapsed = None
        self._over = None
        # One way.
        self.stopped = False
        # Replaced under the condition, never changed in place.
        self._listeners = ()

    def start(self):
        """
        Begin the first round at once.
        """
        self._operation.start()

    def stop(self):
        """
        Begin no more, and wake those who wait. Idempotent.
        """
        self._operation.stop()
        with self._changed:
            self.stopped = True
            self._changed.notify_all()
        self._tell()

    def begin(self, thorough=False):
        """
        Begin a round now, and return it; the one before is settled by that.
        Thread: any.

        thorough: see Round.
        """
        with self._changed:
            number = 1
            if self._current is not None:
                self._settle(self._current)
                number = self._current.number + 1
                self._before = self._current.began
            round_ = Round(number, self._clock(), self, thorough)
            self._current = round_
        self._tell()
        self._begin(round_)
        return round_

    def settle(self, which):
        """
        The round is over, if it is not already. Thread: any.
        """
        with self._changed:
            self._settle(which)
        self._tell()

    def last(self):
        """
        Return (number, seconds) of the last settled round; (0, None) before.
        """
        with self._changed:
            return self._settled, self._elapsed

    def since_settled(self):
        """
        Return the seconds since a round was last settled; None before.
        """
        with self._changed:
            return None if self._over is None else self._clock() - self._over

    def late(self):
        """
        Return by how many seconds the last round began later than a period
        after the one before, or by how many the next one is overdue; None
        before the first. For rounds that begin by themselves.
        """
        with self._changed:
            if self._current is None:
                return None
            began = self._current.began
            gaps = [self._clock() - began]
            if self._before is not None:
                gaps.append(began - self._before)
        return max(max(gaps) - self.period, 0.0)

    def wait(self, number, timeout):
        """
        Wait until this round is settled; False if it is not in time.
        """
        limit = _clock.monotonic() + timeout
        with self._changed:
            while self._settled < number and not self.stopped:
                remaining = limit - _clock.monotonic()
                if remaining <= 0:
                    break
                self._changed.wait(remaining)
            return self._settled >= number

    def add_listener(self, listener):
        """
        listener: called without arguments when a round is settled or rounds
            are stopped; must not block. Thread: any.
        """
        with self._changed:
            self._listeners += (listener,)

    def remove_listener(self, listener):
        """
        Idempotent. A call that is under way on another thread goes on.
        """
        with self._changed:
            self._listeners = tuple(
                one for one in self._listeners if one != listener)

    def _tell(self):
        for listener in self._listeners:
            listener()

    def _settle(self, which):
        if which.number <= self._settled:
            return
        self._settled = which.number
        self._over = self._clock()
        self._elapsed = self._over - which.began
        self._changed.notify_all()


class _Here(object):
    """
    Looks like an executor, and runs what it is given at once: a round begins
    on the scheduler's thread, so that no pool can delay it.
    """

    def dispatch(self, call, timeout, key):
        call()
