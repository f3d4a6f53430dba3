# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
A snapshot some time after it was taken: what is in it has grown older.
"""

from __future__ import absolute_import, division, print_function

# Of the evidence of a call that hangs: spans of time up to now.
_SPANS = ("seconds", "late")


def aged(snapshot, seconds):
    """
    Return what the snapshot would be if nothing had been learned for so many
    seconds since. Shares with it all that does not change.
    """
    found = dict(snapshot)
    for key in ("time", "monotonic"):
        if key in found:
            found[key] += seconds
    found["hung"] = [_evidence(one, seconds)
                     for one in snapshot.get("hung") or ()]
    found["vms"] = dict((uuid, _vm(vm, seconds))
                        for uuid, vm in snapshot["vms"].items())
    return found


def _vm(vm, seconds):
    found = dict(vm)
    found["age"] = dict((tier, None if age is None else age + seconds)
                        for tier, age in vm["age"].items())
    found["stuck"] = vm["stuck"] and _evidence(vm["stuck"], seconds)
    return found


def _evidence(evidence, seconds):
    found = dict(evidence)
    for key in _SPANS:
        if isinstance(found.get(key), (int, float)):
            found[key] += seconds
    return found
