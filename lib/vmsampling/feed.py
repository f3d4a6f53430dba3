# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Gives the snapshots of this process to others, on a UNIX socket: the current
one at once, and each new one, see wire.py for the lines.

Clients are strangers. Nothing is read of them, and each holds a place out of
few. One that does not keep up gets the newest snapshot when it has read what
it was sent, and no other in between; one that reads nothing is cut off. All
of them are served by one thread, which waits for none of them.
"""

from __future__ import absolute_import, division, print_function

import errno
import fcntl
import logging
import os
import select

from threadpool import clock as _clock
from threadpool import throttle
from vmsampling import listener as _listener
from vmsampling import wire

log = logging.getLogger("vmsampling.feed")

MAX_CLIENTS = 32
# Of one user, unless it is root or the one we are.
MAX_OF_USER = 8

# Bytes that are given to the kernel at once.
_CHUNK = 1 << 18

# Seconds without an accept() after one for which there was no descriptor.
_PAUSE = 1.0


class Feed(object):
    """
    Thread: one, the station's. It waits with a select.poll(), which is told
    by us what to wait for.
    """

    def __init__(self, listener, greeting, patience, clock=_clock.monotonic):
        """
        listener: listener.Listener, open.
        greeting: first line for each client.
        patience: seconds that a client may take to read one snapshot.
        """
        self._listener = listener
        self._greeting = greeting
        self._patience = patience
        self._clock = clock
        self._poll = None
        # Descriptor -> _Client
        self._clients = {}
        # The last line that was published; None: not known.
        self._line = None
        # Until then nobody is let in.
        self._deaf_until = None
        # Any user may come again and again.
        self._throttle = throttle.Throttle(interval=10.0, clock=clock)

    def register(self, poll):
        """
        poll: select.poll() that the owner waits with.
        """
        self._poll = poll
        poll.register(self._listener.socket.fileno(), select.POLLIN)

    def publish(self, line):
        """
        Send a new line to all, in place of one that they have not begun.
        """
        self._line = line
        for client in self._all():
            client.put(line, self._clock() + self._patience)
            self._serve(client)

    def handle(self, events):
        """
        Do what the poll has found: a list of (descriptor, bits). Those that
        are not of ours are ignored.
        """
        new = self._listener.socket.fileno()
        # New clients last: they may get the descriptor of one that has gone
        # since, and what was found there is not about them.
        for fd, bits in sorted(events, key=lambda event: event[0] == new):
            if fd == new:
                self._accept()
            elif fd not in self._clients:
                continue
            elif bits & (select.POLLERR | select.POLLHUP | select.POLLNVAL):
                self._drop(self._clients[fd], "it has gone")
            else:
                self._serve(self._clients[fd])

    def tick(self):
        """
        Cut off those that read nothing. Return in how many seconds this is to
        be called again at the latest, None: whenever.
        """
        now = self._clock()
        for client in self._all():
            if client.until is not None and client.until <= now:
                self._drop(client, "it does not read", logging.WARNING)
        if self._deaf_until is not None and self._deaf_until <= now:
            self._deaf_until = None
            self._poll.modify(self._listener.socket.fileno(), select.POLLIN)
        limits = [client.until for client in self._all()] + [self._deaf_until]
        limits = [limit for limit in limits if limit is not None]
        return min(limits) - now if limits else None

    def close(self):
        """
        Idempotent.
        """
        for client in self._all():
            self._drop(client, "we end")
        if self._listener.socket is not None:
            self._poll.unregister(self._listener.socket.fileno())
            self._listener.close()

    def __len__(self):
        """
        How many clients there are.
        """
        return len(self._clients)

    def _all(self):
        return list(self._clients.values())

    def _accept(self):
        try:
            connection, _ = self._listener.socket.accept()
        except EnvironmentError as e:
            if e.errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS,
                           errno.ENOMEM):
                # It stays in the queue, and poll() would not wait again.
                log.warning("Cannot let in a client: %s", e.strerror)
                self._deaf_until = self._clock() + _PAUSE
                self._poll.modify(self._listener.socket.fileno(), 0)
            return
        # Python 2.7 would hand it to what we run.
        fcntl.fcntl(connection.fileno(), fcntl.F_SETFD, fcntl.FD_CLOEXEC)
        connection.setblocking(False)
        pid, uid = _listener.peer(connection)
        client = _Client(connection, pid, uid)
        reason = self._refusal(uid)
        if reason is not None:
            suppressed = self._throttle.admit()
            if suppressed is not None:
                log.info("Refused %r: %s (%d more not logged)", client, reason,
                         suppressed)
            client.refuse(wire.refusal(reason))
            return
        log.debug("New client: %r", client)
        self._clients[connection.fileno()] = client
        self._poll.register(connection.fileno(), 0)
        client.put(self._greeting, self._clock() + self._patience)
        if self._line is not None:
            client.put(self._line, self._clock() + self._patience)
        self._serve(client)

    def _refusal(self, uid):
        """
        Return why this user gets nothing, or None.
        """
        if len(self._clients) >= MAX_CLIENTS:
            return "it has %d clients" % MAX_CLIENTS
        same = sum(1 for client in self._all() if client.uid == uid)
        if uid not in (0, os.geteuid()) and same >= MAX_OF_USER:
            return "it has %d clients of user %d" % (MAX_OF_USER, uid)
        return None

    def _serve(self, client):
        try:
            client.send(self._clock() + self._patience)
        except EnvironmentError as e:
            self._drop(client, e.strerror)
            return
        self._poll.modify(client.socket.fileno(),
                          select.POLLOUT if client.until else 0)

    def _drop(self, client, reason, level=logging.DEBUG):
        log.log(level, "Dropped %r: %s", client, reason)
        fd = client.socket.fileno()
        del self._clients[fd]
        self._poll.unregister(fd)
        client.socket.close()


class _Client(object):

    def __init__(self, connection, pid, uid):
        self.socket = connection
        self.uid = uid
        self._pid = pid
        # What is to be sent: a line that has begun or the greeting, and the
        # next one.
        self._lines = []
        # How much of the first one is sent.
        self._sent = 0
        # Monotonic time when the lines must have been read; None: there are
        # none.
        self.until = None

    def put(self, line, until):
        # Without the greeting nobody knows what the others are, so it counts
        # as begun.
        del self._lines[1:]
        self._lines.append(line)
        if self.until is None:
            self.until = until

    def send(self, until):
        """
        Send as much as is taken. Raises EnvironmentError.

        until: for a line that begins now.
        """
        while self._lines:
            line = self._lines[0]
            try:
                self._sent += self.socket.send(
                    line[self._sent:self._sent + _CHUNK])
            except EnvironmentError as e:
                if e.errno in (errno.EAGAIN, errno.EINTR):
                    return
                raise
            if self._sent == len(line):
                del self._lines[0]
                self._sent = 0
                self.until = until
        self.until = None

    def refuse(self, line):
        """
        Send this one if it is taken at once, and close.
        """
        try:
            self.socket.send(line)
        except EnvironmentError as e:
            log.debug("%r: %s", self, e)
        self.socket.close()

    def __repr__(self):
        return "<Client pid=%d uid=%d>" % (self._pid, self.uid)
