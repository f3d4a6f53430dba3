# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The workers of a pool: how many there are, which of them are late or stuck,
and who replaces them.
"""

from __future__ import absolute_import, division, print_function

import logging
import threading

from threadpool import clock as _clock
from threadpool import errors
from threadpool import task as _task
from threadpool import throttle
from threadpool import waiter as _waiter
from threadpool import worker as _worker

log = logging.getLogger("threadpool.crew")

NEVER = _task.NEVER

# When the system has no thread to give, ask again after so many seconds.
_RETRY = 1.0


class Crew(object):
    """
    Keeps this true, at the end of each hold of the lock while the pool runs:
    with s workers late, min(workers, max_workers - s) others exist; and never
    more than max_workers in all.
    """

    def __init__(self, name, workers, max_workers, timeout, stuck_after,
                 backlog, scheduler):
        self.name = name
        self.workers = workers
        self.max_workers = max_workers
        # Seconds that the pool's own errands and done-callbacks may take.
        self.timeout = timeout
        self.stuck_after = stuck_after
        # Called with (worker, task) of a newly stuck one, on the scheduler's
        # thread: must not block. Set before start().
        self.on_stuck = None
        # Called once, after the last worker left; on that worker's thread.
        self.on_empty = None
        self._backlog = backlog
        self._scheduler = scheduler
        self._clock = scheduler.clock
        # The earliest time at which a check is due: never later than the
        # deadline of any published task. Read without the lock: see arm().
        self.armed = NEVER
        # All max_workers are late: refuse work. Read without the lock.
        self.full = False
        # All below changes under the lock only. Held for bookkeeping, with
        # calls into the scheduler and the backlog, which know nothing of us;
        # threads start, futures fail and logs are written after it.
        self._lock = threading.Lock()
        # Threads that exist or are about to: from recruitment until the
        # thread's last act.
        self._all = set()
        # Those of them that run a late task.
        self._late = set()
        self._check = None
        # Whether the missing are replaced: from start() to dismiss().
        self._recruiting = False
        self._hired = 0
        self._waiters = []
        self._no_threads = throttle.Throttle(
            interval=10.0, clock=self._clock)
        # A periodic task that fails, fails at every period.
        self._failures = throttle.Throttle(
            interval=10.0, burst=10, clock=self._clock)
        # Sums over workers that left, and results that came too late.
        self._completed = 0
        self._failed = 0
        self._dropped = 0
        self._expired = 0

    def start(self):
        with self._lock:
            self._recruiting = True
            recruits = self._recruit()
        self._launch(recruits)

    def arm(self, deadline):
        """
        Have the check run at deadline at the latest. Thread: any.
        """
        with self._lock:
            self._arm(deadline)

    def errand(self, call):
        """
        Have a worker run call, ahead of all tasks. Thread: any.
        """
        self._backlog.put_errand(_task.Task(call, self.timeout))
        with self._lock:
            # While shutting down, all may have left.
            recruits = self._recruit()
        self._launch(recruits)

    def settle(self, worker, task):
        """
        Take the worker of a task that just ended back among the free ones,
        or send it away if there are enough. Thread: that worker.

        Returns False if the task turned out to be in time.
        """
        with self._lock:
            if worker.late is not task:
                return False
            was_stuck = worker.stuck
            worker.late = None
            worker.stuck = False
            self._late.discard(worker)
            self.full = False
            if task.future is not None:
                self._dropped += 1
            if len(self._all) - len(self._late) > self.workers:
                worker.leaving = True
                # It counts no more, or a second one that returns at this
                # moment would leave too.
                self._remove(worker)
            seconds = self._clock() - task.started
        if was_stuck:
            log.info("%s: %s returned after %.1f s, key=%r",
                     self.name, task.name, seconds, task.key)
        return True

    def log_failure(self, task):
        """
        A dispatched task raised, and nobody else will say so. Called while
        the exception is being handled. Thread: the worker.
        """
        suppressed = self._failures.admit()
        if suppressed is not None:
            log.exception("%s: task %s failed, key=%r (%d like it not "
                          "logged)", self.name, task.name, task.key,
                          suppressed)

    def left(self, worker):
        """
        The worker's thread is about to end. Thread: that worker.
        """
        with self._lock:
            self._late.discard(worker)
            self._remove(worker)
            # Only a fault of ours ends a worker that nobody sent away.
            recruits = self._recruit()
            for waiter in self._waiters:
                waiter.wake()
            on_empty = None
            if not self._all and self._backlog.closed:
                on_empty, self.on_empty = self.on_empty, None
        self._launch(recruits)
        if on_empty is not None:
            on_empty()

    def dismiss(self):
        """
        Send all away: the free ones now, the others after their task.
        """
        with self._lock:
            self._recruiting = False
            for worker in self._all:
                worker.leaving = True

    def abandon(self):
        """
        Give up all tasks under way: fail their futures, drop their results.
        """
        with self._lock:
            abandoned = [
                (worker, task) for worker, task in self._published()
                if worker.late is not task and self._mark(worker, task)]
        for _, task in abandoned:
            self._fail(task, None)

    def wait(self, timeout, for_late):
        """
        Wait until the workers are gone, those with a late task too or not;
        True if they are. Thread: any; a worker does not wait for itself.
        """
        # Real time even when the pool's clock is a test's: threads end in it.
        clock = _clock.monotonic
        limit = NEVER if timeout is None else clock() + timeout
        waiter = _waiter.Waiter()
        with self._lock:
            self._waiters.append(waiter)
        try:
            while True:
                with self._lock:
                    if not self._awaited(for_late):
                        return True
                remaining = limit - clock()
                if remaining <= 0:
                    return False
                waiter.wait(None if remaining == NEVER else remaining)
        finally:
            with self._lock:
                self._waiters.remove(waiter)
            waiter.close()

    def under_way(self):
        """
        Return a list of (worker, task, late, stuck): what runs now.
        """
        with self._lock:
            return [(worker, task, worker.late is task, worker.stuck)
                    for worker, task in self._published()]

    def pool_stuck(self):
        """
        Return the error that says what holds all threads.
        """
        now = self._clock()
        return errors.PoolStuck(self.name, self.max_workers, [
            (task.key, task.name, now - task.started)
            for _, task, _, _ in self.under_way()])

    def state(self):
        """
        Return the figures of Executor.state() that are the crew's.
        """
        with self._lock:
            return {
                "threads": len(self._all),
                "free": len(self._all) - len(self._late),
                "late": len(self._late),
                "stuck": sum(worker.stuck for worker in self._late),
                "completed": self._completed + sum(
                    worker.completed for worker in self._all),
                "failed": self._failed + sum(
                    worker.failed for worker in self._all),
                "dropped": self._dropped,
                "expired": self._expired,
            }

    def after_fork(self):
        """
        Called in a forked child: all workers stayed in the parent.
        """
        self._lock = threading.Lock()
        self._recruiting = False
        self._all = set()
        self._late = set()
        self._check = None
        self._waiters = []
        self.armed = NEVER
        self.full = False

    def check(self):
        """
        Find the tasks that are late or stuck. Thread: the scheduler's.

        A worker publishes its task, then reads armed. Here armed is reset,
        then the published tasks are read. So either this check sees the task
        or the worker sees that it must arm another: none is overlooked.
        """
        now = self._clock()
        with self._lock:
            self._check = None
            self.armed = NEVER
            expired, earliest = self._backlog.expire(now)
            self._expired += len(expired)
            late, stuck, earliest = self._look(now, earliest)
            recruits = self._recruit()
            became_full = self._full()
            if earliest < NEVER:
                self._arm(earliest)
            if late:
                for waiter in self._waiters:
                    waiter.wake()
        self._launch(recruits)
        for task in expired + late:
            self._fail(task, self.errand)
        for worker, task in stuck:
            self.on_stuck(worker, task)
        if became_full:
            log.error("%s; refusing work until one returns",
                      self.pool_stuck())

    # Helpers. The lock is held, except in _launch() and _fail().

    def _arm(self, deadline):
        if deadline >= self.armed:
            return
        try:
            check = self._scheduler.schedule(
                deadline - self._clock(), self.check)
        except errors.NotRunning as e:
            # Only while stopping, or if the owner of a shared scheduler
            # stopped it before the pool.
            log.log(logging.ERROR if self._recruiting else logging.DEBUG,
                    "%s: no deadlines any more: %s", self.name, e)
            return
        if self._check is not None:
            self._check.cancel()
        self._check = check
        self.armed = deadline

    def _published(self):
        # A worker may unset its task at any time: read it once.
        tasks = [(worker, worker.task) for worker in self._all]
        return [(worker, task) for worker, task in tasks if task is not None]

    def _look(self, now, earliest):
        late = []
        stuck = []
        earliest = NEVER if earliest is None else earliest
        for worker, task in self._published():
            due = task.deadline
            if due <= now and worker.late is not task:
                if not self._mark(worker, task):
                    continue
                late.append(task)
            if worker.late is task:
                due += self.stuck_after
                if worker.stuck:
                    continue
                if due <= now:
                    worker.stuck = True
                    stuck.append((worker, task))
                    continue
            earliest = min(earliest, due)
        return late, stuck, earliest

    def _mark(self, worker, task):
        """
        Mark worker as late; False if its task has just ended.
        """
        worker.late = task
        if worker.task is not task:
            # It ended: the worker may have read late before, so it counts as
            # in time. If it read late after, it waits for the lock and will
            # find the same.
            worker.late = None
            return False
        self._late.add(worker)
        return True

    def _full(self):
        was_full = self.full
        self.full = len(self._late) >= self.max_workers
        return self.full and not was_full

    def _recruit(self):
        recruits = []
        # While shutting down, only as long as there is something to do.
        recruiting = self._recruiting and (
            not self._backlog.closed or self._backlog)
        while (recruiting and
               len(self._all) - len(self._late) < self.workers and
               len(self._all) < self.max_workers):
            worker = _worker.Worker(
                "%s/%d" % (self.name, self._hired), self, self._backlog,
                self._clock)
            self._hired += 1
            self._all.add(worker)
            recruits.append(worker)
        return recruits

    def _remove(self, worker):
        if worker in self._all:
            self._all.remove(worker)
            self._completed += worker.completed
            self._failed += worker.failed

    def _awaited(self, for_late):
        me = threading.current_thread().ident
        return [worker for worker in self._all if worker.ident != me and
                (for_late or worker.late is None)]

    def _launch(self, recruits):
        for worker in recruits:
            try:
                worker.start()
            except (RuntimeError, threading.ThreadError, MemoryError) as e:
                with self._lock:
                    self._remove(worker)
                    self._arm(self._clock() + _RETRY)
                suppressed = self._no_threads.admit()
                if suppressed is not None:
                    log.error("%s: cannot start a thread, trying again: %s "
                              "(%d like it not logged)",
                              self.name, e, suppressed)

    def _fail(self, task, deliver):
        if task.future is not None:
            task.fail(errors.TaskStuck(
                self.name, task.name, task.timeout, task.started is not None),
                deliver)
