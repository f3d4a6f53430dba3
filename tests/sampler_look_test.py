# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What the sampler shows of VMs that it does not ask, and of their storages.
"""

from __future__ import absolute_import, division, print_function

import json
import logging

import fakelibvirt
import kit
import sampler_test
from vmsampling import canary
from vmsampling import mounts
from vmsampling import process

PERIOD = sampler_test.PERIOD


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
        self.scheduler.advance(2 * PERIOD)
        kit.eventually(self.quiet)
        self.assertIsNone(self.vm("a")["stuck"])


class StorageTest(sampler_test.TestCase):

    def setUp(self):
        super(StorageTest, self).setUp()
        self.patch(mounts, "read", lambda: mounts.Mounts([
            b"1 0 0:1 / / rw - x x rw", b"2 1 0:2 / /nfs rw - x x rw"]))
        self.libvirt.add("a").disks = [
            ("file", "file", "/nfs/a", "vda"),
            ("block", "dev", "/dev/data/a", "vdb")]
        self.libvirt.add("b").disks = [("network", "name", "x", "vda")]

    def check(self, name, groups, word, why=None):
        self.assertEqual(self.vm(name)["storage"], {
            "groups": groups, "canary": word, "why": why})

    def rounds(self, count):
        for _ in range(count):
            self.advance()

    def test_answers(self):
        self.start()
        self.rounds(3)
        self.check("a", ["/nfs", "vg data"], "answers")
        self.assertIsNotNone(self.vm("a")["age"]["storage"])
        self.assertEqual(self.libvirt.count("storage", "a"), 1)
        self.check("b", [], "none", "network disk: no look at it is possible "
                   "without QEMU")
        self.assertIsNone(self.vm("b")["age"]["storage"])
        message, = [message for message in self.logs.at(logging.INFO)
                    if "network disk" in message]
        self.assertIn("'b'", message)

    def test_one_of_two_hangs(self):
        with kit.Gate() as gate:
            def touch(image, _opener):
                if image.path == b"/nfs/a":
                    gate()

            self.patch(canary, "_touch", touch)
            self.gates.append(gate)
            self.start()
            self.rounds(1)
            gate.wait()
            self.rounds(4)
            self.check("a", ["/nfs", "vg data"], "waits",
                       "no answer from /nfs for 4 s")
            self.assertEqual(self.libvirt.count("storage", "a"), 0)
            self.assertLess(self.vm("a")["age"]["monitor"], PERIOD)
        kit.eventually(lambda: gate.left == gate.calls)
        self.rounds(2)
        self.assertEqual(self.libvirt.count("storage", "a"), 1)
        self.check("a", ["/nfs", "vg data"], "answers")

    def test_group_of_a_question_that_hangs(self):
        with self.libvirt.hang("storage", "a") as gate:
            self.start()
            self.rounds(1)
            self.advance(0.1)
            gate.wait()
            groups = self.sampler.snapshot()["pool"]["groups"]
            self.assertEqual(list(groups), ["/nfs, vg data"])
            json.dumps(groups)


class LineTest(sampler_test.TestCase):
    """
    A storage dies when it has just answered for many VMs.
    """

    NAMES = ["vm%d" % n for n in range(12)]

    def setUp(self):
        super(LineTest, self).setUp()
        self.looks = []
        self.dead = kit.Gate()
        self.gates.append(self.dead)
        self.patch(canary, "_touch", self.touch)
        self.asked = []
        for name in self.NAMES:
            hanging = self.libvirt.hang("storage", name)
            self.asked.append(hanging.__enter__())
            self.addCleanup(hanging.__exit__, None, None, None)

    def release(self):
        for gate in self.asked + [self.dead]:
            gate.open()
        self.sampler.stop()
        # Their connections are closed by then.
        kit.eventually(lambda: self.loop.holders == 0)

    def touch(self, image, _opener):
        if image in self.looks:
            self.dead()
        self.looks.append(image)

    def is_quiet(self, states):
        # Tasks may wait for their group.
        groups = [group for state in states
                  for group in state["groups"].values()]
        hanging = sum(gate.calls - gate.left
                      for gate in self.asked + self.gates)
        return hanging == sum(
            state["threads"] - state["idle"] for state in states) and (
                sum(state["queued"] for state in states) ==
                sum(group["waiting"] for group in groups))

    def test_freezes_no_more_vms_than_there_are_workers(self):
        # Answers are fresh for longer than until the workers are replaced.
        period = 4.0
        self.start(*self.NAMES, period=period)
        self.addCleanup(self.release)
        for _ in range(int(4 * period / 0.25)):
            self.advance(0.25)
            hung = [name for name, gate in zip(self.NAMES, self.asked)
                    if gate.calls]
            self.assertLessEqual(len(hung), sampler_test.WORKERS)
            for name in set(self.NAMES).difference(hung):
                self.assertLessEqual(self.vm(name)["age"]["monitor"], period)
        # How many depends on who was busy with what at that moment.
        self.assertTrue(hung)
        self.assertEqual(self.vm(hung[0])["age"]["host"], 0.0)
