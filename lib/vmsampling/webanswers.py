# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The answers of a web server, each made once for all who wait for it.

An answer is made on a worker, so that nobody who wants another one waits. For
a moment it is given to those who come later, too: ten times as long as it took
to make it, so that a flood of requests costs a tenth of a thread, and at most
a second, of which no figure gets wrong.
"""

from __future__ import absolute_import, division, print_function

import collections
import functools
import logging

from threadpool import errors as pool_errors
from threadpool import throttle
from vmsampling import webresponse

log = logging.getLogger("vmsampling.webanswers")

_SHARE = 10
_LONGEST = 1.0

_MISDIRECTED = webresponse.line(
    421, "only requests for localhost, or for an address, are answered; a "
    "proxy must set the field Host")

_Kept = collections.namedtuple("_Kept", "response until")


class Answers(object):
    """
    Thread: the server's, but for what says otherwise.
    """

    def __init__(self, routes, pool, ready, clock, is_ours=None):
        """
        routes: a dict: path -> call(webrequest.Question) ->
            webresponse.Response, called on a worker.
        pool: an executor.Executor with one worker.
        ready: called on a worker when there is something to collect().
        is_ours: called with the name that a client has for us, returns
            whether it is answered; None: whatever it is.
        """
        self._is_ours = is_ours
        self._routes = routes
        self._pool = pool
        self._ready = ready
        self._clock = clock
        # Question -> [(link, its request), ...]. A question is here while a
        # worker has it.
        self._waiting = {}
        self._kept = {}
        # (question, response, seconds) put here by workers.
        self._made = collections.deque()
        self._throttle = throttle.Throttle(interval=60.0)

    def ask(self, link):
        """
        Have the request of a weblink.Link answered, now or by collect().
        """
        question = link.request.question
        now = self._clock()
        if not (self._is_ours is None or self._is_ours(link.request.host)):
            link.answer(_MISDIRECTED, now)
            return
        if question.path not in self._routes:
            link.answer(webresponse.line(404, "there is no such page"), now)
            return
        kept = self._kept.get(question)
        if kept is not None and now < kept.until:
            link.answer(kept.response, now)
            return
        waiting = self._waiting.get(question)
        if waiting is None:
            self._begin(question)
            waiting = []
        # Without those that were given up.
        self._waiting[question] = [
            one for one in waiting if _waits(*one)] + [(link, link.request)]

    def collect(self):
        """
        Return the answers that are there, as pairs: link, response.
        """
        found = []
        while self._made:
            question, response, seconds = self._made.popleft()
            now = self._clock()
            self._kept[question] = _Kept(
                response, now + min(_SHARE * seconds, _LONGEST))
            found.extend(
                (link, response)
                for link, request in self._waiting.pop(question, ())
                if _waits(link, request))
        return found

    def forget(self, now):
        """
        Free the answers that are too old; return when the next one is, or
        None.
        """
        self._kept = dict(
            (question, kept) for question, kept in self._kept.items()
            if now < kept.until)
        return min([kept.until for kept in self._kept.values()] or [None])

    def _begin(self, question):
        try:
            self._pool.dispatch(functools.partial(self._make, question))
        except pool_errors.Error as e:
            log.debug("%s", e)
            self._made.append((question, _unable(), 0.0))
            self._ready()

    def _make(self, question):
        """
        Thread: a worker.
        """
        began = self._clock()
        try:
            response = self._routes[question.path](question)
            if question.gzip:
                response = webresponse.zipped(response)
        except Exception:
            suppressed = self._throttle.admit()
            if suppressed is not None:
                log.exception("%s fails (%d more not logged)",
                              question.path, suppressed)
            response = webresponse.line(
                500, "this is a bug; the log says more")
        self._made.append((question, response, self._clock() - began))
        self._ready()


def _waits(link, request):
    return link.request is request


def _unable():
    return webresponse.line(503, "all threads hang")
