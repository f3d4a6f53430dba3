# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
A pool whose limit of threads changes while it works, on virtual time.
"""

from __future__ import absolute_import, division, print_function

import os

import poolcase
from threadpool import errors


class TestResize(poolcase.PoolTest):

    def test_invariant_after_each_size(self):
        self.hang(1, timeout=0)
        for size in (1, 3, 2, 5, 1, 4):
            self.pool.resize(size)
            self.check_state(
                max_workers=size, late=1, free=min(self.workers, size - 1),
                threads=min(1 + self.workers, size))

    def test_smaller_than_workers(self):
        self.pool.resize(1)
        self.check_state(threads=1, free=1)
        self.ran()
        self.pool.resize(4)
        self.check_state(threads=self.workers)
        self.ran()

    def test_twice(self):
        self.pool.resize(1)
        self.pool.resize(1)
        self.check_state(threads=1, free=1)
        self.ran()

    def test_nobody_is_sent_away_from_a_task(self):
        first, second = self.hang(2)
        self.pool.resize(1)
        self.check_state(threads=2, free=2)
        # It still counts, so it is found late.
        self.clock.advance(10)
        self.check_state(threads=2, late=2, free=0)
        first.open()
        self.check_state(threads=1, late=1, free=0)
        second.open()
        self.check_state(threads=1, late=0, free=1)
        self.ran()

    def test_those_who_return_leave_if_there_are_too_many(self):
        gates = self.hang(4, timeout=0)
        self.pool.resize(2)
        self.check_state(threads=4, late=4)
        for late, gate in zip((3, 2, 1, 0), gates):
            gate.open()
            self.check_state(late=late, threads=max(late, min(late + 2, 2)))
        self.ran()

    def test_full_and_not_full_any_more(self):
        self.hang(2, timeout=0)
        self.pool.resize(2)
        with self.assertRaises(errors.PoolStuck):
            self.pool.dispatch(int)
        self.pool.resize(3)
        self.ran()

    def test_bad_size(self):
        for sizes in ((0,), (0, 2), (2, 0), (2, -1)):
            with self.assertRaises(ValueError) as caught:
                self.pool.resize(*sizes)
            self.assertIn(str(min(sizes)), str(caught.exception))
        self.check_state(workers=2, max_workers=4, threads=2)

    def test_fork_with_less_than_workers(self):
        self.pool.resize(1)
        child = os.fork()
        if not child:
            try:
                threads = self.pool.state()["threads"]
            except BaseException:
                os._exit(1)
            os._exit(10 + threads)
        self.assertEqual(os.WEXITSTATUS(os.waitpid(child, 0)[1]), 10)

    def test_stopped(self):
        self.pool.stop()
        self.pool.resize(3)
        self.check_state(threads=0)


class TestWorkers(poolcase.PoolTest):

    def test_invariant_after_each_size(self):
        self.hang(1, timeout=0)
        for size in (3, 1, 2, 1, 3):
            self.pool.resize(4, size)
            self.check_state(workers=size, late=1, free=size,
                             threads=1 + size)
            self.ran()

    def test_who_is_idle_goes_first(self):
        gate, = self.hang()
        self.pool.resize(4, 1)
        self.check_state(threads=1, free=1)
        # The one that is left is in a task.
        self.assertEqual(gate.left, 0)
        gate.open()
        self.ran()

    def test_nobody_is_sent_away_from_a_task(self):
        first, second = self.hang(2)
        self.pool.resize(4, 1)
        self.check_state(threads=2, free=2)
        self.pool.dispatch(int)
        first.open()
        second.open()
        self.check_state(threads=1, free=1, completed=3)
        self.ran()

    def test_grow_while_the_leaving_are_busy(self):
        gates = self.hang(2)
        self.pool.resize(4, 1)
        self.pool.resize(4, 2)
        self.check_state(threads=2, free=2)
        for gate in gates:
            gate.open()
        self.check_state(threads=2, free=2, completed=2)
        self.ran()

    def test_late_ones_are_replaced_up_to_the_new_size(self):
        self.pool.resize(4, 3)
        self.hang(3)
        self.check_state(threads=3)
        self.clock.advance(10)
        self.check_state(threads=4, late=3, free=1)
