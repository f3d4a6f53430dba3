# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import libvirt

import hostcase
import kit
import sampler_test
from vmsampling import admin
from vmsampling import hostparts


class HangingTest(sampler_test.TestCase):

    def setUp(self):
        super(HangingTest, self).setUp()
        self.patch(hostparts, "library", hostcase.Psutil)
        self.patch(admin, "find", lambda uri: admin.Place(
            "libvirtd:///system", "libvirtd", None))

    def gate(self, where, name, answer):
        gate = kit.Gate(answer)
        self.gates.append(gate)
        self.patch(where, name, gate)
        return gate

    def test_list_waits_for_none_of_them(self):
        with self.gate(hostparts.Parts, "read", ({}, {})) as parts, \
                self.gate(admin, "ask", admin.Answer({}, "no")) as server, \
                self.libvirt.hang("pools") as pools:
            self.start("a")
            for gate in (parts, pools, server):
                gate.wait()
                self.scheduler.advance(0.0625)
            self.libvirt.add("b")
            self.sampler._cycle._host.listener.lifecycle(
                libvirt.VIR_DOMAIN_EVENT_STARTED, "uuid-of-b",
                self.libvirt.vms["b"].number, "b")
            # Well before the next round.
            self.advance(0.25)
            self.assertIsNotNone(self.vm("b")["age"]["monitor"])
