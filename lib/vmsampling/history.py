# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The last samples of each VM and tier.

A tier is a set of fields that can hang for the same reason, and is asked by
calls of its own:

    HOST     libvirtd alone answers
    MONITOR  the QEMU answers on its monitor
    STORAGE  the QEMU looks at the images of the disks
    DETAIL   the same, asked for seldom
    PROCESS  nobody is asked: what /proc and the cgroups say of the QEMU
    PARTIAL  what libvirtd says alone, if the QEMU was to be asked but is
             busy with something else; no tier of its own for the readers
    JOB      how far the VM's long job is, while there is one; the same

Tiers are never mixed in one sample, so each has its own age.
"""

from __future__ import absolute_import, division, print_function

import collections
import threading

from six.moves import intern

from threadpool import clock as _clock

HOST = "host"
MONITOR = "monitor"
STORAGE = "storage"
PROCESS = "process"
DETAIL = "detail"
PARTIAL = "partial"
JOB = "job"

# Those whose age is shown.
TIERS = (HOST, MONITOR, STORAGE, PROCESS, DETAIL)


class Sample(object):
    """
    What one question brought. Never changed, so readers need no copy.
    """

    __slots__ = ("time", "took", "fields")

    def __init__(self, time, took, fields):
        # Monotonic seconds, from before the question: what the fields say is
        # not older.
        self.time = time
        # Seconds until the answer: the fields may be as much newer.
        self.took = took
        # libvirt's names -> numbers and strings.
        self.fields = fields


class History(object):
    """
    Samples of the VMs that were admitted by retain(), which may be known by
    anything that is hashable.
    """

    def __init__(self, keep=2, clock=_clock.monotonic):
        """
        keep: how many samples of each VM and tier.
        """
        self._keep = keep
        self.clock = clock
        # All below changes under the lock.
        self._lock = threading.Lock()
        # VM -> {tier: deque of Samples, the newest last}
        self._samples = {}
        # Samples that came too late: older than what was there already, or
        # for a VM that is gone.
        self.dropped = 0

    def retain(self, vms):
        """
        These VMs are there: forget all others.
        """
        with self._lock:
            old = self._samples
            self._samples = dict((vm, old.get(vm, {})) for vm in vms)

    def put(self, vm, tier, time, fields):
        """
        Store what a question brought that was asked at time. Returns False
        if it was dropped, being too late. Thread: any.
        """
        # All VMs share the names of the fields; keep each of them once.
        fields = dict((intern(name), fields[name]) for name in fields)
        sample = Sample(time, self.clock() - time, fields)
        with self._lock:
            tiers = self._samples.get(vm)
            if tiers is None:
                self.dropped += 1
                return False
            samples = tiers.get(tier)
            if samples is None:
                samples = tiers[tier] = collections.deque(maxlen=self._keep)
            elif samples and samples[-1].time >= time:
                self.dropped += 1
                return False
            samples.append(sample)
            return True

    def forget(self, vm, tier):
        """
        Drop what there is of a VM's tier. Thread: any.
        """
        with self._lock:
            self._samples.get(vm, {}).pop(tier, None)

    def last(self, vm, tier):
        """
        Return the newest Sample, or None.
        """
        with self._lock:
            samples = self._samples.get(vm, {}).get(tier)
            return samples[-1] if samples else None

    def samples(self, vm):
        """
        Return {tier: tuple of Samples, the newest last}; empty if there is
        none.
        """
        with self._lock:
            return dict((tier, tuple(samples)) for tier, samples in
                        self._samples.get(vm, {}).items())
