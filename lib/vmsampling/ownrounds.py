# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The rounds of a sampler in this process.
"""

from __future__ import absolute_import, division, print_function

from vmsampling import sampler


class OwnRounds(object):
    """
    Construct, start, stop: one way.
    """

    def __init__(self, settings, period):
        """
        settings: as config.load() returns them.
        period: seconds between two rounds.
        """
        self._sampler = sampler.Sampler(
            connect=settings["connect"], period=period,
            workers=settings["workers"], max_hung=settings["max_hung"],
            timeout=settings["timeout"], stuck_after=settings["stuck_after"],
            storage_period=settings["storage_period"])
        # Number of the last round that was shown.
        self._shown = 0

    def start(self):
        """
        Begin. May hang until stop(). Raises ConnectFailed.
        """
        self._sampler.start()

    def stop(self, timeout=1.0):
        """
        Always returns in time; idempotent. Thread: any.
        """
        self._sampler.stop(timeout)

    def add_listener(self, listener):
        """
        See Sampler.add_listener().
        """
        self._sampler.add_listener(listener)

    def wait(self, timeout):
        """
        Wait for a round that snapshot() has not shown; False if there is none
        in time, or no more.
        """
        return self._sampler.wait_round(self._shown + 1, timeout)

    def snapshot(self):
        """
        See Sampler.snapshot().
        """
        found = self._sampler.snapshot()
        self._shown = found["round"]
        return found
