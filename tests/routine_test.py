# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Functions about VMs that are called by visits: when, in which order, and what
keeps them from being called.
"""

from __future__ import absolute_import, division, print_function

import errno
import logging

import libvirt

import fakelibvirt
import guardcase
import kit
from vmsampling import errands
from vmsampling import process
from vmsampling import routine

MONITOR, STORAGE = errands.MONITOR, errands.STORAGE


class ScheduleTest(guardcase.TestCase):

    def test_all_at_once_then_each_at_its_interval(self):
        self.routine("a", [("x", 2, MONITOR), ("y", 3, MONITOR)])
        self.assertEqual(self.called, ["x", "y"])
        self.advance(6.5)
        self.assertEqual(self.called, [
            "x", "y", "x", "y", "x", "x", "y"])

    def test_time_in_functions_does_not_add_up(self):
        self.routine("a", [
            ("x", 1, MONITOR, lambda: self.scheduler.advance(0.4))])
        self.advance(10.2)
        self.assertEqual(self.called.count("x"), 11)

    def test_stop(self):
        made = self.routine("a", [("x", 1, MONITOR)])
        for _ in range(2):
            made.stop()
        self.advance(3.0)
        self.assertEqual(self.called, ["x"])
        self.assertEqual(self.scheduler.pending, [])

    def test_stopped_before_the_start(self):
        made = self.routine("a", [("x", 1, MONITOR)], start=False)
        made.stop()
        made.start(self.guard, "uuid-of-a")
        self.advance(2.0)
        self.assertEqual(self.called, [])

    def test_stopped_by_one_of_its_functions(self):
        made = self.routine("a", [
            ("x", 1, MONITOR, lambda: made.stop()), ("y", 1, MONITOR)],
            start=False)
        made.start(self.guard, "uuid-of-a")
        self.settle()
        self.assertEqual(self.called, ["x"])

    def test_pause(self):
        made = self.routine("a", [("x", 1, MONITOR)])
        made.pause()
        self.advance(2.5)
        self.assertEqual(self.called, ["x"])
        self.assertEqual(made.age, 2.5)
        made.cont()
        self.settle()
        self.assertEqual(self.called, ["x", "x"])
        self.advance(1.0)
        self.assertEqual(self.called, ["x", "x", "x"])

    def test_paused_before_the_start(self):
        made = self.routine("a", [("x", 1, MONITOR)], start=False)
        made.pause()
        made.start(self.guard, "uuid-of-a")
        self.advance(1.5)
        self.assertEqual((self.called, made.age), ([], None))
        made.cont()
        self.settle()
        self.assertEqual(self.called, ["x"])

    def test_started_twice(self):
        made = self.routine("a", [("x", 1, MONITOR)])
        with self.assertRaises(RuntimeError):
            made.start(self.guard)
        with self.assertRaises(RuntimeError):
            made.add(len, 1)
        made.stop()
        made.add(len, 1)

    def test_nothing_to_call(self):
        made = self.routine("a")
        self.advance(1.0)
        self.assertIsNone(made.age)


class VisitTest(guardcase.TestCase):

    def test_called_after_the_answer(self):
        self.routine("a", [("x", 2, MONITOR, lambda: self.libvirt.calls.append(
            ("x", None)))])
        calls = [call for call, _ in self.libvirt.calls]
        self.assertLess(calls.index("monitor"), calls.index("x"))
        self.assertEqual(calls.count("monitor"), 1)

    def test_a_vm_that_hangs_is_not_called_and_its_age_grows(self):
        stuck = self.routine("a", [("x", 1, MONITOR)])
        well = self.routine("b", [("y", 1, MONITOR)])
        with self.libvirt.hang("monitor", "a") as gate:
            self.advance(1.0)
            gate.wait()
            self.advance(9.0)
            self.assertEqual(self.called.count("x"), 1)
            self.assertEqual(self.called.count("y"), 11)
            self.assertEqual((stuck.age, well.age), (10.0, 0.0))
        self.settle()
        # It has answered, if late: now it may be called.
        self.assertEqual(self.called.count("x"), 2)
        self.advance(1.0)
        self.assertEqual(self.called.count("x"), 3)
        self.assertLessEqual(stuck.age, 1.0)

    def test_a_function_that_hangs_freezes_its_vm_only(self):
        gate = self.gate()
        stuck = self.routine("a", [
            ("x", 1, MONITOR, gate), ("z", 1, MONITOR)])
        well = self.routine("b", [("y", 1, MONITOR)])
        gate.wait()
        self.advance(10.0)
        self.assertEqual(self.called.count("x"), 1)
        self.assertNotIn("z", self.called)
        self.assertEqual((stuck.age, well.age), (10.0, 0.0))
        gate.open()
        self.advance(1.0)
        self.assertIn("z", self.called)

    def test_a_look_says_that_it_hangs(self):
        made = self.routine("a", [("x", 1, MONITOR)])
        made._domain.process = fakelibvirt.Process(*[process.HOLD] * 3)
        self.advance(3.0)
        self.assertEqual((self.called, made.age), (["x"], 3.0))
        self.advance(1.0)
        self.assertEqual((self.called, made.age), (["x", "x"], 0.0))

    def test_a_second_look_is_taken_soon(self):
        made = self.routine("a", [("x", 1, MONITOR)])
        made._domain.process = fakelibvirt.Process(process.AGAIN)
        self.advance(1.125)
        self.assertEqual(self.called, ["x", "x"])

    def test_a_job_that_is_held_for_a_moment(self):
        made = self.routine("a", [("x", 1, MONITOR)])
        self.libvirt.vms["a"].busy = True
        self.advance(1.0)
        self.assertEqual(self.called, ["x"])
        self.libvirt.vms["a"].busy = False
        self.advance(0.125)
        self.assertEqual(self.called, ["x", "x"])
        self.assertLess(made.age, 0.125)

    def test_a_job_that_is_held_for_long(self):
        made = self.routine("a", [("x", 1, MONITOR)])
        self.libvirt.vms["a"].busy = True
        before = self.libvirt.count("partial", "a")
        self.advance(4.875)
        self.assertEqual((self.called, made.age), (["x"], 4.875))
        # Not all the time.
        self.assertLess(self.libvirt.count("partial", "a") - before, 60)

    def test_no_vm(self):
        made = self.routine(None, [("x", 1, MONITOR), ("y", 2, STORAGE)])
        self.assertEqual(self.called, ["x", "y"])
        self.advance(1.0)
        self.assertEqual(self.called, ["x", "y", "x"])
        self.assertEqual((self.libvirt.calls, made.age), ([], 0.0))

    def test_a_function_that_hangs_without_a_vm(self):
        gate = self.gate()
        made = self.routine(None, [("x", 1, MONITOR, gate)])
        gate.wait()
        self.advance(5.0)
        self.assertEqual((self.called, made.age), (["x"], 5.0))

    def test_a_vm_that_libvirt_does_not_know(self):
        made = routine.Routine(lambda function: function())
        made.add(self.function("x"), 1, MONITOR)
        made.add(self.function("y"), 1, STORAGE)
        made.start(self.guard, "some-uuid")
        self.addCleanup(made.stop)
        self.settle()
        self.assertEqual(self.called, ["x", "y"])
        self.advance(2.0)
        self.assertEqual((len(self.called), made.age), (6, 0.0))
        self.assertEqual(len(self.logs.at(logging.WARNING)), 1)

    def test_a_vm_that_ends(self):
        # VDSM's own functions fail then, and it is told so.
        made = self.routine("a", [("x", 1, MONITOR)])
        del self.libvirt.vms["a"]
        self.advance(1.0)
        self.assertEqual((self.called, made.age), (["x", "x"], 0.0))

    def test_no_connection(self):
        self.libvirt.up = False
        made = self.routine("a", [("x", 1, MONITOR), ("y", 1, STORAGE)])
        self.advance(5.0)
        self.assertEqual(self.called.count("x"), 6)
        self.assertEqual(self.called.count("y"), 6)
        self.assertEqual(made.age, 0.0)
        self.assertEqual(self.libvirt.count("open", None), 1)
        self.assertEqual(len(self.logs.at(logging.WARNING)), 1)
        self.libvirt.up = True
        self.advance(6.0)
        self.assertGreater(self.libvirt.count("monitor", "a"), 0)

    def test_a_job_that_times_out_is_no_answer(self):
        made = self.routine("a", [("x", 1, MONITOR)])
        self.libvirt.errors["monitor"] = fakelibvirt.Error(
            libvirt.VIR_ERR_OPERATION_TIMEOUT, "held")
        self.advance(2.0)
        self.assertEqual((self.called, made.age), (["x"], 2.0))

    def test_other_errors_do_not_keep_it_from_being_called(self):
        self.routine("a", [("x", 1, MONITOR)])
        self.libvirt.errors["monitor"] = fakelibvirt.Error(
            libvirt.VIR_ERR_OPERATION_DENIED, "no")
        self.advance(2.0)
        self.assertEqual(self.called, ["x"] * 3)

    def test_two_routines_of_one_vm(self):
        # VDSM may make a second one before it stops the first.
        gate = self.gate()
        self.routine("a", [("x", 1, MONITOR, gate)])
        gate.wait()
        self.routine("a", [("y", 1, MONITOR)])
        self.assertNotIn("y", self.called)
        gate.open()
        self.advance(1.0)
        self.assertIn("y", self.called)


class StorageTest(guardcase.TestCase):

    def setUp(self):
        super(StorageTest, self).setUp()
        self.path = b"/images/a"

    def test_called_when_the_storage_has_answered(self):
        self.routine("a", [("x", 1, STORAGE), ("y", 1, MONITOR)])
        self.assertEqual(self.called, ["y", "x"])
        self.assertEqual(self.storage.looks, [self.path])
        self.advance(5.0)
        self.assertEqual(self.called, ["y", "x"] * 6)

    def test_one_question_serves_both_kinds(self):
        self.routine("a", [("x", 1, STORAGE), ("y", 1, MONITOR)])
        self.assertEqual(self.libvirt.count("monitor", "a"), 1)

    def test_storage_that_hangs_stops_nothing_else(self):
        with kit.Gate() as gate:
            self.gates.append(gate)
            self.storage.faults[self.path] = gate
            made = self.routine("a", [("x", 1, STORAGE), ("y", 1, MONITOR)])
            gate.wait()
            self.advance(10.0)
            self.assertEqual(self.called, ["y"] * 11)
            self.assertEqual(made.age, 0.0)
            threads = self.guard.state()["canary"]["threads"]
            self.assertLessEqual(threads, 2)
            del self.storage.faults[self.path]
        self.advance(1.0)
        self.assertIn("x", self.called)

    def test_a_storage_function_that_hangs_stops_no_other_kind(self):
        gate = self.gate()
        made = self.routine("a", [
            ("x", 1, STORAGE, gate), ("y", 1, MONITOR)])
        gate.wait()
        self.advance(5.0)
        self.assertEqual(self.called.count("x"), 1)
        self.assertEqual(self.called.count("y"), 6)
        self.assertEqual(made.age, 0.0)

    def test_and_none_of_others_on_that_storage_is_called(self):
        gate = self.gate()
        self.routine("a", [("x", 1, STORAGE, gate)])
        gate.wait()
        # The look at the same storage hangs now.
        self.storage.faults[b"/images/b"] = hung = self.gate()
        self.routine("b", [("z", 1, STORAGE)])
        self.advance(5.0)
        self.assertGreater(hung.calls, 0)
        self.assertNotIn("z", self.called)

    def test_we_may_not_look(self):
        self.storage.faults[self.path] = EnvironmentError(errno.EACCES, "no")
        self.routine("a", [("x", 1, STORAGE)])
        self.advance(2.0)
        self.assertEqual(self.called, ["x"] * 3)

    def test_nobody_can_look(self):
        self.libvirt.add("a").disks = [("network", "name", "x", "vda")]
        self.routine("a", [("x", 1, STORAGE)])
        self.assertEqual((self.called, self.storage.looks), (["x"], []))

    def test_no_disks(self):
        self.libvirt.add("a").disks = []
        self.routine("a", [("x", 1, STORAGE)])
        self.assertEqual(self.called, ["x"])

    def test_disks_are_read_again(self):
        self.routine("a", [("x", 1, STORAGE)])
        self.libvirt.vms["a"].disks.append(
            ("file", "file", "/images/new", "vdb"))
        self.advance(11.0)
        self.assertIn(b"/images/new", self.storage.looks)
        self.assertLess(self.libvirt.count("XMLDesc", "a"), 4)

    def test_disks_of_no_interest_are_read_once(self):
        self.routine("a", [("x", 1, MONITOR)])
        self.advance(30.0)
        self.assertEqual(self.libvirt.count("XMLDesc", "a"), 1)

    def test_stopped_while_it_waits(self):
        with kit.Gate() as gate:
            self.gates.append(gate)
            self.storage.faults[self.path] = gate
            made = self.routine("a", [("x", 1, STORAGE)])
            gate.wait()
            made.stop()
        self.advance(2.0)
        self.assertEqual(self.called, [])


class NoJobTest(guardcase.TestCase):

    def test_other_drivers_have_no_partial_answers(self):
        self.libvirt.driver = "TEST"
        self.libvirt.add("a").busy = True
        self.routine("a", [("x", 1, MONITOR)])
        self.assertEqual(self.called, ["x"])
