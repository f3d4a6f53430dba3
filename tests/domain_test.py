# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import kit
from vmsampling import domain


class StateTest(kit.TestCase):

    def test_names(self):
        self.assertEqual(
            [domain.state_name(number) for number in range(8)],
            ["nostate", "running", "blocked", "paused", "shutdown",
             "shutoff", "crashed", "pmsuspended"])

    def test_state_of_the_future(self):
        self.assertEqual(domain.state_name(8), "state 8")
        self.assertEqual(domain.state_name(-1), "state -1")

    def test_askable(self):
        vm = domain.Domain("u", 1, "a")
        found = []
        for vm.state in domain.STATES + ("state 8",):
            if vm.askable:
                found.append(vm.state)
        self.assertEqual(found, ["running", "blocked", "paused", "shutdown",
                                 "pmsuspended"])

    def test_see_state(self):
        vm = domain.Domain("u", 1, "a")
        self.assertEqual(vm.state, "nostate")
        vm.see_state({"state.state": 3, "state.reason": 1})
        self.assertEqual(vm.state, "paused")
        vm.see_state({"net.count": 0})
        self.assertEqual(vm.state, "paused")

    def test_repr_has_no_control_characters(self):
        self.assertEqual(repr(domain.Domain("u", 1, "a\x1b[2J")),
                         "<Domain 'a\\x1b[2J' u>")
