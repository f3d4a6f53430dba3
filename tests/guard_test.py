# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The guard as a whole: how many calls may hang, and what that costs.
"""

from __future__ import absolute_import, division, print_function

import logging
import threading

import fakelibvirt
import guardcase
import kit
from threadpool import executor
from vmsampling import errands
from vmsampling import guard
from vmsampling import routine

MONITOR = errands.MONITOR


class GuardTest(guardcase.TestCase):

    def test_threads_do_not_grow_with_the_vms(self):
        before = threading.active_count()
        for number in range(60):
            self.routine("vm%d" % number, [("x", 1, MONITOR)])
        self.advance(3.0)
        self.assertLessEqual(threading.active_count(), before)
        self.assertEqual(self.called.count("x"), 240)

    def test_vms_that_hang_cost_the_others_nothing(self):
        stuck = ["stuck%d" % number for number in range(5)]
        well = [self.routine("vm%d" % number, [("x", 1, MONITOR)])
                for number in range(10)]
        for name in stuck:
            self.routine(name, [("y", 1, MONITOR)])
        gates = [self.libvirt.hang("monitor", name) for name in stuck]
        for gate in gates:
            gate.__enter__()
        for _ in range(20):
            self.advance(1.0)
            self.assertLessEqual(max(made.age for made in well), 1.0)
        state = self.guard.state()
        self.assertLessEqual(state["monitor"]["threads"], 6)
        self.assertEqual(state["monitor"]["late"], 5)
        for gate in gates:
            gate.__exit__(None, None, None)
        self.advance(1.0)
        self.assertEqual(self.guard.state()["monitor"]["threads"], 2)

    def test_few_calls_at_once_on_the_shared_connection(self):
        # Five VMs stop just after they have answered.
        gates = [self.gate() for _ in range(5)]
        well = self.routine("well", [("x", 1, MONITOR)])
        for number, gate in enumerate(gates):
            self.routine("vm%d" % number, [("y", 1, MONITOR, gate)])
        self.advance(5.0)
        self.assertEqual(sum(gate.calls for gate in gates), 4)
        self.assertIn("All 4 places", self.logs.at(logging.WARNING)[0])
        # It has answered all the same.
        calls = self.called.count("x")
        self.assertLessEqual(well.age, 1.0)
        for gate in gates[:2]:
            gate.open()
        self.advance(2.0)
        self.assertGreater(self.called.count("x"), calls)

    def test_stop_gives_up_what_hangs(self):
        gate = self.gate()
        self.routine("a", [("x", 1, MONITOR, gate)])
        gate.wait()
        self.advance(1.0)
        left = self.guard.stop(timeout=0.0)
        self.assertEqual(len(left), 1)
        self.assertIn("monitor:x", left[0]["call"])

    def test_stop_closes_the_connections(self):
        self.routine("a", [("x", 1, MONITOR)])
        self.assertEqual(self.guard.stop(), [])
        self.assertTrue(all(
            virt.closed for virt in self.libvirt.connections))
        self.assertEqual(self.guard.stop(), [])
        # What comes now is not done, and does no harm.
        self.routine("b", [("y", 1, MONITOR)])
        self.assertNotIn("y", self.called)

    def test_no_event_loop_of_ours(self):
        # VDSM has one, and there must not be two.
        held = self.loop.holders
        self.routine("a", [("x", 1, MONITOR)])
        self.assertEqual(self.loop.holders, held)

    def test_read_only(self):
        self.routine("a", [("x", 1, MONITOR)])
        self.assertTrue(all(
            virt.readonly for virt in self.libvirt.connections))

    def test_repr_of_a_visit(self):
        # Shown when it is stuck.
        gate = self.gate()
        self.routine("a", [("x", 1, MONITOR, gate)])
        gate.wait()
        self.advance(1.0)
        entry, = self.guard._monitors.stuck()
        self.assertIn("uuid-of-a", entry["call"])
        self.assertIn("monitor:x", entry["call"])
        self.assertIn("call=what it was asked for", entry["call"])


class OwnThreadsTest(kit.TestCase):

    def test_a_scheduler_of_its_own(self):
        made = guard.Guard(fakelibvirt.URI)
        made.start()
        calls = []
        plain = routine.Routine(lambda function: calls.append(function()))
        plain.add(threading.current_thread, 60)
        plain.start(made)
        kit.eventually(lambda: calls)
        self.assertTrue(calls[0].daemon)
        plain.stop()
        self.assertEqual(made.stop(), [])

    def test_settings_are_checked(self):
        with self.assertRaises(ValueError):
            guard.Guard(fakelibvirt.URI, timeout=-1)

    def test_workers_fit_the_limit(self):
        made = guard.Guard(fakelibvirt.URI, max_hung=1)
        self.assertIsInstance(made._monitors, executor.Executor)
        self.assertEqual(made.state()["monitor"]["workers"], 1)
