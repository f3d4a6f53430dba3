# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The workers of a pool at work: who is late, who is stuck, who replaces whom.
"""

from __future__ import absolute_import, division, print_function

import functools
import logging
import threading

from threadpool import clock as _clock
from threadpool import errors
from threadpool import task as _task
from threadpool import throttle
from threadpool import waiter as _waiter
from threadpool import watch as _watch
from threadpool import worker as _worker

log = logging.getLogger("threadpool.crew")

# When the system has no thread to give, ask again after so many seconds.
_RETRY = 1.0

# Seconds that one who waits for workers gives their threads to end, when they
# have nothing else to do any more.
_END = 1.0


class Crew(object):
    """
    Keeps what roster.Roster promises, whatever the tasks do.
    """

    def __init__(self, name, roster, backlog, scheduler, reporter, timeout):
        self.name = name
        self.reporter = reporter
        # Seconds that the pool's own errands and done-callbacks may take.
        self.timeout = timeout
        self.watch = _watch.Watch(name, scheduler, self.look)
        # Called once, after the last worker of a closed pool left; on that
        # worker's thread.
        self.on_empty = None
        # All threads are held by late tasks: refuse work. Changes under the
        # lock, read without it.
        self.full = False
        self._backlog = backlog
        self._clock = scheduler.clock
        self._departures = _waiter.Waiters()
        self._no_threads = throttle.Throttle(
            interval=10.0, clock=self._clock)
        # All below changes under the lock only. It is held for bookkeeping:
        # threads start, futures fail and logs are written after it.
        self._lock = threading.Lock()
        self._roster = roster
        # Futures that failed in the queue, and results that came too late.
        self._expired = 0
        self._dropped = 0
        # Threads that have left and may still be about to end.
        self._ending = []

    def start(self):
        with self._lock:
            self._roster.hiring = True
            recruits = self._hire()
        self._launch(recruits)

    def resize(self, max_workers, workers=None):
        """
        Let so many workers exist, and be free. Thread: any.
        """
        with self._lock:
            self._roster.resize(max_workers, workers)
            recruits = self._hire()
            self.full = self._roster.full
        self._launch(recruits)
        # Those who are to leave must hear of it.
        self._backlog.idle.wake_all()

    def look(self, now):
        """
        Find the tasks that are late or stuck, and do about it what there is
        to do. Returns when to look again. Thread: the scheduler's.
        """
        expired, earliest = self._backlog.expire(now)
        with self._lock:
            late, stuck, due = self._roster.sort(now)
            recruits = self._hire()
            full = self._roster.full
            became_full = full and not self.full
            self.full = full
            self._expired += len(expired)
        probe_at = self._backlog.turned_late(late, now)
        self._launch(recruits)
        if late:
            self._departures.wake()
        for task in expired + late:
            _fail(self.name, task, self.errand)
        for worker, task in stuck:
            self.errand(functools.partial(
                self.reporter.log_stuck, worker, task))
        if became_full:
            log.error("%s; nothing else runs until one returns",
                      self.reporter.pool_stuck(self.under_way()))
        return min(earliest, due, probe_at)

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
            if not self._roster.settle(worker):
                worker.leaving = True
            self.full = False
            if task.future is not None:
                self._dropped += 1
        if was_stuck:
            log.info("%s: %s returned after %.1f s, key=%r", self.name,
                     task.name, self._clock() - task.started, task.key)
        return True

    def left(self, worker):
        """
        The worker's thread is about to end. Thread: that worker.
        """
        with self._lock:
            self._roster.remove(worker)
            self._ending = [
                thread for thread in self._ending if thread.is_alive()]
            self._ending.append(threading.current_thread())
            # Only a fault of ours ends a worker that nobody sent away.
            recruits = self._hire()
            on_empty = None
            if not len(self._roster) and self._backlog.closed:
                on_empty, self.on_empty = self.on_empty, None
        self._launch(recruits)
        self._departures.wake()
        if on_empty is not None:
            on_empty()

    def errand(self, call):
        """
        Have a worker run call, ahead of all tasks. Thread: any.
        """
        self._backlog.put_errand(_task.Task(call, self.timeout))
        with self._lock:
            # While shutting down, all may have left.
            recruits = self._hire()
        self._launch(recruits)

    def dismiss(self):
        """
        Send all away: the free ones now, the others after their task.
        """
        with self._lock:
            self._roster.hiring = False
            for worker in self._roster:
                worker.leaving = True

    def abandon(self):
        """
        Give up all tasks under way: fail their futures, drop their results.
        """
        with self._lock:
            abandoned = [
                task for worker, task in self._roster.published()
                if worker.late is not task and
                self._roster.mark(worker, task)]
        # Those who wait for all but late tasks.
        self._departures.wake()
        for task in abandoned:
            _fail(self.name, task, None)

    def wait(self, timeout, for_late):
        """
        Wait until the workers are gone, those with a late task too or not;
        True if they are. Thread: any; a worker does not wait for itself.
        """
        me = threading.current_thread().ident

        def gone():
            with self._lock:
                return not any(
                    worker.ident != me and (for_late or worker.late is None)
                    for worker in self._roster)
        if not self._departures.wait(gone, timeout):
            return False
        # Who counts the threads of the process then counts none of ours.
        with self._lock:
            ending = list(self._ending)
        limit = _clock.monotonic() + _END
        for thread in ending:
            if thread.ident != me:
                thread.join(max(limit - _clock.monotonic(), 0.0))
        return True

    def under_way(self):
        """
        Return a list of (worker, task, late, stuck): what runs now.
        """
        with self._lock:
            return [(worker, task, worker.late is task, worker.stuck)
                    for worker, task in self._roster.published()]

    def state(self):
        """
        Return the figures of Executor.state() that are the crew's.
        """
        with self._lock:
            state = self._roster.state()
            state.update(expired=self._expired, dropped=self._dropped)
            return state

    def after_fork(self):
        """
        Called in a forked child: all workers stayed in the parent.
        """
        self._lock = threading.Lock()
        self._roster = self._roster.empty()
        self._departures = _waiter.Waiters()
        self._ending = []
        self.full = False
        self.watch.after_fork()

    def _hire(self):
        # With the lock held.
        if self._backlog.closed and not self._backlog:
            # Shutting down, and nothing to do.
            return []
        return self._roster.hire(lambda number: _worker.Worker(
            "%s/%d" % (self.name, number), self, self._backlog, self._clock))

    def _launch(self, recruits):
        for worker in recruits:
            try:
                worker.start()
            except (RuntimeError, threading.ThreadError, MemoryError) as e:
                with self._lock:
                    self._roster.remove(worker)
                self.watch.arm(self._clock() + _RETRY)
                suppressed = self._no_threads.admit()
                if suppressed is not None:
                    log.error("%s: cannot start a thread, trying again: %s "
                              "(%d like it not logged)",
                              self.name, e, suppressed)


def _fail(name, task, deliver):
    if task.future is not None:
        task.fail(errors.TaskStuck(
            name, task.name, task.timeout, task.started is not None), deliver)
