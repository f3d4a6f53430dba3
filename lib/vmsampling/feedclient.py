# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Snapshots from a service of this host, see feed.py.
"""

from __future__ import absolute_import, division, print_function

import errno
import logging
import select

from threadpool import clock as _clock
from threadpool import waiter as _waiter
from vmsampling import config
from vmsampling import errors
from vmsampling import listener
from vmsampling import wire

log = logging.getLogger("vmsampling.feedclient")

# Seconds within which a service that lives says who it is, and what it knows.
GREETING_TIMEOUT = 1.0

# It does not work when it has said nothing for so many of its periods, and
# some seconds.
_SILENT_PERIODS = 2
_GRACE = 2.0

_CHUNK = 1 << 18

# Bytes. 10,000 VMs take a quarter of it.
_MAX_LINE = 1 << 28
# Of who has not said yet that it is a service of ours.
_MAX_GREETING = 1 << 20


class Link(object):
    """
    A connection to a service. One thread at a time, but for wake().
    """

    def __init__(self, path):
        self._path = path
        self._waiter = _waiter.Waiter()
        self._socket = None
        # What has come after the last line break, and how much that is.
        self._parts = []
        self._size = 0
        # What the service says of itself: pid, uri, period. None before.
        self.service = None
        # The newest snapshot. None before.
        self.latest = None
        # Seconds without a word after which it does not work. None before.
        self.silence = None

    def open(self, timeout=GREETING_TIMEOUT):
        """
        Connect, and wait for the greeting and the current snapshot. Raises
        ServiceGone.
        """
        limit = _clock.monotonic() + timeout
        try:
            self._socket = listener.connect(self._path)
        except EnvironmentError as e:
            raise self._gone("is not there: %s" % (e.strerror or e))
        line = self._read_line(limit)
        if line is None:
            raise self._gone("does not answer; does it hang?")
        found = self._understood(wire.read_greeting, line)
        if "refused" in found:
            raise self._gone("refuses: %s" % found["refused"])
        self.service = found
        self.silence = _SILENT_PERIODS * found["period"] + _GRACE
        if self.read(limit - _clock.monotonic()) is None:
            raise self._gone("does not answer; does it hang?")
        age = _clock.monotonic() - self.latest["monotonic"]
        if age > self.silence:
            raise self._gone("does not work, its samples are %.1f s old" % age)

    def read(self, timeout):
        """
        Return the next snapshot, None if none comes in time or wake() is
        called. Raises ServiceGone.
        """
        line = self._read_line(_clock.monotonic() + timeout)
        if line is None:
            return None
        self.latest = self._understood(wire.read_served, line)
        return self.latest

    def wake(self):
        """
        End the current read, or the next one. Thread: any, before close().
        """
        self._waiter.wake()

    def close(self):
        if self._socket is not None:
            self._socket.close()
        self._waiter.close()

    def _read_line(self, limit):
        while True:
            line = self._cut_line()
            if line is not None:
                return line
            if not self._wait(limit - _clock.monotonic()):
                return None
            self._receive()

    def _cut_line(self):
        if not self._parts or b"\n" not in self._parts[-1]:
            return None
        line, _, rest = b"".join(self._parts).partition(b"\n")
        self._parts = [rest]
        self._size = len(rest)
        return line

    def _wait(self, timeout):
        """
        Return whether there is something to receive before the time is over.
        """
        poll = select.poll()
        poll.register(self._waiter, select.POLLIN)
        poll.register(self._socket.fileno(), select.POLLIN)
        try:
            ready = dict(poll.poll(max(timeout, 0) * 1000))
        except select.error as e:
            # On Python 2.7 a signal ends the wait.
            if e.args[0] != errno.EINTR:
                raise
            return False
        if self._waiter.fileno() in ready:
            self._waiter.clear()
            return False
        return bool(ready)

    def _receive(self):
        try:
            data = self._socket.recv(_CHUNK)
        except EnvironmentError as e:
            if e.errno in (errno.EAGAIN, errno.EINTR):
                return
            raise self._gone("has gone: %s" % e.strerror)
        if not data:
            raise self._gone("has ended")
        self._parts.append(data)
        self._size += len(data)
        limit = _MAX_GREETING if self.service is None else _MAX_LINE
        if self._size > limit and b"\n" not in data:
            raise self._gone("sends more than anybody reads")

    def _understood(self, read, line):
        try:
            return read(line)
        except ValueError as e:
            raise self._gone("is not understood: %s" % e)

    def _gone(self, reason):
        return errors.ServiceGone(self._path, reason)


def find(settings):
    """
    Return an open Link to the service that samples the libvirt of these
    settings, or None. Takes GREETING_TIMEOUT at most.
    """
    path = settings["socket"]
    if path == config.OFF:
        return None
    link = Link(path)
    try:
        link.open()
    except errors.ServiceGone as e:
        log.info("No service is used: %s", e)
        link.close()
        return None
    if link.service["uri"] != settings["connect"]:
        log.info("No service is used: that at %s samples %s, not %s",
                 path, link.service["uri"], settings["connect"])
        link.close()
        return None
    return link
