# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Stands in for the class VMBulkstatsMonitor of VDSM's vdsm.virt.sampling, since
4.17; the rest of that module stays VDSM's own. Who loads this puts the class
there, and VDSM's own into its attribute builtin.

One call is one round of our sampler, which asks each VM by itself. What those
VMs have said that answered in this round goes into VDSM's StatsCache, in the
form of libvirt's bulk call. doc/vdsm.md says what is different.
"""

from __future__ import absolute_import, division, print_function

import logging
import sys
import threading

import libvirt

from compat import eventloop
from threadpool import clock as _clock
from threadpool import fork
from vmsampling import config
from vmsampling import errors
from vmsampling import events
from vmsampling import ondemand

# What VDSM asks for.
BULK_STATS_TYPES = (
    libvirt.VIR_DOMAIN_STATS_STATE |
    libvirt.VIR_DOMAIN_STATS_CPU_TOTAL |
    libvirt.VIR_DOMAIN_STATS_BALLOON |
    libvirt.VIR_DOMAIN_STATS_VCPU |
    libvirt.VIR_DOMAIN_STATS_INTERFACE |
    libvirt.VIR_DOMAIN_STATS_BLOCK)

# Seconds for which VDSM's own class leaves a VM alone that is not ready.
TTL = 40.0

# How the fields of each group begin, of those that are sampled.
_PREFIXES = (
    ("STATE", "state"), ("CPU_TOTAL", "cpu"), ("BALLOON", "balloon"),
    ("VCPU", "vcpu"), ("INTERFACE", "net"), ("BLOCK", "block"),
    ("PERF", "perf"), ("MEMORY", "memory"))

# Which part of the period a call may take. VDSM gives it half.
_PATIENCE = 0.4

# Seconds between two tries to start.
_RETRY = 60.0

_log = logging.getLogger("virt.sampling.VMBulkstatsMonitor")


class Unavailable(errors.Error):
    """
    There is no sampler now, or it knows nothing.
    """
    msg = "{self.reason}"

    def __init__(self, reason):
        super(Unavailable, self).__init__(reason)
        self.reason = reason


class Source(object):
    """
    The sampler of this process: started when it is first asked for, since
    VDSM imports this long before it is ready, and never stopped: its threads
    are daemons, and VDSM does not say when it ends.
    """

    def __init__(self, clock=_clock.monotonic):
        self._clock = clock
        self._lock = threading.Lock()
        # All below are set under the lock. The sampler is None before it has
        # started, and patience with it: seconds that a call may take.
        self._sampler = None
        self.patience = None
        # When to try again; None before the first try.
        self._due = None
        fork.watch(self)

    def get(self):
        """
        Return the sampler. Raises Unavailable, or what has failed if this
        call has tried to start it, which may take seconds. Thread: any.
        """
        fork.check()
        if self._sampler is not None:
            return self._sampler
        if not self._lock.acquire(False):
            raise Unavailable("it is being started")
        try:
            if self._sampler is None:
                self._try()
            return self._sampler
        finally:
            self._lock.release()

    def after_fork(self):
        """
        Called in a forked child: the sampler stayed in the parent.
        """
        self._lock = threading.Lock()
        self._sampler = self._due = None

    def _try(self):
        now = self._clock()
        if self._due is not None and now < self._due:
            raise Unavailable("it is tried again later")
        self._due = now + _RETRY
        settings = config.load()
        period = settings["vm_sample_interval"]
        sampler = ondemand.Sampler(
            period=period, **config.of_sampler(settings))
        if eventloop.is_foreign():
            events.loop = events.Foreign()
        try:
            sampler.start()
        except:  # NOQA: E722 (nothing is left behind, the error goes on)
            sampler.stop()
            raise
        self.patience = period * _PATIENCE
        self._sampler = sampler


class VMBulkstatsMonitor(object):
    """
    Called once a period by a worker of VDSM's; returns when the round is
    over, and in any case within the patience of its source.
    """

    # VDSM's own class, which does the work while ours cannot. None: nothing
    # does.
    builtin = None

    # For all monitors of the process.
    source = Source()

    def __init__(self, conn, get_vms, stats_cache,
                 stats_types=BULK_STATS_TYPES, ttl=TTL):
        """
        conn: VDSM's libvirt connection, for VDSM's own class only.
        get_vms: called without arguments, returns {UUID: VM}.
        stats_cache: gets what was sampled.
        stats_types: sum of the groups that are wanted; 0: all.
        ttl: seconds, for VDSM's own class only.
        """
        self._get_vms = get_vms
        self._stats_cache = stats_cache
        self._prefixes = frozenset(
            prefix for name, prefix in _PREFIXES
            if not stats_types or
            stats_types & getattr(libvirt, "VIR_DOMAIN_STATS_" + name, 0))
        self._builtin = None
        if self.builtin is not None:
            # pylint: disable=not-callable
            self._builtin = self.builtin(
                conn, get_vms, stats_cache, stats_types, ttl)
        # What the sampler has given us. Under the lock: VDSM may call before
        # the last call has returned.
        self._lock = threading.Lock()
        self._given = {}
        # Whether the last call has sampled; None before the first. It is
        # said when it changes.
        self._samples = None

    def __call__(self):
        timestamp = self._stats_cache.clock()
        try:
            self._sample(timestamp)
        except errors.Error as e:
            self._fall_back(e)
        except Exception as e:
            self._fall_back(e, exc_info=True)
        else:
            self._tell(True, "VMs are sampled by vdsm-sampling")
            self._send_metrics()

    def _sample(self, timestamp):
        began = _clock.monotonic()
        sampler = self.source.get()
        round_ = sampler.begin_round()
        complete = sampler.wait_answers(
            round_, began + self.source.patience - _clock.monotonic())
        vms = self._get_vms()
        if not sampler.connected():
            raise Unavailable("libvirt does not answer")
        if vms and not sampler.knows(vms):
            raise Unavailable("the libvirt of [sampling] connect has none "
                              "of VDSM's VMs")
        with self._lock:
            records = sampler.records(round_, self._given)
        self._stats_cache.put(
            dict((uuid, self._wanted(records[uuid]))
                 for uuid in records if uuid in vms), timestamp)
        _log.debug(
            "sampled timestamp %r elapsed %.3f complete %r domains %d of %d",
            timestamp, _clock.monotonic() - began, complete,
            len(set(records).intersection(vms)), len(vms))

    def _wanted(self, fields):
        return dict((name, fields[name]) for name in fields
                    if name.partition(".")[0] in self._prefixes)

    def _fall_back(self, why, **kwargs):
        """
        Have VDSM's own class do the work.
        """
        if self._builtin is None:
            self._tell(False, "VMs are not sampled: %s" % why, **kwargs)
            return
        self._tell(False, "VMs are sampled by VDSM itself: %s" % why,
                   **kwargs)
        self._builtin()

    def _tell(self, samples, what, **kwargs):
        if samples is not self._samples:
            self._samples = samples
            _log.log(logging.INFO if samples else logging.WARNING,
                     "%s", what, **kwargs)

    def _send_metrics(self):
        """
        From 4.19 to 4.20 VDSM's class sends the figures of the VMs, too.
        """
        send = getattr(self._builtin, "_send_metrics", None)
        module = sys.modules.get(type(self._builtin).__module__)
        if getattr(module, "_METRICS_ENABLED", False) and send is not None:
            send()  # pylint: disable=not-callable

    def __repr__(self):
        return "<VMBulkstatsMonitor samples=%s>" % self._samples
