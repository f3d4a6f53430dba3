# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import json

import kit
import wire_test
from vmsampling import incidents

STUCK = {"call": "not asked", "why": "all threads in state T"}


def snapshot(*names, **changes):
    stuck = changes.pop("stuck", {})
    return wire_test.snapshot(vms=dict(
        (name, dict(wire_test.VM, name=name, stuck=stuck.get(name)))
        for name in names), **changes)


class IncidentsTest(kit.TestCase):

    def between(self, old, new):
        found = incidents.between(old, new)
        json.dumps(found)
        return [(one["event"], one.get("name"), one["text"])
                for one in found]

    def test_nothing(self):
        self.assertEqual(self.between(None, snapshot("a")), [])
        self.assertEqual(self.between(snapshot("a"), snapshot("a")), [])

    def test_vms_come_and_go(self):
        self.assertEqual(
            self.between(snapshot("a", "b"), snapshot("b", "c")),
            [("appeared", "c", "is there"), ("left", "a", "has left")])

    def test_stuck(self):
        well, ill = snapshot("a", "b"), snapshot("a", "b", stuck={"a": STUCK})
        text = "is stuck, not asked: all threads in state T"
        self.assertEqual(self.between(well, ill), [("stuck", "a", text)])
        self.assertEqual(self.between(None, ill), [("stuck", "a", text)])
        self.assertEqual(self.between(ill, ill), [])
        self.assertEqual(self.between(ill, well), [
            ("recovered", "a", "is stuck no more")])
        hung = snapshot("a", "b", stuck={"a": {"call": "f()", "why": None}})
        self.assertEqual(self.between(well, hung), [
            ("stuck", "a", "is stuck, in f()")])

    def test_vm_that_comes_stuck(self):
        self.assertEqual([one[0] for one in self.between(
            snapshot(), snapshot("a", stuck={"a": STUCK}))],
            ["appeared", "stuck"])

    def test_libvirt(self):
        well, lost = snapshot(), snapshot(connected=False)
        self.assertEqual(self.between(well, lost), [
            ("libvirt lost", None, "libvirt does not answer")])
        self.assertEqual(self.between(lost, lost), [])
        self.assertEqual(self.between(None, lost)[0][0], "libvirt lost")
        self.assertEqual(self.between(lost, well)[0][0], "libvirt back")

    def test_budget(self):
        well, full = snapshot(), snapshot(
            budget={"hung": 11, "max_hung": 12})
        self.assertEqual(self.between(well, full)[0][0], "budget full")
        self.assertEqual(self.between(full, full), [])
        self.assertEqual(self.between(full, well)[0][0], "budget free")

    def test_when_and_what(self):
        found = incidents.between(snapshot(), snapshot("a", time=7.0))
        self.assertEqual(found, [{
            "event": "appeared", "time": 7.0, "text": "is there",
            "uuid": "a", "name": "a"}])
