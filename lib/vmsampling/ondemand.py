# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
A sampler whose user begins the rounds, waits for the answers, and hands them
on: for those who keep time themselves.

    sampling = ondemand.Sampler("qemu:///system", period=15.0)
    sampling.start()
    ...
    given = {}
    ...
    round_ = sampling.begin_round()
    sampling.wait_answers(round_, 6.0)
    sampling.records(round_, given)
"""

from __future__ import absolute_import, division, print_function

from threadpool import clock as _clock
from vmsampling import history as _history
from vmsampling import sampler

# Which part of a period the VMs of a round are spread over. Somebody waits
# for the last one, so it is shorter than where nobody does.
_SPREAD = 1 / 8

# Seconds between two looks at who is late.
_PAUSE = 0.05

# Seconds that a late answer is waited for. Deadlines are short, since a call
# that hangs holds others up; one that is missed here costs a VM its sample.
_GRACE = 0.25

# So many periods after its last full answer a VM that is busy still counts
# as one that answers.
_BUSY_PERIODS = 2

# So many periods before a round the answers may be from that were too late
# for the one before.
_LATE_PERIODS = 1.5

_EVER = float("inf")


class Sampler(sampler.Sampler):
    """
    See the module.
    """

    periodic = False

    def __init__(self, connect, period, storage_period=60.0, **settings):
        """
        period: seconds between two rounds, about.

        The other arguments: as for sampler.Sampler. Raises ValueError.
        """
        super(Sampler, self).__init__(
            connect, period, storage_period=storage_period, **settings)
        self.spread = period * _SPREAD
        self._patience = _BUSY_PERIODS * period
        self._late = _LATE_PERIODS * period
        # By then each image was looked at again, if that is possible.
        self._storage_patience = storage_period + 2 * period

    def begin_round(self):
        """
        Ask all VMs; return the rounds.Round. Never blocks. Thread: any.
        """
        return self._rounds.begin(thorough=True)

    def wait_answers(self, round_, timeout):
        """
        Wait until all VMs have answered, but for those who seem to hang.
        False if it takes longer, or the sampler is stopped.
        """
        limit = _clock.monotonic() + timeout
        while True:
            remaining = limit - _clock.monotonic()
            if self._rounds.wait(round_.number, min(remaining, _PAUSE)):
                return True
            if round_.is_only_late(_GRACE):
                return True
            if remaining <= 0 or self._rounds.stopped:
                return False

    def records(self, round_, given):
        """
        Return {UUID: fields} of the VMs that have answered in this round,
        or in the one before but too late for it, with libvirt's names of the
        fields. Thread: any.

        given: a dict of the caller's own, empty at first, which knows what he
            has got: nothing is given twice.

        Fields that libvirtd alone knows are there if they are as new; those
        about images, which are asked for seldom, while they are not too old.
        Of a VM that somebody keeps busy there is what libvirtd knows, for a
        while.
        """
        found = {}
        domains = self._registry.all()
        for domain in domains:
            fields = self._fields(domain, round_.began, given)
            if fields is not None:
                found[domain.uuid] = fields
        for domain in set(given).difference(domains):
            del given[domain]
        return found

    def knows(self, uuids):
        """
        Return whether libvirt has any of these VMs.
        """
        return any(self._registry.get(uuid) is not None for uuid in uuids)

    def connected(self):
        """
        Return False if there is no connection to libvirt, or libvirt has
        never answered on it. Thread: any.
        """
        return self._cycle.answers(_EVER)

    def _fields(self, domain, began, given):
        samples = self._history.samples(domain)
        newest = dict((tier, samples[tier][-1]) for tier in samples)
        times = given.setdefault(domain, {})

        def is_new(tier):
            return tier in newest and newest[tier].time > times.get(
                tier, began - self._late)

        monitor = newest.get(_history.MONITOR)
        if is_new(_history.MONITOR):
            tiers = [_history.STORAGE, _history.MONITOR]
        elif (is_new(_history.PARTIAL) and domain.question is None and
                monitor is not None and
                monitor.time >= began - self._patience):
            tiers = [_history.PARTIAL]
        else:
            return None
        fields = {}
        for tier in [_history.HOST] + tiers:
            if tier == _history.STORAGE:
                wanted = self._has_storage(newest)
            else:
                wanted = is_new(tier)
            if wanted:
                fields.update(newest[tier].fields)
                times[tier] = newest[tier].time
        return fields

    def _has_storage(self, newest):
        sample = newest.get(_history.STORAGE)
        return sample is not None and (
            self._history.clock() - sample.time <= self._storage_patience)
