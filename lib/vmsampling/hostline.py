# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The host's figures as one line of at most 80 columns.
"""

from __future__ import absolute_import, division, print_function

MISSING = u"-"

_GIB = 1024.0 ** 3

# What is waited for, and the resource of the kernel's files.
_PRESSURES = ((u"cpu", "cpu"), (u"mem", "memory"), (u"io", "io"))


def line(host, patience):
    """
    Return the line. What is not known is "-".

    host: snapshot["host"].
    patience: seconds after which figures are too old to be shown alone.
    """
    rates = host["rates"]
    memory = host.get("memory") or {}
    used = None
    if "available" in memory and "total" in memory:
        used = memory["total"] - memory["available"]
    found = u"host  CPU%% %s  load %s  MEM %s/%sG" % (
        _percent(rates.get("busy")),
        u" ".join(_number(value, 2) for value in host.get(
            "load") or (None, None, None)),
        _gib(used), _gib(memory.get("total")))
    if "pressure" in host:
        # Some kernels do not tell of it.
        pressure = rates.get("pressure") or {}
        found += u"  PSI% " + u" ".join(
            u"%s %s" % (name, _percent(
                pressure.get(resource, {}).get("some")))
            for name, resource in _PRESSURES)
    if host["age"] >= patience:
        return u"host  %d s ago: %s" % (host["age"], found[len(u"host  "):])
    return found


def _percent(value):
    if value is None:
        return MISSING
    return (u"%.1f" if value < 9.95 else u"%.0f") % value


def _gib(value):
    return MISSING if value is None else _number(value / _GIB, 1)


def _number(value, digits):
    """
    Return a number in at most four columns, while it has less than five
    digits.
    """
    if value is None:
        return MISSING
    while digits and len(u"%.*f" % (digits, value)) > 4:
        digits -= 1
    return u"%.*f" % (digits, value)
