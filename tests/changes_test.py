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
        self.changes = self.make(self.scheduler)

    def make(self, scheduler):
        return changes.Changes(
            self.registry, scheduler,
            lambda: self.looks.append(self.scheduler.now))

    def names(self):
        return sorted(vm.name for vm in self.registry.all())

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
