# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Whether VDSM gets the same from our samples as from its own.
"""

from __future__ import absolute_import, division, print_function

import importlib
import time

import libvirt

import samplers
from threadpool import clock

# Rounds until the images were looked at, and of those the ones that are
# compared at least.
_MOST_ROUNDS = 20

# One of the fields that come last.
_LAST = "block.0.allocation"

# CPU times go on between two questions, and so does what is made of them.
_GOES_ON = ("cpu", "sampleTime")


class _Bulk(object):
    """
    VDSM's call.
    """

    def __init__(self, uri):
        self._connection = libvirt.openReadOnly(uri)

    def take(self):
        """
        Return {UUID: fields}.
        """
        return dict(
            (vm.UUIDString(), fields) for vm, fields in
            self._connection.getAllDomainStats(
                samplers.GROUPS,
                libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_RUNNING))


class _Drive(dict):
    """
    What VDSM knows of a disk.
    """

    truesize = apparentsize = 1048576
    iotune = None

    def __init__(self, name):
        super(_Drive, self).__init__()
        self.name = name


class _VM(object):
    """
    What VDSM knows of a VM.
    """

    id = "vm"
    monitorable = True

    def getDiskDevices(self):
        return [_Drive("vda")]

    def getNicDevices(self):
        return []

    def mem_size_mb(self):
        return 16

    def get_balloon_info(self):
        return {"target": 16384, "minimum": 0, "enabled": False}


def same(_candidate, options):
    """
    Return how many VMs, fields and entries were compared, and what differs:
    {name: text}.
    """
    ours = samplers.StandIn(options)
    vmstats = importlib.import_module("vdsm.virt.vmstats")
    rounds = _rounds(ours, _Bulk(options["uri"]), options["period"])
    differ = {}
    fields = entries = 0
    for uuid in rounds[-1][0]:
        first, last = [[samples[uuid] for samples in round_]
                       for round_ in rounds]
        fields += len(last[0])
        differ.update(_fields_that_differ(*last))
        plain, standing_in = [
            vmstats.produce(_VM(), first[n], last[n], options["period"])
            for n in (0, 1)]
        entries += len(plain)
        differ.update(_entries_that_differ(plain, standing_in))
    return {"vms": len(rounds[-1][0]), "fields": fields, "entries": entries,
            "differ": differ}


def _rounds(ours, bulk, period):
    """
    Return the last two of [VDSM's sample, ours, VDSM's], each of all VMs.
    """
    found = []
    for _ in range(_MOST_ROUNDS):
        before = bulk.take()
        newest = ours.next_sample(clock.monotonic() + 2 * period)
        found.append((before, newest, bulk.take()))
        if all(_LAST in fields for round_ in found[-2:]
               for fields in round_[1].values()) and len(found) > 1:
            break
        time.sleep(0.01)
    return found[-2:]


def _fields_that_differ(before, ours, after):
    for name in set(before).union(ours):
        if name not in ours or name not in before:
            yield name, "only in %s" % (
                "ours" if name in ours else "VDSM's")
        elif not _is_between(before[name], ours[name], after.get(name)):
            yield name, "%r, ours %r, then %r" % (
                before[name], ours[name], after.get(name))


def _is_between(before, ours, after):
    if isinstance(before, str):
        return before == ours
    return min(before, after) <= ours <= max(before, after)


def _entries_that_differ(plain, ours):
    for name in set(plain).union(ours):
        if name.startswith(_GOES_ON) and name in plain and name in ours:
            continue
        if plain.get(name) != ours.get(name):
            yield "produce() " + name, "%r, ours %r" % (
                plain.get(name), ours.get(name))
