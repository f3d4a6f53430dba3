# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Which mount a path is on, found without touching the path.

A stat of a path on storage that does not answer never returns. The kernel's
list of mounts is text from its memory, and does.
"""

from __future__ import absolute_import, division, print_function

import os
import re

_ESCAPED = re.compile(br"\\([0-7]{3})")

# They live in the kernel's memory, so a look at them cannot hang.
_IN_MEMORY = frozenset((b"tmpfs", b"devtmpfs"))


class Mounts(object):

    def __init__(self, lines):
        """
        lines: of /proc/PID/mountinfo, as bytes.
        """
        # Mount point -> type of the file system; of several mounts on one
        # point the last one is on top.
        self._types = dict(_parsed(line) for line in lines if line.strip())

    def find(self, path):
        """
        Return the mount point with the longest prefix of path, both bytes.
        Symbolic links are not followed.
        """
        return self._find(_parts(path))

    def follow(self, path):
        """
        Return the path without its first symbolic link, or None if there is
        none that lies in memory: only there it is looked for.
        """
        parts = _parts(path)
        for count in range(1, len(parts) + 1):
            prefix = _joined(parts[:count])
            # A mount point is no link.
            if (prefix in self._types or self._types.get(
                    self._find(parts[:count])) not in _IN_MEMORY):
                continue
            try:
                target = os.readlink(prefix)
            except EnvironmentError:
                # No link, or not there.
                continue
            # A link that does not begin at the root begins at its folder.
            start = [target] if target.startswith(b"/") else (
                parts[:count - 1] + [target])
            return _joined(_parts(b"/".join(start + parts[count:])))
        return None

    def _find(self, parts):
        parts = list(parts)
        while parts:
            point = _joined(parts)
            if point in self._types:
                return point
            parts.pop()
        return b"/"


def read(path="/proc/self/mountinfo"):
    """
    Return the Mounts of now.
    """
    with open(path, "rb") as f:
        return Mounts(f.readlines())


def _parsed(line):
    """
    Return (mount point, type).
    """
    # The fifth field is the mount point, its white space escaped; the type
    # comes behind a lone hyphen, since the fields before that vary.
    fields = line.split()
    return _unescaped(fields[4]), fields[fields.index(b"-", 6) + 1]


def _parts(path):
    parts = []
    for part in path.split(b"/"):
        if part == b"..":
            del parts[-1:]
        elif part not in (b"", b"."):
            parts.append(part)
    return parts


def _joined(parts):
    return b"/" + b"/".join(parts)


def _unescaped(point):
    return _ESCAPED.sub(
        lambda match: bytes(bytearray([int(match.group(1), 8)])), point)
