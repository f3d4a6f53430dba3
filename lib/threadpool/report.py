# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What is known of a task under way, as plain data and as a log record.
"""

from __future__ import absolute_import, division, print_function

import logging
import os

from threadpool import errors
from threadpool import evidence
from threadpool import throttle

log = logging.getLogger("threadpool.report")


class Reporter(object):
    """
    Describes the late and stuck tasks of one pool.
    """

    def __init__(self, name, clock, on_stuck=None):
        self.name = name
        self._clock = clock
        self._on_stuck = on_stuck
        # A storage that dies takes dozens of tasks with it in one second;
        # the first ones tell the story.
        self._throttle = throttle.Throttle(
            interval=60.0, burst=10, clock=clock)
        # A periodic task that fails, fails at every period.
        self._failures = throttle.Throttle(
            interval=10.0, burst=10, clock=clock)
        # worker -> (task, time, kernel's figures) of the last look at its
        # late task. One entry for each late worker; see forget().
        self._looks = {}

    def describe(self, worker, task, stuck):
        """
        Return the evidence as a dict (see Executor.stuck()), or None if the
        task ended meanwhile. Reads /proc. Thread: any.
        """
        now = self._clock()
        entry = {
            "key": task.key,
            "call": task.name,
            "seconds": now - task.started,
            "late": now - task.deadline,
            "stuck": stuck,
            "thread": worker.name,
            "ident": worker.ident,
            "native_id": worker.native_id,
            "stack": evidence.python_stack(worker.ident),
            "kernel": evidence.kernel(os.getpid(), worker.native_id),
        }
        entry["since"] = self._compare(worker, task, now, entry["kernel"])
        if worker.task is not task:
            self._looks.pop(worker, None)
            return None
        return entry

    def describe_late(self, under_way):
        """
        Describe those of Crew.under_way() that are late, the oldest first.
        """
        late = [entry for entry in under_way if entry[2]]
        workers = set(entry[0] for entry in late)
        for worker in list(self._looks):
            if worker not in workers:
                self._looks.pop(worker, None)
        return self.describe_all(late)

    def describe_all(self, under_way):
        """
        Describe all of Crew.under_way(), the oldest first.
        """
        entries = [self.describe(worker, task, stuck)
                   for worker, task, _, stuck in under_way]
        return sorted((entry for entry in entries if entry is not None),
                      key=lambda entry: -entry["seconds"])

    def pool_stuck(self, under_way):
        """
        Return the error that says what holds all threads.
        """
        now = self._clock()
        return errors.PoolStuck(self.name, len(under_way), [
            (task.key, task.name, now - task.started)
            for _, task, _, _ in under_way])

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

    def log_stuck(self, worker, task):
        """
        Log the evidence, then tell the user's hook. Thread: a worker.
        """
        entry = self.describe(worker, task, stuck=True)
        if entry is None:
            return
        suppressed = self._throttle.admit()
        if suppressed is not None:
            log.warning(
                "%s: stuck for %.1f s: %s key=%r thread=%s kernel=%s "
                "(%d like it not logged)\n%s",
                self.name, entry["seconds"], entry["call"], entry["key"],
                entry["thread"], entry["kernel"], suppressed,
                "\n".join(entry["stack"]))
        if self._on_stuck is not None:
            self._on_stuck(entry)

    def _compare(self, worker, task, now, kernel):
        """
        What the thread did since the last look at the same task, so that a
        reader can tell slow from stuck; None at the first look.
        """
        last = self._looks.get(worker)
        self._looks[worker] = (task, now, kernel)
        if last is None or last[0] is not task:
            return None
        since = {"seconds": now - last[1]}
        for field in ("ticks", "switches"):
            if field in kernel and field in last[2]:
                since[field] = kernel[field] - last[2][field]
        return since
