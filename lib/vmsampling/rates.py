# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
How fast the counters of a VM grow.
"""

from __future__ import absolute_import, division, print_function

import re

# A device's counters, with the name that tells whether the number still means
# the same device: after a hot unplug, block.1 is what was block.2.
_COUNTER = re.compile(
    r"(?:cpu\.(?:time|user|system)"
    r"|vcpu\.\d+\.(?:time|wait|delay)"
    r"|balloon\.(?:swap_in|swap_out|major_fault|minor_fault)"
    r"|(block\.\d+\.)(?:rd|wr|fl)\.(?:reqs|bytes|times)"
    r"|(net\.\d+\.)(?:rx|tx)\.(?:bytes|pkts|errs|drop))$")

# Field -> None if it is no counter, else the field with the device's name or
# "". There are as many entries as libvirt has names for the devices here.
_identities = {}


def rates(samples):
    """
    Return {field: growth per second} of the counters in the last two of the
    samples of one tier; empty if there are not two.

    There is no rate for a counter that was reset between the two, and none
    at all if one of the samples took so long that nobody knows of which part
    of the interval it tells.
    """
    if len(samples) < 2:
        return {}
    older, newer = samples[-2:]
    seconds = newer.time - older.time
    if max(older.took, newer.took) > seconds / 2:
        return {}
    found = {}
    before = older.fields
    for field, value in newer.fields.items():
        identity = _identity(field)
        if identity is None or field not in before:
            continue
        if newer.fields.get(identity) != before.get(identity):
            continue
        if value >= before[field]:
            found[field] = (value - before[field]) / seconds
    return found


def _identity(field):
    try:
        return _identities[field]
    except KeyError:
        match = _COUNTER.match(field)
        identity = None
        if match:
            device = match.group(1) or match.group(2)
            identity = device + "name" if device else ""
        _identities[field] = identity
        return identity
