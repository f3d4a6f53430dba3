# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
A web server that slow and hostile clients do not disturb, nor the program
that it is a part of.

    server = webserver.WebServer("127.0.0.1:9177", {"/metrics": metrics})
    server.start()
    ...
    server.stop()

One thread has all the connections, and waits for nothing but events: a slow
client costs a descriptor and some kilobytes until its deadline. Answers are
made on a worker, see webanswers.py.
"""

from __future__ import absolute_import, division, print_function

import errno
import logging
import selectors
import socket

from threadpool import clock as _clock
from threadpool import errors as pool_errors
from threadpool import executor
from threadpool import threads
from threadpool import throttle
from vmsampling import webaddress
from vmsampling import webanswers
from vmsampling import weblink
from vmsampling import weblinks
from vmsampling import webtls

log = logging.getLogger("vmsampling.webserver")

PLACES = 64

# Connections that are taken in before others have their turn.
_BATCH = 16

# Threads that make answers: one, unless one hangs, which none should.
_MAX_WORKERS = 3

# The key of the task that looks at the certificates.
_CERTIFICATES = "certificates"

# Seconds until we try again, when the system has no descriptor for us.
_PAUSE = 1.0
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class WebServer(object):
    """
    See the module. Construct, start, stop: one way.
    """

    def __init__(self, address, routes, certificates=webtls.NONE,
                 places=PLACES, patience=weblink.PATIENCE, is_ours=None):
        """
        address: see webaddress.py.
        routes: a dict: path -> call(webrequest.Question) ->
            webresponse.Response, called on a worker.
        certificates: a webtls.Certificates for TLS.
        places: how many connections there may be.
        is_ours: see webanswers.Answers.
        """
        self._address = address
        self._certificates = certificates
        self._clock = _clock.monotonic
        self._pool = executor.Executor(
            "web", workers=1, max_workers=_MAX_WORKERS,
            timeout=patience.answer)
        self._answers = webanswers.Answers(
            routes, self._pool, self._ring, self._clock, is_ours)
        self._make_links = lambda: weblinks.Links(
            self._selector, self._answers, certificates, places, patience,
            self._clock)
        self._thread = threads.create(self._run, "web")
        self._throttle = throttle.Throttle(interval=60.0)
        # Made by start().
        self._selector = None
        self._listener = None
        self._bell = None
        self._links = None
        # When to listen again, or None while we do. The server's thread's.
        self._resume = None
        # One way.
        self._stopping = False

    def start(self):
        """
        Raises ListenFailed, and BadFile for the certificates.
        """
        self._certificates.load()
        self._listener = webaddress.listen(self._address)
        self._selector = selectors.DefaultSelector()
        self._links = self._make_links()
        self._bell = _Bell()
        self._pool.start()
        self._thread.start()

    @property
    def url(self):
        """
        Of the server once it was started, with its real port.
        """
        return webaddress.url(self._listener, self._certificates.secure)

    def stop(self, timeout=1.0):
        """
        Close all connections, and end the threads; idempotent.
        """
        self._stopping = True
        if self._bell is None:
            return
        self._ring()
        self._thread.join(timeout / 2)
        self._pool.stop(timeout=timeout / 2, for_late=False)

    def _ring(self):
        """
        Have the server's thread look around. Thread: any.
        """
        self._bell.ring()

    def _run(self):
        try:
            self._listen()
            self._selector.register(
                self._bell, selectors.EVENT_READ, self._bell.clear)
            while not self._stopping:
                self._turn()
        finally:
            self._links.close()
            self._selector.close()
            self._listener.close()
            self._bell.close()

    def _turn(self):
        """
        Wait for an event or a deadline, and do what it asks for.
        """
        times = [self._resume, self._answers.forget(self._clock())]
        times = [time for time in times if time is not None]
        times += self._links.deadlines()
        timeout = max(min(times) - self._clock(), 0) if times else None
        for key, _ in self._selector.select(timeout):
            key.data()
        for link, response in self._answers.collect():
            self._links.answer(link, response)
        now = self._clock()
        self._links.expire(now)
        if self._resume is not None and self._resume <= now:
            self._listen()

    def _listen(self):
        self._resume = None
        self._selector.register(
            self._listener, selectors.EVENT_READ, self._accept)

    def _accept(self):
        for _ in range(_BATCH):
            try:
                sock, peer = self._listener.accept()
            except EnvironmentError as e:
                if e.errno in _EXHAUSTED:
                    self._rest(e)
                # Otherwise there is none, or it has gone again.
                break
            self._links.admit(sock, webaddress.name(peer))
        self._look_for_certificates()

    def _rest(self, error):
        """
        To be asked again at once would keep this thread busy.
        """
        self._selector.unregister(self._listener)
        self._resume = self._clock() + _PAUSE
        suppressed = self._throttle.admit()
        if suppressed is not None:
            log.warning("Cannot take connections: %s (%d more not logged)",
                        error.strerror, suppressed)

    def _look_for_certificates(self):
        """
        Read them again, if they have changed, for the next connection.
        """
        if self._certificates.is_due(self._clock()):
            try:
                # One at a time: the files may lie where a look hangs.
                self._pool.dispatch(
                    self._certificates.refresh, key=_CERTIFICATES)
            except pool_errors.Error as e:
                log.debug("%s", e)


class _Bell(object):
    """
    Ends a wait of the server's thread.
    """

    def __init__(self):
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)

    def fileno(self):
        return self._reader.fileno()

    def ring(self):
        """
        Thread: any.
        """
        try:
            self._writer.send(b"r")
        except EnvironmentError as e:
            # It is full, and one is enough; or the server has ended.
            log.debug("%s", e)

    def clear(self):
        self._reader.recv(4096)

    def close(self):
        self._reader.close()
        self._writer.close()
