# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The host's own figures beside those of its VMs.
"""

from __future__ import absolute_import, division, print_function

import hostcase
import kit
import sampler_test
from vmsampling import hostparts
from vmsampling import ondemand


class HostTest(sampler_test.TestCase):

    def setUp(self):
        super(HostTest, self).setUp()
        self.patch(hostparts, "library", hostcase.Psutil)

    def host(self):
        return self.sampler.snapshot()["host"]

    def test_each_round(self):
        self.start("a")
        for _ in range(3):
            self.advance()
            self.assertEqual(self.host()["age"], 0.0)
        self.advance(0.25)
        found = self.sampler.snapshot()
        self.assertEqual(found["host"]["age"], 0.25)
        self.assertEqual(found["host"]["time"], found["time"] - 0.25)
        self.assertEqual(found["host"]["swap"], {"total": 500, "free": 400})

    def test_they_hang(self):
        self.start("a")
        self.advance()
        with kit.Gate(({}, {})) as gate:
            self.gates.append(gate)
            self.patch(hostparts.Parts, "read", gate)
            for _ in range(4):
                self.advance()
                # The list does not wait for them, not even once.
                age = self.vm("a")["age"]
                self.assertEqual((age["host"], age["monitor"]), (0.0, 0.0))
            self.assertEqual(self.host()["age"], 4.0)
            self.assertEqual((gate.calls, gate.left), (1, 0))
            # Only the round in which they began to hang waits for them.
            found = self.sampler.snapshot()
            self.assertEqual((found["round"], found["elapsed"]), (6, 0.0))
            hung, = self.sampler.snapshot()["hung"]
            self.assertEqual(hung["call"], "<hostfigures.Figures>")

    def test_while_libvirtd_hangs(self):
        self.start("a")
        self.advance()
        with self.libvirt.hang("host"), self.libvirt.hang("list"), \
                self.libvirt.hang("vmhost", "a"):
            # Behind the list, until that is late.
            self.advance()
            self.advance(sampler_test.LATE)
            self.assertLessEqual(self.host()["age"], sampler_test.LATE)
            self.advance(sampler_test.PERIOD - sampler_test.LATE)
            for _ in range(3):
                self.advance()
                self.assertEqual(self.host()["age"], 0.0)

    def test_no_psutil(self):
        self.patch(hostparts, "library", lambda: None)
        self.start("a")
        self.advance()
        self.assertNotIn("host", self.sampler.snapshot())
        self.assertEqual(self.vm("a")["age"]["monitor"], 0.0)

    def test_who_keeps_time_himself_needs_none(self):
        self.patch(hostparts, "library", self.fail)
        self.libvirt.add("a")
        sampler = ondemand.Sampler(sampler_test.fakelibvirt.URI, 1.0)
        sampler.start()
        self.addCleanup(sampler.stop)
        self.assertNotIn("host", sampler.snapshot())
