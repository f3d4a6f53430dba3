# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
When the storage tier of a VM is asked: seldom, and only if the storage has
just answered us.

The question makes QEMU look at its images. If the storage has died, QEMU
hangs in that look with all that it does, though it would have run on without
the question. So each image is looked at by a canary of ours before.

A round of sampling begins with begin(), which sends the canaries for the VMs
that are due. Whichever comes last, the answers of a VM's images or the end of
its monitor question, asks the storage tier. If both miss each other, or the
VM is busy, the VM is still due at the next round.
"""

from __future__ import absolute_import, division, print_function

import logging

from threadpool import clock as _clock
from vmsampling import canary
from vmsampling import connection
from vmsampling import history as _history
from vmsampling import mounts as _mounts
from vmsampling import question

log = logging.getLogger("vmsampling.storagetier")

# An answer is fresh for half a round, and no longer than so many seconds.
_FRESH = 2.0


class StorageQuestion(question.Question):

    name = "Storage"

    def __init__(self, domain, storage, *args, **kwargs):
        """
        The other arguments: as for Question.
        """
        super(StorageQuestion, self).__init__(domain, *args, **kwargs)
        self._storage = storage

    def ask(self, connection):
        virt_domain = self.look_up(connection)
        # It may have waited for a worker until the answer was old.
        if self._storage.is_ready(self.domain):
            self.touch(self.ask_storage, connection, virt_domain)


class Storage(object):

    def __init__(self, round_period, period, canaries, monitors, connections,
                 history, budget, clock=_clock.monotonic):
        """
        round_period: seconds between two rounds of sampling.
        period: seconds between two questions to a VM.
        canaries, monitors: admission.Admission to the pools for the looks at
            images and for the questions.
        """
        self._fresh = min(round_period / 2, _FRESH)
        # At a round that comes a little early a VM is due all the same.
        self._period = period - round_period / 2
        self._canaries = canaries
        self._monitors = monitors
        self._connections = connections
        self._history = history
        self._budget = budget
        self._clock = clock
        self._answers = canary.Answers(clock)
        # Whether the images that libvirt names are the files that we see.
        self._local = False

    def see(self, uri):
        """
        This is the URI that we are connected to.
        """
        self._local = not connection.is_remote(uri)
        if not self._local:
            log.info("No storage tier for %s: it is not this machine", uri)

    def begin(self, domains):
        """
        Send the canaries for those of the domains that are due. Thread: the
        host's task.
        """
        if not self._local:
            return
        due = [domain for domain in domains
               if self._is_due(domain) and self._is_worth_a_look(domain)]
        if not due:
            return
        self._answers.retain(set(
            path for domain in domains if domain.devices is not None
            for path in domain.devices.images))
        for mount, waiting in _by_mount(due).items():
            self._canaries.dispatch(canary.Canary(
                mount, waiting, self._answers, self._ask_if_ready),
                key="mount %r" % mount)

    def is_ready(self, domain):
        """
        Return whether the domain may be asked now. Thread: any.
        """
        if not self._local or not self._is_due(domain):
            return False
        ages = [self._answers.age(path) for path in domain.devices.images]
        return all(age is not None and age <= self._fresh for age in ages)

    def _ask_if_ready(self, domain):
        """
        Thread: the canary's. If the VM is busy with its monitor question,
        that one asks the storage tier in the end.
        """
        if self.is_ready(domain):
            self._monitors.dispatch(StorageQuestion(
                domain, self, self._connections, self._history, self._budget,
                clock=self._clock), key=domain.uuid)

    def _is_due(self, domain):
        devices = domain.devices
        if devices is None or devices.opaque or not domain.askable:
            return False
        last = self._history.last(domain, _history.STORAGE)
        return last is None or self._clock() - last.time > self._period

    def _is_worth_a_look(self, domain):
        """
        False if we were not let in a short time ago.
        """
        ages = [self._answers.refusal_age(path)
                for path in domain.devices.images]
        return all(age is None or age > self._period for age in ages)


def _by_mount(domains):
    """
    Return {mount: {path of an image on it: [domains that have it]}}.
    """
    mounts = _mounts.read()
    found = {}
    for domain in domains:
        for path in domain.devices.images:
            waiting = found.setdefault(mounts.find(path), {})
            waiting.setdefault(path, []).append(domain)
    return found
