# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
When the storage tier of a VM is asked: seldom, and only if its storages have
just answered us.

The question makes QEMU look at its images. If the storage has died, QEMU
hangs in that look with all that it does, though it would have run on without
the question. So each image is looked at by a canary of ours before.

A round of sampling begins with begin(), which sends the canaries for the VMs
that are due. When the last image of a VM has answered it is asked, by a task
of its own that has the VM's key and counts in the group of its storages. If
the VM is being asked something else at that time, that is tried again until
the answers are too old; then the VM is still due at the next round.
"""

from __future__ import absolute_import, division, print_function

import functools
import logging

import libvirt

from vmsampling import admission
from vmsampling import canary
from vmsampling import connection as _connection
from vmsampling import groups
from vmsampling import history as _history
from vmsampling import question
from vmsampling import storages as _storages
from vmsampling import underway

log = logging.getLogger("vmsampling.storagetier")

# An answer is fresh for half a round, and no longer than so many seconds.
_FRESH = 2.0

# Seconds until a VM that is busy is tried again.
_PAUSE = 0.05

# What can be said of a VM's canaries.
ANSWERS = "answers"
WAITS = "waits"
REFUSED = "refused"
NONE = "none"


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
            self.touch(self._ask_storage, connection, virt_domain)

    def _ask_storage(self, connection, virt_domain):
        time = self.clock()
        with self._storage.asking(self.domain):
            record = self.stats(connection, virt_domain, groups.STORAGE)
            if record is None or not groups.is_storage_complete(record):
                return
            try:
                if (self._storage.wants_errors and
                        connection.driver == groups.RICH_DRIVER):
                    self._add_errors(connection, virt_domain, record)
            finally:
                self.history.put(
                    self.domain, _history.STORAGE, time, record)

    def _add_errors(self, connection, virt_domain, record):
        """
        Add the disks' errors, for which QEMU looks at the images once more.
        The call waits for a job that somebody else holds, which nobody did
        a moment before.
        """
        self.say("diskErrors", of_vm=True)
        errors = self.attempt(connection, virt_domain.diskErrors)
        for disk in self.domain.devices.disks if errors is not None else ():
            record["block.%d.error" % disk.number] = errors.get(
                disk.name, libvirt.VIR_DOMAIN_DISK_ERROR_NONE)


class Storage(object):

    def __init__(self, round_period, period, canaries, monitors, connections,
                 history, budget, scheduler):
        """
        round_period: seconds between two rounds of sampling.
        period: seconds between two questions to a VM.
        canaries, monitors: admission.Admission to the pools for the looks at
            images and for the questions.
        """
        self._clock = clock = scheduler.clock
        self._fresh = min(round_period / 2, _FRESH)
        # At a round that comes a little early a VM is due all the same.
        self._period = period - round_period / 2
        # By then each image was looked at again, if that is possible.
        self._old = period + 2 * round_period
        self._canaries = canaries
        self._monitors = monitors
        self._connections = connections
        self._history = history
        self._budget = budget
        self._scheduler = scheduler
        self._answers = canary.Answers(clock)
        # Less than the time after which the pool goes on without a question
        # that hangs: the next one then finds the storage in doubt.
        self._looks, self._questions = [
            underway.UnderWay(pool.timeout / 2, clock)
            for pool in (canaries, monitors)]
        # Whether the disks' errors are asked for. Set before begin().
        self.wants_errors = True
        # Whether the images that libvirt names are the files that we see.
        self._local = False

    def see(self, uri):
        """
        This is the URI that we are connected to.
        """
        self._local = not _connection.is_remote(uri)
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
            image for domain in domains if domain.devices is not None
            for image in domain.devices.images))
        for storage, waiting in _by_storage(due).items():
            self._canaries.dispatch(canary.Canary(
                storage, waiting, self._answers, self._looks, self._ask),
                key=storage)
        for domain in due:
            if not domain.devices.images:
                # There is nothing to wait for.
                self._ask(domain)

    def is_ready(self, domain):
        """
        Return whether the domain may be asked now. Thread: any.
        """
        if not self._local or not self._is_due(domain):
            return False
        devices = domain.devices
        oldest = max(self._clock() - self._fresh,
                     self._looks.doubted_until(devices.storages),
                     self._questions.doubted_until(devices.storages))
        times = [self._answers.time(image) for image in devices.images]
        return all(time is not None and time >= oldest for time in times)

    def asking(self, domain):
        """
        The QEMU looks at its images inside the with statement. Thread: the
        VM's task.
        """
        return self._questions.noted(domain.devices.storages)

    def describe(self, domain):
        """
        Return what is known of a VM's storages, as plain data: "groups",
        their names; "canary", one of the words above; "why", text or None.

        Touches none of them. Thread: any.
        """
        devices = domain.devices
        known = self._local and devices is not None
        word, why = self._judge(devices)
        return {
            "groups": sorted(devices.storages) if known else [],
            "canary": word,
            "why": why,
        }

    def _ask(self, domain, until=None):
        """
        Ask the domain if it is ready; if it is busy, again and again.
        Thread: the canary's, then the scheduler's.
        """
        now = self._clock()
        if until is None:
            until = now + self._fresh
        if now > until or not self.is_ready(domain):
            return
        asked = StorageQuestion(
            domain, self, self._connections, self._history, self._budget,
            clock=self._clock)
        asked.timeout = self._monitors.timeout
        if self._monitors.dispatch(
                asked, key=domain.uuid, group=domain.devices.group):
            domain.storage_question = asked
        else:
            admission.later(self._scheduler, _PAUSE,
                            functools.partial(self._ask, domain, until))

    def _is_due(self, domain):
        devices = domain.devices
        # A VM whose disks have changed may have one that nobody looked at.
        if (devices is None or domain.stale or devices.opaque or
                not domain.askable):
            return False
        last = self._history.last(domain, _history.STORAGE)
        return last is None or self._clock() - last.time > self._period

    def _is_worth_a_look(self, domain):
        """
        False if we were not let in a short time ago.
        """
        now = self._clock()
        refusals = [self._answers.refusal(image)
                    for image in domain.devices.images]
        return all(refusal is None or now - refusal[0] > self._period
                   for refusal in refusals)

    def _judge(self, devices):
        """
        Return (word, why), see describe().
        """
        if not self._local:
            return NONE, "not this machine"
        if devices is None:
            return NONE, "its disks are not known yet"
        if devices.opaque:
            return NONE, devices.why_opaque
        if not devices.images:
            return NONE, "no disks"
        for image in devices.images:
            refusal = self._answers.refusal(image)
            if refusal is not None:
                return REFUSED, "%s: %s" % (
                    refusal[1], _storages.shown(image.path))
        return self._judge_answers(devices)

    def _judge_answers(self, devices):
        seconds, storage = max(
            (self._looks.longest([name]), name) for name in devices.storages)
        if seconds > self._canaries.timeout:
            return WAITS, "no answer from %s for %.0f s" % (storage, seconds)
        times = [self._answers.last(image) for image in devices.images]
        if None in times:
            return WAITS, "not looked at yet"
        age = self._clock() - min(times)
        if age > self._old:
            return WAITS, "the last look was %.0f s ago" % age
        return ANSWERS, None


def _by_storage(domains):
    """
    Return {storage: {image on it: [domains that have it]}}.
    """
    found = {}
    for domain in domains:
        for storage, images in domain.devices.storages.items():
            waiting = found.setdefault(storage, {})
            for image in images:
                waiting.setdefault(image, []).append(domain)
    return found
