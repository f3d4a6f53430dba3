# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The case that tests of the executor derive from.
"""

from __future__ import absolute_import, division, print_function

import threading

import kit
from threadpool import executor


class PoolTest(kit.TestCase):
    """
    A pool on virtual time, stopped after the test, its hung calls released.
    """

    workers = 2
    max_workers = 4
    max_tasks = 10

    def setUp(self):
        super(PoolTest, self).setUp()
        self.clock = kit.Scheduler()
        self.gates = []
        self.stuck = []
        self.pool = executor.Executor(
            "pool", self.workers, self.max_workers, self.max_tasks,
            timeout=10, scheduler=self.clock, stuck_after=2,
            on_stuck=self.stuck.append)
        self.pool.start()
        self.addCleanup(self.release)

    def release(self):
        for gate in self.gates:
            gate.open()
        self.pool.stop(timeout=kit.PATIENCE)

    def gate(self, **kwargs):
        gate = kit.Gate(**kwargs)
        self.gates.append(gate)
        return gate

    def hang(self, count=1, timeout=10, **kwargs):
        """
        Have count tasks hang, each in a gate of its own.
        """
        gates = []
        for _ in range(count):
            gate = self.gate()
            self.pool.dispatch(gate, timeout=timeout, **kwargs)
            gate.wait()
            gates.append(gate)
            if timeout == 0:
                self.clock.advance(0)
        return gates

    def ran(self):
        """
        Prove that a worker is free: something runs now.
        """
        done = threading.Event()
        self.pool.dispatch(done.set, timeout=None)
        kit.wait(done, "a free worker: %r" % self.pool)

    def check_state(self, **expected):
        # A worker that has just finished is settled by itself.
        def reached():
            state = self.pool.state()
            return all(state[k] == v for k, v in expected.items())
        kit.eventually(reached, "%r, have %r" % (expected, self.pool.state()))
