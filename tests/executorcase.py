# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What the tests of the stand-in for VDSM's executor module share.
"""

from __future__ import absolute_import, division, print_function

import threading

import kit
import standins


class VirtualTimer(object):
    """
    Looks like Timer, on virtual time.
    """

    def __init__(self):
        self.scheduler = kit.Scheduler()
        self.users = 0

    def acquire(self):
        self.users += 1
        return self.scheduler

    def release(self, scheduler):
        assert scheduler is self.scheduler
        self.users -= 1


class ExecutorTest(kit.TestCase):

    def setUp(self):
        super(ExecutorTest, self).setUp()
        self.module = standins.load("vdsm.executor")
        # In the VDSM around it, if there is one.
        self.full = getattr(self.module, "TooManyTasks", None) or (
            self.module._exception.ResourceExhausted)
        self.timer = VirtualTimer()
        self.clock = self.timer.scheduler
        self.gates = []
        self.pools = []
        self.addCleanup(self.release)

    def release(self):
        for gate in self.gates:
            gate.open()
        for pool in self.pools:
            pool.stop()
        self.assertEqual(self.timer.users, 0)

    def make(self, *args, **kwargs):
        """
        Make an executor as VDSM does, but on virtual time.
        """
        timer = self.timer

        class Executor(self.module.Executor):
            _timer = timer
        pool = Executor(*args, **kwargs)
        self.pools.append(pool)
        return pool

    def pool(self, workers_count=4, max_tasks=400, max_workers=None,
             log=None):
        pool = self.make("periodic", workers_count, max_tasks, None,
                         max_workers, log)
        pool.start()
        return pool

    def gate(self, **kwargs):
        gate = kit.Gate(**kwargs)
        self.gates.append(gate)
        return gate

    def hang(self, pool, count=1, timeout=10, discard=True):
        """
        Have so many calls hang, each one its own callable.
        """
        gates = []
        for _ in range(count):
            gate = self.gate()
            pool.dispatch(gate, timeout, discard)
            gate.wait()
            gates.append(gate)
        return gates

    def run_one(self, pool):
        done = threading.Event()
        pool.dispatch(done.set)
        kit.wait(done, "a free worker")

    def threads(self, pool):
        return pool._pool.state()["threads"]
