# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import libvirt

import kit
from vmsampling import groups


class GroupsTest(kit.TestCase):

    def test_number_and_text(self):
        found = groups.Groups("BALLOON VCPU")
        self.assertEqual(found.number, libvirt.VIR_DOMAIN_STATS_BALLOON |
                         libvirt.VIR_DOMAIN_STATS_VCPU)
        self.assertEqual(found.call,
                         "domainListGetStats(BALLOON|VCPU, NOWAIT)")
        self.assertEqual(found.bulk_call,
                         "getAllDomainStats(BALLOON|VCPU, ACTIVE)")

    def test_what_the_binding_does_not_know_is_left_out(self):
        found = groups.Groups("STATE FUTURE")
        self.assertEqual(found.number, libvirt.VIR_DOMAIN_STATS_STATE)
        self.assertNotIn("FUTURE", found.call)

    def test_tiers_have_no_group_in_common(self):
        # What makes a tier hang must not hang another one.
        tiers = [groups.HOST[0], groups.MONITOR, groups.STORAGE, groups.DETAIL]
        for one in tiers:
            for other in tiers:
                if one is not other:
                    self.assertFalse(one.number & other.number)

    def test_host_groups_do_not_ask_the_qemu(self):
        safe = groups.Groups("STATE INTERFACE PERF MEMORY").number
        for found in groups.HOST:
            self.assertFalse(found.number & ~safe)

    def test_only_storage_groups_look_at_images(self):
        for found in (groups.MONITOR, groups.DETAIL):
            self.assertFalse(found.number & libvirt.VIR_DOMAIN_STATS_BLOCK)


class CompleteTest(kit.TestCase):

    def test_monitor(self):
        self.assertTrue(groups.is_complete({"balloon.rss": 1}))
        self.assertFalse(groups.is_complete({"balloon.current": 1}))
        self.assertFalse(groups.is_complete({}))

    def test_monitor_of_a_qemu_that_ended_meanwhile(self):
        self.assertFalse(groups.is_complete({"balloon.rss": 0}))

    def test_storage(self):
        self.assertTrue(groups.is_storage_complete(
            {"block.count": 1, "block.0.capacity": 1}))
        self.assertTrue(groups.is_storage_complete({"block.count": 0}))
        self.assertFalse(groups.is_storage_complete(
            {"block.count": 1, "block.0.name": "vda"}))
        self.assertFalse(groups.is_storage_complete({}))
