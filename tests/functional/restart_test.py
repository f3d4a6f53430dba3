# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
A libvirtd that goes away and comes back.
"""

from __future__ import absolute_import, division, print_function

import host
import tools
import watching

VMS = host.Host(vms=4)

# "within 2 periods" is counted from libvirtd's first answer to virsh, which
# may come a moment after its socket is there.
RESUMED = 2 * watching.PERIOD


def setUpModule():
    VMS.start()


def tearDownModule():
    VMS.stop()


class RestartTest(watching.TestCase):

    def test_sampling_resumes_with_its_history(self):
        sampler = self.start_fresh(VMS)
        self.wait_rates(sampler)
        for down in (0.5, 3.0):
            VMS.libvirtd.kill()
            looks = self.watch(sampler, down)
            VMS.libvirtd.start()
            self.wait_fresh(sampler, VMS.domains, RESUMED)
            # Not the second sample after the restart, the first one has
            # rates: those before it were kept.
            self.check_rates(watching.Look(sampler, 0))
            self.check_kept(looks)
            self.check_fresh(self.watch(sampler, 3), VMS.domains)

    def wait_rates(self, sampler):
        tools.wait_until(
            lambda: all(vm["rates"] for vm in sampler.snapshot()[
                "vms"].values()), 5, "rates of all VMs")

    def check_rates(self, look):
        for name in VMS.domains:
            self.assertTrue(look.vms[name]["rates"], name)

    def check_kept(self, looks):
        """
        While libvirtd is away all VMs are listed with the samples that they
        have, which only get older.
        """
        for name in VMS.domains:
            ages = [look.age(name, "monitor") for look in looks]
            for age, later in zip(ages, ages[1:]):
                self.assertLess(age, later, name)
            self.assertLess(
                ages[-1], looks[-1].time + watching.FRESH, name)
            self.assertTrue(looks[-1].vms[name]["stats"], name)

    def test_it_is_told(self):
        sampler = self.start_fresh(VMS)
        self.assertTrue(sampler.snapshot()["connected"])
        VMS.libvirtd.kill()
        try:
            tools.wait_until(
                lambda: not sampler.snapshot()["connected"],
                2 * watching.PERIOD, "a snapshot says that it is away")
        finally:
            VMS.libvirtd.start()
        tools.wait_until(
            lambda: sampler.snapshot()["connected"], RESUMED,
            "a snapshot says that it is back")

    def test_with_a_stuck_vm(self):
        sampler = self.start_fresh(VMS)
        before = max(look.threads for look in self.watch(sampler, 2))
        self.freeze(VMS, "vm02")
        self.watch(sampler, 4)
        VMS.libvirtd.kill()
        self.watch(sampler, 1)
        VMS.libvirtd.start()
        healthy = set(VMS.domains) - set(["vm02"])
        tools.wait_until(
            lambda: all(watching.Look(sampler, 0).age(name, "monitor") < 1
                        for name in healthy), RESUMED,
            "samples of the healthy VMs")
        looks = self.watch(sampler, 4)
        self.check_fresh(looks, healthy)
        self.check_threads(looks, hung=1)
        VMS.thaw("vm02")
        self.wait_fresh(sampler, VMS.domains, 2)
        self.check_threads_back(before)

    def test_many_restarts_leave_nothing(self):
        sampler = self.start_fresh(VMS)
        before = max(look.threads for look in self.watch(sampler, 2))
        for _ in range(3):
            VMS.libvirtd.kill()
            VMS.libvirtd.start()
            self.wait_fresh(sampler, VMS.domains, RESUMED)
        self.check_threads_back(before)
