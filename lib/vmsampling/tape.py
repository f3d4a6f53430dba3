# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The last minutes of something, as lines of text: compressed, and bounded in
time and in bytes.
"""

from __future__ import absolute_import, division, print_function

import collections
import threading
import zlib

# Level 6 takes three times as long for the last fifth.
_LEVEL = 1

# zlib's word for a gzip header around it, at its largest window.
_GZIP = 16 + zlib.MAX_WBITS


class Tape(object):
    """
    Thread: any.
    """

    def __init__(self, seconds, max_bytes, clock, rank=0):
        """
        max_bytes: of what is kept, when it is compressed.
        rank: among tapes, for lines of the same time.
        """
        self._rank = rank
        self._seconds = seconds
        self._max_bytes = max_bytes
        self._clock = clock
        self._lock = threading.Lock()
        # (time, rank, number, bytes) each, the newest last; and how many
        # bytes these are. Change under the lock.
        self._kept = collections.deque()
        self.size = 0
        # How many there have been.
        self._count = 0

    def put(self, line):
        """
        Add a line, of bytes. The oldest ones make room; the newest is kept
        whatever its size is.
        """
        data = compressed(line)
        now = self._clock()
        with self._lock:
            self._kept.append((now, self._rank, self._count, data))
            self._count += 1
            self.size += len(data)
            while len(self._kept) > 1 and (
                    self.size > self._max_bytes or
                    self._kept[0][0] < now - self._seconds):
                self.size -= len(self._kept.popleft()[-1])

    def kept(self):
        """
        Return a list of (time, rank, number, bytes), in that order. The bytes
        are a gzip file each, and so are several of them one after another.
        """
        with self._lock:
            return list(self._kept)


def compressed(line):
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    return compressor.compress(line) + compressor.flush()
