# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Workers that wait until there is something to do.

Without a lock: see backlog.py for what this rests on, and for the rule of the
two flags.
"""

from __future__ import absolute_import, division, print_function

import collections


class Idle(object):

    def __init__(self):
        # Each waits on its own lock. Whoever takes a worker from here owes
        # it one wake-up.
        self.workers = collections.deque()

    def park(self, worker, needed):
        """
        Wait until there may be something to do. Thread: the worker.

        Two flags: a submitter queues a task, then looks for an idle worker;
        here the worker says that it is idle, then asks whether it is needed.
        So a task never waits beside a worker that sleeps.
        """
        self.workers.append(worker)
        if needed(worker):
            try:
                self.workers.remove(worker)
                return
            except ValueError:
                # Somebody took us from the list: a wake-up is under way, and
                # must be consumed here or it would end a later wait.
                pass
        worker.sleep()

    def wake(self, count=1):
        """
        Wake so many workers, or all if there are fewer. Thread: any.
        """
        for _ in range(count):
            try:
                worker = self.workers.pop()
            except IndexError:
                return
            worker.wake()

    def wake_all(self):
        """
        Have every idle worker look around, after its leaving was set.
        """
        while self.workers:
            self.wake()

    def __len__(self):
        return len(self.workers)
