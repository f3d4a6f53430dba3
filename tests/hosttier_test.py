# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import logging

import libvirt
import mock

import fakelibvirt
import kit
from vmsampling import groups
from vmsampling import hosttier


class TestCase(fakelibvirt.TestCase):

    def setUp(self):
        super(TestCase, self).setUp()
        self.libvirt.add("a")
        self.host = hosttier.Host(
            self.connections(), late=1.0, clock=self.scheduler.clock)
        self.host.listener = fakelibvirt.Listener()
        self.lost = []
        self.host.on_lost = lambda: self.lost.append(self.host.connected)
        self.host.connect()
        self.addCleanup(self.host.close)
        self.virt = self.libvirt.connections[0]

    def names(self):
        _, records = self.host.ask()
        return sorted(record.name for record in records)


class ConnectTest(TestCase):

    def make(self):
        self.host.close()
        self.host = hosttier.Host(
            self.connections(), late=1.0, clock=self.scheduler.clock)
        self.host.listener = fakelibvirt.Listener()
        self.seen = []
        self.host.seers += [self.seen.append, self.seen.append]
        self.addCleanup(self.host.close)

    def test_uri_is_told_once(self):
        self.make()
        self.libvirt.up = False
        self.assertIsNone(self.host.ask())
        self.assertEqual(self.seen, [])
        self.libvirt.up = True
        self.assertIsNotNone(self.host.ask())
        self.assertEqual(self.seen, [fakelibvirt.URI] * 2)
        self.libvirt.die()
        self.assertIsNone(self.host.ask())
        self.libvirt.up = True
        self.assertIsNotNone(self.host.ask())
        self.assertEqual(self.seen, [fakelibvirt.URI] * 2)

    def test_uri_is_not_to_be_had(self):
        self.make()
        error = fakelibvirt.Error(libvirt.VIR_ERR_INTERNAL_ERROR)
        with mock.patch.object(self.host, "uri", side_effect=error):
            self.assertIsNone(self.host.ask())
        self.assertFalse(self.host.connected)
        self.assertIsNotNone(self.host.ask())
        self.assertEqual(self.seen, [fakelibvirt.URI] * 2)


class ListTest(TestCase):

    def test_records(self):
        time, records = self.host.ask()
        self.assertEqual(time, self.scheduler.now)
        self.assertEqual(records, [
            ("uuid-of-a", 1, "a", {"state.state": 1, "net.count": 0})])

    def test_one_call_for_all(self):
        for name in "bcd":
            self.libvirt.add(name)
        del self.libvirt.calls[:]
        self.assertEqual(self.names(), list("abcd"))
        self.assertEqual(self.libvirt.calls, [("host", None)])

    def test_time_is_from_before_the_call(self):
        begin = self.scheduler.now
        answers = []
        with self.libvirt.hang("host") as gate:
            with kit.Bunch(1, lambda _: answers.append(self.host.ask())):
                gate.wait()
                self.scheduler.advance(3.0)
                gate.open()
        self.assertEqual(answers[0][0], begin)

    def test_fewer_groups_for_a_driver_that_refuses(self):
        self.libvirt.refused_groups = libvirt.VIR_DOMAIN_STATS_PERF
        self.assertEqual(self.names(), ["a"])
        self.assertIs(self.host.groups, groups.HOST[1])
        # Remembered.
        del self.libvirt.calls[:]
        self.names()
        self.assertEqual(self.libvirt.calls, [("host", None)])

    def test_states_for_a_driver_that_refuses_all(self):
        self.libvirt.refused_groups = ~0
        _, records = self.host.ask()
        self.assertEqual(records, [
            ("uuid-of-a", 1, "a", {"state.state": 1, "state.reason": 1})])
        self.assertIsNone(self.host.groups)

    def test_vm_that_ends_meanwhile(self):
        self.libvirt.refused_groups = ~0
        self.libvirt.errors["state"] = fakelibvirt.Error(
            libvirt.VIR_ERR_NO_DOMAIN)
        self.assertEqual(self.names(), [])

    def test_other_errors(self):
        self.libvirt.errors["host"] = fakelibvirt.Error(
            libvirt.VIR_ERR_INTERNAL_ERROR)
        with kit.logs("vmsampling.hosttier") as logs:
            for _ in range(3):
                self.assertIsNone(self.host.ask())
        self.assertEqual(len(logs.at(logging.WARNING)), 1)
        self.assertTrue(self.host.connected)


class CallTest(TestCase):

    def test_late(self):
        self.assertFalse(self.host.is_late())
        self.assertEqual(self.host.remaining(), 0.0)
        with self.libvirt.hang("host") as gate:
            with kit.Bunch(1, lambda _: self.host.ask()):
                gate.wait()
                self.assertEqual(
                    self.host.call, groups.HOST[0].bulk_call)
                self.scheduler.advance(0.75)
                self.assertEqual(self.host.remaining(), 0.25)
                self.assertFalse(self.host.is_late())
                self.scheduler.advance(0.5)
                self.assertTrue(self.host.is_late())
                gate.open()
        self.assertFalse(self.host.is_late())


class LossTest(TestCase):

    def test_lost(self):
        self.libvirt.die()
        with kit.logs("vmsampling.hosttier") as logs:
            for _ in range(3):
                self.assertIsNone(self.host.ask())
        self.assertFalse(self.host.connected)
        self.assertTrue(self.virt.closed)
        self.assertEqual(self.lost, [False])
        # Once that it is lost, once why it cannot be had again.
        self.assertEqual(len(logs.at(logging.WARNING)), 2)

    def test_back(self):
        self.libvirt.die()
        with kit.logs("vmsampling.hosttier") as logs:
            self.host.ask()
            self.libvirt.up = True
            self.assertEqual(self.names(), ["a"])
        self.assertTrue(self.host.connected)
        self.assertEqual(len(logs.at(logging.INFO)), 1)
        self.event("b")
        self.assertEqual(self.host.listener.told[-1][0], "lifecycle")

    def test_restart_between_two_calls_costs_no_answer(self):
        self.libvirt.die()
        self.libvirt.up = True
        with kit.logs("vmsampling.hosttier"):
            self.assertEqual(self.names(), ["a"])

    def test_another_server_may_take_more_groups(self):
        self.libvirt.refused_groups = ~0
        self.host.ask()
        self.libvirt.die()
        self.libvirt.up = True
        self.libvirt.refused_groups = 0
        with kit.logs("vmsampling.hosttier"):
            self.host.ask()
        self.assertIs(self.host.groups, groups.HOST[0])

    def event(self, name):
        vm = self.libvirt.add(name)
        self.libvirt.event("LIFECYCLE", fakelibvirt.Domain(None, vm), 2, 0)


class OccupiedTest(TestCase):

    def test_calls_that_hang(self):
        for name, control in (
                ("b", [libvirt.VIR_DOMAIN_CONTROL_OCCUPIED, 0, 1001]),
                # Somebody's call that is in time.
                ("c", [libvirt.VIR_DOMAIN_CONTROL_OCCUPIED, 0, 1000]),
                # A migration, say.
                ("d", [libvirt.VIR_DOMAIN_CONTROL_JOB, 0, 99999])):
            self.libvirt.add(name).control = control
        self.assertEqual(self.host.occupied(), ["uuid-of-b"])

    def test_driver_without_that_call(self):
        self.libvirt.errors["controlInfo"] = fakelibvirt.Error(
            libvirt.VIR_ERR_NO_SUPPORT)
        self.assertEqual(self.host.occupied(), [])
