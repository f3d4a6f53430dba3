# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Samples all VMs of a libvirt, again and again.

    sampling = sampler.Sampler("qemu:///system", period=15.0)
    sampling.start()
    ...
    sampling.snapshot()
    ...
    sampling.stop()

Threads: the scheduler begins the rounds; the host's task, one at a time, asks
for the list of the VMs and dispatches a question for each; the workers of the
monitor pool ask them; the canary's look at the storage. What /proc says of the
VMs is read by the host's worker too, before the list, and what it says of the
host after it. A call that hangs holds its thread, and another one takes its
place. Readers wait for nobody.
"""

from __future__ import absolute_import, division, print_function

import functools
import logging
import threading

import libvirt

from threadpool import clock as _clock
from threadpool import errors as pool_errors
from threadpool import executor
from threadpool import schedule
from vmsampling import admission
from vmsampling import asker
from vmsampling import budget
from vmsampling import connection
from vmsampling import cycle
from vmsampling import detailtier
from vmsampling import errors
from vmsampling import events
from vmsampling import figures
from vmsampling import history
from vmsampling import hosttier
from vmsampling import metadata as _metadata
from vmsampling import overview
from vmsampling import process
from vmsampling import registry
from vmsampling import rounds
from vmsampling import storagetier
from vmsampling import surroundings

log = logging.getLogger("vmsampling.sampler")

# One question per VM can wait, so this is not what limits them.
_MAX_TASKS = 10000

# More threads than this in hung looks at the storage of different mounts, or
# in hung calls for the list, tell nothing new. One more reads the figures of
# the processes, whatever becomes of those calls.
_MAX_CANARIES = 5
_MAX_HOSTS = 3 + 1 + surroundings.Surroundings.threads

# Seconds until the first connection must be there.
_PATIENCE = 10.0


class Sampler(object):
    """
    See the module. Construct, start, stop: one way.
    """

    # False in a class whose user begins the rounds, see ondemand.py. He wants
    # VDSM's fields: no details, no errors of disks, no inventory.
    periodic = True

    def __init__(self, connect, period, workers=4, max_hung=12, timeout=1.0,
                 stuck_after=2.0, storage_period=60.0, metadata=""):
        """
        connect: libvirt's URI.
        period: seconds between two rounds.
        workers: threads that ask VMs, while no call hangs.
        max_hung: how many calls may hang in QEMUs, those in flight included,
            each with a thread of ours and a worker of libvirtd's.
        timeout: seconds until a call is late at the latest, at most half a
            period; mostly sooner, see deadline.py. stuck_after: seconds from
            there until it is shown as stuck.
        storage_period: seconds between two looks at a VM's images, and
            between two questions for details and for storage pools.
        metadata: what is read of the VMs' <metadata>, see metadata.py.

        Raises ValueError.
        """
        # A VM that answers later than this delays the others no more.
        self._timeout = min(timeout, period / 2)
        self._scheduler = schedule.Scheduler("sampler")
        clock = self._scheduler.clock
        self._monitors, self._hosts, self._canaries = _make_pools(
            self._scheduler, self._timeout, stuck_after, workers, max_hung)
        monitors, hosts, canaries = [
            admission.Admission(pool, self._timeout) for pool in self._pools()]
        self._history = history.History(clock=clock)
        self._sight = process.Sight(clock)
        self._registry = registry.Registry(self._history, clock, self._sight)
        self._connections = connection.Connections(
            connect, late=self._timeout, clock=clock)
        self._budget = budget.Budget(
            max_hung, self._monitors.resize, self._history, clock)
        self._storage = storagetier.Storage(
            period, storage_period, canaries, monitors, self._connections,
            self._history, self._budget, self._scheduler)
        self._storage.wants_errors = self.periodic
        self._surroundings = surroundings.Surroundings(
            self._connections, hosts, period, storage_period, clock)
        self._cycle = self._make_cycle(
            monitors, hosts, metadata, storage_period, period / 2)
        begin = functools.partial(_begin, self._cycle, figures.Figures(
            self._sight, self._registry, self._history, hosts, clock),
            self._surroundings)
        self._rounds = rounds.Rounds(period, self._scheduler, begin)
        self._overview = self._make_overview(period, stuck_after)
        self._lock = threading.Lock()
        # Under the lock: one way, from False to True.
        self._started = False
        self._stopped = False

    def start(self, insist=False):
        """
        Connect, and begin the first round. Raises ConnectFailed, and
        AlreadyStarted.

        insist: if libvirt is not to be had now, begin all the same, and try
            again each round; ConnectFailed is raised only if that is
            hopeless.
        """
        with self._lock:
            if self._started:
                raise errors.AlreadyStarted()
            self._started = True
        events.loop.acquire()
        self._scheduler.start()
        for pool in self._pools():
            pool.start()
        try:
            self._connect()
        except errors.ConnectFailed as e:
            if not insist or e.hopeless or self._stopped:
                self.stop()
                raise
            log.warning("Going on without libvirt: %s", e)
        if self.periodic:
            self._rounds.start()

    def stop(self, timeout=1.0):
        """
        Begin no more rounds, and close what does not hang; idempotent.

        Always returns in time. Returns the tasks that were given up, those
        whose calls hang, as Executor.stop() does.
        """
        with self._lock:
            if not self._started or self._stopped:
                return []
            self._stopped = True
        limit = _clock.monotonic() + timeout
        self._rounds.stop()
        closing = self._cycle.stop()
        left = _stop(self._monitors, limit) + _stop(self._canaries, limit)
        # What is late may have nothing to do with the list.
        if closing or not self._hosts.state()["late"]:
            self._cycle.closed.wait(_remaining(limit))
        left += _stop(self._hosts, limit)
        self._scheduler.stop(timeout=_remaining(limit))
        events.loop.release(timeout=_remaining(limit))
        return left

    def wait_round(self, number, timeout):
        """
        Wait until round number, from 1, is settled: all its calls have
        returned, or the next round has begun. False if it is not in time, or
        the sampler is stopped.
        """
        return self._rounds.wait(number, timeout)

    def add_listener(self, listener):
        """
        listener: function without arguments, called on any thread when a
            round is settled or the sampler is stopped; it must not block.
            For those who cannot wait_round().
        """
        self._rounds.add_listener(listener)

    def remove_listener(self, listener):
        """
        Idempotent. A call that is under way on another thread goes on.
        """
        self._rounds.remove_listener(listener)

    @property
    def look(self):
        """
        Whether a QEMU is looked at before it is asked, see process.py. Set
        before start().
        """
        return self._sight.enabled

    @look.setter
    def look(self, look):
        self._sight.enabled = look

    @property
    def spread(self):
        """
        Seconds over which the VMs of a round are asked; half a period unless
        set. 0: all at once.
        """
        return self._cycle.spread.seconds

    @spread.setter
    def spread(self, seconds):
        self._cycle.spread.seconds = seconds

    def snapshot(self):
        """
        Return what is known now, as plain data. Never calls libvirt, never
        waits for what does. Thread: any.
        """
        found = self._overview.take()
        found.update(self._surroundings.describe(found["time"]))
        return found

    def _make_overview(self, period, stuck_after):
        return overview.Overview(
            self._rounds, self._cycle, self._pools(), self._registry,
            self._history, self._storage, self._budget,
            overview.Patience(period + self._timeout, stuck_after))

    def _make_cycle(self, monitors, hosts, metadata, seldom, spread):
        host = hosttier.Host(
            self._connections, self._timeout, self._scheduler.clock)
        details = None
        if self.periodic:
            # Those who keep time themselves ask for the VMs only, and know
            # which figures they want.
            host.seers.append(self._surroundings.see)
            details = detailtier.Details(seldom, self._history)
        return cycle.Cycle(
            host, hosts,
            asker.Asker(monitors, self._connections, self._history,
                        self._budget, self._scheduler,
                        _metadata.parse(metadata), details),
            self._storage, self._registry, self._history, self._scheduler,
            spread)

    def _pools(self):
        return self._monitors, self._hosts, self._canaries

    def _connect(self):
        """
        A worker opens the connection, since that may hang.
        """
        future = self._hosts.bound(
            key=cycle.HOST_KEY, timeout=_PATIENCE).submit(self._cycle.connect)
        uri = self._connections.uri
        try:
            # On Python 2.7 nobody could interrupt a wait without a limit.
            future.result(2 * _PATIENCE)
        except libvirt.libvirtError as e:
            raise errors.ConnectFailed(
                uri, connection.explain(e), connection.is_hopeless(e))
        except pool_errors.TaskStuck:
            raise errors.ConnectFailed(
                uri, "no answer in %g seconds; does libvirtd hang?" %
                _PATIENCE)
        log.info("Connected to %s", uri)


def _make_pools(scheduler, timeout, stuck_after, workers, max_hung):
    make = functools.partial(
        executor.Executor, max_tasks=_MAX_TASKS, timeout=timeout,
        scheduler=scheduler, stuck_after=stuck_after)
    return (make("monitor", min(workers, max_hung), max_hung),
            make("host", 1, _MAX_HOSTS), make("canary", 1, _MAX_CANARIES))


def _begin(cycle, all_figures, others, round_):
    """
    Begin a round. Thread: the scheduler's.
    """
    # First, so that they wait for no call to libvirtd.
    all_figures.send()
    cycle.begin(round_)
    # Last, so that the list does not wait for a driver of the host, or for a
    # storage pool.
    others.send(round_)


def _stop(pool, limit):
    """
    Stop a pool; wait for its calls only if some of them may return.
    """
    state = pool.state()
    may_return = state["threads"] - state["idle"] > state["late"]
    return pool.stop(wait=may_return, timeout=_remaining(limit) / 2)


def _remaining(limit):
    return max(limit - _clock.monotonic(), 0.0)
