# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What VDSM's own modules are to a stand-in, as far as it can tell.
"""

from __future__ import absolute_import, division, print_function

import threading

# Of two samples of a VM: the older and the newer one, seconds between them,
# and the age of the newer one; the first three are None without two.
EMPTY = (None, None, None)


class StatsCache(object):
    """
    The last two samples of all VMs. The seconds between them are those
    between the calls of put(); ages count from the times given to it.
    """

    def __init__(self, clock):
        self.clock = clock
        self._lock = threading.Lock()
        # (time of put(), {UUID: fields}), the last two.
        self._samples = []
        # UUID -> time of its last sample.
        self._times = {}
        self._newest = 0.0
        # Samples that were older than one before.
        self.dropped = 0

    def add(self, uuid):
        with self._lock:
            self._times[uuid] = self.clock()

    def put(self, bulk_stats, time):
        with self._lock:
            if time < self._newest:
                self.dropped += 1
                return
            self._newest = time
            self._samples = self._samples[-1:] + [(self.clock(), bulk_stats)]
            self._times.update((uuid, time) for uuid in bulk_stats)

    def get(self, uuid):
        """
        Return (older fields, newer fields, seconds, age).
        """
        with self._lock:
            age = self.clock() - self._times.get(uuid, 0.0)
            found = [sample.get(uuid) for _, sample in self._samples]
            if len(found) < 2 or None in found:
                return EMPTY + (age,)
            seconds = self._samples[1][0] - self._samples[0][0]
            return tuple(found) + (seconds, age)


class Builtin(object):
    """
    VDSM's VMBulkstatsMonitor. Notes how it was made and when it is called.
    """

    made = None

    def __init__(self, conn, get_vms, stats_cache, stats_types, ttl):
        Builtin.made = conn, get_vms, stats_cache, stats_types, ttl
        self.calls = 0

    def __call__(self):
        self.calls += 1
