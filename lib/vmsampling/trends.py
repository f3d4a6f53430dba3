# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
How busy each VM was in the last rounds, for a line of a few characters or
pixels.
"""

from __future__ import absolute_import, division, print_function

import collections
import re
import threading

# What is followed, and which rates make it up.
_PARTS = (
    ("cpu", re.compile(r"cpu\.time$")),
    ("disk", re.compile(r"block\.\d+\.(?:rd|wr)\.bytes$")),
    ("net", re.compile(r"net\.\d+\.(?:rx|tx)\.bytes$")),
)
NAMES = tuple(name for name, _ in _PARTS)

# The least that a full line stands for, so that nearly nothing does not look
# like a storm: a core, and 64 KiB a second.
LEAST = {"cpu": 1.0, "disk": 65536.0, "net": 65536.0}

# Those that stand still with a tier: what was last seen of them is not what
# is. CPU times are read elsewhere when the VM does not answer.
_TIERS = {"disk": "monitor", "net": "host"}

# A tier is old when it has missed so many rounds.
_PERIODS = 2

# libvirt's CPU times are nanoseconds.
_SCALE = {"cpu": 1e-9}


class Trends(object):
    """
    The last values of each VM that is there. Thread: any.
    """

    def __init__(self, points=60):
        """
        points: how many rounds are kept.
        """
        self._points = points
        self._lock = threading.Lock()
        # All below changes under the lock.
        # UUID -> deque of {name: value or None}, the newest last
        self._vms = {}
        # Number of the round that was added last.
        self._round = None

    def add(self, snapshot):
        """
        Take over one round, see Sampler.snapshot(); one that is there
        already is ignored. A VM that has left is forgotten.
        """
        with self._lock:
            if snapshot["round"] == self._round:
                return
            self._round = snapshot["round"]
            old = self._vms
            self._vms = {}
            for uuid, vm in snapshot["vms"].items():
                values = old.get(uuid)
                if values is None:
                    values = collections.deque(maxlen=self._points)
                values.append(_levels_now(vm, snapshot.get("period")))
                self._vms[uuid] = values

    def of(self, uuid):
        """
        Return {name: list of numbers, the newest last, None where nothing is
        known}: cpu in cores, disk and net in bytes a second, both directions
        together. Empty lists for a VM that is not there.
        """
        with self._lock:
            values = list(self._vms.get(uuid, ()))
        return dict((name, [value[name] for value in values])
                    for name in NAMES)


def _levels_now(vm, period):
    found = levels(vm["rates"])
    for name, tier in _TIERS.items():
        age = vm["age"].get(tier)
        if age is None or (period and age >= _PERIODS * period):
            found[name] = None
    return found


def levels(rates):
    """
    Return {name: number, None where nothing is known} of one VM's rates, as
    Trends.of() has them.
    """
    found = dict.fromkeys(NAMES)
    for field, value in rates.items():
        for name, pattern in _PARTS:
            if value is not None and pattern.match(field):
                found[name] = ((found[name] or 0.0) +
                               value * _SCALE.get(name, 1.0))
    return found
