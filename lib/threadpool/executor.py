# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
A pool of threads that survives calls that hang.

Create and start a pool, and give it work:

    pool = executor.Executor("sampling", workers=4, max_workers=30)
    pool.start()
    pool.dispatch(functools.partial(sample, vm), timeout=7.5, key=vm.id)

A task that is under way at its deadline is late: its thread is left alone,
since no thread can be ended from outside, and another one takes its place, as
long as there are fewer than max_workers. So four quick workers stay, however
many calls hang, up to max_workers - workers. When the hung call returns its
worker rejoins, or leaves if there are enough.

A task that is still under way stuck_after seconds after its deadline is
stuck: it is logged once, with the stack of its thread and with what the
kernel says of it, and listed by stuck().

At most one task with the same key is queued or running, so a resource that
hangs holds one thread, however often it is asked for: dispatch() raises
KeyBusy at once, until the hung call returns.

The pool is a concurrent.futures.Executor as well. A future of this pool never
hangs: it fails with TaskStuck at its deadline, which counts from submit().

    future = pool.bound(key=vm.id, timeout=7.5).submit(sample, vm)
    future.result()

Threads are daemons. Stopping waits for a bounded time, and interpreter exit
for nothing.
"""

from __future__ import absolute_import, division, print_function

import functools
import logging
import threading

from six.moves import builtins

from compat import futures
from threadpool import backlog as _backlog
from threadpool import crew as _crew
from threadpool import errors
from threadpool import fork
from threadpool import report
from threadpool import roster as _roster
from threadpool import schedule
from threadpool import task as _task

log = logging.getLogger("threadpool.executor")

# The timeout of a task that asks for none: the pool's.
DEFAULT = object()

_CREATED = "not started"
_RUNNING = "running"
_SHUTDOWN = "shut down"
_STOPPED = "stopped"
_FORKED = "it belongs to the parent process"


class Executor(futures.Executor):
    """
    See the module. Construct, start, stop: one way.
    """

    def __init__(self, name, workers=4, max_workers=30, max_tasks=400,
                 timeout=60, scheduler=None, stuck_after=2.0, on_stuck=None):
        """
        name: of the pool and, with a number, of its threads.
        workers: how many threads there are while no task is late.
        max_workers: how many there may ever be, those with late tasks
            included.
        max_tasks: how many tasks may wait.
        timeout: seconds that a task may take unless it says otherwise; None:
            it is never late, 0: it is late at once.
        scheduler: a running schedule.Scheduler to share; None: one of its
            own, started and stopped with the pool.
        stuck_after: seconds after its deadline when a late task is stuck.
        on_stuck: called with each entry of stuck() when it becomes stuck, on
            a worker.

        Raises ValueError.
        """
        if workers > max_workers:
            raise ValueError("workers must be at most max_workers, which "
                             "is {0}: {1}".format(max_workers, workers))
        if max_tasks < 1:
            raise ValueError("max_tasks must be at least 1: {0}".format(
                max_tasks))
        self.name = name
        self._timeout = _checked(timeout)
        # Whoever made a scheduler starts and stops it.
        self._own_scheduler = scheduler is None
        self._stop_scheduler = _noop
        if scheduler is None:
            scheduler = schedule.Scheduler(name + "/timer")
            self._stop_scheduler = functools.partial(
                scheduler.stop, wait=False)
        self._scheduler = scheduler
        self._clock = self._scheduler.clock
        self._new_backlog = functools.partial(
            _backlog.Backlog, name, max_tasks, workers, self._clock)
        self._backlog = self._new_backlog()
        self._reporter = report.Reporter(name, self._clock, on_stuck)
        self._crew = _crew.Crew(
            name, _roster.Roster(workers, max_workers, stuck_after),
            self._backlog, self._scheduler, self._reporter, self._timeout)
        self._crew.on_empty = self._stop_scheduler
        # One way. Changes under the lock; read without it to tell a refused
        # caller why, never to decide: backlog.closed does that.
        self._state = _CREATED
        self._lock = threading.Lock()
        fork.watch(self)

    def start(self):
        """
        Start the workers. Raises AlreadyStarted.
        """
        fork.check()
        with self._lock:
            if self._state != _CREATED:
                raise errors.AlreadyStarted(self.name, self._state)
            self._state = _RUNNING
        if self._own_scheduler:
            self._scheduler.start()
        self._backlog.closed = False
        self._crew.start()

    def dispatch(self, callable, timeout=DEFAULT, key=None, group=None,
                 patient=False):
        """
        Have callable() run on a worker, and forget it. Never blocks.

        timeout: seconds from the start of the call until it is late.
        key: of a built-in type; at most one task with it is under way.
        group: of a built-in type; tasks with it may fail together, and then
            hold few threads, see bulkhead.py.
        patient: have it wait in the queue, and do not raise PoolStuck.

        Raises NotRunning, PoolStuck, KeyBusy, GroupBusy, QueueFull. Thread:
        any.
        """
        if not builtins.callable(callable):
            raise TypeError("not callable: {0!r}".format(callable))
        timeout = self._timeout if timeout is DEFAULT else _checked(timeout)
        self._admit(patient)
        self._backlog.put(_task.Task(callable, timeout, key, group))

    def submit(*args, **kwargs):  # pylint: disable=no-self-argument
        """
        submit(fn, *args, **kwargs): have fn(*args, **kwargs) run on a worker,
        in the context of the caller; returns its Future.

        The clock starts here: when the pool's timeout is over the future
        fails with TaskStuck, started or not, and a late result is dropped.

        Raises what dispatch() raises. Thread: any.
        """
        self, fn, args = _split(args)
        return self._submit(fn, args, kwargs, self._timeout, None, None)

    def bound(self, key=None, timeout=DEFAULT, group=None):
        """
        Return a concurrent.futures.Executor that submits to this pool with
        this key, timeout and group.
        """
        timeout = self._timeout if timeout is DEFAULT else _checked(timeout)
        return Bound(functools.partial(
            self._submit, timeout=timeout, key=key, group=group))

    def resize(self, max_workers, workers=None):
        """
        Let there be so many threads at the most from now on, those with late
        tasks included, and so many workers while no task is late (None: as
        before). No task is given up for it: where more exist they leave as
        they return.

        Raises ValueError. Thread: any.
        """
        fork.check()
        self._crew.resize(max_workers, workers)

    def stop(self, wait=True, timeout=10, for_late=True):
        """
        Drop the tasks that wait (their futures are cancelled), wait for those
        under way up to timeout seconds unless wait is False (for late ones
        not at all unless for_late), and give up the rest: their futures fail,
        their threads end when the calls return.

        Returns what was given up, as stuck() does. Always returns in time;
        idempotent. Thread: any.
        """
        fork.check()
        self._end(_STOPPED)
        self._crew.dismiss()
        _drop(self._backlog)
        if wait:
            self._crew.wait(timeout, for_late)
        left = self._reporter.describe_all(self._crew.under_way())
        self._crew.abandon()
        self._stop_scheduler()
        if left:
            log.warning("%s: stopped, %d tasks given up: %s", self.name,
                        len(left), [entry["call"] for entry in left])
        return left

    def shutdown(self, wait=True, cancel_futures=False):
        """
        concurrent.futures' own: accept no more work, finish what was
        accepted, and wait for it; but never for a late task.
        """
        fork.check()
        self._end(_SHUTDOWN)
        if cancel_futures:
            _drop(self._backlog)
        # Nothing comes after it that could be protected.
        self._backlog.groups.open()
        self._backlog.idle.wake_all()
        if wait:
            self._crew.wait(None, for_late=False)

    def state(self):
        """
        Return plain data: how many threads there are, and what they do.

        threads = free + late; stuck ones are late too; idle ones are free.
        completed: tasks that ended; failed: those of them, dispatched, that
        raised; dropped: results that came too late; expired: futures that
        failed while they waited in the queue; groups: see bulkhead.py.
        Cheap. Thread: any.
        """
        fork.check()
        state = self._crew.state()
        state.update({
            "name": self.name,
            "running": self._state == _RUNNING,
            "max_tasks": self._backlog.max_tasks,
            "queued": len(self._backlog),
            "idle": len(self._backlog.idle),
            "groups": self._backlog.groups.state(),
        })
        return state

    def stuck(self):
        """
        Return a list with a dict for each late or stuck task, the oldest
        first: key, call (its name), seconds (since it started), late (seconds
        past its deadline), stuck (bool), thread (name), ident, native_id,
        stack (lines of its Python stack), kernel (see evidence.kernel()) and
        since (seconds, CPU ticks and context switches since the last look at
        it; None at the first).

        It reports, it does not decide. Reads /proc for each. Thread: any.
        """
        fork.check()
        return self._reporter.describe_late(self._crew.under_way())

    def after_fork(self):
        """
        Called in a forked child: its pool has no threads.
        """
        self._lock = threading.Lock()
        if self._state == _CREATED:
            # Nothing of it was left behind in the parent.
            return
        self._state = _FORKED
        self._backlog = self._new_backlog()
        self._crew.after_fork()

    def __repr__(self):
        return "<Executor {0} {1} {2}>".format(
            self.name, self._state, " ".join(
                "{0}={1}".format(key, value)
                for key, value in sorted(self._crew.state().items())))

    def _admit(self, patient=False):
        if fork.MUST_CHECK:
            fork.check()
        if self._backlog.closed:
            raise errors.NotRunning(self.name, self._state)
        if self._crew.full and not patient:
            raise self._reporter.pool_stuck(self._crew.under_way())

    def _submit(self, fn, args, kwargs, timeout, key, group):
        self._admit()
        task = _task.Submission(
            fn, args, kwargs, timeout, key, group, self._clock())
        # Once queued the task belongs to whoever takes it from there.
        future, deadline = task.future, task.deadline
        self._backlog.put(task)
        # Queued first, armed after: see Worker.execute().
        if deadline < self._crew.watch.armed:
            self._crew.watch.arm(deadline)
        return future

    def _end(self, state):
        with self._lock:
            if self._state in (_CREATED, _RUNNING, _SHUTDOWN):
                self._state = state
        self._backlog.closed = True


class Bound(futures.Executor):
    """
    Submits to a pool with a key and a timeout. See Executor.bound().
    """

    def __init__(self, submit):
        self._submit = submit

    def submit(*args, **kwargs):  # pylint: disable=no-self-argument
        """
        As Executor.submit().
        """
        self, fn, args = _split(args)
        return self._submit(fn, args, kwargs)

    def shutdown(self, wait=True, cancel_futures=False):
        """
        Nothing: the pool is stopped by its owner.
        """


def _drop(backlog):
    dropped = backlog.clear()
    backlog.idle.wake_all()
    for task in dropped:
        task.cancel()
    if dropped:
        log.info("%s: %d waiting tasks dropped", backlog.name, len(dropped))


def _split(args):
    """
    Return (self, fn, other arguments) of a submit() that has no names of its
    own, which would clash with the keywords of fn.
    """
    if len(args) < 2:
        raise TypeError("submit() needs a callable as its first argument")
    return args[0], args[1], args[2:]


def _noop():
    pass


def _checked(timeout):
    if timeout is not None and not timeout >= 0:
        raise ValueError("timeout must be None or at least 0 seconds: "
                         "{0!r}".format(timeout))
    return timeout
