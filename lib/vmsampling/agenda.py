# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Which of some calls are due, each again and again at an interval of its own.

All are due at the start, and then at the start plus a whole number of their
intervals, however late the runs before were: nothing drifts. What was missed
altogether is due once.
"""

from __future__ import absolute_import, division, print_function

import collections

# kind: whatever tells some calls from the others.
Call = collections.namedtuple("Call", "function interval kind")


class Agenda(object):
    """
    Not locked: belongs to one thread at a time, or to a lock of its owner.
    """

    def __init__(self):
        self._calls = []
        # Call -> when it is due next. Empty before start().
        self._due = {}
        self._phase = None

    def add(self, function, interval, kind=None):
        """
        interval: seconds.
        """
        self._calls.append(Call(function, interval, kind))

    def start(self, now):
        self._phase = now
        self._due = dict((call, now) for call in self._calls)

    def due(self, now, *kinds):
        """
        Return the calls that are due, in the order in which they were added;
        kinds: only these, if there are any.
        """
        return [call for call in self._calls
                if self._due[call] <= now and (
                    not kinds or call.kind in kinds)]

    def done(self, call, now):
        """
        A call that was due begins now.
        """
        self._due[call] = self._after(call, now)

    def next(self, now):
        """
        Return when something becomes due next, after now; None: nothing does.
        """
        return min([self._after(call, now) for call in self._calls] or [None])

    def _after(self, call, now):
        passed = (now - self._phase) // call.interval
        due = self._phase + (passed + 1) * call.interval
        # So near to now that the division took it for the one before.
        return due if due > now else due + call.interval
