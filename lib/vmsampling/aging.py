# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
A snapshot some time after it was taken: what is in it has grown older.
"""

from __future__ import absolute_import, division, print_function

# Spans of time up to now: of the evidence of a call that hangs, and of what
# is beside the VMs.
_SPANS = ("seconds", "late")
_AGE = ("age",)


def aged(snapshot, seconds):
    """
    Return what the snapshot would be if nothing had been learned for so many
    seconds since. Shares with it all that does not change.
    """
    found = dict(snapshot)
    for key in ("time", "monotonic"):
        if key in found:
            found[key] += seconds
    for key in ("host", "server"):
        if found.get(key):
            found[key] = _older(found[key], _AGE, seconds)
    if found.get("pools"):
        found["pools"] = dict(
            (name, _older(pool, _AGE, seconds))
            for name, pool in found["pools"].items())
    found["hung"] = [_older(one, _SPANS, seconds)
                     for one in snapshot.get("hung") or ()]
    found["vms"] = dict((uuid, _vm(vm, seconds))
                        for uuid, vm in snapshot["vms"].items())
    return found


def _vm(vm, seconds):
    found = dict(vm)
    found["age"] = dict((tier, None if age is None else age + seconds)
                        for tier, age in vm["age"].items())
    found["stuck"] = vm["stuck"] and _older(vm["stuck"], _SPANS, seconds)
    return found


def _older(data, spans, seconds):
    found = dict(data)
    for key in spans:
        if isinstance(found.get(key), (int, float)):
            found[key] += seconds
    return found
