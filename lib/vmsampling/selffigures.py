# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What the sampling itself costs, and how punctual it is.
"""

from __future__ import absolute_import, division, print_function

import os
import resource

from vmsampling import version


class Figures(object):
    """
    Thread: any.
    """

    def __init__(self, rounds, proc="/proc"):
        """
        rounds: a rounds.Rounds.
        """
        self._rounds = rounds
        self._statm = proc + "/self/statm"
        self._page = os.sysconf("SC_PAGE_SIZE")
        # It does not change while we run.
        self._version = version.read()

    def describe(self, wall):
        """
        Return plain data: version; cpu_seconds and resident_bytes of this
        process; late: seconds by which the last round began too late, or by
        which the next one is overdue; settled: when the last round was over.
        None is not known.

        wall: the time of day, in seconds since 1970.
        """
        used = resource.getrusage(resource.RUSAGE_SELF)
        since = self._rounds.since_settled()
        return {
            "version": self._version,
            "cpu_seconds": used.ru_utime + used.ru_stime,
            "resident_bytes": self._resident(),
            "late": self._rounds.late(),
            "settled": None if since is None else wall - since,
        }

    def _resident(self):
        try:
            with open(self._statm) as stream:
                return int(stream.read().split()[1]) * self._page
        except (EnvironmentError, LookupError, ValueError):
            return None
