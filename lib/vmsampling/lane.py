# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Calls that are made on somebody else's connection, which he shares with us.

libvirtd serves 5 calls of one connection at a time. When all of them hang it
reads no more from that connection, whatever is asked. So some are left free.

One thread of a connection runs its socket for all who call. While its own
call hangs, the request of another one is now and then not sent: libvirt has
woken the first thread before that was asleep. The next request wakes it
again, and sends both. So when a call takes long, small ones are made in
between, else healthy calls would wait for seconds.
"""

from __future__ import absolute_import, division, print_function

import contextlib
import logging
import threading

from threadpool import errors
from threadpool import executor
from threadpool import throttle

log = logging.getLogger("vmsampling.lane")

# Seconds that a call may take before others are made for it, and from one of
# them to the next.
_PATIENCE = 0.2
_PAUSE = 0.1

# Those others may be the ones that are not sent; more of them tell nothing
# new.
_MAX_POKES = 3


class _Caller(object):

    __slots__ = ("began", "poke")

    def __init__(self, began, poke):
        self.began = began
        self.poke = poke


class Lane(object):
    """
    Construct, start, stop: one way.
    """

    def __init__(self, places, scheduler, stuck_after=2.0):
        """
        places: how many callers there may be, those that hang included.
        """
        self._places = places
        self._scheduler = scheduler
        self._clock = scheduler.clock
        self._throttle = throttle.Throttle(interval=60.0, clock=self._clock)
        self._pokes = executor.Executor(
            "poke", 1, _MAX_POKES, _MAX_POKES, _PATIENCE, scheduler,
            stuck_after)
        self.start = self._pokes.start
        self.stop = self._pokes.stop
        self.state = self._pokes.state
        self._lock = threading.Lock()
        # Under the lock: callers inside, and whether they are looked at soon.
        self._inside = set()
        self._watched = False

    @contextlib.contextmanager
    def place(self, poke=None):
        """
        Gives whether there is a place inside the with statement. Waits for
        nothing. Thread: any.

        poke: makes a small call on the connection. May hang.
        """
        caller = _Caller(self._clock(), poke)
        granted = self._enter(caller)
        if not granted:
            suppressed = self._throttle.admit()
            if suppressed is not None:
                log.warning("All %d places for calls on the connection are "
                            "taken (%d times like it not logged)",
                            self._places, suppressed)
        try:
            yield granted
        finally:
            with self._lock:
                self._inside.discard(caller)

    def _enter(self, caller):
        with self._lock:
            if len(self._inside) >= self._places:
                return False
            self._inside.add(caller)
            watch = not self._watched
            self._watched = True
        if watch:
            self._look_in(_PATIENCE)
        return True

    def _look_in(self, seconds):
        try:
            self._scheduler.schedule(seconds, self._look)
        except errors.NotRunning as e:
            log.debug("%s", e)

    def _look(self):
        """
        Thread: the scheduler's.
        """
        now = self._clock()
        with self._lock:
            began = [caller.began for caller in self._inside]
            pokes = [caller.poke for caller in self._inside
                     if caller.poke is not None]
            self._watched = bool(began)
        if not began:
            return
        left = min(began) + _PATIENCE - now
        if left <= 0 and pokes:
            try:
                self._pokes.dispatch(_Poke(pokes[0]))
            except errors.Error as e:
                log.debug("%s", e)
        self._look_in(max(left, _PAUSE))


class _Poke(object):

    def __init__(self, poke):
        self._poke = poke

    def __call__(self):
        try:
            self._poke()
        except Exception as e:
            # Whoever shares the connection will see that himself.
            log.debug("%r: %s", self, e)

    def __repr__(self):
        return "<Poke>"
