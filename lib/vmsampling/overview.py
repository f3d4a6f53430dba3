# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
All that is known now of all VMs, and of the sampling itself, as plain data.
"""

from __future__ import absolute_import, division, print_function

import collections
import os
import time

from vmsampling import selffigures
from vmsampling import view

# old: seconds after which what was seen last says nothing of now; stuck: for
# so long a VM must seem to hang to be shown.
Patience = collections.namedtuple("Patience", "old stuck")


class Overview(object):
    """
    Never calls libvirt, never waits for what does. Thread: any.
    """

    def __init__(self, rounds, cycle, pools, registry, history, storage,
                 budget, patience):
        """
        pools: the Executors, that which asks the VMs first.
        """
        self._rounds = rounds
        self._cycle = cycle
        self._pools = pools
        self._registry = registry
        self._history = history
        self._storage = storage
        self._budget = budget
        self._patience = patience
        self._clock = history.clock
        self._own = selffigures.Figures(rounds)

    def take(self):
        """
        Return it; see Sampler.snapshot().
        """
        number, elapsed = self._rounds.last()
        answers = self._cycle.answers(self._patience.old)
        stuck, hung = self._hung(answers)
        now = self._clock()
        wall = time.time()
        return {
            "time": wall,
            # All processes of this machine have this clock.
            "monotonic": now,
            "period": self._rounds.period,
            "round": number,
            "elapsed": elapsed,
            "threads": _threads(),
            "connected": answers,
            "pool": self._pools[0].state(),
            "executors": dict((pool.name, pool.state())
                              for pool in self._pools),
            "sampler": self._own.describe(wall),
            "budget": self._budget.state(),
            # Stuck calls that say nothing of a VM: they wait for libvirtd,
            # or for a storage.
            "hung": hung,
            "vms": dict(
                (vm.uuid, view.vm(vm, self._history.samples(vm),
                                  stuck.get(vm.uuid) or self._held(vm, now),
                                  self._storage.describe(vm), now,
                                  self._patience.old))
                for vm in self._registry.all()),
        }

    def _hung(self, answers):
        """
        Return ({UUID: evidence} of stuck VMs, list of the evidence of other
        stuck calls). Reads /proc if there are any.
        """
        stuck = {}
        hung = []
        now = self._clock()
        for pool in self._pools:
            for entry in pool.stuck() if pool.state()["stuck"] else ():
                if not entry["stuck"]:
                    continue
                found = view.stuck(
                    entry, self._registry.get(entry["key"]), answers, now)
                if found is None:
                    hung.append(view.evidence(entry))
                else:
                    stuck[entry["key"]] = found
        return stuck, hung

    def _held(self, domain, now):
        """
        Return the evidence of a VM that is not asked since it hangs, once
        that is long enough, else None.
        """
        held = domain.process.held
        if (held is None or now - held.since < self._patience.stuck or
                now - held.looked > self._patience.old):
            return None
        return view.held(held, now)


def _threads():
    """
    Return how many this process has, those of libvirt's included.
    """
    # A look takes no descriptor: there may be none left.
    return os.stat("/proc/self/task").st_nlink - 2
