# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Stands in for VDSM's module of this name: the pool of the storage subsystem.

Two classes, for the two ways in which VDSM makes it: until 4.18 the module is
storage.threadPool, and its pools have no names; from 4.19 on it is
vdsm.storage.threadPool, and they have. What VDSM's pools and their workers
only said to each other (setRunningTask, getNextTask, WorkerThread) is not
here. doc/vdsm.md says what is different.
"""

from __future__ import absolute_import, division, print_function

import itertools
import logging
import threading

from threadpool import errors
from threadpool import storage

# For queue.Queue, no maximum; it would take a day to fill.
_NO_MAXIMUM = 100000

# Pools of the older VDSMs have no names, and those of one process differ by
# a number.
_numbers = itertools.count()


class _Base(object):
    """
    What both have in common.
    """

    log = logging.getLogger("storage.threadpool")

    # How a pool is made; another one in the older class.
    _make = storage.Pool

    def __init__(self, name, numThreads, waitTimeout, maxTasks):
        """
        numThreads: how many tasks run at once.
        waitTimeout: seconds that queueTask() waits for room in the queue. In
            VDSM it is the pause of workers between two looks for work; here
            they need none.
        maxTasks: how many may wait.

        Raises ValueError. Starts the threads, as VDSM expects.
        """
        if maxTasks < 1:
            maxTasks = _NO_MAXIMUM
        self._pool = self._make(
            name, self._checked(numThreads), maxTasks, waitTimeout,
            log=self.log)
        self._pool.start()

    def queueTask(self, id, task, args=None, taskCallback=None):
        """
        Have task(args) run on a worker, and then taskCallback(its result).

        Returns False if it was not queued, and logs why. Thread: any.
        """
        if not callable(task):
            self.log.warning("Task %s was not queued: not callable: %r",
                             id, task)
            return False
        try:
            self._pool.queue_task(id, task, args, taskCallback)
        except errors.Error as e:
            self.log.warning("Task %s was not queued: %s", id, e)
            return False
        return True

    def getRunningTasks(self):
        """
        Return how many tasks run now.
        """
        return len(self._pool.running())

    def setThreadCount(self, newNumThreads):
        """
        Let so many tasks run at once; False after joinAll(). Raises
        ValueError.
        """
        workers = self._checked(newNumThreads)
        if not self._pool.state()["running"]:
            return False
        self._pool.resize(workers)
        return True

    def getThreadCount(self):
        """
        Return how many workers exist now: more than was asked for while
        tasks are late, or while one that is to go ends its task.
        """
        return self._pool.state()["threads"]

    def stopThread(self):
        """
        Send one worker away, but not the last one.
        """
        self.setThreadCount(max(1, self._pool.state()["workers"] - 1))

    def _checked(self, count):
        if count < 0:
            raise ValueError("A pool cannot have %s threads" % count)
        if count < 1:
            # VDSM asks for that: half of a thread_pool_size of 1.
            self.log.warning("A pool of 0 threads runs nothing: it gets 1")
        return max(1, int(count))

    def __repr__(self):
        return "<ThreadPool {0!r}>".format(self._pool)


class Named(_Base):
    """
    VDSM 4.19 and later.
    """

    def __init__(self, name, numThreads, waitTimeout=3, maxTasks=100):
        super(Named, self).__init__(name, numThreads, waitTimeout, maxTasks)

    def joinAll(self, waitForThreads=True, waitForTasks=False):
        """
        See storage.Pool.join(). Until 4.30 VDSM says that it does not wait
        for the tasks that are queued, since 4.40 it has no choice.
        """
        self._pool.join(waitForTasks, waitForThreads)


class _NamingPool(storage.Pool):
    """
    Names the thread after the task that it runs: log records of the older
    VDSMs tell of which task they are by the name of the thread.
    """

    def perform(self, call):
        thread = threading.current_thread()
        name = thread.name
        thread.name = _text(call.id)
        try:
            super(_NamingPool, self).perform(call)
        finally:
            thread.name = name


class Unnamed(_Base):
    """
    VDSM before 4.19.
    """

    log = logging.getLogger("Storage.ThreadPool")

    _make = _NamingPool

    def __init__(self, numThreads, waitTimeout=3, maxTasks=100):
        super(Unnamed, self).__init__(
            "storage%d" % next(_numbers), numThreads, waitTimeout, maxTasks)

    def joinAll(self, waitForTasks=True, waitForThreads=True):
        """
        See storage.Pool.join().
        """
        self._pool.join(waitForTasks, waitForThreads)


def _text(id):
    """
    Return id as a string that no setter of names refuses.
    """
    return id if isinstance(id, str) else repr(id)


ThreadPool = Named if __name__.startswith("vdsm.") else Unnamed
