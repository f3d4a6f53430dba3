# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Stands in for VDSM's module of this name: the executor of periodic operations
and of JSON-RPC requests.

What is in no other pool is here: tasks whose worker is never replaced, but
reported again and again (discard=False), and the bounds on overdue runs of one
callable, and of callables about one VM. doc/vdsm.md says what is different.
"""

from __future__ import absolute_import, division, print_function

import collections
import logging
import threading

try:
    from vdsm.common import exception as _exception
except ImportError:
    # Until 4.19.
    _exception = None

from threadpool import clock as _clock
from threadpool import blocked
from threadpool import errors
from threadpool import evidence
from threadpool import executor
from threadpool import fork
from threadpool import schedule
from threadpool import task as _task

# Calls that may hang where VDSM sets no bound for its threads: as many as its
# own setting for periodic operations leaves, 30 threads for 4 workers.
_HUNG = 26

# Overdue runs of one callable that are let be. One would stop an operation
# that is hung once and for all, such as by a lost connection, though its next
# run would do; and more would let few operations take all threads.
_OVERDUE_RUNS = 2

# Seconds that stop() waits for tasks: half of what systemd gives the whole of
# VDSM to end before it kills it.
_STOP = 5.0


class NotRunning(Exception):
    """
    Raised when a task is given to an executor that was not started or was
    stopped.
    """


class AlreadyStarted(Exception):
    """
    Raised by start() of an executor that runs.
    """


if hasattr(_exception, "ResourceExhausted"):
    def _refusal(reason, name, tasks):
        return _exception.ResourceExhausted(
            reason, resource=name, current_tasks=tasks)
else:
    class TooManyTasks(Exception):
        """
        Raised when a task is refused. Until 4.20; later VDSM has an
        exception for it elsewhere.
        """

    def _refusal(reason, name, tasks):
        return TooManyTasks("%s: %s (%d)" % (name, reason, tasks))


class Timer(object):
    """
    The one scheduler of all executors, while any of them runs.

    Not VDSM's: that is what starts the periodic operations, and it is on the
    wall clock unless its maker says otherwise. What goes wrong there must not
    keep us from seeing what hangs here.
    """

    def __init__(self):
        # Held while the scheduler starts, so that no other user gets it
        # before.
        self._lock = threading.Lock()
        self._scheduler = None
        self._users = 0
        fork.watch(self)

    def acquire(self):
        """
        Return the running scheduler. Thread: any.
        """
        with self._lock:
            if not self._users:
                self._scheduler = schedule.Scheduler("executor/timer")
                self._scheduler.start()
            self._users += 1
            return self._scheduler

    def release(self, scheduler):
        """
        The caller needs the scheduler no more. Thread: any.
        """
        with self._lock:
            if scheduler is not self._scheduler:
                # The parent's, in a forked child.
                return
            self._users -= 1
            if self._users:
                return
            self._scheduler = None
        scheduler.stop(wait=False)

    def after_fork(self):
        """
        Called in a forked child: the scheduler stayed in the parent.
        """
        self._lock = threading.Lock()
        self._scheduler = None
        self._users = 0


class Executor(object):
    """
    Runs tasks on threads, and replaces those of late tasks. Construct, start,
    stop; a stopped one can be started again, as in VDSM.
    """

    _log = logging.getLogger("Executor")

    _timer = Timer()

    def __init__(self, name, workers_count, max_tasks, scheduler,
                 max_workers=None, log=None):
        """
        name: of the executor and, with a number, of its threads.
        workers_count: how many threads there are while no task is late.
        max_tasks: how many tasks may wait.
        scheduler: VDSM's, not used.
        max_workers: how many threads there may ever be; None: _HUNG more than
            workers_count.
        log: a logger, or what has its methods.
        """
        self.name = name
        self._workers_count = workers_count
        self._max_tasks = max_tasks
        self._max_workers = max_workers
        if log is not None:
            self._log = log
        self._lock = threading.Lock()
        # All below change under the lock, and are read without it. The last
        # three belong together, and are None before the first start.
        self._running = False
        self._scheduler = None
        self._under_way = None
        self._pool = None

    def start(self):
        """
        Start the threads. Raises AlreadyStarted, ValueError.
        """
        self._log.debug("Starting executor %s", self.name)
        with self._lock:
            if self._running:
                raise AlreadyStarted(self.name)
            scheduler = self._timer.acquire()
            try:
                pool = self._make(scheduler)
            except ValueError:
                self._timer.release(scheduler)
                raise
            self._scheduler = scheduler
            self._under_way = blocked.Jobs(self.name, scheduler, self._log)
            self._pool = pool
            pool.start()
            self._running = True

    def stop(self, wait=True):
        """
        Drop the tasks that wait, and wait for those under way up to _STOP
        seconds unless wait is False. What is left is logged, and its threads
        end when the tasks do.

        Idempotent, and may be called before start(). Thread: any, also one
        of its own.
        """
        self._log.debug("Stopping executor %s", self.name)
        with self._lock:
            pool, scheduler = self._pool, self._scheduler
            was_running, self._running = self._running, False
        if pool is not None:
            pool.stop(wait=wait, timeout=_STOP)
        if was_running:
            self._timer.release(scheduler)

    def dispatch(self, callable, timeout=None, discard=True):
        """
        Have callable() run on a thread, and forget it. Never blocks.

        timeout: seconds from the start of the call until it is late; None:
            never, 0 or less: at once.
        discard: replace the thread of a late task; if False, log where it is
            every timeout seconds instead.

        Raises NotRunning; TooManyTasks, or VDSM's ResourceExhausted, when
        max_tasks wait already, or too many runs of this callable are late,
        see _in_the_way(). Thread: any.
        """
        if not self._running:
            raise NotRunning(self.name)
        overdue = _in_the_way(callable, self._under_way.overdue())
        if overdue:
            raise _refusal("Earlier runs of this task are late: %r" % overdue,
                           self.name, len(overdue))
        job = Job(callable, timeout, discard, self._under_way)
        if timeout is not None:
            timeout = max(timeout, 0) if discard else None
        try:
            # Its callers know a full queue, but no pool that is stuck.
            self._pool.dispatch(job, timeout=timeout, patient=True)
        except errors.QueueFull:
            raise _refusal("Too many tasks", self.name, self._max_tasks)
        except errors.NotRunning as e:
            raise NotRunning(str(e))

    def __repr__(self):
        queued, more = 0, ""
        if self._pool is not None:
            state = self._pool.state()
            queued = state["queued"]
            more = " threads={0[threads]} late={0[late]} overdue={1}".format(
                state, self._under_way.overdue())
        return ("<Executor %s workers=%d max_workers=%s <TaskQueue %s "
                "max_tasks=%d tasks(%d)>%s at 0x%x>" % (
                    self.name, self._workers_count, self._limit(), self.name,
                    self._max_tasks, queued, more, id(self)))

    def _make(self, scheduler):
        if self._workers_count == 0:
            return Unstaffed(self.name, self._max_tasks)
        return executor.Executor(
            self.name, self._workers_count, self._limit(), self._max_tasks,
            timeout=None, scheduler=scheduler, on_stuck=self._stuck)

    def _limit(self):
        if self._max_workers is None:
            return self._workers_count + _HUNG
        # VDSM starts workers_count in any case.
        return max(self._max_workers, self._workers_count)

    def _stuck(self, entry):
        # The pool itself reports it with the evidence; this is for those who
        # look for VDSM's words.
        self._log.info("Worker discarded: <Worker name=%s running %s>",
                       entry["thread"], entry["call"])
        self._log.warning("executor state: %r", self)


class Unstaffed(object):
    """
    In the place of a pool, for an executor without workers: tasks wait for
    ever. VDSM's tests have one.
    """

    def __init__(self, name, max_tasks):
        self._name = name
        self._max_tasks = max_tasks
        self._tasks = collections.deque()

    def start(self):
        """
        Nobody.
        """

    def dispatch(self, callable, timeout, patient):
        """
        Raises QueueFull.
        """
        if len(self._tasks) >= self._max_tasks:
            raise errors.QueueFull(self._name, self._max_tasks)
        self._tasks.append(callable)

    def stop(self, wait, timeout):
        self._tasks.clear()

    def state(self):
        return {"queued": len(self._tasks), "threads": 0, "late": 0}


class Task(object):
    """
    A callable, and what was said of it at dispatch().
    """

    clock = staticmethod(_clock.monotonic)

    def __init__(self, callable, timeout, discard=True):
        self.callable = callable
        self.timeout = timeout
        self.discard = discard
        self._start = None

    @property
    def duration(self):
        """
        Seconds since it was called, 0 before.
        """
        return 0 if self._start is None else self.clock() - self._start

    def __call__(self):
        self._start = self.clock()
        self.callable()

    def __repr__(self):
        return "<Task %s%s timeout=%s duration=%.2f at 0x%x>" % (
            "discardable " if self.discard else "", _text(self.callable),
            self.timeout, self.duration, id(self))


class Job(Task):
    """
    A task of an executor.
    """

    # Set before the job is under way: when it is late, when its worker is to
    # be reported as blocked, and on which thread it runs (name, Python's
    # number, the kernel's), if that matters.
    deadline = report_at = _task.NEVER
    thread = None

    def __init__(self, callable, timeout, discard, under_way):
        super(Job, self).__init__(callable, timeout, discard)
        self._under_way = under_way
        self.clock = under_way.clock

    def __call__(self):
        if _vm(self.callable) is not None and self._is_superfluous():
            return
        self._start = self.clock()
        if self.timeout is not None:
            self._enter()
        try:
            self.callable()
        except BaseException:
            # SystemExit included: a task is not what ends a worker.
            self._under_way.log.exception("Unhandled exception in %r", self)
        finally:
            if self.timeout is not None:
                self._under_way.leave(self)

    def _is_superfluous(self):
        # It may have waited since before its VM hung.
        overdue = _in_the_way(
            self.callable, self._under_way.overdue())
        if overdue:
            self._under_way.log.warning(
                "%r does not run: others about its VM are late: %r", self,
                overdue)
        return bool(overdue)

    def _enter(self):
        self.deadline = self._start + self.timeout
        if not self.discard:
            self.report_at = self.deadline
            thread = threading.current_thread()
            self.thread = thread.name, thread.ident, evidence.native_id()
        self._under_way.enter(self)


class TaskQueue(object):
    """
    A bounded FIFO that refuses instead of blocking when it is full. VDSM's
    HTTP server has one.
    """

    def __init__(self, name, max_tasks=None):
        """
        Until 4.20 there is no name.
        """
        if max_tasks is None:
            name, max_tasks = "", name
        self._name = name
        self._max_tasks = max_tasks
        # Changes under the condition's lock.
        self._tasks = collections.deque()
        self._cond = threading.Condition(threading.Lock())

    def put(self, task):
        """
        Raises TooManyTasks, or VDSM's ResourceExhausted. Thread: any.
        """
        with self._cond:
            if len(self._tasks) >= self._max_tasks:
                raise _refusal("Too many tasks", self._name, self._max_tasks)
            self._tasks.append(task)
            self._cond.notify()

    def get(self):
        """
        Remove and return the oldest; wait until there is one. Thread: any.
        """
        with self._cond:
            while not self._tasks:
                self._cond.wait()
            return self._tasks.popleft()

    def clear(self):
        """
        Drop all. Thread: any.
        """
        with self._cond:
            self._tasks.clear()

    def __repr__(self):
        return "<TaskQueue %s max_tasks=%d tasks(%d) at 0x%x>" % (
            self._name, self._max_tasks, len(self._tasks), id(self))


def _in_the_way(callable, overdue):
    """
    Return those of the overdue jobs that leave no room for this callable,
    empty if it may run: two runs of its own; or, if it is about a VM, any job
    that is about this VM.
    """
    if not overdue:
        return overdue
    vm = _vm(callable)
    if vm is not None:
        # VDSM makes one afresh for each period.
        return [job for job in overdue if _vm(job.callable) is vm]
    same = [job for job in overdue if job.callable is callable]
    return same if len(same) >= _OVERDUE_RUNS else []


def _vm(callable):
    """
    Return the VM that it is about; None if it is about none. That is how
    VDSM's periodic operations on VMs call it.
    """
    return getattr(callable, "_vm", None)


def _text(callable):
    """
    Return its repr, which must not fail a report.
    """
    try:
        return repr(callable)
    except Exception as e:
        return "%s (its repr failed: %s)" % (
            object.__repr__(callable), type(e).__name__)
