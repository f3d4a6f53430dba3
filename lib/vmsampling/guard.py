# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Lets others call libvirt about VMs on a connection of their own, which all of
them share, so that a VM that hangs costs the others nothing.

    guard = guard.Guard("qemu:///system")
    guard.start()
    ...                             # see routine.py
    guard.stop()

On a shared connection one call that hangs may take others with it, and five
take all. So no VM is called there that has not just answered on a connection
that is ours, and nothing that touches images whose storage has not. A QEMU
that hangs in the very moment in between holds one place of few.

Threads: the scheduler sends visits; workers make them. It costs two workers
and what hangs, however many VMs there are.
"""

from __future__ import absolute_import, division, print_function

import logging
import threading

from threadpool import clock as _clock
from threadpool import errors as pool_errors
from threadpool import executor
from threadpool import schedule
from threadpool import throttle
from vmsampling import admission
from vmsampling import budget
from vmsampling import connection
from vmsampling import events
from vmsampling import history
from vmsampling import lane
from vmsampling import lookout
from vmsampling import process
from vmsampling import visit

log = logging.getLogger("vmsampling.guard")

# Of the 5 calls that libvirtd serves at a time on the shared connection, so
# many are made by us: two while none hangs, and two more beside two that do.
# The fifth is for whoever else uses that connection.
_AT_ONCE = 2
_PLACES = 4

# One question per VM and kind can wait, so this is not what limits them.
_MAX_TASKS = 10000

# More threads than this in hung looks at different storages tell nothing new.
_MAX_CANARIES = 5

# Seconds from a connection that failed to the next try.
_RETRY = 10.0


class Guard(object):
    """
    Construct, start, stop: one way.
    """

    def __init__(self, connect, max_hung=12, timeout=1.0, stuck_after=2.0,
                 scheduler=None, loop=None):
        """
        connect: libvirt's URI.
        max_hung: how many visits may hang, each with a thread of ours and
            mostly a worker of libvirtd's.
        timeout: seconds until a visit is late at the latest. stuck_after:
            seconds from there until it is reported as stuck.
        scheduler: a running schedule.Scheduler to share; None: one of its
            own, started and stopped with it.
        loop: what runs libvirt's events; None: whoever called us here does.

        Raises ValueError.
        """
        self.timeout = timeout
        self._own_scheduler = scheduler is None
        # Without calls to come one is false.
        self._scheduler = (schedule.Scheduler("guard") if scheduler is None
                           else scheduler)
        self.clock = clock = self._scheduler.clock
        self._monitors = executor.Executor(
            "vm", min(_AT_ONCE, max_hung), max_hung, _MAX_TASKS, timeout,
            self._scheduler, stuck_after)
        self._canaries = executor.Executor(
            "canary", 1, _MAX_CANARIES, _MAX_TASKS, timeout, self._scheduler,
            stuck_after)
        self._visits = admission.Admission(self._monitors, timeout)
        self._history = history.History(clock=clock)
        self._connections = connection.Connections(
            connect, late=timeout, clock=clock, loop=loop or events.Foreign())
        self._budget = budget.Budget(
            max_hung, self._monitors.resize, self._history, clock)
        self._sight = process.Sight(clock)
        self._sight.see(connect)
        self._lane = lane.Lane(_PLACES, self._scheduler, stuck_after)
        # Whether the storage of a VM answers.
        self.lookout = lookout.Lookout(
            admission.Admission(self._canaries, timeout), timeout,
            not connection.is_remote(connect), clock)
        self._complaints = throttle.Throttle(interval=600.0, clock=clock)
        # Until then nobody tries to connect. Set by any worker.
        self._unreachable_until = clock()
        self._lock = threading.Lock()
        # The VMs of the routines that are started. Under the lock.
        self._domains = set()

    def start(self):
        """
        Start the threads. Connects when the first VM is visited. Raises
        AlreadyStarted.
        """
        if self._own_scheduler:
            self._scheduler.start()
        self._monitors.start()
        self._canaries.start()
        self._lane.start()

    def stop(self, timeout=1.0):
        """
        Make no more visits; idempotent. Always returns in time. Returns what
        was given up, as Executor.stop() does.
        """
        limit = _clock.monotonic() + timeout
        left = []
        for pool in (self._monitors, self._canaries, self._lane):
            left += pool.stop(
                timeout=max(limit - _clock.monotonic(), 0.0), for_late=False)
        self._connections.close()
        if not left:
            # Closing may hang if libvirtd does.
            self._connections.sweep()
        if self._own_scheduler:
            self._scheduler.stop(
                timeout=max(limit - _clock.monotonic(), 0.0))
        return left

    def state(self):
        """
        Return plain data, see Executor.state() and Budget.state().
        """
        with self._lock:
            vms = len(self._domains)
        return {
            "vms": vms,
            "monitor": self._monitors.state(),
            "canary": self._canaries.state(),
            "poke": self._lane.state(),
            "budget": self._budget.state(),
        }

    # What follows is for routines and visits.

    def enter(self, domain):
        with self._lock:
            self._domains.add(domain)
            self._retain()

    def leave(self, domain):
        with self._lock:
            self._domains.discard(domain)
            self._retain()

    def schedule(self, delay, call):
        """
        Return a handle with cancel(), or None if all is being stopped.
        """
        try:
            return self._scheduler.schedule(delay, call)
        except pool_errors.NotRunning as e:
            log.debug("%s", e)
            return None

    def dispatch(self, visit, key, group, timeout):
        return self._visits.dispatch(visit, key, group, timeout)

    def reachable(self):
        """
        Return whether it is worth while to ask a VM.
        """
        return self.clock() >= self._unreachable_until

    def probe(self, domain, then):
        """
        Return a visit.Probe.
        """
        probe = visit.Probe(
            domain, self._sight, then, self._connections, self._history,
            self._budget, clock=self.clock)
        probe.timeout = domain.deadline.seconds(self.timeout)
        return probe

    def learn(self, probe):
        """
        See what became of it. Thread: its own.
        """
        if probe.took is not None:
            probe.domain.deadline.answered(
                probe.took, probe.took > probe.timeout)
        if probe.verdict != visit.UNKNOWN:
            return
        if not probe.connected:
            self._unreachable_until = self.clock() + _RETRY
        suppressed = self._complaints.admit()
        if suppressed is not None:
            log.warning(
                "%r cannot be asked on %s before it is called: %s (%d like "
                "it not logged)", probe.domain, self._connections.uri,
                probe.error or "it is not there", suppressed)

    def place(self, poke):
        """
        See Lane.place().
        """
        return self._lane.place(poke)

    def _retain(self):
        # With the lock.
        self._history.retain(self._domains)
        self._connections.keep(domain.uuid for domain in self._domains)
        self.lookout.retain(set(
            image for domain in self._domains if domain.devices is not None
            for image in domain.devices.images))
