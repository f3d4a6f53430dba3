# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What a pool runs: a Task that somebody dispatched and forgot, or a Submission
whose Future somebody waits for.
"""

from __future__ import absolute_import, division, print_function

import functools
import logging
import sys

import six

from compat import futures

try:
    from contextvars import copy_context
except ImportError:
    copy_context = None

log = logging.getLogger("threadpool.task")

NEVER = float("inf")


class Task(object):
    """
    A callable, and when it must have ended.

    Times are seconds of the pool's clock.
    """

    __slots__ = ("call", "timeout", "key", "group", "started", "deadline")

    # What a late task still owes: None here, a Submission's future.
    future = None

    def __init__(self, call, timeout, key=None, group=None):
        self.call = call
        # Seconds from the start of the call, or None: never late.
        self.timeout = timeout
        # At most one task with this key is queued or running; None: any.
        self.key = key
        # The bulkhead.Group that it counts in, by name; None: none.
        self.group = group
        # Both set by the worker before it publishes the task.
        self.started = None
        self.deadline = None

    def begin(self, now):
        """
        Set the times, before the task is published. Thread: the worker.
        """
        self.started = now
        timeout = self.timeout
        self.deadline = NEVER if timeout is None else now + timeout

    def run(self):
        """
        Run the callable, and raise what it raises. Thread: the worker.
        """
        self.call()

    def finish(self, deliver):
        """
        Deliver the outcome, if anybody waits for it; deliver is called with
        the callable that runs done-callbacks, if there are any.

        Thread: the worker, after the key was freed. Never called for a task
        that was late.
        """

    def fail(self, error, deliver):
        """
        Tell who waits that the task was given up. Thread: any but its own.
        """

    def cancel(self):
        """
        Tell who waits that the task will not run. Thread: any.
        """

    @property
    def name(self):
        """
        The callable as text, for logs and reports.
        """
        return describe(self.call)

    def __repr__(self):
        return "<Task {0} key={1!r} timeout={2}>".format(
            self.name, self.key, self.timeout)


class Submission(Task):
    """
    A callable whose outcome goes into a future, on a clock that starts when
    it is submitted. It runs in the context of the thread that makes this.
    """

    __slots__ = ("future", "_args", "_kwargs", "_context", "_outcome")

    def __init__(self, call, args, kwargs, timeout, key, group, now):
        # Not through Task.__init__(), and with no more objects than it
        # takes: this is the hot path of submit().
        self.call = call
        self._args = args
        self._kwargs = kwargs
        self._context = None if copy_context is None else copy_context()
        self.timeout = timeout
        self.key = key
        self.group = group
        self.started = None
        self.deadline = NEVER if timeout is None else now + timeout
        self.future = Future()
        self._outcome = None

    def begin(self, now):
        self.started = now
        # Before the task is published, so that whoever finds it late may
        # rely on its future being beyond cancel().
        if not self.future.set_running_or_notify_cancel():
            self.future = None

    def run(self):
        if self.future is None:
            return
        try:
            if self._context is None:
                result = self.call(*self._args, **self._kwargs)
            else:
                result = self._context.run(
                    self.call, *self._args, **self._kwargs)
        except BaseException as e:
            self._outcome = (None, e, sys.exc_info()[2])
        else:
            self._outcome = (result, None, None)

    def finish(self, deliver):
        # Whoever gets the error gets its traceback, which refers to frames,
        # which refer to this task: keep nothing.
        future, self.future = self.future, None
        (result, error, trace), self._outcome = self._outcome, None
        future.finish(result, error, deliver, trace)

    def fail(self, error, deliver):
        # One that was still queued may be cancelled at this very moment.
        if (self.started is not None or
                self.future.set_running_or_notify_cancel()):
            self.future.finish(None, error, deliver)

    def cancel(self):
        if self.future.cancel():
            self.future.set_running_or_notify_cancel()


class Future(futures.Future):
    """
    A future whose done-callbacks run where the pool wants them: on a worker
    that the pool watches, since a callback may hang like any other call.
    """

    # Function that gets the callable that runs the callbacks; None: run them
    # at once, in the thread that ended the future, as for cancel(). Set by
    # finish() only: an __init__() would double what a future costs.
    _deliver = None

    def finish(self, result, error, deliver, trace=None):
        """
        Set the outcome of a running future. Called once: by the worker, or
        by the one who found the task late.
        """
        self._deliver = deliver
        if error is None:
            self.set_result(result)
        elif six.PY2:
            # There an exception does not have its traceback with it.
            self.set_exception_info(error, trace)
        else:
            self.set_exception(error)

    def _invoke_callbacks(self):
        # concurrent.futures calls this when the future is done and its
        # waiters are awake, outside its lock, in all versions that we serve
        # (task_test.py would tell).
        if self._deliver is None:
            self._run_callbacks()
        elif self._done_callbacks:
            self._deliver(self._run_callbacks)

    def _run_callbacks(self):
        super(Future, self)._invoke_callbacks()


def describe(call):
    """
    Name a callable for people: a function by its name, a partial by its
    function, anything else by its repr, which must not fail a report.
    """
    while isinstance(call, functools.partial):
        call = call.func
    name = getattr(call, "__qualname__", None)
    if name is not None:
        return name
    try:
        return repr(call)
    except Exception:
        log.exception("repr() of a %s failed", type(call))
        return object.__repr__(call)
