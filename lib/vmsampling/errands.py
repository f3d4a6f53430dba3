# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The visits to one VM, see visit.py: one for what may hang in the QEMU; and
another one for what may hang in the storage too, if the storage has just
answered. So the first kind goes on when the storage hangs.
"""

from __future__ import absolute_import, division, print_function

import functools
import threading

from threadpool import task as _task
from vmsampling import visit as _visit

# Kinds of functions: may hang in the QEMU, and in the storage as well.
MONITOR = "monitor"
STORAGE = "storage"

# A VM that is busy for a moment is tried again after so many seconds, and so
# often.
_PAUSE = 0.05
_TRIES = 10

# Seconds after which the disks of a VM are read again: nobody tells us that
# they have changed.
_DEVICES_AGE = 10.0


class Errands(object):
    """
    Never blocks, but for what is done by a visit. Thread: any.
    """

    def __init__(self, guard, domain, due, call, poke=None):
        """
        domain: domain.Domain; None: there is no VM, so nothing is known of
            its storage, and there is one kind only.
        due: returns the agenda.Calls that are due, of the kinds that it is
            called with or of any.
        call: does one of them.
        poke: as for Lane.place().
        """
        self._guard = guard
        self._domain = domain
        self._due = due
        self._call = call
        self._poke = poke
        # When the disks are to be read again. Set by one thread at a time.
        self._devices_until = guard.clock() + _DEVICES_AGE
        self._lock = threading.Lock()
        # Under the lock: kinds of which a visit is under way.
        self._under_way = set()
        # Under the lock: time from before the last question that the VM
        # answered, or of the last visit if it could not be asked. None before.
        self.answered = None

    def send(self, tries=_TRIES):
        """
        Ask the VM, if anything is due; if it answers, do what is due.
        """
        if not self._due():
            return
        timeout = None
        if self._domain is not None:
            self._expire_devices()
            timeout = self._domain.deadline.seconds(self._guard.timeout)
        self._dispatch(MONITOR, tries, self.send, timeout)

    def _begin_storage(self):
        """
        Thread: that of the first visit.
        """
        lookout, devices = self._guard.lookout, self._domain.devices
        if not self._due(STORAGE):
            return
        if lookout.sees(devices):
            # Asks again each time until it has been told.
            lookout.ask(devices, self._send_to_storage)
        else:
            self._send_to_storage()

    def _send_to_storage(self, tries=_TRIES):
        """
        Thread: a canary's, the first visit's or the scheduler's.
        """
        if self._due(STORAGE) and self._storage_answers():
            self._dispatch(STORAGE, tries, self._send_to_storage)

    def _storage_answers(self):
        """
        False also if it may yet.
        """
        lookout, devices = self._guard.lookout, self._domain.devices
        return not lookout.sees(devices) or lookout.answers(devices)

    def _dispatch(self, kind, tries, again, timeout=None):
        with self._lock:
            if kind in self._under_way:
                return
            self._under_way.add(kind)
        again = functools.partial(again, tries - 1) if tries else None
        domain = self._domain
        visit = _visit.Visit(
            domain, self._guard, _Work(self, kind, self._poke),
            functools.partial(self._end, kind, again))
        devices = domain and domain.devices
        if not self._guard.dispatch(
                visit, (kind, domain.uuid if domain else id(self)),
                devices.group if devices and kind == STORAGE else None,
                timeout):
            self._leave(kind, again)

    def _end(self, kind, again, visit):
        """
        A visit has ended. Thread: its own.
        """
        self._leave(kind, again if visit.again else None)
        if kind == MONITOR and self._domain is not None and (
                not visit.again and visit.verdict != _visit.HELD):
            self._begin_storage()

    def _leave(self, kind, again):
        with self._lock:
            self._under_way.discard(kind)
        if again is not None:
            self._guard.schedule(_PAUSE, again)

    def see_answer(self, time):
        """
        The VM has answered a question from this time, or cannot be asked.
        Thread: a visit's.
        """
        with self._lock:
            self.answered = max(time, self.answered or time)

    def work(self, kind, see):
        """
        Do what is due. Thread: a visit's.

        see: called with each agenda.Call before.
        """
        devices = self._domain and self._domain.devices
        if kind == MONITOR or devices is None:
            self._call_all(see, *([] if self._domain is None else [kind]))
        # It may have waited for a worker until the answer was old.
        elif self._storage_answers():
            with self._guard.lookout.touching(devices):
                self._call_all(see, kind)

    def _call_all(self, see, *kinds):
        for call in self._due(*kinds):
            see(call)
            self._call(call)

    def _expire_devices(self):
        now = self._guard.clock()
        if now >= self._devices_until and self._due(STORAGE):
            self._devices_until = now + _DEVICES_AGE
            self._domain.stale = True


class _Work(object):
    """
    What a visit is for.
    """

    def __init__(self, errands, kind, poke):
        self._errands = errands
        self._kind = kind
        self.poke = poke
        # The call under way, or the last one.
        self._last = None

    def answered(self, time):
        self._errands.see_answer(time)

    def __call__(self):
        self._errands.work(self._kind, self._see)

    def _see(self, call):
        self._last = call

    def __repr__(self):
        if self._last is None:
            return self._kind
        return "%s:%s" % (self._kind, _task.describe(self._last.function))
