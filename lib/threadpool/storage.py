# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
A pool for tasks on storage: few, long, and asked for once.

    pool = storage.Pool("tasks", workers=10, max_tasks=500)
    pool.start()
    pool.queue_task(task.id, task.commit)
    pool.join()

What sets it apart from executor.Executor, on which it is built:

A task that is not taken is lost, since nobody comes with it again in the next
period. So it is queued while there is room, also when all threads hang; and
when there is no room its caller waits, but only for a while.

Tasks are long, so being slow says little. A task is late after LATE seconds:
then another worker takes the place of its own, which costs a thread and is
undone when it returns. People hear of it as stuck after STUCK seconds.
"""

from __future__ import absolute_import, division, print_function

import logging
import threading

from threadpool import errors
from threadpool import executor
from threadpool import fork
from threadpool import schedule
from threadpool import task as _task
from threadpool import waiter

log = logging.getLogger("threadpool.storage")

# Seconds that a task may hold its worker. VDSM gives one operation on a file
# as long (process_pool_timeout), so a healthy task may be late: a copy of an
# image is. It costs a thread. More seconds would cost the healthy tasks of a
# host whose storage died: they wait so long for the first new worker.
LATE = 60.0

# Seconds after which a task is reported as stuck. A warning for each copy
# that takes minutes would teach people to ignore them.
STUCK = 300.0

# Threads that there may be for each worker. So as many tasks as there are
# workers may hang, and all other tasks have as many workers as before; and
# where none hangs, but all are long, the load on the storage at most doubles.
_THREADS_PER_WORKER = 2

# Seconds that join() waits for tasks under way: half of what systemd gives
# the whole of VDSM to end before it kills it.
JOIN = 5.0


class Pool(object):
    """
    See the module. Construct, start, join: one way.
    """

    def __init__(self, name, workers, max_tasks=100, queue_timeout=3.0,
                 scheduler=None, log=log):
        """
        name: of the pool and, with a number, of its threads.
        workers: how many tasks run at once while none is late.
        max_tasks: how many may wait.
        queue_timeout: seconds that a caller waits for room in the queue.
        scheduler: a running schedule.Scheduler to share; None: one of its
            own, started and stopped with the pool.
        log: where start, end and failure of each task are told.

        Raises ValueError.
        """
        self.name = name
        self._queue_timeout = queue_timeout
        self._log = log
        self._own_scheduler = scheduler is None
        # Without calls to come one is false.
        self._scheduler = (schedule.Scheduler(name + "/timer")
                           if scheduler is None else scheduler)
        self._executor = executor.Executor(
            name, workers, _THREADS_PER_WORKER * workers, max_tasks, LATE,
            self._scheduler, STUCK - LATE)
        # Callers that wait for room.
        self._room = waiter.Waiters()
        # Both change under the lock: when each task under way began, and how
        # many failed.
        self._lock = threading.Lock()
        self._running = {}
        self._failed = 0
        fork.watch(self)

    def start(self):
        """
        Start the workers. Raises AlreadyStarted.
        """
        if self._own_scheduler:
            self._scheduler.start()
        self._executor.start()

    def queue_task(self, id, task, args=None, callback=None):
        """
        Have task(args) run on a worker, and then callback(its result) there,
        if there is a callback.

        id: names the task to people; need not be unique.

        Waits up to queue_timeout seconds for room in the queue. Raises
        QueueFull then, NotRunning. Thread: any.
        """
        call = Call(self.perform, id, task, args, callback)
        try:
            self._dispatch(call)
        except errors.QueueFull:
            self._dispatch_when_there_is_room(call)

    def perform(self, call):
        """
        Run a task. Thread: a worker.
        """
        # It has left the queue.
        self._room.wake()
        began = self._scheduler.clock()
        with self._lock:
            self._running[call] = began
        failed = True
        try:
            self._log.info("START task %s (task=%r, args=%r)",
                           call.id, call.task, call.args)
            call.run()
            failed = False
        except BaseException:
            # SystemExit included: a task is not what ends a worker.
            self._log.exception("FINISH task %s failed (task=%r, args=%r)",
                                call.id, call.task, call.args)
        finally:
            with self._lock:
                del self._running[call]
                self._failed += failed
        if not failed:
            self._log.info("FINISH task %s after %.1f s",
                           call.id, self._scheduler.clock() - began)

    def resize(self, workers):
        """
        Let so many tasks run at once from now on. No task is given up for
        it, and none that waits is lost.

        Raises ValueError. Thread: any.
        """
        self._executor.resize(_THREADS_PER_WORKER * workers, workers)

    def join(self, wait_for_tasks=True, wait_for_threads=True):
        """
        Take no more tasks and send the workers away.

        wait_for_tasks: finish those accepted before, unless all threads
            hang; else those that wait are dropped.
        wait_for_threads: wait up to JOIN seconds for those under way. They
            are not touched, and end their thread when they return.

        Waits for no late task, so it returns whatever hangs; a task that
        calls it does not wait for itself. Returns what was left under way,
        as stuck() does. Idempotent. Thread: any.
        """
        self._executor.shutdown(wait=False)
        # Those who wait for room: there will be none.
        self._room.wake()
        if wait_for_tasks:
            self._executor.shutdown()
        left = self._executor.stop(
            wait=wait_for_threads, timeout=JOIN, for_late=False)
        if self._own_scheduler:
            self._scheduler.stop(wait=wait_for_threads)
        return left

    def running(self):
        """
        Return a list of (id, seconds since it began), one for each task under
        way, the oldest first. Thread: any.
        """
        fork.check()
        with self._lock:
            running = [(began, call.id)
                       for call, began in self._running.items()]
        now = self._scheduler.clock()
        return [(id, now - began) for began, id in sorted(
            running, key=lambda entry: entry[0])]

    def state(self):
        """
        Return plain data, see Executor.state(). Thread: any.
        """
        state = self._executor.state()
        with self._lock:
            state["failed"] = self._failed
        return state

    def stuck(self):
        """
        Return what is known of each late or stuck task, see Executor.stuck().
        Its call tells the id. Thread: any.
        """
        return self._executor.stuck()

    def after_fork(self):
        """
        Called in a forked child: all that runs stayed in the parent.
        """
        self._lock = threading.Lock()
        self._room = waiter.Waiters()
        self._running = {}

    def __repr__(self):
        return "<Pool {0!r} running={1}>".format(
            self._executor, len(self._running))

    def _dispatch(self, call):
        self._executor.dispatch(call, patient=True)

    def _dispatch_when_there_is_room(self, call):
        limit = self._scheduler.clock() + self._queue_timeout

        def settled():
            # First the time, then the attempt: the last one comes after it.
            over = self._scheduler.clock() >= limit
            try:
                self._dispatch(call)
            except errors.QueueFull:
                if over:
                    raise
                return False
            return True

        # A worker gives the place back and then wakes those who wait here,
        # as join() does after it closed the pool; and they are on the list
        # of those who wait before they look.
        alarm = self._scheduler.schedule(self._queue_timeout, self._room.wake)
        try:
            self._room.wait(settled)
        finally:
            alarm.cancel()


class Call(object):
    """
    A task in the pool's queue. Its repr is what reports call it.
    """

    def __init__(self, perform, id, task, args, callback):
        self._perform = perform
        self.id = id
        self.task = task
        self.args = args
        self.callback = callback

    def run(self):
        """
        Run the task, and raise what it raises. Thread: a worker.
        """
        result = self.task(self.args)
        if self.callback is not None:
            self.callback(result)

    def __call__(self):
        self._perform(self)

    def __repr__(self):
        return "task {0!r}: {1}".format(self.id, _task.describe(self.task))
