# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What readers are told of a VM's storages.
"""

from __future__ import absolute_import, division, print_function

import json
import logging

import kit
import storagetier_test
from vmsampling import canary

PERIOD = storagetier_test.PERIOD
STORAGE_PERIOD = storagetier_test.STORAGE_PERIOD


class DescribeTest(storagetier_test.TestCase):

    def check(self, vm, groups, word, why=None):
        found = self.tier.describe(vm)
        json.dumps(found)
        self.assertEqual(
            found, {"groups": groups, "canary": word, "why": why})

    def look(self):
        self.begin()
        self.canaries.run()

    def test_answers(self):
        vm = self.add("a", b"/nfs/a", b"/i/a")
        self.check(vm, ["/", "/nfs"], "waits", "not looked at yet")
        self.look()
        self.check(vm, ["/", "/nfs"], "answers")
        self.monitors.run()
        self.scheduler.advance(STORAGE_PERIOD)
        self.check(vm, ["/", "/nfs"], "answers")

    def test_look_that_hangs(self):
        vm = self.add("a", b"/nfs/a", b"/i/a")
        other = self.add("b", b"/i/b")
        self.look()
        with kit.Gate() as gate:
            def touch(image, _opener):
                if image.path == b"/nfs/a":
                    gate()

            self.patch(canary, "_touch", touch)
            self.begin()
            with kit.Bunch(1, lambda _: self.canaries.run("/nfs")):
                gate.wait()
                # Not while it may only be slow.
                self.scheduler.advance(1.0)
                self.check(vm, ["/", "/nfs"], "answers")
                self.scheduler.advance(2.2)
                self.check(vm, ["/", "/nfs"], "waits",
                           "no answer from /nfs for 3 s")
                self.check(other, ["/"], "answers")
                gate.open()
        self.check(vm, ["/", "/nfs"], "answers")

    def test_old_answer(self):
        vm = self.add("a", b"/nfs/a")
        self.look()
        self.scheduler.advance(STORAGE_PERIOD + 2 * PERIOD)
        self.check(vm, ["/nfs"], "answers")
        self.scheduler.advance(1.0)
        self.check(vm, ["/nfs"], "waits", "the last look was 65 s ago")

    def test_refused(self):
        vm = self.add("a", b"/nfs/a", b"/nfs/\n\xff")
        self.storages.refused.add(b"/nfs/\n\xff")
        with kit.logs("vmsampling.canary"):
            self.look()
        self.check(vm, ["/nfs"], "refused",
                   "Permission denied: /nfs/\\x0a\\xff")

    def test_disk_that_nobody_can_look_at(self):
        vm = self.add("a", b"/nfs/a", opaque=["network"])
        self.check(vm, ["/nfs"], "none", "network disk: no look at it is "
                   "possible without QEMU")

    def test_no_disks(self):
        self.check(self.add("a"), [], "none", "no disks")

    def test_not_known_yet(self):
        vm = self.add("a")
        vm.devices = None
        self.check(vm, [], "none", "its disks are not known yet")

    def test_remote(self):
        self.tier = self.make("qemu+ssh://host/system")
        # These names would be of this machine.
        self.check(self.add("a", b"/nfs/a"), [], "none", "not this machine")

    def test_remote_is_said(self):
        with kit.logs("vmsampling.storagetier") as logs:
            self.tier.see("qemu+ssh://host/system")
        message, = logs.at(logging.INFO)
        self.assertIn("not this machine", message)
