# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
How many calls may hang in QEMUs at once.

Each holds one of libvirtd's workers, which are 20 for all of its clients. The
monitor pool keeps to the number: it has as many threads as calls may hang,
those in flight included, since any of them may be the next. Here is what the
pool cannot know: calls that hung before we came, and who may have the last
place.

When all places but one are held by calls that hang, the one that is left is
what keeps the VMs fresh that are well. So it is for VMs only of which that is
known: that have answered since the first of those calls began, or whose QEMU
is seen to wait for events.
"""

from __future__ import absolute_import, division, print_function

import contextlib
import logging
import threading

from threadpool import clock as _clock
from threadpool import throttle
from threadpool import waiter
from vmsampling import history as _history

log = logging.getLogger("vmsampling.budget")


# Whether a call may be made: yes; not at this moment, but when one of those
# under way has returned; not before one returns that hangs.
GRANTED = "granted"
BUSY = "busy"
WITHHELD = "withheld"


class _Place(object):

    __slots__ = ("began", "seconds")

    def __init__(self, seconds):
        # When the call began, and after how many seconds it counts as one
        # that hangs.
        self.began = None
        self.seconds = seconds


class Budget(object):

    def __init__(self, max_hung, resize, history, clock=_clock.monotonic,
                 patience=0.5):
        """
        resize: called with the number of places when it changes, outside the
            lock: Executor.resize() of the monitor pool.
        history: to know when a VM has answered.
        patience: for which part of the time until it is late a call may wait
            for a place.
        """
        self._max_hung = max_hung
        self._resize = resize
        self._history = history
        self._clock = clock
        self._patience = patience
        # Those who wait for a place.
        self._departures = waiter.Waiters()
        self._throttle = throttle.Throttle(interval=60.0, clock=clock)
        # All below changes under the lock.
        self._lock = threading.Lock()
        # The calls under way, a _Place each.
        self._inside = set()
        # In how many VMs calls hang since before we came, and when that was.
        self._occupied = 0
        self._came = clock()
        # Calls that were not made for want of a place.
        self._withheld = 0

    def reserve(self, uuids):
        """
        In these VMs somebody's call hangs, since before we came: it counts.
        Thread: the host's task.
        """
        with self._lock:
            changed = len(uuids) != self._occupied
            self._occupied = len(uuids)
            places = self._places
        if changed:
            log.info("Calls that hung before we came: %d; places left: %d",
                     len(uuids), places)
            self._resize(places)

    @contextlib.contextmanager
    def place(self, domain, seconds):
        """
        Count a call to this VM inside the with statement, that is late after
        so many seconds. Gives GRANTED; or BUSY or WITHHELD, then it must not
        be made. Thread: any.
        """
        place = _Place(seconds)
        verdict = self._enter_soon(domain, place)
        if verdict == WITHHELD:
            self._tell(domain)
        try:
            yield verdict
        finally:
            with self._lock:
                self._inside.discard(place)
            self._departures.wake()

    def state(self):
        """
        Return plain data: places: how many calls may be under way; hung:
        calls that hang, occupied: those of them from before we came;
        withheld: calls that were not made since there was no place.
        """
        now = self._clock()
        with self._lock:
            return {
                "max_hung": self._max_hung,
                "places": self._places,
                "hung": len(self._late(now)) + self._occupied,
                "occupied": self._occupied,
                "withheld": self._withheld,
            }

    def _enter_soon(self, domain, place):
        """
        Wait for a place if the others are only busy: mostly for milliseconds,
        and for less than until it would be late itself.
        """
        verdicts = []

        def entered():
            verdicts.append(self._enter(domain, place))
            return verdicts[-1] != BUSY

        if not entered():
            self._departures.wait(entered, place.seconds * self._patience)
        return verdicts[-1]

    def _enter(self, domain, place):
        place.began = self._clock()
        with self._lock:
            verdict = self._judge(domain, place.began)
            if verdict == GRANTED:
                self._inside.add(place)
            elif verdict == WITHHELD:
                self._withheld += 1
            return verdict

    def _judge(self, domain, now):
        if len(self._inside) + 1 < self._places:
            return GRANTED
        late = self._late(now)
        if len(self._inside) < self._places:
            if not late and not self._occupied:
                # All are under way, and none of them hangs.
                return GRANTED
            # The last place.
            if domain.process.well:
                return GRANTED
            since = min(place.began for place in late) if late else self._came
            answer = self._history.last(domain, _history.MONITOR)
            if answer is not None and answer.time >= since:
                return GRANTED
        return BUSY if len(late) < len(self._inside) else WITHHELD

    def _tell(self, domain):
        suppressed = self._throttle.admit()
        if suppressed is not None:
            log.warning("%r is not asked: %d calls hang, and the last place "
                        "is for VMs that are known to answer (%d like it not "
                        "logged)", domain, self._places - 1, suppressed)

    def _late(self, now):
        return [place for place in self._inside
                if place.began + place.seconds <= now]

    @property
    def _places(self):
        # With all of them taken by others there is still one, for whoever
        # answers: else we would never learn more.
        return max(self._max_hung - self._occupied, 1)
