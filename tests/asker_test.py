# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import fakelibvirt
from vmsampling import asker
from vmsampling import domain
from vmsampling import groups
from vmsampling import history
from vmsampling import process
from vmsampling import qemu
from vmsampling import question
from vmsampling.history import HOST, MONITOR


class Round(object):

    def __init__(self, thorough=False):
        self.members = 1
        self.thorough = thorough

    def join(self, question=None):
        self.members += 1

    def leave(self, question=None):
        self.members -= 1


class TestCase(fakelibvirt.TestCase):

    def setUp(self):
        super(TestCase, self).setUp()
        self.monitors = fakelibvirt.Desk()
        self.budget = fakelibvirt.Budget()
        self.history = history.History(clock=self.scheduler.clock)
        self.round = Round()
        self.domains = []
        self.asker = asker.Asker(
            self.monitors, self.connections(), self.history, self.budget,
            self.scheduler)

    def add(self, name, answered=None):
        vm = self.libvirt.add(name)
        found = domain.Domain(vm.uuid, vm.number, name)
        found.state = "running"
        self.domains.append(found)
        self.history.retain(self.domains)
        if answered is not None:
            self.history.put(found, MONITOR, answered, {})
        return found


class AskerTest(TestCase):

    def test_ask(self):
        vm = self.add("a")
        self.assertTrue(self.asker.is_new(vm))
        self.assertTrue(self.asker.ask(vm, self.round))
        self.assertEqual(self.round.members, 2)
        self.monitors.run(vm.uuid)
        self.assertEqual(self.round.members, 1)
        self.assertFalse(self.asker.is_new(vm))

    def test_outside_of_rounds(self):
        vm = self.add("a")
        self.assertTrue(self.asker.ask(vm))
        self.monitors.run(vm.uuid)
        self.assertFalse(self.asker.is_new(vm))

    def test_still_being_asked(self):
        vm = self.add("a")
        self.monitors.held.add(vm.uuid)
        self.assertFalse(self.asker.ask(vm, self.round))
        self.assertEqual(self.round.members, 1)

    def test_while_it_is_asked_for_its_storage(self):
        vm = self.add("a")
        vm.storage_question = storage = question.Question(
            vm, None, None, None)
        self.monitors.held.add(vm.uuid)
        self.assertFalse(self.asker.ask(vm, self.round))
        # The round does not wait for that.
        self.assertEqual(self.round.members, 1)
        self.scheduler.advance(1.0)
        self.assertTrue(self.asker.is_new(vm))
        self.monitors.held.clear()
        storage.ended = True
        self.scheduler.advance(0.05)
        self.monitors.run(vm.uuid)
        self.assertFalse(self.asker.is_new(vm))
        self.assertEqual(self.scheduler.pending, [])

    def test_thorough_round_waits_for_a_storage_question(self):
        self.round.thorough = True
        vm = self.add("a")
        vm.storage_question = storage = question.Question(
            vm, None, None, None, clock=self.scheduler.clock)
        self.monitors.held.add(vm.uuid)
        self.assertFalse(self.asker.ask(vm, self.round))
        self.assertEqual(self.round.members, 2)
        self.monitors.held.clear()
        self.scheduler.advance(0.05)
        self.monitors.run(vm.uuid)
        self.assertFalse(self.asker.is_new(vm))
        self.assertEqual(self.round.members, 1)
        # But not for one that is late.
        storage.say("BLOCK", of_vm=True)
        self.scheduler.advance(storage.timeout)
        self.monitors.held.add(vm.uuid)
        self.assertFalse(self.asker.ask(vm, self.round))
        self.assertEqual(self.round.members, 1)

    def test_storage_question_that_hangs(self):
        vm = self.add("a")
        vm.storage_question = question.Question(vm, None, None, None)
        self.monitors.held.add(vm.uuid)
        self.asker.ask(vm)
        self.scheduler.advance(2.1)
        # The next round comes back.
        self.assertEqual(self.scheduler.pending, [])

    def test_another_client_asks_at_the_same_time(self):
        vm = self.add("a")
        self.libvirt.vms["a"].busy = True
        self.asker.ask(vm, self.round)
        self.monitors.run()
        self.assertTrue(self.asker.is_new(vm))
        # The round does not wait for it.
        self.assertEqual(self.round.members, 1)
        self.libvirt.vms["a"].busy = False
        self.scheduler.advance(0.05)
        self.monitors.run()
        self.assertFalse(self.asker.is_new(vm))
        self.assertEqual(self.scheduler.pending, [])

    def test_job_is_held_for_long(self):
        vm = self.add("a")
        self.libvirt.vms["a"].busy = True
        self.asker.ask(vm, self.round)
        asked = 0
        for _ in range(5):
            asked += len(self.monitors.tasks)
            self.monitors.run()
            self.scheduler.advance(0.05)
        # The next round comes back.
        self.assertEqual(asked, 3)
        self.assertEqual(self.scheduler.pending, [])

    def test_done(self):
        vm = self.add("a")
        done = []
        self.asker.ask(vm, self.round, done=done.append)
        self.monitors.run()
        self.assertEqual([question.domain for question in done], [vm])


