# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Stands in for the module virt.sampling of the VDSMs of June 2014 and of all
4.16: what samples VMs and the host, without a thread for each.

A VM's statistics thread is a routine of vmsampling.guard here: it calls
libvirt about a VM only when the VM has just answered, and touches images only
when their storage has. doc/vdsm.md says what is different.
"""

from __future__ import absolute_import, division, print_function

import copy
import errno
import logging
import os
import threading
import time

import ethtool

import caps
from vdsm import constants
from vdsm import ipwrapper
from vdsm import netinfo
from vdsm import utils

from threadpool import clock
from threadpool import task
from vmsampling import errands
from vmsampling import hostsample
from vmsampling import hoststats
from vmsampling import linklog
from vmsampling import routine
from vmsampling import service
from vmsampling import window as _window

_PROC_STAT_PATH = hostsample.PROC_STAT

_THP_STATE_PATH = "/sys/kernel/mm/transparent_hugepage/enabled"
if not os.path.exists(_THP_STATE_PATH):
    # Red Hat Enterprise Linux 6.
    _THP_STATE_PATH = "/sys/kernel/mm/redhat_transparent_hugepage/enabled"

# Functions of VDSM's VmStatsThread that have the QEMU look at no image. All
# others may, those that are not known too.
_MONITOR_FUNCTIONS = frozenset((
    "_sampleCpu", "_sampleDisk", "_sampleDiskLatency", "_sampleNet",
    "_sampleBalloon", "_sampleVmJobs", "_sampleVcpuPinning",
    "_sampleCpuTune", "_sampleNuma"))

# Two of the engine's polls.
_RECENT = 30


class AdvancedStatsFunction(object):
    """
    A function that keeps its last few results.
    """

    def __init__(self, function, interval=1, window=0,
                 timefn=clock.monotonic):
        """
        interval: seconds, a whole number.
        window: how many results are kept; 0: none. One alone has no use, so
            there are at least two.

        Raises ValueError.
        """
        if not isinstance(interval, int) or interval < 1:
            raise ValueError("interval must be a whole number of seconds, at "
                             "least 1: %r" % (interval,))
        if not isinstance(window, int) or window < 0:
            raise ValueError("window must be a whole number, at least 0: %r" %
                             (window,))
        self._function = function
        self._interval = interval
        self._window = None
        if window:
            self._window = _window.Window(max(window, 2), timefn)

    @property
    def interval(self):
        return self._interval

    @property
    def name(self):
        return getattr(self._function, "__name__", None)

    def getStats(self):
        """
        Return (oldest result, newest result, seconds between them), or three
        times None while there are less than two. Thread: any.
        """
        if self._window is None:
            return None, None, None
        return self._window.ends()

    def __call__(self, *args, **kwargs):
        try:
            result = self._function(*args, **kwargs)
        except Exception:
            if self._window is not None:
                self._window.fail()
            raise
        if self._window is not None:
            # With no result VDSM's functions say that they may not ask.
            if result is None:
                self._window.fail()
            else:
                self._window.put(result)
        return result

    def __repr__(self):
        return "<AdvancedStatsFunction %s at 0x%x>" % (
            self.name or task.describe(self._function), id(self))


class AdvancedStatsThread(object):
    """
    Functions that are called again and again, one after the other. A thread
    by its name only.
    """

    DEFAULT_LOG = logging.getLogger("AdvancedStatsThread")

    def __init__(self, log=DEFAULT_LOG, daemon=False):
        """
        daemon: not used; nothing of this keeps a process from its end.
        """
        self._log = log
        self._routine = routine.Routine(self._perform, self._poke)

    def addStatsFunction(self, *args):
        """
        Raises RuntimeError between start() and stop().
        """
        for function in args:
            name = getattr(function, "name", None)
            self._routine.add(
                function, function.interval, errands.MONITOR
                if name in _MONITOR_FUNCTIONS else errands.STORAGE)

    def start(self):
        """
        Call all functions now, and from now on each at its interval. Raises
        RuntimeError if it was started before.
        """
        self._log.debug("Sampling starts")
        # VDSM's class for VMs has one.
        vm = getattr(self, "_vm", None)
        self._routine.start(service.shared.guard(), getattr(vm, "id", None))

    def stop(self):
        """
        Call no function any more; one that is under way goes on. Idempotent,
        allowed before start(). Thread: any.
        """
        self._log.debug("Sampling stops")
        self._routine.stop()

    def pause(self):
        """
        Call no function until cont(); one that is under way goes on.
        """
        self._log.debug("Sampling pauses")
        self._routine.pause()

    def cont(self):
        self._log.debug("Sampling goes on")
        self._routine.cont()

    def getLastSampleTime(self):
        """
        Return when the VM last answered, as seconds of the wall clock of now,
        or None. It stands still while the VM does not.
        """
        age = self._routine.age
        # It is measured by a clock that does not jump.
        return None if age is None else time.time() - age

    def handleStatsException(self, ex):
        """
        Return whether the failure of a function is not worth an error in the
        log. Whatever it returns, sampling goes on. For subclasses.
        """
        return False

    def _perform(self, function):
        try:
            function()
        except Exception as e:
            if not self.handleStatsException(e):
                self._log.exception("%r failed", function)

    def _poke(self):
        # VDSM has a wrapper around it, which draws conclusions of its own.
        dom = getattr(self, "_vm", None)._dom
        getattr(dom, "_dom", dom).connect().getLibVersion()


class InterfaceSample(object):
    """
    A network interface, now.
    """

    def __init__(self, link):
        """
        link: one of ipwrapper.getLinks(); or the name of one, then the speed
            is 0, not known.

        Raises EnvironmentError if it is gone.
        """
        name = getattr(link, "name", link)
        self.rx = hostsample.counter(name, "rx_bytes")
        self.tx = hostsample.counter(name, "tx_bytes")
        self.rxDropped = hostsample.counter(name, "rx_dropped")
        self.txDropped = hostsample.counter(name, "tx_dropped")
        self.rxErrors = hostsample.counter(name, "rx_errors")
        self.txErrors = hostsample.counter(name, "tx_errors")
        self.operstate = _operstate(name)
        self.speed = 0 if link is name else _getLinkSpeed(link)
        self.duplex = hostsample.duplex(name)

    def to_connlog(self):
        return linklog.interface(self)

    def connlog_diff(self, other):
        """
        Return what is different in an older sample, as text.
        """
        return linklog.interface(self, other)


class TotalCpuSample(object):
    """
    All processors together, in ticks.
    """

    def __init__(self):
        ticks = hostsample.cpus()[""]
        self.user = ticks["user"] + ticks["nice"]
        self.sys = ticks["system"]
        self.idle = ticks["idle"]


class CpuCoreSample(object):
    """
    Each processor that is online, in ticks.
    """

    def __init__(self):
        self.coresSample = dict(
            (name, {"user": ticks["user"], "userNice": ticks["nice"],
                    "sys": ticks["system"], "idle": ticks["idle"]})
            for name, ticks in hostsample.cpus().items() if name)

    def getCoreSample(self, coreId):
        """
        Return a dict, or None if it is not online.
        """
        return self.coresSample.get(str(coreId))


class NumaNodeMemorySample(object):

    def __init__(self):
        self.nodesMemSample = {}
        # Kept, so that who reads the sample need not ask libvirt.
        self.topology = caps.getNumaTopology()
        for node in self.topology:
            memory = (caps.getUMAHostMemoryStats()
                      if len(self.topology) < 2 else
                      caps.getMemoryStatsByNumaCell(int(node)))
            free, total = int(memory["free"]), int(memory["total"])
            # A node without memory of its own has none to give.
            used = 100 - 100 * free // total if total else 100
            self.nodesMemSample[node] = {
                "memFree": memory["free"], "memPercent": used}


class PidCpuSample(object):
    """
    A process, in ticks.
    """

    def __init__(self, pid):
        self.user, self.sys = hostsample.process_ticks(pid)


class TimedSample(object):

    def __init__(self):
        self.timestamp = time.time()
        # For intervals: does not jump.
        self.monotonic = clock.monotonic()


class BaseSample(TimedSample):

    def __init__(self, pid, ifids):
        super(BaseSample, self).__init__()
        self.interfaces = _interfaces(ifids)
        self.pidcpu = PidCpuSample(pid)


def getBootTime():
    """
    Return when the host was started, in whole seconds of the wall clock.
    Raises IOError, and ValueError if the file does not say it.
    """
    return hostsample.boot_time(_PROC_STAT_PATH)


class HostSample(BaseSample):

    MONITORED_PATHS = ["/tmp", "/var/log", "/var/log/core",
                       constants.P_VDSM_RUN]

    def __init__(self, pid, ifids=None):
        """
        pid: VDSM's own.
        ifids: names of interfaces, or links; None: all there are.
        """
        super(HostSample, self).__init__(
            pid, ipwrapper.getLinks() if ifids is None else ifids)
        self.totcpu = TotalCpuSample()
        memory = utils.readMemInfo()
        free = memory["MemFree"] + memory["Cached"] + memory["Buffers"]
        self.memUsed = 100 - int(100.0 * free / memory["MemTotal"])
        self.anonHugePages = memory.get("AnonHugePages", 0) // 1024
        self.cpuLoad = hostsample.attempt(lambda: hostsample.loads()[1], "0.0")
        self.diskStats = dict((path, {"free": str(hostsample.attempt(
            lambda: hostsample.space(path), 0))})
            for path in self.MONITORED_PATHS)
        self.thpState = hostsample.attempt(
            lambda: hostsample.huge_pages(_THP_STATE_PATH), "never")
        self.cpuCores = CpuCoreSample()
        self.numaNodeMem = NumaNodeMemorySample()
        # Whether the engine has asked anything lately.
        seen = hostsample.attempt(
            lambda: os.stat(constants.P_VDSM_CLIENT_LOG).st_mtime, 0)
        self.recentClient = self.timestamp - seen < _RECENT

    def to_connlog(self):
        return linklog.host(self.interfaces, self.recentClient)

    def connlog_diff(self, other):
        """
        Return what is different from an older sample, as text.
        """
        return linklog.host(self.interfaces, self.recentClient,
                            other.interfaces, other.recentClient)


class HostStatsThread(object):
    """
    Samples the host again and again. A thread by its name only.
    """

    # Samples, and seconds.
    AVERAGING_WINDOW = 5
    SAMPLE_INTERVAL_SEC = 2

    # Configured in the later ones of 4.16 only.
    _CONNLOG = logging.getLogger("connectivity")

    def __init__(self, log):
        self.startTime = time.time()
        self._log = log
        self._made = clock.monotonic()
        self._pid = os.getpid()
        self._ncpus = max(os.sysconf("SC_NPROCESSORS_ONLN"), 1)
        self._lock = threading.Lock()
        # Under the lock: the newest last; never changed, but replaced.
        self._samples = ()
        self._operation = None
        # None until it is known; an error is logged once.
        self._bootTime = None
        self._noBootTime = False

    def start(self):
        """
        Raises RuntimeError if it was started before.
        """
        with self._lock:
            if self._operation is not None:
                raise RuntimeError("started before")
            self._operation = service.shared.operation(
                self._take, self.SAMPLE_INTERVAL_SEC)
        self._operation.start()

    def stop(self):
        """
        Idempotent, allowed before start(). Thread: any.
        """
        operation = self._operation
        if operation is not None:
            operation.stop()

    def sample(self):
        return HostSample(self._pid)

    def get(self):
        """
        Return what is known as a new dict: the caller may add to it. Thread:
        any.
        """
        samples = self._samples
        now = clock.monotonic()
        taken = samples[-1].monotonic if samples else self._made
        stats = {
            "cpuUser": 0.0, "cpuSys": 0.0, "cpuIdle": 100.0,
            "rxRate": 0.0, "txRate": 0.0, "statsAge": now - taken,
            "cpuSysVdsmd": 0.0, "cpuUserVdsmd": 0.0,
            "elapsedTime": int(now - self._made)}
        if len(samples) < 2:
            return stats
        old, new = samples[0], samples[-1]
        # Never 0, whoever calls sample().
        seconds = max(new.monotonic - old.monotonic, 0.001)
        stats.update(hoststats.interfaces(
            old.interfaces, new.interfaces, seconds))
        stats.update(hoststats.cpu(
            old.totcpu, new.totcpu, seconds, self._ncpus))
        stats.update(
            cpuUserVdsmd=hoststats.per_second(
                new.pidcpu.user, old.pidcpu.user, seconds),
            cpuSysVdsmd=hoststats.per_second(
                new.pidcpu.sys, old.pidcpu.sys, seconds),
            memUsed=new.memUsed, anonHugePages=new.anonHugePages,
            cpuLoad=new.cpuLoad, thpState=new.thpState,
            diskStats=copy.deepcopy(new.diskStats),
            numaNodeMemFree=copy.deepcopy(new.numaNodeMem.nodesMemSample),
            cpuStatistics=hoststats.cores(
                new.numaNodeMem.topology, old.cpuCores.coresSample,
                new.cpuCores.coresSample, seconds))
        booted = self._boot_time()
        if booted is not None:
            stats["bootTime"] = booted
        return stats

    def _take(self):
        try:
            sample = self.sample()
        except Exception:
            self._log.exception("Sampling the host failed")
            return
        with self._lock:
            before = self._samples
            self._samples = (before + (sample,))[-self.AVERAGING_WINDOW:]
        if self._CONNLOG.handlers:
            text = sample.connlog_diff(
                before[-1]) if before else sample.to_connlog()
            if text:
                self._CONNLOG.debug("%s", text)

    def _boot_time(self):
        if self._bootTime is None:
            try:
                self._bootTime = getBootTime()
            except (EnvironmentError, ValueError):
                if not self._noBootTime:
                    self._noBootTime = True
                    self._log.exception("The boot time is not known")
        return self._bootTime


def _interfaces(links):
    found = {}
    for link in links:
        try:
            found[getattr(link, "name", link)] = InterfaceSample(link)
        except EnvironmentError as e:
            # It went away meanwhile.
            if e.errno != errno.ENODEV:
                raise
    return found


def _operstate(name):
    try:
        flags = ethtool.get_flags(name)
    except IOError:
        return "0"
    return "up" if flags & ethtool.IFF_RUNNING else "down"


def _getLinkSpeed(dev):
    if dev.isNIC():
        return netinfo.nicSpeed(dev.name)
    if dev.isBOND():
        return netinfo.bondSpeed(dev.name)
    if dev.isVLAN():
        return netinfo.vlanSpeed(dev.name)
    return 0
