# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import libvirt

import kit
from threadpool import errors
from vmsampling import changes
from vmsampling import history
from vmsampling import registry

STARTED = libvirt.VIR_DOMAIN_EVENT_STARTED
RESUMED = libvirt.VIR_DOMAIN_EVENT_RESUMED
STOPPED = libvirt.VIR_DOMAIN_EVENT_STOPPED


class StoppedScheduler(object):

    def schedule(self, _delay, _call):
        raise errors.NotRunning("x", "stopped")


class ChangesTest(kit.TestCase):

    def setUp(self):
        super(ChangesTest, self).setUp()
        self.scheduler = kit.Scheduler()
        clock = self.scheduler.clock
        self.registry = registry.Registry(history.History(clock=clock), clock)
        self.looks = []
        self.cost = 0.0
        self.changes = self.make(self.scheduler)

    def make(self, scheduler):
        return changes.Changes(
            self.registry, scheduler,
            lambda: self.looks.append(self.scheduler.now), lambda: self.cost)

    def names(self):
        return sorted(vm.name for vm in self.registry.all())

    def test_lists_take_a_tenth_of_the_time_at_most(self):
        self.cost = 0.2
        begin = self.scheduler.now
        for number in range(100):
            self.changes.lifecycle(STARTED, "u%d" % number, number, "a")
            self.scheduler.advance(0.1)
        spent = self.cost * len(self.looks)
        self.assertTrue(
            0.05 < spent / (self.scheduler.now - begin) <= 0.1, self.looks)

    def test_seen_and_gone_at_once(self):
        self.changes.lifecycle(STARTED, "u1", 1, "a")
        self.assertEqual(self.names(), ["a"])
        self.changes.lifecycle(STOPPED, "u1", -1, "a")
        self.assertEqual(self.names(), [])

    def test_start_without_an_id_is_left_to_the_list(self):
        self.changes.lifecycle(STARTED, "u1", -1, "a")
        self.assertEqual(self.names(), [])
        self.assertEqual(len(self.scheduler.pending), 1)

    def test_one_look_for_several_events(self):
        for event in (STARTED, RESUMED, RESUMED):
            self.changes.lifecycle(event, "u1", 1, "a")
        self.assertEqual(self.looks, [])
        self.scheduler.advance(1.0)
        self.assertEqual(len(self.looks), 1)
        self.changes.lifecycle(STOPPED, "u1", 1, "a")
        self.scheduler.advance(1.0)
        self.assertEqual(len(self.looks), 2)

    def test_devices(self):
        self.changes.lifecycle(STARTED, "u1", 1, "a")
        vm = self.registry.get("u1")
        vm.stale = False
        self.changes.device_changed("u1")
        self.changes.device_changed("unknown")
        self.assertTrue(vm.stale)

    def test_while_everything_is_being_stopped(self):
        self.make(StoppedScheduler()).lifecycle(STARTED, "u1", 1, "a")
        self.assertEqual(self.looks, [])
