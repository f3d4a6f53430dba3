# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
All connections of a web server, of which there are never too many.
"""

from __future__ import absolute_import, division, print_function

import functools
import logging
import socket

from threadpool import throttle
from vmsampling import weblink

log = logging.getLogger("vmsampling.weblinks")

# Connections that may be slow to take their answers, each of which holds an
# answer in memory.
_WRITERS = 16


class Links(object):
    """
    Thread: the server's.
    """

    def __init__(self, selector, answers, certificates, places, patience,
                 clock):
        """
        places: how many there may be. A new one takes the place of that which
            has kept us waiting longest.
        patience: a weblink.Patience.
        """
        self._selector = selector
        self._answers = answers
        self._certificates = certificates
        self._places = places
        self._patience = patience
        self._clock = clock
        self._links = set()
        # Those of them that the selector knows, and for which events.
        self._watched = {}
        self._throttle = throttle.Throttle(interval=10.0)

    def admit(self, sock, peer):
        """
        Take a new connection in.
        """
        if len(self._links) >= self._places:
            # Those first for whom we wait, and then those who wait for us.
            self._drop(min(self._links, key=lambda link: (
                link.state == weblink.WAIT, link.since)))
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock = self._certificates.wrap(sock)
            link = weblink.Link(sock, peer, self._clock(), self._patience)
        except EnvironmentError as e:
            # It has gone already.
            log.debug("%s: %s", peer, e)
            sock.close()
            return
        self._links.add(link)
        # Its request may be there.
        self._handle(link, link.proceed)

    def deadlines(self):
        return [link.deadline for link in self._links]

    def expire(self, now):
        """
        Let go of those whose time is over.
        """
        for link in list(self._links):
            if link.deadline <= now:
                self._handle(link, link.expire)

    def answer(self, link, response):
        self._handle(link, functools.partial(link.answer, response))

    def close(self):
        for link in list(self._links):
            self._drop(link)

    def _settle(self, link):
        """
        Do what the new state of a link asks for.
        """
        if link.complaint is not None:
            self._complain(link.peer, *link.complaint)
            link.complaint = None
        self._watch(link)
        if link.state == weblink.CLOSED:
            self._links.discard(link)
            link.dispose()
        elif link.state == weblink.WRITE:
            writers = [one for one in self._links
                       if one.state == weblink.WRITE]
            if len(writers) > _WRITERS:
                self._drop(min(writers, key=lambda one: one.since))

    def _handle(self, link, call):
        """
        Make a call of a link, and go on from there.
        """
        try:
            call(self._clock())
            if link.state == weblink.WAIT:
                self._answers.ask(link)
        except Exception:
            # Whatever a client does must not end the server.
            log.exception("%r", link)
            link.close()
        self._settle(link)

    def _drop(self, link):
        log.debug("%r makes room", link)
        link.abort()
        self._settle(link)

    def _watch(self, link):
        """
        Have the selector wait for what the link waits for.
        """
        events = link.events
        known = self._watched.get(link, 0)
        if events == known:
            return
        if not events:
            self._selector.unregister(link)
            del self._watched[link]
            return
        self._watched[link] = events
        change = self._selector.modify if known else self._selector.register
        change(link, events,
               functools.partial(self._handle, link, link.proceed))

    def _complain(self, peer, status, reason):
        suppressed = self._throttle.admit()
        if suppressed is not None:
            log.info("%s: %s%s (%d more not logged)", peer,
                     "" if status is None else "%d, " % status, reason,
                     suppressed)
