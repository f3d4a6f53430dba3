# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What sampling real VMs costs: with the sampler, and with one bulk call for all
VMs each period, which is the least that any other sampler does.
"""

from __future__ import absolute_import, division, print_function

import gc
import time

import libvirt

import process
from threadpool import clock
from vmsampling import groups
from vmsampling import sampler

# So many VMs a second two cores can do, with room left.
_VMS_A_SECOND = 50

# Rounds of a trial at least.
_ROUNDS = 5

# The first rounds open connections and fill the history.
_WARM_UP = 5

_PATIENCE = 20.0

_ALL_GROUPS = (groups.HOST[0].number | groups.MONITOR.number |
               groups.STORAGE.number)


class _Sampler(object):
    """
    The sampler with a reader that looks at it once a round.
    """

    def __init__(self, uri, period):
        self._period = period
        self._sampler = sampler.Sampler(uri, period)
        if hasattr(self._sampler, "spread"):
            # Else it is its own pace that would be measured.
            self._sampler.spread = 0
        self._sampler.start()
        self._round = 0

    def next(self):
        """
        Return (VMs with all that was asked for, seconds that it took).
        """
        self._round += 1
        if not self._sampler.wait_round(self._round, _PATIENCE):
            raise AssertionError("round %d did not end" % self._round)
        snapshot = self._sampler.snapshot()
        # Reading at leisure may have missed some.
        self._round = snapshot["round"]
        fresh = [vm for vm in snapshot["vms"].values()
                 if vm["age"]["monitor"] is not None and
                 vm["age"]["monitor"] < 2 * self._period]
        return len(fresh), snapshot["elapsed"]


class _Bulk(object):

    def __init__(self, uri, period):
        self._period = period
        self._connection = libvirt.openReadOnly(uri)
        self._due = clock.monotonic()

    def next(self):
        self._due += self._period
        time.sleep(max(self._due - clock.monotonic(), 0))
        begin = clock.monotonic()
        records = self._connection.getAllDomainStats(
            _ALL_GROUPS, groups.ACTIVE | groups.NOWAIT)
        return len(records), clock.monotonic() - begin


def poll(candidate, options):
    before = _resident()
    period = max(1.0, options["vms"] / _VMS_A_SECOND)
    poller = {"ours": _Sampler, "bulk": _Bulk}[candidate](
        options["uri"], period)
    for _ in range(_WARM_UP):
        poller.next()
    warm, cpu = _resident(), process.cpu_seconds()
    rounds = [poller.next() for _ in range(
        max(int(options["seconds"] / period), _ROUNDS))]
    cpu, after = process.cpu_seconds() - cpu, _resident()
    least = min(sampled for sampled, _ in rounds)
    if least < options["vms"]:
        raise AssertionError("only %d of %d VMs were sampled in a round" % (
            least, options["vms"]))
    sweeps = sorted(seconds for _, seconds in rounds)
    samples = options["vms"] * len(rounds)
    return {
        "vms": options["vms"],
        "period": period,
        "cpu": cpu / samples * 1e6,
        "sweep": 1000 * sweeps[len(sweeps) // 2],
        "memory": (warm - before) / options["vms"] / 1024,
        "growth": (after - warm) / samples,
        "threads": process.threads(),
    }


def _resident():
    gc.collect()
    return process.resident()
