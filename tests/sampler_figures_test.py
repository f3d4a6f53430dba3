# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What the sampler shows of VMs that hang, and while libvirtd does.
"""

from __future__ import absolute_import, division, print_function

import itertools

import kit
import sampler_test
from vmsampling import figures


class FiguresTest(sampler_test.TestCase):

    def setUp(self):
        super(FiguresTest, self).setUp()
        # Unlike all that libvirt tells.
        counter = itertools.count(10 ** 6, 500)
        self.patch(figures.Qemu, "read", lambda qemu: {
            "cpu.time": next(counter), "balloon.rss": 7})

    def test_while_libvirtd_hangs(self):
        self.start("a")
        self.advance()
        with self.libvirt.hang("host"), self.libvirt.hang("list"), \
                self.libvirt.hang("vmhost", "a"):
            for _ in range(4):
                # What is due in between is not to race with the round.
                self.advance(sampler_test.LATE)
                self.advance(sampler_test.PERIOD - sampler_test.LATE)
                self.assertEqual(self.vm("a")["age"]["process"], 0.0)
            found = self.vm("a")
            self.assertEqual(found["age"]["host"], 4.0)
            self.assertGreater(found["stats"]["cpu.time"], 10 ** 6)
            self.assertEqual(found["stats"]["balloon.rss"], 7)
            self.assertEqual(found["rates"]["cpu.time"], 500.0)

    def test_vm_that_answers_shows_what_libvirt_says(self):
        self.start("a")
        for _ in range(12):
            # Through whole rounds: both are read in the beginning.
            self.advance(sampler_test.PERIOD / 4)
            found = self.vm("a")
            self.assertLess(found["stats"]["cpu.time"], 10 ** 6)
            self.assertEqual(found["stats"]["balloon.rss"], 43244)

    def test_hung_calls_leave_a_thread(self):
        self.start("a")
        with kit.Gate() as gate:
            self.gates.append(gate)
            for _ in range(3):
                self.sampler._hosts.dispatch(gate)
                self.advance()
            self.advance()
            self.assertEqual(self.sampler._hosts.state()["late"], 3)
            self.assertEqual(self.vm("a")["age"]["process"], 0.0)

    def test_they_hang(self):
        self.start("a")
        self.advance()
        with kit.Gate() as gate:
            self.gates.append(gate)
            self.patch(figures.Qemu, "read", gate)
            for _ in range(4):
                self.advance()
            # The list waited for them in the first of these rounds.
            age = self.vm("a")["age"]
            self.assertEqual((age["process"], age["monitor"]), (4.0, 0.0))
            self.assertEqual((gate.calls, gate.left), (1, 0))
            hung, = self.sampler.snapshot()["hung"]
            self.assertEqual(hung["call"], "<Figures vms=1>")


class PartialTest(sampler_test.TestCase):

    def test_vm_that_hangs(self):
        self.start("a", "b")
        self.advance()
        with self.libvirt.hang("monitor", "a") as gate:
            for _ in range(5):
                self.advance()
            self.assertEqual((gate.calls, gate.left), (1, 0))
            found = self.vm("a")
            self.assertEqual(found["age"]["monitor"], 5.0)
            # The first of them was asked in the round after it hung.
            self.assertEqual(self.libvirt.count("partial", "a"), 4)
            self.assertEqual(found["rates"]["cpu.time"], 10.0)
            self.assertIsNotNone(found["stuck"])
            self.assertEqual(self.sampler.snapshot()["hung"], [])
        self.advance()
        self.assertEqual(self.vm("a")["age"]["monitor"], 0.0)
        self.assertEqual(self.libvirt.count("partial", "b"), 0)

    def test_no_round_waits_for_it(self):
        self.start("a", "b")
        self.advance()
        with self.libvirt.hang("monitor", "a"):
            self.advance()
            with self.libvirt.hang("partial", "a"):
                self.advance()
                self.assertEqual(self.sampler.snapshot()["round"], 4)
                self.assertEqual(self.vm("b")["age"]["monitor"], 0.0)
