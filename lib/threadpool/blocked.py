# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What runs now and has a time: which of it is overdue, and reports, again and
again, of those whose worker is blocked and is not replaced.

For who gives tasks to an executor without a deadline, and keeps their time
beside it. A job has the attributes deadline, report_at (NEVER for no report),
timeout, and thread: (name, Python's number, the kernel's).
"""

from __future__ import absolute_import, division, print_function

import os

from threadpool import evidence
from threadpool import task as _task
from threadpool import watch

# Seconds between two reports of one job, at least.
_REPEAT = 1.0


class Jobs(object):

    def __init__(self, name, scheduler, log):
        self.clock = scheduler.clock
        self.log = log
        # The tasks, as keys; each is put in and taken out by its own worker.
        # Without a lock: single operations of a dict and list() of it are
        # atomic, see backlog.py.
        self._jobs = {}
        self._watch = watch.Watch(name, scheduler, self._look)

    def enter(self, job):
        """
        The job is about to run. Thread: its worker.
        """
        # Publish first, arm after: see Watch.check().
        self._jobs[job] = None
        if job.report_at < self._watch.armed:
            self._watch.arm(job.report_at)

    def leave(self, job):
        """
        The job has ended. Thread: its worker.
        """
        del self._jobs[job]

    def overdue(self):
        """
        Return the jobs whose time is over. Thread: any.
        """
        jobs = list(self._jobs)
        if not jobs:
            return jobs
        now = self.clock()
        return [job for job in jobs if job.deadline <= now]

    def _look(self, now):
        """
        Report what is due. Returns when to look again. Thread: the
        scheduler's, since all others may be blocked.
        """
        earliest = _task.NEVER
        for job in list(self._jobs):
            if job.report_at <= now:
                self._report(job)
                job.report_at = now + max(job.timeout, _REPEAT)
            earliest = min(earliest, job.report_at)
        return earliest

    def _report(self, job):
        name, ident, native_id = job.thread
        stack = evidence.python_stack(ident)
        kernel = evidence.kernel(os.getpid(), native_id)
        if job in self._jobs:
            self.log.warning(
                "Worker blocked: <Worker name=%s running %r>, kernel=%s, "
                "traceback:\n%s", name, job, kernel, "\n".join(stack))
