# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What the pool raises.

Each error keeps its parameters as attributes and formats them only when
somebody wants to read it. Refusals are raised in the thread that asked.
"""

from __future__ import absolute_import, division, print_function


class Error(Exception):
    """
    Base of all errors of this package.
    """
    msg = "Thread pool error"

    def __str__(self):
        return self.msg.format(self=self)


class NotRunning(Error, RuntimeError):
    """
    Raised when work is given to a pool or scheduler that was not started,
    was stopped, or belongs to the parent of a forked process.

    It is a RuntimeError because concurrent.futures raises that.
    """
    msg = "{self.name} is not running: {self.state}"

    def __init__(self, name, state):
        super(NotRunning, self).__init__(name, state)
        self.name = name
        self.state = state


class AlreadyStarted(Error, RuntimeError):
    """
    Raised by start() of something that was started before. Starting is one
    way: a stopped pool stays stopped.
    """
    msg = "{self.name} was already started, and is now: {self.state}"

    def __init__(self, name, state):
        super(AlreadyStarted, self).__init__(name, state)
        self.name = name
        self.state = state


class QueueFull(Error):
    """
    Raised when max_tasks tasks wait already. Nothing was queued.
    """
    msg = "{self.name}: {self.max_tasks} tasks are waiting already"

    def __init__(self, name, max_tasks):
        super(QueueFull, self).__init__(name, max_tasks)
        self.name = name
        self.max_tasks = max_tasks


class KeyBusy(Error):
    """
    Raised when a task with this key is queued or running; while that task is
    stuck, this is the key's open circuit breaker.
    """
    msg = "{self.name}: a task with key {self.key!r} is under way"

    def __init__(self, name, key):
        super(KeyBusy, self).__init__(name, key)
        self.name = name
        self.key = key


class GroupBusy(Error):
    """
    Raised when all places of a group are held by late tasks, and the time
    for a probe has not come. Nothing was queued.

    Attribute seconds says when it will have come.
    """
    msg = ("{self.name}: all places of group {self.group!r} are held by "
           "{self.late} late tasks, next probe in {self.seconds:.1f} s")

    def __init__(self, name, group, late, seconds):
        super(GroupBusy, self).__init__(name, group, late, seconds)
        self.name = name
        self.group = group
        self.late = late
        self.seconds = seconds


class PoolStuck(Error):
    """
    Raised when all max_workers threads are held by late tasks.

    Attribute tasks is a list of (key, call, seconds), one for each thread:
    what holds it, and for how long.
    """
    msg = ("{self.name}: all {self.max_workers} threads are held by late "
           "tasks: {self.holders}")

    def __init__(self, name, max_workers, tasks):
        super(PoolStuck, self).__init__(name, max_workers, tasks)
        self.name = name
        self.max_workers = max_workers
        self.tasks = tasks

    @property
    def holders(self):
        return ", ".join(
            "{0} for {1:.1f} s".format(call if key is None else key, seconds)
            for key, call, seconds in self.tasks)


class TaskStuck(Error):
    """
    What a future fails with when its deadline passes: in the queue (started
    is False), or in a call that is still under way (started is True).
    """
    msg = ("{self.name}: {self.call} did not end within {self.timeout} s "
           "of its submission (started: {self.started})")

    def __init__(self, name, call, timeout, started):
        super(TaskStuck, self).__init__(name, call, timeout, started)
        self.name = name
        self.call = call
        self.timeout = timeout
        self.started = started
