# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The host's own figures, once a round, beside what libvirt says of its VMs.

The task runs behind the call for the list of the VMs, on the same pool. So it
delays no question, and if a driver of the host hangs, it holds one thread, and
the figures get older.
"""

from __future__ import absolute_import, division, print_function

import functools
import logging

from threadpool import clock as _clock
from vmsampling import connection
from vmsampling import history
from vmsampling import hostparts

log = logging.getLogger("vmsampling.hostfigures")

# One at a time, however long it takes.
KEY = "machine"

# Seconds until another thread does what comes next for the host.
_TIMEOUT = 0.05

# A processor has nothing to do then. guest and guest_nice are in others.
_IDLE = ("idle", "iowait")
_COUNTED_TWICE = ("guest", "guest_nice")


class Figures(object):
    """
    Reads them: a task.
    """

    def __init__(self, hosts, clock=_clock.monotonic):
        """
        hosts: admission.Admission to the pool for what concerns all VMs.
        """
        self._hosts = hosts
        self._clock = clock
        # A hostparts.Parts; None while there is nothing to read. Set by
        # see().
        self._parts = None
        # The last Sample, and its rates; None before. Replaced by the task.
        self._last = None

    def see(self, uri):
        """
        This is the URI that we are connected to.
        """
        if connection.is_remote(uri):
            log.info("No host statistics for %s: it is not this machine", uri)
            return
        library = hostparts.library()
        if library is None:
            log.info("No host statistics: install psutil (python3-psutil)")
            return
        self._parts = hostparts.Parts(library)

    def send(self, round_):
        """
        Dispatch it, as a part of this round. Never blocks. Thread: any.
        """
        if self._parts is None:
            return
        round_.join()
        # The one before may hang; then this round does not wait for it.
        if not self._hosts.dispatch(
                functools.partial(self, round_), key=KEY, timeout=_TIMEOUT):
            round_.leave()

    def __call__(self, round_):
        try:
            before = self._last and self._last[0]
            time = self._clock()
            fields, _ = self._parts.read()
            sample = history.Sample(time, self._clock() - time, fields)
            self._last = sample, rates(before, sample)
        finally:
            round_.leave()

    def describe(self, wall):
        """
        Return the figures as plain data, None if there are none. Thread: any.

        wall: the time of day, in seconds since 1970.
        """
        if self._last is None:
            return None
        sample, found = self._last
        age = self._clock() - sample.time
        return dict(sample.fields, time=wall - age, age=age, rates=found)

    def __repr__(self):
        return "<hostfigures.Figures>"


def rates(older, newer):
    """
    Return what two Samples say of the time between them, in percent: how
    busy the processors were, all of them together, how much of their time
    was stolen by the host of this host, and {resource: {kind: pressure}}.
    What is not known is absent.
    """
    if older is None or max(older.took, newer.took) > (
            newer.time - older.time) / 2:
        return {}
    found = _processors(older.fields.get("cpu", {}),
                        newer.fields.get("cpu", {}))
    pressure = _pressure(older.fields.get("pressure", {}),
                         newer.fields.get("pressure", {}),
                         newer.time - older.time)
    if pressure:
        found["pressure"] = pressure
    return found


def _processors(older, newer):
    spent = {}
    for name in set(older).intersection(newer):
        before, after = older[name], newer[name]
        for mode in set(before).intersection(after).difference(
                _COUNTED_TWICE):
            # The kernel takes some idle time back now and then.
            spent[mode] = spent.get(mode, 0.0) + max(
                after[mode] - before[mode], 0.0)
    total = sum(spent.values())
    if not total:
        return {}
    idle = sum(spent.get(mode, 0.0) for mode in _IDLE)
    found = {"busy": 100 * (total - idle) / total}
    if "steal" in spent:
        found["steal"] = 100 * spent["steal"] / total
    return found


def _pressure(older, newer, seconds):
    found = {}
    for resource in newer:
        for kind, value in newer[resource].items():
            before = older.get(resource, {}).get(kind)
            if before is not None and value >= before:
                found.setdefault(resource, {})[kind] = min(
                    100 * (value - before) / seconds, 100.0)
    return found
