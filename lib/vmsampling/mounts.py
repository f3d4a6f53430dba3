# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Which mount a path is on, found without touching the path.

A stat of a path on storage that does not answer never returns. The kernel's
list of mounts is text from its memory, and does.
"""

from __future__ import absolute_import, division, print_function

import re

_ESCAPED = re.compile(br"\\([0-7]{3})")


class Mounts(object):

    def __init__(self, lines):
        """
        lines: of /proc/PID/mountinfo, as bytes.
        """
        # The fifth field is the mount point, its white space escaped.
        self._points = frozenset(
            _unescaped(line.split()[4]) for line in lines if line.strip())

    def find(self, path):
        """
        Return the mount point with the longest prefix of path, both bytes.
        Symbolic links are not followed.
        """
        parts = _parts(path)
        while parts:
            point = b"/" + b"/".join(parts)
            if point in self._points:
                return point
            parts.pop()
        return b"/"


def read(path="/proc/self/mountinfo"):
    """
    Return the Mounts of now.
    """
    with open(path, "rb") as f:
        return Mounts(f.readlines())


def _parts(path):
    parts = []
    for part in path.split(b"/"):
        if part == b"..":
            del parts[-1:]
        elif part not in (b"", b"."):
            parts.append(part)
    return parts


def _unescaped(point):
    return _ESCAPED.sub(
        lambda match: bytes(bytearray([int(match.group(1), 8)])), point)
