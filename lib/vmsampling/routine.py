# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Functions that somebody wants to be called about one VM, each again and again
at an interval of its own. They have no thread: each time that one of them is
due a visit is sent, see errands.py.

    routine = Routine(perform)
    routine.add(function, interval=15)
    routine.start(guard, uuid)
    ...
    routine.stop()
"""

from __future__ import absolute_import, division, print_function

import threading

from vmsampling import agenda
from vmsampling import domain as _domain
from vmsampling import errands


class Routine(object):
    """
    Construct, start, stop: one way.
    """

    def __init__(self, perform, poke=None):
        """
        perform: called with each function that is due, on a worker; must
            raise nothing.
        poke: makes a small call on the connection that the functions use,
            see lane.py. None: they use none that is shared.
        """
        self._perform = perform
        self._poke = poke
        # Set once, by start(). No domain: the functions have to do with no VM
        # that could be asked before they are called.
        self._guard = None
        self._domain = None
        self._errands = None
        # All below changes under the lock.
        self._lock = threading.Lock()
        self._agenda = agenda.Agenda()
        self._started = False
        self._paused = False
        # One way.
        self._stopped = False
        self._pending = None

    def add(self, function, interval, kind=errands.MONITOR):
        """
        interval: seconds. kind: see errands.py. Raises RuntimeError between
        start() and stop().
        """
        with self._lock:
            if self._started and not self._stopped:
                raise RuntimeError("functions are to be added before start()")
            self._agenda.add(function, interval, kind)

    def start(self, guard, uuid=None):
        """
        All functions are due now.

        guard: guard.Guard.
        uuid: the VM; None: none.

        Raises RuntimeError if it was started before.
        """
        with self._lock:
            if self._started:
                raise RuntimeError("started before")
            self._started = True
            self._guard = guard
            if uuid is not None:
                self._domain = _domain.Domain(uuid, None, uuid)
            self._errands = errands.Errands(
                guard, self._domain, self._due, self._call, self._poke)
            self._agenda.start(guard.clock())
            if self._stopped:
                return
        if self._domain is not None:
            guard.enter(self._domain)
        self._tick()

    def stop(self):
        """
        Call no more functions; one under way goes on. Idempotent. Thread:
        any.
        """
        with self._lock:
            self._stopped = True
            domain = self._domain
            if self._pending is not None:
                self._pending.cancel()
                self._pending = None
        if domain is not None:
            self._guard.leave(domain)

    def pause(self):
        """
        Call no more functions until cont(); one under way goes on.
        """
        with self._lock:
            self._paused = True

    def cont(self):
        """
        Go on with what is due.
        """
        with self._lock:
            self._paused = False
            started = self._started
        if started:
            self._errands.send()

    @property
    def age(self):
        """
        Seconds since the VM answered last, from before the question; None:
        it has not yet. Where it cannot be asked, since the last visit.
        """
        made = self._errands
        if made is None or made.answered is None:
            return None
        return self._guard.clock() - made.answered

    def _tick(self):
        """
        Something is due. Thread: the scheduler's.
        """
        with self._lock:
            if self._stopped:
                return
            now = self._guard.clock()
            due = self._agenda.next(now)
            if due is not None:
                self._pending = self._guard.schedule(due - now, self._tick)
        self._errands.send()

    def _due(self, *kinds):
        """
        Return the calls that are due, of these kinds or of any.
        """
        with self._lock:
            if not self._active:
                return []
            return self._agenda.due(self._guard.clock(), *kinds)

    def _call(self, call):
        """
        Thread: a worker.
        """
        with self._lock:
            if not self._active:
                return
            self._agenda.done(call, self._guard.clock())
        self._perform(call.function)

    @property
    def _active(self):
        return self._started and not self._paused and not self._stopped
