# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import libvirt

import fakelibvirt
import kit
from vmsampling import connection
from vmsampling import hostlink


class TestCase(fakelibvirt.TestCase):

    def setUp(self):
        super(TestCase, self).setUp()
        self.libvirt.add("a")
        self.link = hostlink.HostLink(
            self.connections(), late=1.0, clock=self.scheduler.clock)
        self.link.listener = fakelibvirt.Listener()
        self.link.connect()
        self.addCleanup(self.link.close)
        self.virt = self.libvirt.connections[0]


class ConnectTest(TestCase):

    def test_has_a_keepalive(self):
        self.assertEqual(self.virt.keepalive, connection.KEEPALIVE)

    def test_cannot_register(self):
        def register(virt, *_args):
            virt.broken = True
            raise fakelibvirt.Error(libvirt.VIR_ERR_RPC)

        self.patch(fakelibvirt.Connection, "domainEventRegisterAny", register)
        other = hostlink.HostLink(self.connections())
        with self.assertRaises(libvirt.libvirtError):
            other.connect()
        self.assertFalse(other.connected)
        self.assertTrue(self.libvirt.connections[-1].closed)

    def test_driver_without_events(self):
        def register(*_args):
            raise fakelibvirt.Error(libvirt.VIR_ERR_NO_SUPPORT)

        self.patch(fakelibvirt.Connection, "domainEventRegisterAny", register)
        other = hostlink.HostLink(self.connections())
        other.connect()
        self.assertTrue(other.connected)
        other.close()

    def test_close_is_idempotent(self):
        for _ in range(2):
            self.link.close()
        self.assertTrue(self.virt.closed)
        self.assertEqual(self.loop.holders, 0)


class EventTest(TestCase):

    def event(self, name):
        vm = self.libvirt.add(name)
        self.libvirt.event("LIFECYCLE", fakelibvirt.Domain(None, vm), 2, 0)

    def test_events(self):
        self.event("b")
        for name in ("DEVICE_ADDED", "DEVICE_REMOVED", "BLOCK_JOB",
                     "METADATA_CHANGE"):
            self.libvirt.event(
                name, fakelibvirt.Domain(None, self.libvirt.vms["b"]), "x")
        self.assertEqual(
            self.link.listener.told,
            [("lifecycle", 2, "uuid-of-b", 2, "b")] +
            4 * [("device", "uuid-of-b")])


class CallTest(TestCase):

    def test_late(self):
        self.assertFalse(self.link.is_late())
        self.assertEqual(self.link.remaining(), 0.0)
        with self.link.saying("something"):
            self.assertEqual(self.link.call, "something")
            self.scheduler.advance(0.75)
            self.assertEqual(self.link.remaining(), 0.25)
            self.assertFalse(self.link.is_late())
            self.scheduler.advance(0.5)
            self.assertTrue(self.link.is_late())
        self.assertFalse(self.link.is_late())
        # For reports of a call that has just returned.
        self.assertEqual(self.link.call, "something")

    def test_open_that_hangs(self):
        link = hostlink.HostLink(
            self.connections(), clock=self.scheduler.clock)
        with self.libvirt.hang("open") as gate:
            with kit.Bunch(1, lambda _: link.connect()):
                gate.wait()
                self.scheduler.advance(1.5)
                self.assertTrue(link.is_late())
                self.assertFalse(link.connected)
                self.assertEqual(link.call, "open(qemu:///system)")
                gate.open()
        self.assertTrue(link.connected)
        link.close()
