# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
VMs that come and go between and during rounds.
"""

from __future__ import absolute_import, division, print_function

import host
import tools
import watching

VMS = host.Host(vms=2)


def setUpModule():
    VMS.start()


def tearDownModule():
    VMS.stop()


class MembershipTest(watching.TestCase):

    def test_seen_and_gone_within_a_period(self):
        sampler = self.start_fresh(VMS)
        for n in range(2):
            name = "new%d" % n
            VMS.create(name)
            tools.wait_until(lambda: self.sees(sampler, name),
                             watching.PERIOD, name + " is seen", pause=0.01)
            self.wait_fresh(sampler, [name], 3)
            VMS.destroy(name)
            tools.wait_until(lambda: not self.sees(sampler, name),
                             watching.PERIOD, name + " is gone", pause=0.01)
        self.check_no_errors()

    def sees(self, sampler, name):
        return name in watching.by_name(sampler.snapshot())

    def test_many_during_rounds(self):
        sampler = self.start_fresh(VMS, period=0.2)
        before = max(look.threads for look in self.watch(sampler, 2))
        names = ["brief%d" % n for n in range(4)]
        for _ in range(2):
            VMS.create_all(names)
            VMS.destroy(*names)
        tools.wait_until(
            lambda: sorted(watching.by_name(sampler.snapshot())) ==
            ["vm01", "vm02"], watching.PERIOD, "only the old VMs are left")
        self.check_fresh(self.watch(sampler, 2), VMS.domains)
        self.check_threads_back(before)
        self.check_no_errors()

    def test_the_last_one_goes(self):
        sampler = self.start_fresh(VMS)
        names = list(VMS.domains)
        VMS.destroy(*names)
        tools.wait_until(lambda: not sampler.snapshot()["vms"],
                         watching.PERIOD, "no VM is left")
        VMS.create_all(names)
        tools.wait_until(lambda: len(sampler.snapshot()["vms"]) == len(names),
                         watching.PERIOD, "the VMs are back")
        self.wait_fresh(sampler, names, 3)
        self.check_no_errors()
