# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What a web client is answered.
"""

from __future__ import absolute_import, division, print_function

import collections
import email.utils
import zlib

from six.moves import http_client

# status: of HTTP; type: of the content; body: bytes; headers: a sequence of
# pairs, which win over those that all answers have.
Response = collections.namedtuple("Response", "status type body headers")
Response.__new__.__defaults__ = ((),)

# A browser is to run and to show nothing but what a route allows.
_HEADERS = (
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy",
     "default-src 'none'; frame-ancestors 'none'"),
    ("Referrer-Policy", "no-referrer"),
    ("Vary", "Accept, Accept-Encoding"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
)

# What some statuses need.
_ALLOW = {405: (("Allow", "GET, HEAD"),)}

# Bytes; to compress less than that is not worth it.
_MIN_GZIP = 1000
# The quickest: 2 MB of metrics take 8 ms, and 20 ms for a tenth less.
_LEVEL = 1
# Bytes; a body below that is copied.
_SHORT = 16384

# zlib's word for a header and a trailer of gzip.
_GZIP = 31


def line(status, text):
    """
    Return a Response of one line.
    """
    return Response(status, "text/plain; charset=utf-8",
                    ("%s\n" % text).encode("utf-8"), _ALLOW.get(status, ()))


def zipped(response):
    """
    Return it compressed, if that is worth it.
    """
    if len(response.body) < _MIN_GZIP:
        return response
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    body = compressor.compress(response.body) + compressor.flush()
    return response._replace(
        body=body,
        headers=tuple(response.headers) + (("Content-Encoding", "gzip"),))


def encode(response, keep_alive, whole):
    """
    Return what is to be sent, as a list of bytes. A long body is not copied,
    since many clients may take it at the same time.

    whole: False: without the body.
    """
    headers = dict(_HEADERS)
    headers.update(response.headers)
    headers.update((
        ("Connection", "keep-alive" if keep_alive else "close"),
        ("Content-Length", "%d" % len(response.body)),
        ("Content-Type", response.type),
        ("Date", email.utils.formatdate(usegmt=True)),
    ))
    lines = ["HTTP/1.1 %d %s" % (
        response.status, http_client.responses.get(response.status, ""))]
    lines += ["%s: %s" % item for item in sorted(headers.items())]
    head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
    if not whole:
        return [head]
    if len(response.body) < _SHORT:
        # In one packet.
        return [head + response.body]
    return [head, response.body]
