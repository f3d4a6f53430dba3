# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What the sampler shows of VMs that it does not ask.
"""

from __future__ import absolute_import, division, print_function

import json

import fakelibvirt
import kit
import sampler_test
from vmsampling import process


class LookTest(sampler_test.TestCase):

    def test_one_that_is_not_asked(self):
        self.start(*"abc")
        kit.eventually(self.quiet)
        vm = self.sampler._registry.get("uuid-of-b")
        vm.process = fakelibvirt.Process(*20 * [process.HOLD])
        begin = self.scheduler.now
        shown = []
        for _ in range(4):
            self.advance()
            vm.process.held = process.Held(
                begin + 1, self.scheduler.now, "it is stopped", {})
            found = self.vm("b")
            shown.append(found["stuck"] and found["stuck"]["seconds"])
            self.assertEqual(found["age"]["host"], 0.0)
        # Only after stuck_after: short stalls are none.
        self.assertEqual(shown, [None, None, 2.0, 3.0])
        self.assertEqual(self.vm("b")["stuck"]["why"], "it is stopped")
        self.assertEqual(self.vm("b")["age"]["monitor"], 4.0)
        self.assertEqual(self.sampler.snapshot()["pool"]["late"], 0)
        json.dumps(self.sampler.snapshot())
        vm.process = fakelibvirt.Process()
        self.advance()
        self.assertIsNone(self.vm("b")["stuck"])
        self.assertEqual(self.vm("b")["age"]["monitor"], 0.0)

    def test_not_shown_if_the_look_is_old(self):
        self.start("a")
        kit.eventually(self.quiet)
        vm = self.sampler._registry.get("uuid-of-a")
        vm.process.held = process.Held(
            self.scheduler.now - 10, self.scheduler.now, "it is stopped", {})
        self.assertIsNotNone(self.vm("a")["stuck"])
        self.libvirt.up = False
        self.scheduler.advance(2 * sampler_test.PERIOD)
        kit.eventually(self.quiet)
        self.assertIsNone(self.vm("a")["stuck"])
