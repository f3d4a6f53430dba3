# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The promises of the pool when tasks hang, on virtual time.
"""

from __future__ import absolute_import, division, print_function

import logging
import threading

import kit
import poolcase
from threadpool import errors
from threadpool import worker as _worker


class TestLate(poolcase.PoolTest):

    def test_not_late_before_deadline(self):
        self.hang(2)
        self.clock.advance(9.9)
        self.check_state(late=0, threads=2)

    def test_replaced_at_deadline(self):
        self.hang(2)
        self.clock.advance(10)
        self.check_state(late=2, free=2, threads=4)
        self.ran()

    def test_late_is_not_stuck(self):
        self.hang()
        self.clock.advance(11.9)
        self.check_state(late=1, stuck=0)
        self.clock.advance(0.1)
        self.check_state(late=1, stuck=1)

    def test_never_above_max_workers(self):
        self.hang(4, timeout=0)
        self.check_state(late=4, free=0, threads=4)

    def test_invariant_for_any_number_of_late_tasks(self):
        for s in range(1, self.max_workers + 1):
            self.hang(timeout=0)
            self.check_state(
                late=s, free=min(self.workers, self.max_workers - s))
            self.assertEqual(
                self.pool.state()["threads"],
                min(self.workers + s, self.max_workers))
        for s in reversed(range(self.max_workers)):
            self.gates[s].open()
            self.check_state(
                late=s, free=min(self.workers, self.max_workers - s))

    def test_timeout_none_is_never_late(self):
        self.hang(timeout=None)
        self.clock.advance(10 ** 9)
        self.check_state(late=0)

    def test_shorter_timeout_behind_a_longer_one(self):
        self.hang(timeout=1000)
        self.hang(timeout=1)
        self.clock.advance(1)
        self.check_state(late=1)

    def test_rejoin(self):
        gates = self.hang(2, timeout=1)
        self.clock.advance(1)
        self.check_state(threads=4)
        for gate in gates:
            gate.open()
        self.check_state(threads=2, late=0, free=2)
        self.ran()

    def test_rejoin_when_short(self):
        # All four hang; the first two to return stay, the others leave.
        gates = self.hang(4, timeout=0)
        for n, gate in enumerate(gates, 1):
            gate.open()
            self.check_state(late=4 - n, threads=[4, 4, 3, 2][n - 1])
        self.ran()

    def test_pool_stuck(self):
        with kit.logs("threadpool.crew") as logs:
            gates = self.hang(4, timeout=0)
            self.clock.advance(1)
        self.assertEqual(len(logs.at(logging.ERROR)), 1)
        with self.assertRaises(errors.PoolStuck) as raised:
            self.pool.dispatch(int)
        held = raised.exception.tasks
        self.assertEqual([seconds for _, _, seconds in held], [1.0] * 4)
        self.assertIn("Gate", str(raised.exception))
        gates[0].open()
        self.check_state(late=3)
        self.ran()

    def test_patient_task_waits_in_a_stuck_pool(self):
        with kit.logs("threadpool.crew"):
            gates = self.hang(4, timeout=0)
        done = threading.Event()
        self.pool.dispatch(done.set, patient=True)
        self.check_state(queued=1)
        with self.assertRaises(errors.PoolStuck):
            self.pool.dispatch(int)
        gates[0].open()
        kit.wait(done)

    def test_queue_moves_when_one_returns(self):
        gates = self.hang(2, timeout=0) + self.hang(2, timeout=1)
        done = threading.Event()
        self.pool.dispatch(done.set)
        with kit.logs("threadpool.crew"):
            self.clock.advance(1)
        self.check_state(late=4)
        self.assertFalse(done.is_set())
        gates[0].open()
        kit.wait(done)

    def test_nothing_is_armed_when_idle(self):
        self.ran()
        self.hang()
        self.gates[0].open()
        self.check_state(completed=2)
        # One check may be pending from the last task; none follows it.
        self.clock.advance(10)
        self.assertEqual(self.clock.pending, [])

    def test_no_timer_per_task(self):
        for _ in range(50):
            self.ran()
            self.pool.bound().submit(int).result(kit.PATIENCE)
        self.assertLessEqual(len(self.clock.pending), 1)

    def test_no_thread_to_be_had(self):
        worker = _worker.Worker
        start = worker.start

        def refuse(self):
            raise RuntimeError("can't start new thread")
        self.hang(2, timeout=1)
        worker.start = refuse
        try:
            with kit.logs("threadpool.crew") as logs:
                self.clock.advance(1)
                self.check_state(threads=2, late=2, free=0)
                self.clock.advance(1)
            self.assertIn("cannot start a thread", logs.at(logging.ERROR)[0])
        finally:
            worker.start = start
        self.clock.advance(1)
        self.check_state(threads=4, free=2)
        self.ran()


class TestStuck(poolcase.PoolTest):

    def test_reported_once(self):
        with kit.logs("threadpool.report") as logs:
            self.hang(key="vm")
            self.clock.advance(12)
            kit.eventually(lambda: self.stuck, "on_stuck")
            self.clock.advance(1000)
            # Something else to look for, so there is another look.
            self.hang(timeout=0)
            self.ran()
        self.assertEqual(len(self.stuck), 1)
        self.assertEqual(len(logs.at(logging.WARNING)), 1)
        self.assertIn("key='vm'", logs.at(logging.WARNING)[0])
        self.assertIn("kit.py", logs.at(logging.WARNING)[0])

    def test_short_hang_is_not_reported(self):
        gate, = self.hang()
        self.clock.advance(11)
        gate.open()
        self.check_state(late=0)
        self.clock.advance(100)
        self.ran()
        self.assertEqual(self.stuck, [])

    def test_hanging_hook_is_a_task_like_any_other(self):
        gate = self.gate()
        self.pool._reporter._on_stuck = gate
        with kit.logs("threadpool.report"):
            self.hang(timeout=0)
            self.clock.advance(2)
            gate.wait()
            self.clock.advance(10)
        self.check_state(late=2, free=2)

    def test_entries(self):
        self.hang(key="first")
        self.clock.advance(5)
        self.hang(key="second", timeout=1)
        self.assertEqual(self.pool.stuck(), [])
        self.clock.advance(8)
        first, second = self.pool.stuck()
        self.assertEqual(first["key"], "first")
        self.assertEqual(first["seconds"], 13)
        self.assertEqual(first["late"], 3)
        self.assertIs(first["stuck"], True)
        self.assertEqual(second["seconds"], 8)
        self.assertTrue(any("kit.py" in line for line in first["stack"]))
        # On 2.7 a timed wait polls, so it may be seen running.
        self.assertIn(first["kernel"]["state"], "RS")

    def test_since_last_look(self):
        self.hang(timeout=0)
        self.clock.advance(1)
        entry, = self.pool.stuck()
        self.assertIsNone(entry["since"])
        self.clock.advance(0.5)
        entry, = self.pool.stuck()
        self.assertEqual(entry["since"]["seconds"], 0.5)
        self.assertGreaterEqual(entry["since"]["ticks"], 0)

    def test_hang_in_queue_is_no_entry(self):
        self.hang(2)
        self.pool.dispatch(int, key="waits")
        self.clock.advance(20)
        self.assertNotIn("waits", [e["key"] for e in self.pool.stuck()])
