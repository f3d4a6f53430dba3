# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
One connection of a web client: what it waits for, and until when.

    handshake -> read -> (wait for the answer) -> write -> read ...
                                                    |
                                                    +--> linger

It never blocks. Each state has a deadline as a whole, so that a client that
sends or takes one byte at a time gains nothing by it.
"""

from __future__ import absolute_import, division, print_function

import collections
import selectors
import ssl

from vmsampling import webchannel
from vmsampling import webrequest
from vmsampling import webresponse

# Seconds for a handshake and the whole first request, for the next request to
# begin, for its answer to be there, for it to be taken, and for the client to
# close after us.
Patience = collections.namedtuple(
    "Patience", "request idle answer taking linger")
PATIENCE = Patience(request=5.0, idle=75.0, answer=10.0, taking=20.0,
                    linger=1.0)

HANDSHAKE = "handshake"
READ = "read"
WAIT = "wait"
WRITE = "write"
LINGER = "linger"
CLOSED = "closed"

_CHUNK = 65536


class Link(object):
    """
    Thread: the server's.
    """

    def __init__(self, sock, peer, now, patience=PATIENCE):
        """
        sock: see webchannel.Channel.
        peer: address of the client, for people.
        """
        self.peer = peer
        self._channel = webchannel.Channel(sock)
        self.fileno = self._channel.fileno
        self._patience = patience
        # What the client has sent, less what was used.
        self._data = b""
        # What is left to be sent: a list of memoryviews.
        self._unsent = []
        # The webrequest.Request that waits for its answer, else None.
        self.request = None
        # Whether another one may follow.
        self._keep_alive = False
        # Why the client was refused or given up: (status or None, reason).
        # Whoever tells of it sets it back.
        self.complaint = None
        self.state = HANDSHAKE if self._channel.secure else READ
        # When the state began, and when it must be over.
        self.since = now
        self.deadline = now + patience.request
        # What to wait for: events of selectors, 0 for none.
        self.events = selectors.EVENT_READ

    def proceed(self, now):
        """
        Do what can be done without waiting. Afterwards state, events,
        deadline and request say how it goes on.
        """
        try:
            if self.state == HANDSHAKE:
                self._shake_hands()
            if self.state == READ:
                self._read(now)
            elif self.state == WRITE:
                self._write(now)
            elif self.state == LINGER and not self._channel.skip(_CHUNK):
                self.close()
        except EnvironmentError as e:
            self._fail(e, now)

    def answer(self, response, now):
        """
        Begin to send a webresponse.Response, the answer to the request.
        """
        request, self.request = self.request, None
        # Without a request, its client is refused.
        self._keep_alive = request is not None and request.keep_alive
        self._unsent = [memoryview(part) for part in webresponse.encode(
            response, self._keep_alive,
            request is None or request.method != "HEAD")]
        self._enter(WRITE, selectors.EVENT_WRITE, now, self._patience.taking)
        self.proceed(now)

    def refuse(self, status, reason, now):
        """
        Answer with a line, and close.
        """
        self.complaint = status, reason
        self.request = None
        self.answer(webresponse.line(status, reason), now)

    def expire(self, now):
        """
        The deadline has come.
        """
        if self.state == READ and self._data:
            self.refuse(408, "the request took too long", now)
        elif self.state == WAIT:
            self.refuse(503, "there is no answer in time", now)
        else:
            if self.state in (HANDSHAKE, WRITE):
                self.complaint = None, "too slow: " + self.state
            self.abort()

    def abort(self):
        """
        Close it, and have the kernel forget what was not sent.
        """
        if self.state != CLOSED:
            self._channel.drop()
            self.close()

    def close(self):
        """
        It is of no use any more; dispose() is to be called. Idempotent.
        """
        self.state = CLOSED
        self.events = 0
        self.request = None
        self._unsent = []

    def dispose(self):
        """
        Free the descriptor, when nobody waits for it any more. Idempotent.
        """
        self.close()
        self._channel.close()

    def _enter(self, state, events, now, seconds):
        self.state = state
        self.events = events
        self.since = now
        self.deadline = now + seconds

    def _shake_hands(self):
        done = self._channel.handshake() is not webchannel.LATER
        self.events = self._channel.events
        if done:
            # The same deadline holds for the first request.
            self.state = READ

    def _read(self, now):
        data = self._channel.receive(
            webrequest.MAX_HEAD + 8 - len(self._data))
        self.events = self._channel.events
        if data is webchannel.LATER:
            return
        if not data:
            self.close()
            return
        # Of the next request, no byte but the first one changes anything.
        self.deadline = min(self.deadline, now + self._patience.request)
        self._data += data
        try:
            taken = webrequest.take(self._data)
        except webrequest.Refused as e:
            self.refuse(e.status, e.reason, now)
            return
        if taken is None:
            return
        self.request, rest = taken
        self._data = b""
        if rest or self._channel.has_more():
            # One request at a time, so that no client keeps us from others:
            # who sends several at once sends the others again.
            self.request = self.request._replace(keep_alive=False)
        self._enter(WAIT, 0, now, self._patience.answer)

    def _write(self, now):
        while self._unsent:
            sent = self._channel.send(self._unsent[0][:_CHUNK])
            self.events = self._channel.events
            if sent is webchannel.LATER:
                return
            self._unsent[0] = self._unsent[0][sent:]
            if not self._unsent[0]:
                del self._unsent[0]
        if self._keep_alive:
            self._enter(READ, selectors.EVENT_READ, now, self._patience.idle)
        else:
            self._leave(now)

    def _fail(self, error, now):
        if self.state == HANDSHAKE and isinstance(error, ssl.SSLError):
            self.complaint = None, "TLS: %s" % (error.reason or error)
            # TLS tells the client, too.
            self._leave(now)
        else:
            # The client has gone.
            self.close()

    def _leave(self, now):
        """
        Close it once the client does: what it still sends would make the
        kernel take back what we said last.
        """
        self._enter(LINGER, selectors.EVENT_READ, now, self._patience.linger)
        try:
            self._channel.finish()
        except EnvironmentError:
            self.close()

    def __repr__(self):
        return "<Link %s %s>" % (self.peer, self.state)
