# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import libvirt
import mock

import fakelibvirt
import kit
import monitortier_test
from vmsampling import detailtier
from vmsampling import domain
from vmsampling import groups
from vmsampling import history
from vmsampling.history import DETAIL, JOB, MONITOR

PERIOD = 60.0


class TestCase(monitortier_test.TestCase):

    def setUp(self):
        super(TestCase, self).setUp()
        self.details = detailtier.Details(PERIOD, self.history)

    def question(self):
        found = super(TestCase, self).question()
        found.details = self.details
        return found

    def ask(self):
        super(TestCase, self).ask()
        self.scheduler.advance(1.0)
        return self.sample(DETAIL)


class DetailTest(TestCase):

    def test_after_the_second_answer(self):
        self.assertIsNone(self.ask())
        self.assertEqual(
            self.ask().fields,
            {"iothread.count": 1, "dirtyrate.calc_status": 0})
        self.assertEqual(self.libvirt.calls[-1], ("detail", "a"))

    def test_once_in_a_period(self):
        for _ in range(5 * 60 + 1):
            self.ask()
        self.assertIn(self.libvirt.count("detail", "a"), (5, 6, 7))

    def test_monitor_tier_is_there_when_it_hangs(self):
        self.ask()
        with self.libvirt.hang("detail", "a") as gate:
            with kit.Bunch(1, lambda _: self.ask()):
                gate.wait()
                self.assertEqual(self.sample(MONITOR).time,
                                 self.scheduler.now)
                self.scheduler.advance(1.5)
                self.assertTrue(self.domain.question.is_late())
                self.assertIn("IOTHREAD", self.domain.question.job_held())
                gate.open()

    def refuse(self, *calls):
        for call in calls:
            self.libvirt.errors[call] = fakelibvirt.Error(
                libvirt.VIR_ERR_INTERNAL_ERROR)

    def test_group_that_fails_costs_nothing_else(self):
        self.ask()
        self.refuse("detail", "other detail")
        self.assertEqual(self.ask().fields, {"iothread.count": 1})
        self.assertEqual(self.domain.failures, 0)

    def test_all_groups_fail(self):
        self.ask()
        self.refuse("detail", "other detail", "iothread")
        self.assertEqual(self.ask().fields, {})

    def test_vm_that_gets_busy_in_between(self):
        self.ask()
        self.ask()
        before = self.sample(DETAIL)
        self.scheduler.advance(PERIOD)
        with mock.patch.dict(fakelibvirt._DETAILS, detail={}):
            self.ask()
            self.assertIs(self.sample(DETAIL), before)
        # As soon as it answers.
        self.ask()
        self.assertGreater(self.sample(DETAIL).time, before.time)

    def test_not_of_a_busy_vm(self):
        self.ask()
        self.vm.busy = True
        self.assertIsNone(self.ask())

    def test_not_of_other_drivers(self):
        self.libvirt.driver = "test"
        with mock.patch.object(monitortier_test.fallback, "Fallback"):
            self.ask()
            self.assertIsNone(self.ask())

    def test_job_where_libvirtds_file_cannot_be_read(self):
        self.vm.job = {"type": 2}
        self.ask()
        self.assertIsNone(self.sample(JOB))
        self.ask()
        self.assertEqual(self.sample(JOB).fields, {"job.type": 2})
        # Not its turn: it stays.
        self.ask()
        self.assertIsNotNone(self.sample(JOB))
        self.assertEqual(self.libvirt.count("jobStats", "a"), 1)

    def test_group_of_a_later_binding_is_left_out(self):
        for names, fields in (("FUTURE IOTHREAD", {"iothread.count": 1}),
                              ("FUTURE", {})):
            self.history.forget(self.domain, DETAIL)
            with mock.patch.object(groups, "DETAIL", groups.Groups(names)):
                self.details = detailtier.Details(PERIOD, self.history)
            self.ask()
            self.assertEqual(self.ask().fields, fields)


class TurnTest(kit.TestCase):

    def test_vms_have_turns_at_different_times(self):
        time = [0.0]
        found = history.History(clock=lambda: time[0])
        domains = [domain.Domain("uuid-%d" % number, number, "a")
                   for number in range(120)]
        found.retain(domains)
        details = detailtier.Details(PERIOD, found)
        turns = dict((one, []) for one in domains)
        for one in domains:
            found.put(one, MONITOR, -1.0, {})
        for second in range(300):
            time[0] = float(second)
            for one in domains:
                if details.are_due(one):
                    found.put(one, DETAIL, time[0], {})
                    turns[one].append(second)
        busy = [0] * 300
        for seconds in turns.values():
            self.assertEqual(seconds[0], 0)
            for earlier, later in zip(seconds[1:], seconds[2:]):
                self.assertEqual(later - earlier, PERIOD)
            for second in seconds:
                busy[second] += 1
        # Of 120 VMs, two a second.
        self.assertLess(max(busy[60:]), 12)
