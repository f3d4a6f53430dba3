# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The pools that are measured, with one face: ours, VDSM's, and the standard
library's.

All have the same size and are given the same work. Loops are within the
methods, so that a call more is not what is measured.
"""

from __future__ import absolute_import, division, print_function

import collections
import sched
import threading
import time

from concurrent import futures

import vdsmlib
from threadpool import clock
from threadpool import errors
from threadpool import executor
from threadpool import periodic
from threadpool import schedule

WORKERS = 4
MAX_WORKERS = 30
MAX_TASKS = 200000

# Of a task: VDSM's usual one, far away.
DEADLINE = 60.0


class Ours(object):

    # What it raises for work that it does not accept.
    refusal = errors.Error

    # Of operations, see periodic.Operation.
    slack = 0.0

    def __init__(self):
        self._scheduler = schedule.Scheduler("timer")
        self._scheduler.start()
        self._pool = executor.Executor(
            "pool", WORKERS, MAX_WORKERS, MAX_TASKS, DEADLINE,
            scheduler=self._scheduler)
        self._pool.start()
        # What operations refer to each other by is not what keeps them.
        self._operations = []

    def dispatch(self, call):
        self._pool.dispatch(call, timeout=None)

    def dispatch_all(self, call, keys):
        dispatch = self._pool.dispatch
        for key in keys:
            dispatch(call, timeout=DEADLINE, key=key)

    def submit_all(self, call, keys):
        submit = self._pool.submit
        for _ in keys:
            submit(call)

    def operate(self, runs, period, timeout):
        """
        Do each call of the (due, call) in runs every period seconds. Returns
        when the first run of each is really due.
        """
        for due, call in runs:
            operation = periodic.Operation(
                call, period, self._pool, self._scheduler, timeout,
                delay=due - clock.monotonic(), slack=self.slack)
            operation.start()
            self._operations.append(operation)
        return [due for due, _ in runs]


class OursWithSlack(Ours):

    slack = 0.05


class Vdsm(object):

    modules = vdsmlib.Modules

    def __init__(self, path):
        self._vdsm = self.modules(path)
        self.refusal = self._vdsm.executor.NotRunning
        # As VDSM's own main program makes them.
        self._scheduler = self._vdsm.schedule.Scheduler(
            name="timer", clock=self._vdsm.time.monotonic_time)
        self._scheduler.start()
        self._pool = self._vdsm.executor.Executor(
            "pool", WORKERS, MAX_TASKS, self._scheduler, MAX_WORKERS)
        self._pool.start()

    def dispatch(self, call):
        self._pool.dispatch(call)

    def dispatch_all(self, call, keys):
        """
        It knows no keys.
        """
        dispatch = self._pool.dispatch
        for _ in keys:
            dispatch(call, timeout=DEADLINE)

    def operate(self, runs, period, timeout):
        """
        It runs an operation first when it is started, so those that are due
        together are due one after the other here, which is easier.
        """
        runs = [(due, self._vdsm.periodic.Operation(
                    call, period, self._scheduler, timeout, self._pool))
                for due, call in runs]
        dues = []
        for due, operation in runs:
            now = clock.monotonic()
            if due > now:
                time.sleep(due - now)
                now = clock.monotonic()
            dues.append(now)
            operation.start()
        return dues


class StandIn(Vdsm):
    """
    VDSM with our pool in the place of its executor.
    """

    modules = vdsmlib.StandIn


class Stdlib(object):

    refusal = RuntimeError

    def __init__(self):
        self._pool = futures.ThreadPoolExecutor(WORKERS)

    def dispatch(self, call):
        self._pool.submit(call)

    def dispatch_all(self, call, keys):
        """
        It knows no keys and no deadlines.
        """
        submit = self._pool.submit
        for _ in keys:
            submit(call)

    submit_all = dispatch_all

    def operate(self, runs, period, timeout):
        """
        It has no operations: this is what one would write around it.
        """
        timer = sched.scheduler(clock.monotonic, time.sleep)

        def fire(call, due):
            timer.enterabs(due + period, 0, fire, (call, due + period))
            self._pool.submit(call)

        for due, call in runs:
            timer.enterabs(due, 0, fire, (call, due))
        _start(timer.run)
        return [due for due, _ in runs]


class Bare(object):
    """
    No pool: one thread that sleeps, calls, and sleeps again. Nothing that
    wakes up can be cheaper or more punctual on this machine, at this load.
    """

    def operate(self, runs, period, timeout):
        """
        runs: in the order in which they are due.
        """
        queue = collections.deque(runs)

        def loop():
            while True:
                due, call = queue.popleft()
                time.sleep(max(due - clock.monotonic(), 0))
                call()
                queue.append((due + period, call))

        _start(loop)
        return [due for due, _ in runs]


def create(name, options):
    """
    Return the candidate of this name, running.
    """
    if name == "VDSM":
        return Vdsm(options["vdsm"])
    if name == "standin":
        return StandIn(options["vdsm"])
    return {"ours": Ours, "slack": OursWithSlack, "TPE": Stdlib,
            "bare": Bare}[name]()


def drain(pool):
    """
    Wait until all that was dispatched before has ended: when each worker
    holds one of these calls, none is left with an earlier one.
    """
    arrived = threading.Semaphore(0)
    leave = threading.Event()

    def meet():
        arrived.release()
        leave.wait()

    for _ in range(WORKERS):
        pool.dispatch(meet)
    for _ in range(WORKERS):
        arrived.acquire()
    leave.set()


def _start(run):
    thread = threading.Thread(target=run)
    thread.daemon = True
    thread.start()
