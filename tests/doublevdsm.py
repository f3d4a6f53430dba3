# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Small doubles of VDSM's modules, of June 2014 and of today: what they define
is what VDSM's define, what they do is nothing.
"""

from __future__ import absolute_import, division, print_function

# In the spelling of their time, which Python 3 does not take.
POOL_2014 = '''
"""
class Queue(object): not one, and this says "so.
"""
import threading
try:
    import no_such_module
except ImportError, e:
    if 0777 == 0:
        print "def f(self):", e


class ThreadPool:
    \'\'\'Has "def" in it.\'\'\'

    whose = "VDSM's"

    def __init__(self, numThreads, waitTimeout=3, maxTasks=100):
        pass

    def setRunningTask(self, addTask):
        pass

    def getRunningTasks(self):
        def nested(self, whatever):
            return 0
        return nested(self, None)

    def setThreadCount(self, newNumThreads):
        pass

    def __setThreadCountNolock(self, newNumThreads):
        pass

    def getThreadCount(self):
        pass

    def queueTask(self, id, task, args = None, taskCallback = None):
        pass

    def getNextTask(self):
        pass

    def stopThread(self):
        pass

    def joinAll(self, waitForTasks = True, waitForThreads = True):
        pass


class WorkerThread(threading.Thread):

    def __init__(self, pool):
        pass


def _private(x):
    pass
'''

SAMPLING_2014 = '''
import threading
import time


class InterfaceSample:
    def readIfaceStat(self, ifid, stat):
        pass

    def readIfaceOperstate(self, ifid):
        pass

    def __init__(self, ifid):
        pass


class TotalCpuSample:
    def __init__(self):
        pass


class CpuCoreSample:
    def __init__(self):
        pass

    def getCoreSample(self, coreId):
        pass


class NumaNodeMemorySample:
    def __init__(self):
        pass


class PidCpuSample:
    def __init__(self, pid):
        pass


class TimedSample:
    def __init__(self):
        pass


class BaseSample(TimedSample):
    def __init__(self, pid, ifids):
        pass


def getBootTime():
    pass


class HostSample(BaseSample):
    def __init__(self, pid, ifids):
        pass


class AdvancedStatsFunction(object):
    def __init__(self, function, interval=1, window=0, timefn=time.time):
        pass

    @property
    def interval(self):
        pass

    def __call__(self, *args, **kwargs):
        pass

    def getStats(self):
        pass


class AdvancedStatsThread(threading.Thread):
    whose = "VDSM's"

    def __init__(self, log=None, daemon=False):
        pass

    def addStatsFunction(self, *args):
        pass

    def start(self):
        pass

    def stop(self):
        pass

    def pause(self):
        pass

    def cont(self):
        pass

    def getLastSampleTime(self):
        pass

    def run(self):
        pass

    def handleStatsException(self, ex):
        pass

    def collect(self):
        pass


class HostStatsThread(threading.Thread):
    def __init__(self, log):
        pass

    def stop(self):
        pass

    def sample(self):
        pass

    def run(self):
        pass

    def get(self):
        pass
'''

POOL_TODAY = '''
import logging


class ThreadPool(object):

    whose = "VDSM's"

    def __init__(self, name, numThreads, waitTimeout=3, maxTasks=100):
        pass

    def queueTask(self, id, task, args=None):
        pass

    def getNextTask(self):
        pass

    def joinAll(self, waitForThreads=True):
        pass

    def _task_started(self):
        pass


class WorkerThread(object):
    def __init__(self, pool, name):
        pass
'''

SAMPLING_TODAY = '''
BULK_STATS_TYPES = 0
_TTL = 40.0


class StatsCache(object):
    def __init__(self, clock=None):
        pass


stats_cache = StatsCache()


class VMBulkstatsMonitor(object):

    whose = "VDSM's"

    def __init__(
            self, conn, get_vms, stats_cache,
            stats_types=(BULK_STATS_TYPES), ttl=_TTL):
        pass

    def __call__(self):
        pass


class HostMonitor(object):
    def __init__(self, samples=None, cif=None):
        pass
'''

EXECUTOR_TODAY = '''
import collections


class NotRunning(Exception):
    """ Not running. """


class AlreadyStarted(Exception):
    """ Started already. """


class Executor(object):

    whose = "VDSM's"

    def __init__(self, name, workers_count, max_tasks, scheduler,
                 max_workers=None, log=None):
        pass

    @property
    def name(self):
        pass

    def start(self):
        pass

    def stop(self, wait=True):
        pass

    def dispatch(self, callable, timeout=None, discard=True):
        pass


class Task(object):

    def __init__(self, callable, timeout, discard=True):
        pass

    @property
    def duration(self):
        pass

    def __call__(self):
        pass


class TaskQueue(object):

    def __init__(self, name, max_tasks):
        pass

    def put(self, task):
        pass

    def get(self):
        pass

    def clear(self):
        pass
'''

JUNE_2014 = {
    "storage.threadPool": POOL_2014,
    "virt.sampling": SAMPLING_2014,
}
TODAY = {
    "vdsm.storage.threadPool": POOL_TODAY,
    "vdsm.virt.sampling": SAMPLING_TODAY,
    "vdsm.executor": EXECUTOR_TODAY,
}
