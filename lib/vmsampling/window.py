# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The last few values of something, with the time of each.
"""

from __future__ import absolute_import, division, print_function

import collections
import threading

from threadpool import clock as _clock

# One failure in between may be chance. After two in a row nothing is known.
_TOLERATED = 1


class Window(object):
    """
    Thread: any.
    """

    def __init__(self, size, clock=_clock.monotonic):
        """
        size: how many values; at least two, or 0 to keep none.
        """
        self.clock = clock
        self._lock = threading.Lock()
        # Under the lock: (time, value) each, the newest last; and how often
        # there was no value since the last one.
        self._samples = collections.deque(maxlen=size)
        self._failures = 0

    def put(self, value):
        """
        Append a value, taken now.
        """
        time = self.clock()
        with self._lock:
            self._failures = 0
            self._samples.append((time, value))

    def fail(self):
        """
        There is no value this time. What is there is forgotten if that
        happens again and again: it is not true any more.
        """
        with self._lock:
            self._failures += 1
            if self._failures > _TOLERATED:
                self._samples.clear()

    def ends(self):
        """
        Return (first value, last value, seconds between them), or three times
        None if there are less than two.
        """
        with self._lock:
            if len(self._samples) < 2:
                return None, None, None
            (began, first), (ended, last) = self._samples[0], self._samples[-1]
        return first, last, ended - began
