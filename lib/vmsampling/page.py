# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The page for a browser, and the figures that it asks for.

The page is one file without anything from elsewhere. It is the same for
everybody: nothing is ever written into it, so no name of a VM can get in
there. The figures come as JSON, and the page shows them as text only. And a
browser runs nothing but the page's own script, which the policy knows by its
hash.
"""

from __future__ import absolute_import, division, print_function

import base64
import hashlib
import json
import os
import re
import socket
import threading

from threadpool import clock as _clock
from vmsampling import pagedata
from vmsampling import text

HTML_TYPE = "text/html; charset=utf-8"
DATA_TYPE = "application/json"

# For both.
HEADERS = (
    ("Cache-Control", "no-store"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
)

_FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "page.html")

# Seconds for which figures are given out again: however many look, and however
# often, a host of 500 VMs costs us a tenth of a core at most.
_REUSED = 0.5

_POLICY = ("default-src 'none'; connect-src 'self'; img-src data:; "
           "script-src %s; style-src %s; "
           "base-uri 'none'; form-action 'none'; frame-ancestors 'none'")


class Page(object):
    """
    Never calls libvirt. Thread: any.
    """

    def __init__(self, take, trends, uri=None, clock=_clock.monotonic):
        """
        take: returns a snapshot of now, see Sampler.snapshot().
        trends: the trends.Trends that somebody adds the rounds to.
        uri: what the sampler is connected to, as people are to see it.
        """
        self._take = take
        self._trends = trends
        self._uri = None if uri is None else text.clean(uri)
        self._clock = clock
        # Held while the figures are made: who comes meanwhile waits for
        # these, instead of making them as well.
        self._lock = threading.Lock()
        # The last figures, and when they were taken. Under the lock.
        self._figures = None
        self._taken = None
        with open(_FILE, "rb") as f:
            self._html = f.read()
        # What an answer with either must have: pairs of name and value.
        self.headers = HEADERS + (
            ("Content-Security-Policy", policy(self._html)),)

    def html(self):
        """
        Return the page, as bytes.
        """
        return self._html

    def data(self):
        """
        Return the figures as bytes of JSON; "since" in it is how many seconds
        ago they were taken.
        """
        with self._lock:
            now = self._clock()
            if self._taken is None or now - self._taken >= _REUSED:
                self._figures = self._make()
                self._taken = now
            return b'{"since":%.3f,%s' % (
                self._clock() - self._taken, self._figures)

    def _make(self):
        """
        Return the JSON of now without its opening brace.
        """
        found = pagedata.compact(self._take(), self._trends)
        found["host"] = text.clean(socket.gethostname())
        found["uri"] = self._uri
        return json.dumps(found, allow_nan=False, sort_keys=True,
                          separators=(",", ":")).encode("ascii")[1:]


def policy(html):
    """
    Return the Content-Security-Policy that allows what is in this page.
    """
    return _POLICY % tuple(
        " ".join("'sha256-%s'" % _digest(part) for part in re.findall(
            b"<%s>(.*?)</%s>" % (tag, tag), html, re.DOTALL))
        for tag in (b"script", b"style"))


def _digest(part):
    return base64.b64encode(hashlib.sha256(part).digest()).decode("ascii")
