# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What follows from what: a round asks for the list of the VMs, and the list
leads to a question for each VM.

The list may be long in coming, since libvirtd waits for each VM's lock to
make it, and holds such a lock itself while it starts or ends a VM, for many
seconds if the QEMU hangs. So when the list is late, a VM is asked by itself.
If libvirtd answers for it, the round goes on without the list. If not, all of
its workers hang, or it does itself, and no VM is asked until it answers; a
roll call may still bring which VMs there are, and their states.
"""

from __future__ import absolute_import, division, print_function

import functools
import logging
import threading

import libvirt

from vmsampling import admission
from vmsampling import asker as _asker
from vmsampling import changes
from vmsampling import history as _history
from vmsampling import rollcall
from vmsampling import spread as _spread

log = logging.getLogger("vmsampling.cycle")

# There is one host connection.
HOST_KEY = "host"

_ROLL_KEY = "roll call"


class Cycle(object):
    """
    Runs on the host's worker, but for what says otherwise.
    """

    def __init__(self, host, hosts, asker, storage, registry, history,
                 scheduler, spread):
        """
        hosts: admission.Admission to the pool for the list.
        spread: seconds over which the VMs of a round are asked.
        """
        host.listener = changes.Changes(
            registry, scheduler,
            functools.partial(hosts.dispatch, self, key=HOST_KEY),
            lambda: self._took)
        host.on_lost = self.lost
        host.seers += [storage.see, registry.see]
        self._host = host
        self._hosts = hosts
        self._asker = asker
        self._probes = _asker.Probes(asker, history)
        # How a round's VMs are spread over the period.
        self.spread = _spread.Spread(spread, scheduler, asker.ask)
        self._roll_call = rollcall.RollCall(
            host.connections, scheduler.clock, self._take_over)
        self._connections = host.connections
        self._budget = asker.budget
        self._storage = storage
        self._registry = registry
        self._history = history
        self._scheduler = scheduler
        self._lock = threading.Lock()
        # Under the lock: the round that waits for a list.
        self._due = None
        # UUIDs of the VMs in which calls hang since before our first
        # question; None before that. The host's task's.
        self._occupied = None
        # Seconds that the last list took. The host's task's.
        self._took = 0.0
        # When a VM last answered a probe. None before.
        self._answered = None
        # Set when the host connection is to be closed for good. Whoever uses
        # the connection looks at it when done.
        self._stopping = False
        self.closed = threading.Event()

    def begin(self, round_):
        """
        Ask for the list, then for each VM. Thread: the scheduler's.
        """
        with self._lock:
            self._due = round_
        if self._hosts.dispatch(self, key=HOST_KEY):
            patience = self._host.late
        else:
            # An earlier call for the list is still under way.
            patience = self._host.remaining()
        admission.later(self._scheduler, patience,
                        functools.partial(self._overdue, round_))

    def lost(self):
        """
        The host connection broke.
        """
        self._connections.drop()
        # Closing may hang, so it is a task of its own.
        self._hosts.dispatch(self._connections.sweep, key="sweep")
        # We hear of no changes until we are connected again.
        self._registry.expire_devices()

    def connect(self):
        """
        Open the host connection. Raises libvirtError.
        """
        try:
            self._host.connect()
        finally:
            self._close_if_stopping()

    def answers(self, seconds):
        """
        Return whether libvirtd is not known to hang, or did answer in the
        last seconds. Thread: any.
        """
        if not self._host.connected:
            return False
        return not self._host.is_late() or (
            self._answered is not None and
            self._scheduler.clock() - self._answered < seconds)

    def stop(self):
        """
        Have the connections closed as soon as they are not used. Does not
        wait: closed tells. Returns False if that takes until a call for the
        list, which is under way, comes back. Thread: any.
        """
        self._stopping = True
        self._connections.close()
        return self._hosts.dispatch(self._close_if_stopping, key=HOST_KEY)

    def __call__(self):
        """
        Ask for the list, and go on from there. The task with HOST_KEY.
        """
        answer = None
        try:
            answer = self._host.ask()
        finally:
            round_ = self._take_due()
            try:
                if answer is not None and not self._stopping:
                    self._take_over(*answer)
                    self._took = self._scheduler.clock() - answer[0]
                    self._see_occupied()
                    self._serve(round_)
            finally:
                if round_ is not None:
                    round_.leave()
                self._close_if_stopping()

    def _overdue(self, round_):
        """
        If the list is late, see whether libvirtd answers for a VM; then the
        round is served without the list. Thread: the scheduler's.
        """
        if self._due is not round_ or not self._host.connected:
            return
        self._hosts.dispatch(self._roll_call, key=_ROLL_KEY)
        self._probes.send(
            self._registry.askable(), round_, self._host.groups,
            functools.partial(self._go_on, round_))
        admission.later(self._scheduler, self._host.late,
                        functools.partial(self._overdue, round_))

    def _go_on(self, round_):
        """
        libvirtd has answered a probe. Thread: a monitor worker.
        """
        self._answered = self._scheduler.clock()
        if self._take_due(round_) is None:
            return
        try:
            log.debug("%r goes on without a list", round_)
            self._serve(round_, self._host.groups)
        finally:
            round_.leave()

    def _take_due(self, round_=None):
        """
        Return the round that waits for a list, which then is the caller's to
        serve; None if there is none, or not this one.
        """
        with self._lock:
            if round_ is not None and self._due is not round_:
                return None
            due, self._due = self._due, None
            return due

    def _take_over(self, time, records):
        self._registry.update(time, [tuple(record) for record in records])
        for record in records:
            domain = self._registry.get(record.uuid)
            if domain is not None and domain.number == record.number:
                self._history.put(
                    domain, _history.HOST, time, record.fields)
        self._connections.keep(record.uuid for record in records)

    def _serve(self, round_, host_groups=None):
        """
        Ask all VMs, or those that never answered if there is no round.
        """
        domains = self._registry.askable()
        new = [domain for domain in domains if self._asker.is_new(domain)]
        for domain in new:
            self._asker.ask(domain, round_, host_groups)
        if round_ is not None:
            self.spread.begin(set(domains).difference(new), round_,
                              host_groups)
            # Last: a VM's storage question must not take the key from its
            # monitor question.
            self._storage.begin(domains)

    def _see_occupied(self):
        """
        Before the first question: in which VMs do calls hang? And from then
        on: do these still?
        """
        before = self._occupied
        if before is not None and not before:
            return
        try:
            found = frozenset(self._host.occupied())
        except libvirt.libvirtError as e:
            log.debug("controlInfo: %s", e)
            return
        self._occupied = found if before is None else before & found
        self._budget.reserve(self._occupied)

    def _close_if_stopping(self):
        """
        Called by whoever has used the host connection, or was to close it.
        """
        if self._stopping:
            self._host.close()
            self._connections.sweep()
            self.closed.set()

    def __repr__(self):
        return "<Cycle call=%s>" % self._host.call
