# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What a web client asks for, from the bytes that it sends.

Only what a scraper and a browser need is understood: GET and HEAD, of paths,
without bodies. All else is refused, and nothing is guessed: two programs that
read the same bytes in different ways, such as a proxy and us, are how requests
are smuggled.
"""

from __future__ import absolute_import, division, print_function

import collections
import re

# Bytes of a whole request, and of its first line.
MAX_HEAD = 16384
MAX_LINE = 4096
MAX_FIELDS = 64

# What a route may answer differently to, so little that answers can be shared
# by many clients. openmetrics: whether the client takes that format.
Question = collections.namedtuple("Question", "path openmetrics gzip")

# method is "GET" or "HEAD". host: the name that the client has for us, in
# lower case and without a port; None if it does not tell.
Request = collections.namedtuple("Request", "method question keep_alive host")
Request.__new__.__defaults__ = (None,)

METHODS = (b"GET", b"HEAD")

# RFC 9110: methods, and names of fields. None of these can be made to take
# more than a look at each byte.
_TOKEN = br"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_LINE = re.compile(
    b"(" + _TOKEN + br") ([!-~]+) HTTP/([0-9])\.([0-9])\Z")
_FIELD = re.compile(b"(" + _TOKEN + br"):([\t -~\x80-\xff]*)\Z")
_BEGIN = re.compile(_TOKEN)
_BARE_LF = re.compile(br"(?<!\r)\n")
_NO_BODY = re.compile(br"0+\Z")
_PORT = re.compile(br":[0-9]*\Z")
_NUMBER = re.compile(br"[0-9]+\Z")
_ABSOLUTE = re.compile(br"https?://[^/?#]+", re.IGNORECASE)
# A weight of zero means "not this one".
_ZERO = re.compile(br"0(\.0{0,3})?\Z")


class Refused(Exception):
    """
    Raised for a request that gets no more than a status and one line. The
    connection is of no use after it.
    """

    def __init__(self, status, reason):
        super(Refused, self).__init__(status, reason)
        self.status = status
        self.reason = reason


def take(data):
    """
    Return (Request, the bytes after it), or None if more is to come. Raises
    Refused, as early as possible.
    """
    if data.startswith(b"\r\n"):
        # Some clients end a request with one line end too many.
        data = data[2:]
    if data not in (b"", b"\r") and not _BEGIN.match(data):
        raise Refused(400, "this is not HTTP")
    head, end, rest = data.partition(b"\r\n\r\n")
    if _BARE_LF.search(head):
        raise Refused(400, "lines must end with CR and LF")
    line, _, fields = head.partition(b"\r\n")
    if len(line) > MAX_LINE:
        raise Refused(414, "the first line is too long")
    if len(head) > MAX_HEAD:
        raise Refused(431, "the request is too long")
    if not end:
        return None
    return _request(line, fields), rest


def _request(line, fields):
    match = _LINE.match(line)
    if match is None:
        raise Refused(400, "the first line makes no sense")
    method, target, major, minor = match.groups()
    if major != b"1":
        raise Refused(505, "the version must be HTTP/1.1 or 1.0")
    if method not in METHODS:
        raise Refused(405, "only GET and HEAD are answered")
    found = _fields(fields)
    modern = minor != b"0"
    hosts = found.get(b"host", [])
    if len(hosts) > 1 or (modern and not hosts):
        raise Refused(400, "there must be one field Host")
    _refuse_body(found)
    return Request(
        method.decode("ascii"),
        Question(_path(target),
                 b"application/openmetrics-text" in _items(found, b"accept"),
                 b"gzip" in _items(found, b"accept-encoding")),
        modern and b"close" not in _items(found, b"connection"),
        _PORT.sub(b"", hosts[0]).decode("latin-1").lower() if hosts else None)


def _fields(text):
    """
    Return a dict: name in lower case -> list of values.
    """
    found = {}
    lines = text.split(b"\r\n") if text else []
    if len(lines) > MAX_FIELDS:
        raise Refused(431, "there are too many fields")
    for line in lines:
        match = _FIELD.match(line)
        if match is None:
            raise Refused(400, "a field makes no sense")
        name, value = match.groups()
        found.setdefault(name.lower(), []).append(value.strip(b" \t"))
    return found


def _refuse_body(fields):
    if b"transfer-encoding" in fields:
        raise Refused(413, "no body is taken")
    lengths = fields.get(b"content-length", [b"0"])
    if len(lengths) > 1 or not _NUMBER.match(lengths[0]):
        raise Refused(400, "Content-Length makes no sense")
    if not _NO_BODY.match(lengths[0]):
        raise Refused(413, "no body is taken")


def _path(target):
    """
    Return what is asked for, without the query.
    """
    absolute = _ABSOLUTE.match(target)
    if absolute is not None:
        target = target[absolute.end():] or b"/"
    if not target.startswith(b"/"):
        raise Refused(400, "the target must be a path")
    return target.partition(b"?")[0].decode("ascii")


def _items(fields, name):
    """
    Return the set of what a list of a field has, in lower case, without
    parameters and without what is weighted zero.
    """
    items = set()
    for item in b",".join(fields.get(name, [])).split(b","):
        value, _, parameters = item.partition(b";")
        weights = [
            part.partition(b"=")[2].strip() for part in parameters.split(b";")
            if part.strip().lower().startswith(b"q=")]
        if not any(_ZERO.match(weight) for weight in weights):
            items.add(value.strip().lower())
    return items
