# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
When somebody must look whether tasks are late: one check at the earliest
deadline, instead of a timer for each task.
"""

from __future__ import absolute_import, division, print_function

import logging
import threading

from threadpool import errors
from threadpool import task as _task

log = logging.getLogger("threadpool.watch")

NEVER = _task.NEVER


class Watch(object):
    """
    Workers publish their task and then read armed; only if their deadline is
    earlier do they call arm(). See check() for why no task is overlooked.
    """

    def __init__(self, name, scheduler, look):
        """
        look: called with the time of a check; does what is due, and returns
            when the next check is. Thread: the scheduler's.
        """
        self._name = name
        self._scheduler = scheduler
        self._look = look
        # The earliest time at which a check is due: never later than the
        # deadline of any published task. Changes under the lock, read
        # without it.
        self.armed = NEVER
        # Held for bookkeeping and a call into the scheduler, which knows
        # nothing of us.
        self._lock = threading.Lock()
        self._check = None

    def arm(self, deadline):
        """
        Have a check at deadline at the latest. Thread: any.
        """
        with self._lock:
            if deadline >= self.armed:
                return
            try:
                check = self._scheduler.schedule(
                    deadline - self._scheduler.clock(), self.check)
            except errors.NotRunning as e:
                # The pool is being stopped, or the owner of a shared
                # scheduler stopped it before the pool.
                stopped = e
            else:
                if self._check is not None:
                    self._check.cancel()
                self._check = check
                self.armed = deadline
                return
        log.info("%s: no deadlines any more: %s", self._name, stopped)

    def check(self):
        """
        Thread: the scheduler's.

        A worker publishes its task, then reads armed. Here armed is reset,
        then look() reads the published tasks. So either look() sees the task
        or the worker sees that it must arm another check.
        """
        with self._lock:
            self._check = None
            self.armed = NEVER
        self.arm(self._look(self._scheduler.clock()))

    def after_fork(self):
        """
        Called in a forked child: the scheduler stayed in the parent.
        """
        self._lock = threading.Lock()
        self._check = None
        self.armed = NEVER
