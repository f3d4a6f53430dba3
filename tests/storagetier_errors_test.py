# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import libvirt

import fakelibvirt
import storagetier_test
from vmsampling import devices
from vmsampling import history


class ErrorsTest(storagetier_test.TestCase):

    def setUp(self):
        super(ErrorsTest, self).setUp()
        self.vm = self.add("a", b"/i/a", disks=[
            devices.Device(0, "vda"), devices.Device(2, "vdc")])

    def ask(self):
        self.begin()
        self.canaries.run()
        self.monitors.run()
        last = self.history.last(self.vm, history.STORAGE)
        return last and dict(
            (name, value) for name, value in last.fields.items()
            if name.endswith(".error"))

    def test_errors(self):
        self.libvirt.vms["a"].disk_errors = {
            "vdc": libvirt.VIR_DOMAIN_DISK_ERROR_NO_SPACE}
        self.assertEqual(self.ask(), {"block.0.error": 0, "block.2.error": 2})

    def test_not_without_a_canary(self):
        self.storages.refused.add(b"/i/a")
        self.assertIsNone(self.ask())
        self.assertNotIn(("diskErrors", "a"), self.libvirt.calls)

    def test_not_while_the_job_is_held(self):
        self.libvirt.vms["a"].busy = True
        self.assertIsNone(self.ask())
        self.assertNotIn(("diskErrors", "a"), self.libvirt.calls)

    def test_failure_costs_nothing_else(self):
        for code in (libvirt.VIR_ERR_INTERNAL_ERROR,
                     libvirt.VIR_ERR_OPERATION_TIMEOUT):
            self.libvirt.errors["diskErrors"] = fakelibvirt.Error(code)
            self.assertEqual(self.ask(), {})
            self.scheduler.advance(storagetier_test.STORAGE_PERIOD)

    def test_not_wanted(self):
        self.tier.wants_errors = False
        self.assertEqual(self.ask(), {})
        self.assertNotIn(("diskErrors", "a"), self.libvirt.calls)

    def test_other_drivers(self):
        self.libvirt.driver = "test"
        self.assertEqual(self.ask(), {})
        self.assertNotIn(("diskErrors", "a"), self.libvirt.calls)
