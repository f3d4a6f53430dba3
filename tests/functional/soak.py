# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Random faults of a test host, one upon the other, from a seed.

    plan = soak.Plan(host, storage, elsewhere, on_storage, random)
    while ...:
        plan.step()
        ... plan.excused(name, "monitor", seconds) ...
    plan.end()
"""

from __future__ import absolute_import, division, print_function

import collections
import os

import faults
from threadpool import clock

# Seconds between the beginnings of two faults, on the average.
_PAUSE = 1.5

# make: function of a Plan that returns a Fault, or None if it cannot be now.
# seconds: how long it lasts, from and to.
# beside: names of the kinds that may be under way when it begins.
_Kind = collections.namedtuple("_Kind", "name make seconds beside")

_Begun = collections.namedtuple("_Begun", "kind fault until")


def seconds():
    """
    Return how long VDSM_SAMPLING_SOAK in the environment has the soak last.
    """
    return float(os.environ.get("VDSM_SAMPLING_SOAK", "20"))


def _stopped(plan):
    return plan.with_names(1, 4, lambda names: faults.Stopped(
        plan.host, names))


def _storage_hangs(plan):
    return faults.StorageHangs(plan.storage, plan.on_storage)


def _job_held(plan):
    return plan.with_names(1, 1, lambda names: faults.JobHeld(
        plan.host, names), among=plan.elsewhere)


def _workers_hung(plan):
    return plan.with_names(4, 4, lambda names: faults.WorkersHung(
        plan.host, names))


# A fault of libvirtd's waits for those that need it, and for those that would
# hang libvirtd itself: it looks at all images when it starts.
_KINDS = (
    _Kind("stopped", _stopped, (0.5, 6.0),
          ("storage", "job", "churn", "libvirtd stopped")),
    _Kind("storage", _storage_hangs, (0.5, 6.0),
          ("stopped", "job", "churn", "libvirtd stopped")),
    _Kind("job", _job_held, (5.0, 5.5),
          ("stopped", "storage", "churn")),
    _Kind("churn", lambda plan: faults.Churn(plan.host, 2, 1.0), (2.0, 5.0),
          ("stopped", "storage", "job")),
    _Kind("libvirtd stopped", lambda plan: faults.LibvirtdStopped(plan.host),
          (0.5, 4.0), ("stopped", "storage")),
    _Kind("libvirtd killed", lambda plan: faults.LibvirtdKilled(plan.host),
          (0.5, 2.0), ()),
    _Kind("workers hung", _workers_hung, (1.0, 5.0), ()),
)


class Plan(object):

    def __init__(self, host, storage, elsewhere, on_storage, random):
        """
        elsewhere, on_storage: names of the VMs that are not and that are on
            the storage.
        random: random.Random.
        """
        self.host = host
        self.storage = storage
        self.elsewhere = elsewhere
        self.on_storage = on_storage
        self._random = random
        self._next = clock.monotonic() + _PAUSE
        self._begun = []
        # tier -> name -> until when a fault was an excuse for it.
        self._excuses = {"monitor": {}, "host": {}}
        # Until when VMs were starting and ending.
        self._churned = None
        # Name of a kind -> how often it began.
        self.counts = collections.Counter()
        # What happened last, for people.
        self.story = collections.deque(maxlen=20)

    def step(self):
        """
        End what is over, and begin what is due. May take a few seconds.
        """
        for begun in [b for b in self._begun if clock.monotonic() > b.until]:
            self._end(begun)
        if clock.monotonic() > self._next:
            self._begin(self._random.choice(_KINDS))
            self._next = clock.monotonic() + self._random.uniform(
                0.0, 2 * _PAUSE)
        self._excuse()

    def end(self):
        """
        End all.
        """
        try:
            while self._begun:
                self._end(self._begun[-1])
        finally:
            faults.end_all([begun.fault for begun in self._begun])

    def excused(self, name, tier, seconds):
        """
        Return whether the VM is hit by a fault, or was in the last seconds.
        """
        until = self._excuses[tier].get(name)
        return until is not None and clock.monotonic() - until < seconds

    def churned(self, seconds):
        """
        Return whether VMs start and end now, or did in the last seconds.
        """
        return self._churned is not None and (
            clock.monotonic() - self._churned < seconds)

    def with_names(self, least, most, make, among=None):
        """
        Return make(names) with some VMs that no fault stops or holds now;
        None if there are too few.
        """
        taken = set(name for begun in self._begun
                    if begun.kind.name != "storage"
                    for name in begun.fault.hit)
        free = [name for name in among or self.host.domains
                if name not in taken]
        count = self._random.randint(least, most)
        return make(self._random.sample(free, count)) if (
            len(free) >= count) else None

    def _begin(self, kind):
        if any(begun.kind.name not in kind.beside for begun in self._begun):
            return
        fault = kind.make(self)
        if fault is None:
            return
        begun = _Begun(kind, fault, clock.monotonic() +
                       self._random.uniform(*kind.seconds))
        # Before it begins: its end must come, also if it begins half way.
        self._begun.append(begun)
        self._tell("begins", fault)
        self.counts[kind.name] += 1
        self._excuse()
        fault.begin()

    def _end(self, begun):
        self._tell("ends", begun.fault)
        # It may take a while, and is a fault until then.
        begun.fault.end()
        self._excuse()
        self._begun.remove(begun)

    def _excuse(self):
        now = clock.monotonic()
        for begun in self._begun:
            fault = begun.fault
            if begun.kind.name == "churn":
                self._churned = now
            names = self.host.domains if fault.wide else fault.hit
            self._excuses["monitor"].update((name, now) for name in names)
            if fault.mute:
                self._excuses["host"].update((name, now) for name in names)

    def _tell(self, what, fault):
        self.story.append("%.1f %s %r" % (clock.monotonic(), what, fault))