class LookTest(TestCase):

    def test_again(self):
        vm = self.add("a")
        vm.process = fakelibvirt.Process(process.AGAIN)
        self.asker.ask(vm, self.round)
        self.monitors.run()
        # The round does not wait for it.
        self.assertEqual(self.round.members, 1)
        self.assertTrue(self.asker.is_new(vm))
        self.scheduler.advance(qemu.LOOKS_APART)
        self.monitors.run()
        self.assertFalse(self.asker.is_new(vm))

    def test_thorough_round_waits_for_the_second_look(self):
        self.round.thorough = True
        vm = self.add("a")
        vm.process = fakelibvirt.Process(process.AGAIN)
        self.asker.ask(vm, self.round)
        self.monitors.run()
        self.assertEqual(self.round.members, 2)
        self.scheduler.advance(qemu.LOOKS_APART)
        self.assertEqual(self.round.members, 2)
        self.monitors.run()
        self.assertEqual(self.round.members, 1)
        self.assertFalse(self.asker.is_new(vm))

    def test_hold(self):
        vm = self.add("a")
        vm.process = fakelibvirt.Process(process.HOLD)
        self.asker.ask(vm, self.round)
        self.monitors.run()
        self.assertTrue(self.asker.is_new(vm))
        # It is for the next round.
        self.assertEqual(self.scheduler.pending, [])


class ProbesTest(TestCase):

    def setUp(self):
        super(ProbesTest, self).setUp()
        self.probes = asker.Probes(self.asker, self.history)
        self.answers = 0

    def answered(self):
        self.answers += 1

    def send(self):
        self.probes.send(
            self.domains, self.round, groups.HOST[0], self.answered)

    def asked(self):
        return sorted(uuid[-1] for uuid in self.monitors.tasks)

    def test_one_at_a_time_the_last_who_answered_first(self):
        self.add("a", answered=5.0)
        self.add("b")
        self.add("c", answered=7.0)
        self.send()
        self.assertEqual(self.asked(), ["c"])
        self.send()
        self.assertEqual(self.asked(), ["a", "c"])

    def test_answer(self):
        vm = self.add("a")
        self.send()
        self.assertEqual(self.answers, 0)
        self.monitors.run()
        self.assertEqual(self.answers, 1)
        self.assertIsNotNone(self.history.last(vm, HOST))

    def test_vm_that_is_not_asked_tells_of_libvirtd(self):
        self.add("a").process = fakelibvirt.Process(process.HOLD)
        self.send()
        self.monitors.run()
        self.assertEqual(self.answers, 1)

    def test_error_is_no_answer(self):
        self.add("a")
        self.libvirt.up = False
        self.send()
        self.monitors.run()
        self.assertEqual(self.answers, 0)

    def test_not_more_than_three_may_hang(self):
        for name in "abcde":
            self.add(name)
        for _ in range(5):
            self.send()
        self.assertEqual(len(self.asked()), 3)

    def test_room_again_when_one_returned(self):
        self.libvirt.up = False
        for name in "abcde":
            self.add(name)
        for _ in range(3):
            self.send()
        self.monitors.run(list(self.monitors.tasks)[0])
        self.send()
        self.assertEqual(len(self.asked()), 3)

    def test_skips_those_that_are_being_asked(self):
        busy = self.add("a", answered=9.0)
        queued = self.add("b", answered=8.0)
        self.add("c", answered=7.0)
        busy.question = object()
        self.monitors.held.add(queued.uuid)
        self.send()
        self.assertEqual(self.asked(), ["c"])

    def test_nobody_to_ask(self):
        self.send()
        busy = self.add("a")
        self.monitors.held.add(busy.uuid)
        self.send()
        self.assertEqual(self.asked(), [])
        self.monitors.held.clear()
        self.send()
        self.assertEqual(self.asked(), ["a"])
