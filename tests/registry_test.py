# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import kit
from vmsampling import history
from vmsampling import registry

RUNNING = {"state.state": 1}
PAUSED = {"state.state": 3}


class TestCase(kit.TestCase):

    def setUp(self):
        super(TestCase, self).setUp()
        self.scheduler = kit.Scheduler(now=100.0)
        self.history = history.History(clock=self.scheduler.clock)
        self.registry = registry.Registry(self.history, self.scheduler.clock)

    def update(self, *records, **kwargs):
        """
        Take over a list that was asked for just now.
        """
        self.scheduler.advance(1.0)
        self.registry.update(kwargs.get("time", self.scheduler.now), records)

    def names(self):
        return sorted(vm.name for vm in self.registry.all())


class ListTest(TestCase):

    def test_empty(self):
        self.assertEqual(self.registry.all(), [])
        self.assertIsNone(self.registry.get("u1"))

    def test_the_list_is_the_truth(self):
        self.update(("u1", 1, "a", RUNNING), ("u2", 2, "b", PAUSED))
        self.assertEqual(self.names(), ["a", "b"])
        self.update(("u2", 2, "b", RUNNING), ("u3", 3, "c", RUNNING))
        self.assertEqual(self.names(), ["b", "c"])

    def test_same_vm_is_the_same_object(self):
        self.update(("u1", 1, "a", RUNNING))
        first = self.registry.get("u1")
        self.update(("u1", 1, "new name", PAUSED))
        self.assertIs(self.registry.get("u1"), first)
        self.assertEqual((first.name, first.state), ("new name", "paused"))

    def test_restarted_vm_is_another_one(self):
        self.update(("u1", 1, "a", RUNNING))
        first = self.registry.get("u1")
        self.history.put(first, history.HOST, 1.0, {})
        self.update(("u1", 7, "a", RUNNING))
        second = self.registry.get("u1")
        self.assertIsNot(second, first)
        self.assertTrue(second.stale)
        self.assertEqual(self.history.samples(second), {})
        self.assertFalse(self.history.put(first, history.HOST, 2.0, {}))

    def test_vm_that_ended_while_the_list_was_made(self):
        self.update(("u1", 1, "a", RUNNING), ("u2", 2, "b", RUNNING))
        asked = self.scheduler.now
        self.registry.end("u1")
        self.update(("u1", -1, "a", {"state.state": 5}),
                    ("u2", 2, "b", RUNNING), time=asked)
        self.assertEqual(self.names(), ["b"])

    def test_list_that_comes_late_is_ignored(self):
        asked = self.scheduler.now
        self.update(("u1", 1, "a", PAUSED), ("u2", 2, "b", RUNNING))
        self.update(("u1", 1, "a", RUNNING), time=asked)
        self.assertEqual(self.names(), ["a", "b"])
        self.assertEqual(self.registry.get("u1").state, "paused")

    def test_the_history_follows(self):
        self.update(("u1", 1, "a", RUNNING), ("u2", 2, "b", RUNNING))
        first, second = [self.registry.get(uuid) for uuid in ("u1", "u2")]
        for vm in (first, second):
            self.assertTrue(self.history.put(vm, history.HOST, 1.0, {}))
        self.update(("u2", 2, "b", RUNNING))
        self.assertEqual(self.history.samples(first), {})
        self.assertFalse(self.history.put(first, history.HOST, 2.0, {}))
        self.assertIsNotNone(self.history.last(second, history.HOST))

    def test_expire_devices(self):
        self.update(("u1", 1, "a", RUNNING))
        self.registry.get("u1").stale = False
        self.registry.expire_devices()
        self.assertTrue(self.registry.get("u1").stale)

    def test_reader_is_not_disturbed(self):
        self.update(("u1", 1, "a", RUNNING))
        for vm in self.registry.all():
            self.update()
        self.assertEqual(vm.name, "a")

    def test_askable(self):
        self.update(("u1", 1, "a", RUNNING), ("u2", 2, "b", PAUSED),
                    ("u3", 3, "c", {"state.state": 6}), ("u4", 4, "d", {}))
        self.assertEqual(
            sorted(vm.name for vm in self.registry.askable()), ["a", "b"])


class EventTest(TestCase):

    def test_start(self):
        self.registry.start("u1", 1, "a")
        vm = self.registry.get("u1")
        self.assertEqual((vm.name, vm.state), ("a", "running"))
        self.assertTrue(self.history.put(vm, history.HOST, 1.0, {}))

    def test_start_of_one_that_is_known(self):
        self.update(("u1", 1, "a", PAUSED))
        first = self.registry.get("u1")
        self.registry.start("u1", 1, "a")
        self.assertIs(self.registry.get("u1"), first)
        self.registry.start("u1", 2, "a")
        self.assertIsNot(self.registry.get("u1"), first)

    def test_end(self):
        self.update(("u1", 1, "a", RUNNING), ("u2", 2, "b", RUNNING))
        gone = self.registry.get("u1")
        self.registry.end("u1")
        self.registry.end("unknown")
        self.assertEqual(self.names(), ["b"])
        self.assertFalse(self.history.put(gone, history.HOST, 1.0, {}))

    def test_started_after_the_list_was_asked_for(self):
        before = self.scheduler.now
        self.scheduler.advance(1.0)
        self.registry.start("u1", 1, "a")
        vm = self.registry.get("u1")
        # The list does not have it, or has an earlier one.
        self.update(time=before)
        self.assertIs(self.registry.get("u1"), vm)
        self.update(("u1", 0, "a", RUNNING), time=before)
        self.assertIs(self.registry.get("u1"), vm)
        # A newer list is the truth.
        self.update()
        self.assertEqual(self.names(), [])

    def test_ended_after_the_list_was_asked_for(self):
        self.update(("u1", 1, "a", RUNNING))
        before = self.scheduler.now
        self.scheduler.advance(1.0)
        self.registry.end("u1")
        self.update(("u1", 1, "a", RUNNING), time=before)
        self.assertEqual(self.names(), [])
        # Started again it is another one.
        self.update(("u1", 2, "a", RUNNING), time=before)
        self.assertEqual(self.names(), ["a"])

    def test_ended_and_listed_later(self):
        # Should an event be wrong, the next list mends it.
        self.update(("u1", 1, "a", RUNNING))
        self.registry.end("u1")
        self.update(("u1", 1, "a", RUNNING))
        self.assertEqual(self.names(), ["a"])


class LogTest(TestCase):

    def test_who_came_and_went(self):
        with kit.logs("vmsampling.registry") as logs:
            self.update(("u1", 1, "a\x1b", RUNNING), ("u2", 2, "b", RUNNING))
            self.update(("u2", 2, "b", RUNNING), ("u3", 3, "c", RUNNING))
            self.update(("u2", 2, "b", PAUSED), ("u3", 3, "c", RUNNING))
            self.registry.start("u4", 4, "d")
            self.registry.end("u2")
        self.assertEqual([message for _, message in logs.records], [
            "2 VMs",
            "VM appeared: name='c' uuid=u3",
            "VM gone: name='a\\x1b' uuid=u1",
            "VM appeared: name='d' uuid=u4",
            "VM gone: name='b' uuid=u2",
        ])
