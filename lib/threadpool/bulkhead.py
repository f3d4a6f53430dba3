# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Walls between groups of tasks: what fails together may not sink the rest.

Tasks of one group need the same thing, such as a storage. When that dies all
of them hang, and each would take a thread. So a group has places, as many as
the pool has workers, and a task needs one from when it is queued until it
returns; others of the group wait. A task that is late keeps its place.

The number of places adapts as the window of TCP does, additive increase and
multiplicative decrease (RFC 5681): each task that turns late halves it, each
that returns adds one. When late tasks hold all places a single task is let
in as a probe, after a pause of 0.5 seconds that doubles up to 30 seconds with
each probe that turns late too. Meanwhile new tasks are refused.
"""

from __future__ import absolute_import, division, print_function

import collections
import threading

from threadpool import errors
from threadpool import task as _task

NEVER = _task.NEVER

# Seconds between two probes.
SHORTEST_PAUSE = 0.5
LONGEST_PAUSE = 30.0


class Group(object):
    """
    One group; all is called with the lock of Bulkheads held.
    """

    def __init__(self, places):
        self._most = places
        # How many tasks may be under way, if those that are late are few.
        self.limit = places
        # Tasks that have a place: queued, running, or late.
        self.inside = set()
        # Those of them that are late.
        self.late = set()
        # Tasks without a place, the oldest first.
        self.waiting = collections.deque()
        # Seconds between the last late task and the next probe, and when
        # that is: no matter unless all that is inside is late.
        self._pause = 0.0
        self._probe_at = 0.0

    @property
    def hopeless(self):
        """
        Nothing is under way that may return any moment, and there is no
        place: only a probe can tell whether that is still so.
        """
        return (len(self.late) >= self.limit and
                len(self.late) == len(self.inside))

    @property
    def idle(self):
        """
        There is nothing to remember of it.
        """
        return (not self.inside and not self.waiting and
                self.limit == self._most)

    @property
    def next_probe(self):
        """
        When a task that waits is to be let in as a probe.
        """
        return self._probe_at if self.waiting and self.hopeless else NEVER

    def remaining(self, now):
        """
        Return seconds until a task is let in or may wait; 0 if it is now.
        """
        return max(self._probe_at - now, 0.0) if self.hopeless else 0.0

    def has_place(self, now):
        if self.hopeless:
            return self._probe_at <= now
        return len(self.inside) < self.limit

    def turned_late(self, task, now):
        self.late.add(task)
        self.limit = max(self.limit // 2, 1)
        if self.hopeless:
            self._pause = min(max(2 * self._pause, SHORTEST_PAUSE),
                              LONGEST_PAUSE)
            self._probe_at = now + self._pause

    def returned(self, task):
        self.inside.discard(task)
        self.late.discard(task)
        # Beyond those that are late there can be a full set of others.
        self.limit = min(self.limit + 1, self._most + len(self.late))
        self._pause = self._probe_at = 0.0


class Bulkheads(object):
    """
    The groups of a pool. A group exists while there is something to know of
    it.
    """

    def __init__(self, name, places, clock, admit):
        """
        places: of each group, while it is well.
        admit: called with each task that gets a place, to queue it; with the
            lock held, so that a task is always found here or there. It must
            only append.
        """
        self._name = name
        self._places = places
        self._clock = clock
        self._admit = admit
        # All below changes under the lock.
        self._lock = threading.Lock()
        # group -> Group.
        self._groups = {}
        # All walls are down: what waited was let in.
        self._opened = False

    def enter(self, task):
        """
        Give the task a place, or have it wait. Raises GroupBusy. Thread: any.
        """
        now = self._clock()
        with self._lock:
            group = self._groups.get(task.group)
            if group is None:
                group = self._groups[task.group] = Group(self._places)
            remaining = group.remaining(now)
            if not remaining:
                group.waiting.append(task)
                self._fill(group, now)
        if remaining:
            raise errors.GroupBusy(
                self._name, task.group, len(group.late), remaining)

    def turned_late(self, tasks):
        """
        These tasks have missed their deadline; call probe() after this.
        Thread: the scheduler's.
        """
        now = self._clock()
        with self._lock:
            for task in tasks:
                group = self._groups.get(task.group)
                # It may have returned meanwhile.
                if group is not None and task in group.inside:
                    group.turned_late(task, now)

    def leave(self, task):
        """
        The task has returned. Thread: its worker.
        """
        now = self._clock()
        with self._lock:
            group = self._groups[task.group]
            group.returned(task)
            self._settle(task.group, now)

    def withdraw(self, task):
        """
        Let the task wait no more; False if it did not. Thread: any.
        """
        with self._lock:
            group = self._groups.get(task.group)
            if group is None or task not in group.waiting:
                return False
            group.waiting.remove(task)
            return True

    def forget(self, task):
        """
        The task was withdrawn, or had a place but will not run: that tells
        nothing of the group. Thread: any.
        """
        now = self._clock()
        with self._lock:
            group = self._groups.get(task.group)
            if group is not None:
                group.inside.discard(task)
                self._settle(task.group, now)

    def probe(self, now):
        """
        Let in the probes that are due; returns when the next one is. Thread:
        the scheduler's.
        """
        with self._lock:
            for group in self._groups.values():
                self._fill(group, now)
            return min([group.next_probe for group in self._groups.values()] +
                       [NEVER])

    def waiting(self):
        """
        Return the tasks that wait.
        """
        with self._lock:
            return [task for group in self._groups.values()
                    for task in group.waiting]

    def open(self):
        """
        Let all in, now and from now on: no more tasks come.
        """
        now = self._clock()
        with self._lock:
            self._opened = True
            for group in self._groups.values():
                self._fill(group, now)

    def state(self):
        """
        Return {group: {"limit", "under_way", "late", "waiting"}} of the
        groups with tasks or with a limit below the usual.
        """
        with self._lock:
            return dict((name, {
                "limit": group.limit,
                "under_way": len(group.inside) - len(group.late),
                "late": len(group.late),
                "waiting": len(group.waiting),
            }) for name, group in self._groups.items())

    def _settle(self, name, now):
        group = self._groups[name]
        self._fill(group, now)
        if group.idle:
            del self._groups[name]

    def _fill(self, group, now):
        while group.waiting and (self._opened or group.has_place(now)):
            task = group.waiting.popleft()
            group.inside.add(task)
            self._admit(task)
