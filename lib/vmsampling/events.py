# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
libvirt's event loop: one thread for the whole process.

libvirt has one event implementation per process, which must be registered
before the first connection is opened and can never be taken back. So the
loop belongs to the process, and whoever has connections holds it:

    events.loop.acquire()
    ...
    events.loop.release()

The loop brings the events of the host connection, and its keepalive; it also
closes the sockets of closed connections, so each connection holds it too.
"""

from __future__ import absolute_import, division, print_function

import logging
import threading

import libvirt

from threadpool import threads

log = logging.getLogger("vmsampling.events")

# Milliseconds, for libvirt's timers.
_NEVER = -1
_MOMENT = 1

# Turns of the loop after which nothing is left to be closed.
_LAST_TURNS = 5


class Loop(object):
    """
    Runs the loop while anybody holds it.
    """

    def __init__(self):
        # All below changes under the lock.
        self._lock = threading.Lock()
        self._holders = 0
        self._thread = None
        # Made once, with the registration, and kept: firing it is how
        # another thread wakes the loop.
        self._timer = None

    def acquire(self):
        """
        Have the loop run, before the first connection. Thread: any.
        """
        with self._lock:
            if self._timer is None:
                self._register()
            self._holders += 1
            if self._thread is None:
                self._thread = _Thread(self._timer)
                self._thread.start()

    def release(self, timeout=1.0):
        """
        Let the loop end if nobody else holds it. Thread: any but the loop's.
        """
        with self._lock:
            self._holders -= 1
            if self._holders:
                return
            thread, self._thread = self._thread, None
            thread.ending = True
            libvirt.virEventUpdateTimeout(self._timer, 0)
            # Under the lock: the next loop must not take this one's wake-up.
            thread.join(timeout)

    def _register(self):
        # libvirt prints every error on stderr unless told otherwise.
        libvirt.registerErrorHandler(_log_error, None)
        libvirt.virEventRegisterDefaultImpl()
        self._timer = libvirt.virEventAddTimeout(_NEVER, _rest, None)


class Foreign(object):
    """
    In place of a Loop where the program that we are a guest of runs one
    itself: two threads must not.
    """

    def acquire(self):
        """
        Nothing.
        """

    def release(self, timeout=1.0):
        """
        Nothing.
        """


class _Thread(object):

    def __init__(self, timer):
        self._timer = timer
        # Set once, by another thread, which then wakes the loop.
        self.ending = False
        self._thread = threads.create(self._run, "libvirt-events")
        self.start = self._thread.start
        self.join = self._thread.join

    def _run(self):
        while not self.ending:
            libvirt.virEventRunDefaultImpl()
        # libvirt closes sockets when the loop has nothing else to do, so the
        # timer must have fired, but not be due at once again.
        for _ in range(_LAST_TURNS):
            libvirt.virEventUpdateTimeout(self._timer, _MOMENT)
            libvirt.virEventRunDefaultImpl()
        libvirt.virEventUpdateTimeout(self._timer, _NEVER)


def _rest(timer, _opaque):
    libvirt.virEventUpdateTimeout(timer, _NEVER)


def _log_error(_context, error):
    # The error is a tuple: code, domain, message, ...
    log.debug("libvirt: code=%s domain=%s %s", error[0], error[1], error[2])


loop = Loop()
