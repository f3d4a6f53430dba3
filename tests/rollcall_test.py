# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import libvirt

import fakelibvirt
import kit
from vmsampling import rollcall


class RollCallTest(fakelibvirt.TestCase):

    def setUp(self):
        super(RollCallTest, self).setUp()
        for name in "ab":
            self.libvirt.add(name)
        self.answers = []
        self.pool = self.connections()
        self.roll_call = rollcall.RollCall(
            self.pool, self.scheduler.clock,
            lambda *answer: self.answers.append(answer))

    def test_records(self):
        self.libvirt.vms["b"].state = libvirt.VIR_DOMAIN_PAUSED
        self.roll_call()
        (time, records), = self.answers
        self.assertEqual(time, self.scheduler.now)
        self.assertEqual(
            sorted((r.uuid, r.number, r.name, r.fields) for r in records), [
                ("uuid-of-a", 1, "a", {"state.state": 1, "state.reason": 1}),
                ("uuid-of-b", 2, "b", {"state.state": 3, "state.reason": 1})])

    def test_only_calls_that_need_no_worker_of_libvirtd(self):
        self.roll_call()
        self.assertEqual(set(call for call, _ in self.libvirt.calls),
                         set(["open", "list", "state"]))

    def test_vm_that_ended_since(self):
        self.libvirt.errors["state"] = fakelibvirt.Error(
            libvirt.VIR_ERR_NO_DOMAIN)
        self.roll_call()
        self.assertEqual(self.answers[0][1], [])

    def test_no_answer(self):
        self.libvirt.up = False
        self.roll_call()
        self.assertEqual(self.answers, [])

    def test_time_is_from_before_the_call(self):
        begin = self.scheduler.now
        with self.libvirt.hang("list") as gate:
            with kit.Bunch(1, lambda _: self.roll_call()):
                gate.wait()
                self.assertIn("listAllDomains", repr(self.roll_call))
                self.scheduler.advance(0.5)
                gate.open()
        self.assertEqual(self.answers[0][0], begin)
