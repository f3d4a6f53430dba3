# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import libvirt

import fakelibvirt
import kit
from vmsampling import inventory

GIB = 1024 ** 3


class TestCase(fakelibvirt.TestCase):

    def setUp(self):
        super(TestCase, self).setUp()
        self.hosts = fakelibvirt.Desk()
        self.inventory = inventory.Inventory(
            self.connections(), self.hosts, 2.0, 60.0,
            self.scheduler.clock)
        self.libvirt.pools = {"a": [2, 4 * GIB, GIB, 3 * GIB],
                              "b": [0, 0, 0, 0]}

    def pools(self):
        return self.inventory.describe()["pools"]


class PoolsTest(TestCase):

    def test_before_the_first_answer(self):
        self.assertEqual(self.inventory.describe(),
                         {"pools": None, "versions": None})

    def test_pools(self):
        self.inventory()
        self.scheduler.advance(3.0)
        self.assertEqual(self.pools(), {
            "a": {"state": "running", "capacity": 4 * GIB,
                  "allocation": GIB, "available": 3 * GIB,
                  "age": 3.0, "timed_out": False},
            # What nobody has measured is no zero.
            "b": {"state": "inactive", "age": 3.0, "timed_out": False}})

    def test_pool_that_hangs(self):
        self.inventory()
        self.scheduler.advance(60.0)
        with self.libvirt.hang("pool", "b") as gate:
            with kit.Bunch(1, lambda _: self.inventory()):
                gate.wait()
                self.assertFalse(self.pools()["b"]["timed_out"])
                self.assertEqual(repr(self.inventory),
                                 "<Inventory call=storagePoolGetInfo(b)>")
                self.scheduler.advance(1.5)
                found = self.pools()
                self.assertEqual(
                    (found["a"]["timed_out"], found["b"]["timed_out"]),
                    (False, True))
                self.assertEqual((found["a"]["age"], found["b"]["age"]),
                                 (1.5, 61.5))
                gate.open()
        self.assertFalse(self.pools()["b"]["timed_out"])

    def test_list_that_hangs(self):
        self.inventory()
        with self.libvirt.hang("pools") as gate:
            with kit.Bunch(1, lambda _: self.inventory()):
                gate.wait()
                self.scheduler.advance(1.5)
                self.assertTrue(all(
                    pool["timed_out"] for pool in self.pools().values()))
                gate.open()

    def test_pool_that_is_gone(self):
        self.inventory()
        del self.libvirt.pools["b"]
        self.libvirt.errors["pool"] = fakelibvirt.Error(
            libvirt.VIR_ERR_NO_STORAGE_POOL)
        self.inventory()
        self.assertEqual(list(self.pools()), ["a"])

    def test_driver_without_pools(self):
        self.libvirt.errors["pools"] = fakelibvirt.Error(
            libvirt.VIR_ERR_NO_SUPPORT)
        self.inventory()
        self.assertIsNone(self.pools())
        self.assertIsNotNone(self.inventory.describe()["versions"])

    def test_nobody_answers(self):
        self.libvirt.up = False
        self.inventory()
        self.assertIsNone(self.pools())

    def test_versions(self):
        self.inventory()
        found = self.inventory.describe()["versions"]
        self.assertEqual(
            (found["driver"], found["daemon"], found["hypervisor"]),
            ("QEMU", "9.0.0", "7.2.17"))
        self.assertIn(".", found["library"])


class SendTest(TestCase):

    def test_once_in_a_period(self):
        sent = []
        for second in range(0, 130, 2):
            self.inventory.send()
            if self.hosts.tasks:
                sent.append(second)
                self.hosts.run()
            self.scheduler.advance(2.0)
        self.assertEqual(sent, [0, 60, 120])

    def test_tried_again_while_it_hangs(self):
        self.hosts.held.add("inventory")
        self.inventory.send()
        self.hosts.held.clear()
        self.inventory.send()
        self.assertEqual(list(self.hosts.tasks), ["inventory"])
