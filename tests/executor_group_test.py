# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Groups of tasks on a pool: one that fails does not take the workers.
"""

from __future__ import absolute_import, division, print_function

import threading

import kit
import poolcase
from threadpool import errors


class GroupTest(poolcase.PoolTest):

    workers = 2
    max_workers = 10
    max_tasks = 20

    def sink(self, queued=0):
        """
        Have all places of a group held by late tasks, with others of the
        group waiting; returns the gates of the latter.
        """
        stuck = [self.gate() for _ in range(self.workers)]
        waiting = [self.gate() for _ in range(queued)]
        for gate in stuck + waiting:
            self.pool.dispatch(gate, timeout=10, group="storage")
        for gate in stuck:
            gate.wait()
        self.clock.advance(10)
        self.check_state(late=self.workers, idle=self.workers)
        return waiting

    def group(self):
        return self.pool.state()["groups"]["storage"]

    def test_a_dead_group_holds_as_many_threads_as_it_has_places(self):
        waiting = self.sink(queued=10)
        self.ran()
        self.check_state(late=2, queued=10, threads=4)
        self.assertEqual([gate.calls for gate in waiting], [0] * 10)
        self.assertEqual(self.group(), {
            "limit": 1, "under_way": 0, "late": 2, "waiting": 10})

    def test_probes(self):
        waiting = self.sink(queued=3)
        self.clock.advance(0.5)
        waiting[0].wait()
        self.clock.advance(10)
        self.check_state(late=3)
        # The pause has doubled.
        self.clock.advance(0.9)
        self.assertEqual(waiting[1].calls, 0)
        self.clock.advance(0.1)
        waiting[1].wait()

    def test_recovery(self):
        waiting = self.sink(queued=5)
        for gate in self.gates:
            gate.open()
        kit.eventually(lambda: all(gate.left for gate in waiting), "all ran")
        self.check_state(late=0, queued=0, threads=2)
        kit.eventually(lambda: not self.pool.state()["groups"], "no groups")

    def test_refused(self):
        self.sink()
        with self.assertRaises(errors.GroupBusy):
            self.pool.dispatch(self.gate(), key="vm", group="storage")
        # Nothing is left of it.
        self.pool.dispatch(self.gate(), key="vm")
        self.check_state(queued=0)

    def test_refused_tasks_take_no_place_in_the_queue(self):
        self.sink()
        for _ in range(3 * self.max_tasks):
            with self.assertRaises(errors.GroupBusy):
                self.pool.dispatch(self.gate(), group="storage")
        self.ran()

    def test_what_waits_takes_a_place_in_the_queue(self):
        self.sink(queued=self.max_tasks - self.workers)
        for _ in range(self.workers):
            self.pool.dispatch(self.gate(), group="other")
        with self.assertRaises(errors.QueueFull):
            for _ in range(self.max_tasks):
                self.pool.dispatch(self.gate())

    def test_key_of_one_that_waits_is_busy(self):
        self.hang(self.workers, group="storage")
        self.pool.dispatch(self.gate(), key="vm", group="storage")
        with self.assertRaises(errors.KeyBusy):
            self.pool.dispatch(self.gate(), key="vm", group="storage")

    def test_future_that_waits_fails_in_time(self):
        self.hang(self.workers, timeout=100, group="storage")
        future = self.pool.bound(timeout=3, group="storage").submit(min, 1, 2)
        self.clock.advance(3)
        with self.assertRaises(errors.TaskStuck) as caught:
            future.result(0)
        self.assertFalse(caught.exception.started)
        self.assertEqual(self.group()["waiting"], 0)

    def test_future_with_a_place_gives_it_back(self):
        self.hang(self.workers, timeout=None)
        future = self.pool.bound(timeout=3, group="storage").submit(min, 1, 2)
        self.assertEqual(self.group()["under_way"], 1)
        self.clock.advance(3)
        self.assertTrue(future.done())
        self.assertEqual(self.pool.state()["groups"], {})

    def test_stop_cancels_what_waits(self):
        self.sink()
        self.hang(self.workers, timeout=None, group="other")
        future = self.pool.bound(group="other").submit(min, 1, 2)
        left = self.pool.stop(wait=False)
        self.assertTrue(future.cancelled())
        self.assertEqual(len(left), 2 * self.workers)

    def test_shutdown_finishes_what_waits(self):
        gates = self.hang(self.workers, timeout=None, group="storage")
        done = threading.Semaphore(0)
        for _ in range(5):
            self.pool.dispatch(done.release, group="storage")
        for gate in gates:
            gate.open()
        self.pool.shutdown()
        self.assertEqual([done.acquire(False) for _ in range(5)], [True] * 5)

    def test_shutdown_finishes_what_waits_behind_late_tasks(self):
        waiting = self.sink(queued=3)
        for gate in waiting:
            gate.open()
        self.pool.shutdown()
        self.assertEqual([gate.left for gate in waiting], [1] * 3)

    def test_state_is_plain_data_for_any_group(self):
        self.hang(1, group=("storage", 1))
        self.assertEqual(list(self.pool.state()["groups"]), [("storage", 1)])
