# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What is under way about each storage, and what that says of older answers.
"""

from __future__ import absolute_import, division, print_function

import contextlib
import threading

from threadpool import clock as _clock

_EVER = float("-inf")


class UnderWay(object):
    """
    Looks at storages, or questions that make QEMUs look. Thread: any.
    """

    def __init__(self, usual, clock=_clock.monotonic):
        """
        usual: seconds that one of them may take without giving rise to
            doubts.
        """
        self._usual = usual
        self._clock = clock
        self._lock = threading.Lock()
        # Under the lock: one (names of storages, time of the beginning) each.
        self._entries = []

    @contextlib.contextmanager
    def noted(self, storages):
        """
        Something about these storages is under way inside the with
        statement.
        """
        entry = frozenset(storages), self._clock()
        with self._lock:
            self._entries.append(entry)
        try:
            yield
        finally:
            with self._lock:
                # Entries that are equal say the same: any of them goes.
                self._entries.remove(entry)

    def doubted_until(self, storages):
        """
        Return the time before which answers of these storages do not count.

        What takes longer than usual raises doubts: an answer from before
        that is no excuse for one more. An answer that came after it is.
        """
        now = self._clock()
        return max([_EVER] + [
            began + self._usual for began in self._began(storages)
            if now - began > self._usual])

    def longest(self, storages):
        """
        Return for how many seconds something about them is under way; 0.0 if
        nothing is.
        """
        now = self._clock()
        return max([0.0] + [
            now - began for began in self._began(storages)])

    def _began(self, storages):
        with self._lock:
            return [began for names, began in self._entries
                    if not names.isdisjoint(storages)]
