# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The lines of a file or a pipe that is compressed or not, such as one that
somebody has sent: nothing is taken for granted, and no more of it is held than
a line.
"""

from __future__ import absolute_import, division, print_function

import zlib

_CHUNK = 1 << 16
_GZIP = b"\x1f\x8b"

# Bytes; what is longer is no line of ours, see feedclient.py.
_MAX_LINE = 1 << 28


def lines(read):
    """
    Yield the lines, as bytes without their ends.

    read: returns at most so many bytes, none at the end.

    Raises ValueError, and what read() raises.
    """
    parts = []
    size = 0
    for chunk in _chunks(read):
        found = chunk.split(b"\n")
        for rest in found[:-1]:
            yield b"".join(parts + [rest])
            parts, size = [], 0
        parts.append(found[-1])
        size += len(found[-1])
        if size > _MAX_LINE:
            raise ValueError("a line without an end")
    last = b"".join(parts)
    if last:
        yield last


def _chunks(read):
    data = read(_CHUNK)
    # A pipe may give one byte at a time.
    while data and len(data) < len(_GZIP):
        more = read(_CHUNK)
        if not more:
            break
        data += more
    if data.startswith(_GZIP):
        for chunk in _unpacked(data, read):
            yield chunk
        return
    while data:
        yield data
        data = read(_CHUNK)


def _unpacked(data, read):
    """
    Yield what is in gzip files one after another, the first of which begins
    with this.
    """
    unpack = _decompressor()
    try:
        while data:
            # A small part of them may become very much.
            yield unpack.decompress(data, _CHUNK)
            if unpack.unused_data:
                data = unpack.unused_data
                unpack = _decompressor()
            else:
                data = unpack.unconsumed_tail or read(_CHUNK)
        yield unpack.flush()
    except zlib.error:
        raise ValueError("the compressed data are broken")
    # Python 2.7 does not know.
    if not getattr(unpack, "eof", True):
        raise ValueError("the compressed data end too early")


def _decompressor():
    return zlib.decompressobj(16 + zlib.MAX_WBITS)
