# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
100,000 tasks with random keys, timeouts, hangs, errors, stops and forks from
several threads: each task runs once or is reported, nothing is left.

The pools run on a virtual clock that the test advances, so that what is late
does not depend on the speed of the machine.
"""

from __future__ import absolute_import, division, print_function

import collections
import functools
import os
import sys
import threading

import kit
from compat import futures
from threadpool import errors
from threadpool import executor
from threadpool import fork

TASKS = 100000
SUBMITTERS = 4
ROUNDS = 25


class Ledger(object):
    """
    What became of each task.
    """

    def __init__(self):
        self._lock = threading.Lock()
        self.runs = collections.Counter()
        self.refused = collections.Counter()
        self.accepted = set()
        self.futures = {}

    def ran(self, number):
        with self._lock:
            self.runs[number] += 1

    def accept(self, number, future=None):
        with self._lock:
            self.accepted.add(number)
            if future is not None:
                self.futures[number] = future

    def refuse(self, number, error):
        with self._lock:
            self.refused[type(error)] += 1


class Round(object):
    """
    One pool's life: submitters, a clock that jumps, hung calls let go at
    random, and a stop from another thread while they are at it.
    """

    def __init__(self, number):
        self.rng = kit.rng("round", number)
        self.number = number
        self.ledger = Ledger()
        self.clock = kit.Scheduler()
        self.gates = collections.deque()
        self.max_workers = self.rng.choice([4, 6, 20])
        self.pool = executor.Executor(
            "stress", self.rng.choice([1, 2, 4]), self.max_workers, 50,
            timeout=5, scheduler=self.clock, stuck_after=1)
        self.ended = threading.Event()
        self.left = []
        self.dropped = 0

    def play(self):
        self.pool.start()
        self.sink()
        with kit.Bunch(1, self.keep_time), kit.Bunch(2, self.fork_and_look):
            with kit.Bunch(SUBMITTERS, self.submit):
                pass
            if self.rng.random() < 0.5:
                self.pool.shutdown(wait=False)
            self.ended.set()
        for gate in self.gates:
            gate.open()
        # Half the rounds were stopped by a submitter in the middle.
        self.pool.stop(timeout=kit.PATIENCE)

    def sink(self):
        """
        Begin with a group that refuses work, where there are threads to
        spare.
        """
        workers = self.pool.state()["workers"]
        if self.max_workers < 2 * workers:
            return
        # Their numbers are below those of the submitters.
        for number in range(-workers, 0):
            gate = kit.Gate()
            self.gates.append(gate)
            self.ledger.accept(number)
            self.pool.dispatch(functools.partial(self.hang, number, gate),
                               timeout=0, group="group/0")
            gate.wait()
        self.clock.advance(0)
        try:
            self.pool.dispatch(int, group="group/0")
        except errors.GroupBusy as e:
            self.ledger.refuse(None, e)

    def submit(self, submitter):
        rng = kit.rng("submitter", self.number, submitter)
        count = TASKS // ROUNDS // SUBMITTERS
        stop_at = (rng.randrange(count) if self.number % 2 and submitter == 0
                   else None)
        for n in range(count):
            if n == stop_at:
                self.pool.stop(wait=False)
            try:
                self.one(rng, submitter * count + n)
            except errors.Error as e:
                self.ledger.refuse(n, e)

    def one(self, rng, number):
        key = rng.choice([None, rng.randrange(30)])
        group = rng.choice([None, None, "group/0", "group/1"])
        timeout = rng.choice([None, 0, 1, 5, 60])
        kind = rng.random()
        call = functools.partial(self.ledger.ran, number)
        if kind < 0.01:
            gate = kit.Gate()
            call = functools.partial(self.hang, number, gate)
            self.gates.append(gate)
        elif kind < 0.02:
            call = functools.partial(self.fail, number)
        if rng.random() < 0.7:
            self.pool.dispatch(
                call, timeout=timeout, key=key, group=group)
            self.ledger.accept(number)
        else:
            future = self.pool.bound(
                key=key, timeout=timeout, group=group).submit(call)
            self.ledger.accept(number, future)
            if rng.random() < 0.1:
                future.cancel()

    def hang(self, number, gate):
        self.ledger.ran(number)
        gate()

    def fail(self, number):
        self.ledger.ran(number)
        raise ValueError(number)

    def keep_time(self, _):
        rng = kit.rng("clock", self.number)
        pause = threading.Event()
        while not self.ended.is_set():
            self.clock.advance(rng.choice([0, 0.1, 1, 7]))
            self.check()
            # Let go of some calls, late ones and others.
            while len(self.gates) > rng.randrange(1, 40):
                self.gates.popleft().open()
            pause.wait(0.0005)

    def check(self):
        state = self.pool.state()
        assert state["threads"] <= self.max_workers, state
        assert state["queued"] <= state["max_tasks"], state
        assert state["free"] == state["threads"] - state["late"], state
        if state["running"] and state["threads"]:
            assert state["free"] <= state["workers"], state

    def fork_and_look(self, number):
        pause = threading.Event()
        while not self.ended.is_set():
            repr(self.pool)
            self.pool.stuck()
            # Python 2.7 and 3.6 hold the import lock and no handler tells
            # threads' locks apart there: a fork is for one thread only.
            if number == 0:
                self.fork()
            pause.wait(0.05)

    def fork(self):
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                fork.check()
                self.pool.dispatch(int)
            except errors.NotRunning:
                status = 0
            finally:
                os._exit(status)
        assert os.waitpid(pid, 0)[1] == 0, "the child's pool took work"


class TestStress(kit.TestCase):

    def setUp(self):
        super(TestStress, self).setUp()
        interval = getattr(sys, "getswitchinterval", None)
        if interval is not None:
            # Thread switches at nearly every chance.
            self.addCleanup(sys.setswitchinterval, sys.getswitchinterval())
            sys.setswitchinterval(1e-5)
        else:
            self.addCleanup(sys.setcheckinterval, sys.getcheckinterval())
            sys.setcheckinterval(1)

    def test_nothing_lost_nothing_twice(self):
        refused = collections.Counter()
        with kit.logs("threadpool"):
            for number in range(ROUNDS):
                life = Round(number)
                life.play()
                self.check(life)
                refused.update(life.ledger.refused)
        # The test would prove little if these did not happen.
        for error in (errors.KeyBusy, errors.NotRunning, errors.QueueFull,
                      errors.GroupBusy):
            self.assertGreater(refused[error], 0, error)

    def check(self, life):
        ledger, state = life.ledger, life.pool.state()
        seed = "seed %d round %d" % (kit.SEED, life.number)
        twice = [n for n, count in ledger.runs.items() if count > 1]
        self.assertEqual(twice, [], seed)
        self.assertEqual(
            set(ledger.runs) - ledger.accepted, set(), seed)
        self.assertEqual(state["threads"], 0, seed)
        self.assertEqual(state["queued"], 0, seed)
        for name, group in state["groups"].items():
            self.assertEqual(
                (group["under_way"], group["late"]), (0, 0), (name, seed))
        done, pending = futures.wait(ledger.futures.values(), 0)
        self.assertEqual(pending, set(), seed)
        for number, future in ledger.futures.items():
            if not future.cancelled() and future.exception() is None:
                self.assertEqual(ledger.runs[number], 1, seed)
        # Of the tasks dispatched, those that did not run were waiting when
        # the pool was stopped.
        unrun = [n for n in ledger.accepted
                 if n not in ledger.runs and n not in ledger.futures]
        self.assertLessEqual(len(unrun), state["max_tasks"], seed)
        if state["completed"]:
            self.assertGreater(len(ledger.runs), 0, seed)
