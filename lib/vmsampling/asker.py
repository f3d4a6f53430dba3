# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Having a VM asked by the monitor pool.
"""

from __future__ import absolute_import, division, print_function

import functools
import threading

from vmsampling import admission
from vmsampling import fallback
from vmsampling import history as _history
from vmsampling import monitortier
from vmsampling import partial
from vmsampling import qemu

# Calls that may hang to find out whether libvirtd hangs as a whole. Not one:
# the VM that was chosen may be what hangs.
_MAX_PROBES = 3


# A storage question has the VM's key while it waits for a place in its group,
# and may have to until the group is known to hang: seconds from one try of
# the monitor question to the next, and how many.
_PAUSE = 0.05
_TRIES = 40

# How often to come back to a VM whose job another client had: mostly one who
# asks the same things as we, and is done in a moment. With the same period he
# would be there in each round, and the VM never be asked.
_JOB_TRIES = 2


class Asker(object):

    def __init__(self, monitors, connections, history, budget, scheduler,
                 wanted=(), details=None):
        """
        monitors: admission.Admission to the pool.
        wanted, details: as in monitortier.Monitor.
        """
        self._monitors = monitors
        self._connections = connections
        self._history = history
        self.budget = budget
        self._scheduler = scheduler
        self._wanted = wanted
        self._details = details
        self._fallback = fallback.Fallback()
        self._partials = partial.Partials(
            monitors, connections, history, scheduler.clock)

    def ask(self, domain, round_=None, host_groups=None, done=None,
            tries=_TRIES, job_tries=_JOB_TRIES):
        """
        Dispatch the monitor question of a VM, which then takes part in the
        round. Returns False if it is not taken. Never blocks. Thread: any.

        host_groups: ask the VM for these before.
        done: called with the question in the end.
        tries: how often to come back while the VM is asked for its storage.
        job_tries: the same if another client has its job.
        """
        question = monitortier.Monitor(
            domain, self._fallback, self._connections, self._history,
            self.budget, functools.partial(
                self._end, round_, done, job_tries),
            self._scheduler.clock)
        question.host_groups = host_groups
        question.wanted = self._wanted
        question.details = self._details
        question.timeout = domain.deadline.seconds(self._monitors.timeout)
        if round_ is not None:
            round_.join(question)
        taken = self._monitors.dispatch(
            question, key=domain.uuid, timeout=question.timeout)
        if not taken:
            self._partials.ask(domain)
            storage = domain.storage_question
            if storage is not None and tries and not storage.ended:
                self._later(
                    _PAUSE, round_, not storage.is_late(),
                    lambda round_: self.ask(
                        domain, round_, host_groups, done, tries - 1,
                        job_tries))
            if round_ is not None:
                round_.leave(question)
        return taken

    def _end(self, round_, done, job_tries, question):
        """
        Thread: the question's worker.
        """
        if done is not None:
            done(question)
        if question.again:
            self._later(qemu.LOOKS_APART, round_, True,
                        functools.partial(self.ask, question.domain))
        elif question.refused and job_tries:
            self._later(_PAUSE, round_, True,
                        lambda round_: self.ask(
                            question.domain, round_,
                            job_tries=job_tries - 1))
        if round_ is not None:
            round_.leave(question)
        if question.took is not None:
            question.domain.deadline.answered(
                question.took, question.took > question.timeout)

    def _later(self, delay, round_, soon, ask):
        """
        Call ask(round or None) in a moment. Only a thorough round waits for
        it, and only if that is soon.
        """
        if round_ is None or not round_.thorough or not soon:
            admission.later(self._scheduler, delay,
                            functools.partial(ask, None))
            return
        round_.join()

        def ask_and_leave():
            try:
                ask(round_)
            finally:
                round_.leave()

        admission.later(self._scheduler, delay, ask_and_leave)

    def is_new(self, domain):
        """
        Return whether the VM has never answered.
        """
        return self._history.last(domain, _history.MONITOR) is None


class Probes(object):
    """
    Finds out whether libvirtd answers, by asking one VM after the other.
    """

    def __init__(self, asker, history):
        self._asker = asker
        self._history = history
        self._lock = threading.Lock()
        # Domains that were asked and did not answer yet. Under the lock.
        self._out = set()

    def send(self, domains, round_, host_groups, answered):
        """
        Ask one of the VMs; answered() is called if libvirtd answers for it,
        on the monitor's worker. Never blocks.
        """
        done = functools.partial(self._done, answered)
        for domain in sorted(domains, key=self._silence):
            with self._lock:
                if len(self._out) >= _MAX_PROBES:
                    return
                if domain in self._out or domain.question is not None:
                    continue
                self._out.add(domain)
            if self._asker.ask(domain, round_, host_groups, done):
                return
            with self._lock:
                self._out.discard(domain)

    def _done(self, answered, question):
        with self._lock:
            self._out.discard(question.domain)
        if question.answered:
            answered()

    def _silence(self, domain):
        # First the one who answered last: it is the least likely to hang.
        last = self._history.last(domain, _history.MONITOR)
        return 0.0 if last is None else -last.time
