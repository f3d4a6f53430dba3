# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Which workers exist, and which of them are late: the arithmetic of a crew.
"""

from __future__ import absolute_import, division, print_function

from threadpool import task as _task

NEVER = _task.NEVER


class Roster(object):
    """
    With s workers late, min(workers, max_workers - s) others exist, and never
    more than max_workers in all: true after hire(), and kept by dismissing
    each worker for whom settle() says so.

    No thread is started here and no lock is taken: all is called with the
    crew's lock held.
    """

    def __init__(self, workers, max_workers, stuck_after):
        """
        Raises ValueError.
        """
        _check(workers, max_workers)
        self.workers = workers
        self.max_workers = max_workers
        # Seconds from its deadline until a late task is stuck.
        self._stuck_after = stuck_after
        # Threads that exist or are about to: from hire() until the thread's
        # last act.
        self._all = set()
        # Those of them that run a late task.
        self._late = set()
        # Whether the missing are replaced.
        self.hiring = False
        self._hired = 0
        # Sums over workers that were removed.
        self._completed = 0
        self._failed = 0

    def empty(self):
        """
        Return a new one of the same size with nobody on it.
        """
        return Roster(self.workers, self.max_workers, self._stuck_after)

    @property
    def free(self):
        return len(self._all) - len(self._late)

    @property
    def full(self):
        """
        All threads that there may be are held by late tasks.
        """
        return len(self._late) >= self.max_workers

    def hire(self, make):
        """
        Add the workers that are missing, made by make(number); returns them.
        """
        recruits = []
        while (self.hiring and self.free < self.workers and
               len(self._all) < self.max_workers):
            worker = make(self._hired)
            self._hired += 1
            self._all.add(worker)
            recruits.append(worker)
        return recruits

    def resize(self, max_workers, workers=None):
        """
        From now on so many may exist, and be free (None: as before). Those
        without a late task leave when they are at leisure, if there are more.

        Raises ValueError.
        """
        if workers is None:
            workers = self.workers
        _check(workers, max_workers)
        self.workers = workers
        self.max_workers = max_workers
        excess = max(len(self._all) - max_workers, self.free - workers)
        # First those who are leaving already, then those without a task.
        free = sorted(self._all - self._late,
                      key=lambda w: (not w.leaving, w.task is not None))
        for worker in free[:max(excess, 0)]:
            # It counts until it is gone: it may just be taking a task.
            worker.leaving = True

    def remove(self, worker):
        """
        The worker counts no more; idempotent.
        """
        if worker in self._all:
            self._all.remove(worker)
            self._late.discard(worker)
            self._completed += worker.completed
            self._failed += worker.failed

    def mark(self, worker, task):
        """
        Mark worker as late with task; False if the task has just ended.
        """
        worker.late = task
        if worker.task is not task:
            # It ended: the worker may have read late before, so it counts as
            # in time. If it read late after, it waits for the crew's lock
            # and will find the same.
            worker.late = None
            return False
        self._late.add(worker)
        return True

    def sort(self, now):
        """
        Mark whoever became late or stuck; returns (tasks that became late,
        (worker, task) of those that became stuck, when to look again).
        """
        late = []
        stuck = []
        earliest = NEVER
        for worker, task in self.published():
            due = task.deadline
            if due <= now and worker.late is not task:
                if not self.mark(worker, task):
                    continue
                late.append(task)
            if worker.late is task:
                if worker.stuck:
                    continue
                due += self._stuck_after
                if due <= now:
                    worker.stuck = True
                    stuck.append((worker, task))
                    continue
            earliest = min(earliest, due)
        return late, stuck, earliest

    def settle(self, worker):
        """
        The late task of worker has returned. True if the worker stays, False
        if there are enough: then it is removed already, or a second one that
        returns at this moment would leave too.
        """
        worker.late = None
        worker.stuck = False
        self._late.discard(worker)
        if self.free > self.workers or len(self._all) > self.max_workers:
            self.remove(worker)
            return False
        return True

    def published(self):
        """
        Return a list of (worker, task): what runs now.
        """
        # A worker may unset its task at any time: read it once.
        tasks = [(worker, worker.task) for worker in self._all]
        return [(worker, task) for worker, task in tasks if task is not None]

    def state(self):
        """
        Return figures as plain data; see Executor.state().
        """
        return {
            "workers": self.workers,
            "max_workers": self.max_workers,
            "threads": len(self._all),
            "free": self.free,
            "late": len(self._late),
            "stuck": sum(worker.stuck for worker in self._late),
            "completed": self._completed + sum(
                worker.completed for worker in self._all),
            "failed": self._failed + sum(
                worker.failed for worker in self._all),
        }

    def __iter__(self):
        return iter(self._all)

    def __len__(self):
        return len(self._all)


def _check(workers, max_workers):
    for name, count in (("workers", workers), ("max_workers", max_workers)):
        if count < 1:
            raise ValueError("{0} must be at least 1: {1}".format(
                name, count))
