# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Saying the same thing now and then, not each time.
"""

from __future__ import absolute_import, division, print_function

import threading

from threadpool import clock as _clock


class Throttle(object):
    """
    Admits up to burst events per interval and counts the rest.

        suppressed = throttle.admit()
        if suppressed is not None:
            log.warning("... (%d more not logged)", suppressed)
    """

    def __init__(self, interval, burst=1, clock=_clock.monotonic):
        self._interval = interval
        self._burst = burst
        self._clock = clock
        self._lock = threading.Lock()
        # When the current interval began, how many it admitted, and how many
        # were refused since the last one admitted. All under the lock.
        self._began = None
        self._admitted = 0
        self._suppressed = 0

    def admit(self):
        """
        Return how many were suppressed before this one, or None if this one
        is to be suppressed too. Thread: any.
        """
        with self._lock:
            now = self._clock()
            if self._began is None or now - self._began >= self._interval:
                self._began = now
                self._admitted = 0
            if self._admitted >= self._burst:
                self._suppressed += 1
                return None
            self._admitted += 1
            suppressed, self._suppressed = self._suppressed, 0
            return suppressed
