# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The shortest proof that all works on this Python and with its libvirt binding:
real VMs, one of them stuck.
"""

from __future__ import absolute_import, division, print_function

import host
import watching
from vmsampling import blockstats
from vmsampling import connection

VMS = host.Host(vms=3)


def setUpModule():
    VMS.start()


def tearDownModule():
    VMS.stop()


class SmokeTest(watching.TestCase):

    def test_one_stuck_vm_and_its_recovery(self):
        sampler = self.start_fresh(VMS)
        self.freeze(VMS, "vm02")
        looks = self.watch(sampler, 5)
        self.check_fresh(looks, ["vm01", "vm03"])
        self.check_fresh(looks, ["vm02"], tier="host")
        self.check_threads(looks, hung=1)
        self.assertEqual(looks[-1].stuck(), ["vm02"])
        VMS.thaw("vm02")
        self.wait_fresh(sampler, VMS.domains, 2)
        self.check_no_errors()

    def test_counters_are_those_of_the_binding(self):
        # Without a sampler: this guest's disk is idle, so they stand still.
        lent = connection.Connections(VMS.uri).open()
        self.addCleanup(lent.close)
        domain = lent.virt.lookupByName("vm01")
        counters = blockstats.ask(domain, "vda")
        self.assertEqual(counters, domain.blockStatsFlags("vda", 0))
        self.assertIn("flush_total_times", counters)
        self.assertTrue(blockstats.ask._functions)
