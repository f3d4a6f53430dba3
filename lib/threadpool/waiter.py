# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
A wait that another thread can end, precise and deaf to the wall clock.

threading offers no such wait on all Pythons: on 2.7 a timed wait polls up to
20 times a second, and before 3.11 it follows the wall clock, so that a clock
stepped back by an hour makes it an hour late.
"""

from __future__ import absolute_import, division, print_function

import errno
import fcntl
import math
import os
import select
import threading

from threadpool import clock as _clock

# select() cannot look at descriptors from here on (FD_SETSIZE).
_SELECT_LIMIT = 1024

# Longest single wait: select() refuses more than the C library's time_t, and
# a caller loops anyway.
_LONGEST = 3600.0


class Waiter(object):
    """
    One thread waits, any other thread may wake it.

    A wake() that comes before the wait() is not lost: that wait returns at
    once. wait() may also return early for no reason; callers loop.
    """

    def __init__(self):
        self._reader, self._writer = os.pipe()
        for fd in (self._reader, self._writer):
            fcntl.fcntl(fd, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
            fcntl.fcntl(fd, fcntl.F_SETFL, os.O_NONBLOCK)
        # select() waits with microseconds, poll() counts whole milliseconds,
        # but in a process with very many descriptors only poll() works.
        self._block = self._select
        if self._reader >= _SELECT_LIMIT:
            self._block = self._poll

    def wait(self, timeout=None):
        """
        Wait until wake() is called or timeout seconds passed; None is no
        limit. Thread: the one that waits.
        """
        if timeout is not None:
            timeout = min(max(timeout, 0), _LONGEST)
        try:
            if self._block(timeout):
                os.read(self._reader, 4096)
        except (OSError, select.error) as e:
            # Python 2.7 does not retry after a signal.
            if e.args[0] not in (errno.EINTR, errno.EAGAIN):
                raise

    def wait_readable(self, fd, timeout=None):
        """
        Wait until wake() is called, something can be read from fd or it has
        come to its end, or timeout seconds passed; true in the second case.
        """
        if timeout is not None:
            # poll() refuses more, and what is left of a millisecond would
            # have the caller come back again and again.
            timeout = math.ceil(min(max(timeout, 0), _LONGEST) * 1000)
        return self._wait_for(fd, select.POLLIN, timeout)

    def wait_writable(self, fd):
        """
        Wait until wake() is called or something can be written to fd; true
        in the latter case.
        """
        return self._wait_for(fd, select.POLLOUT, None)

    def _wait_for(self, fd, event, timeout):
        poll = select.poll()
        poll.register(self._reader, select.POLLIN)
        poll.register(fd, event)
        try:
            ready = dict(poll.poll(timeout))
            if self._reader in ready:
                os.read(self._reader, 4096)
        except (OSError, select.error) as e:
            if e.args[0] not in (errno.EINTR, errno.EAGAIN):
                raise
            return False
        return fd in ready

    def wake(self):
        """
        End the current wait(), or the next one. Thread: any.
        """
        try:
            os.write(self._writer, b"w")
        except OSError as e:
            # Full: thousands of wake-ups are pending, one is enough.
            if e.errno != errno.EAGAIN:
                raise

    def fileno(self):
        """
        For a select.poll() of many descriptors: this one can be read after
        wake(), until clear().
        """
        return self._reader

    def clear(self):
        """
        Forget the wake-ups up to now. Thread: the one that waits.
        """
        try:
            os.read(self._reader, 4096)
        except OSError as e:
            if e.errno not in (errno.EINTR, errno.EAGAIN):
                raise

    @property
    def wakeup_fd(self):
        """
        For signal.set_wakeup_fd(): then each signal is a wake().
        """
        return self._writer

    def close(self):
        """
        Free the descriptors. No wait() or wake() may come afterwards.
        """
        os.close(self._reader)
        os.close(self._writer)

    def _select(self, timeout):
        return select.select([self._reader], [], [], timeout)[0]

    def _poll(self, timeout):
        poll = select.poll()
        poll.register(self._reader, select.POLLIN)
        return poll.poll(None if timeout is None else timeout * 1000)


class Waiters(object):
    """
    Threads that wait until something is true: what a condition variable is
    for, but for the faults of its timed wait.
    """

    def __init__(self):
        self._lock = threading.Lock()
        # Those who wait now. Changes under the lock.
        self._waiters = []

    def wait(self, condition, timeout=None):
        """
        Wait until condition() is true; False if it is not within timeout
        seconds. It is asked in this thread, without a lock.
        """
        limit = None if timeout is None else _clock.monotonic() + timeout
        waiter = Waiter()
        with self._lock:
            self._waiters.append(waiter)
        try:
            while not condition():
                remaining = None
                if limit is not None:
                    remaining = limit - _clock.monotonic()
                    if remaining <= 0:
                        return False
                waiter.wait(remaining)
            return True
        finally:
            with self._lock:
                self._waiters.remove(waiter)
            waiter.close()

    def wake(self):
        """
        Have all look at their condition again. Thread: any.
        """
        with self._lock:
            # None of them is closed while the lock is held.
            for waiter in self._waiters:
                waiter.wake()

    def __len__(self):
        return len(self._waiters)
