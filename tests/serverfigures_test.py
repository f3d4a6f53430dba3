# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import kit
import sampler_test
from vmsampling import admin
from vmsampling import ondemand
from vmsampling import serverfigures

LIMITS = {"maxWorkers": 20, "freeWorkers": 4, "nclients": 2}
INTERVAL = serverfigures.INTERVAL
RELUCTANCE = serverfigures.RELUCTANCE


class Hosts(object):
    """
    Looks like an admission.Admission, and runs what it gets at once.
    """

    def dispatch(self, call, key, timeout):
        call()


class FiguresTest(kit.TestCase):

    def setUp(self):
        super(FiguresTest, self).setUp()
        self.now = 1000.0
        self.asked = []
        self.answer = admin.Answer(LIMITS, None)
        saved = admin.ask
        self.addCleanup(setattr, admin, "ask", saved)
        admin.ask = self.ask
        self.figures = serverfigures.Figures(Hosts(), lambda: self.now)

    def ask(self, place, seconds):
        self.assertEqual(seconds, serverfigures.TIMEOUT)
        self.asked.append((place.daemon, self.now))
        return self.answer

    def run_for(self, seconds):
        """
        Return how often it was asked.
        """
        before = len(self.asked)
        limit = self.now + seconds
        while self.now < limit:
            self.figures.send()
            self.now += 1.0
        return len(self.asked) - before

    def test_nothing_before_there_is_a_place(self):
        self.assertEqual(self.run_for(100), 0)
        self.figures.see("test:///default")
        self.assertEqual(self.run_for(100), 0)
        self.assertIsNone(self.figures.describe())

    def test_now_and_then(self):
        self.figures.see("qemu:///system")
        self.assertEqual(self.run_for(10 * INTERVAL), 10)
        self.assertEqual(self.figures.describe(), dict(LIMITS, age=INTERVAL))
        self.assertEqual(self.asked[0], ("libvirtd", 1000.0))

    def test_refused(self):
        self.figures.see("qemu:///system")
        self.answer = admin.Answer({}, "Permission denied")
        self.assertEqual(self.run_for(RELUCTANCE), 1)
        self.assertIsNone(self.figures.describe())
        self.answer = admin.Answer(LIMITS, None)
        self.assertEqual(self.run_for(RELUCTANCE), RELUCTANCE / INTERVAL)
        self.assertIsNotNone(self.figures.describe())

    def test_restarted(self):
        self.figures.see("qemu:///system")
        self.run_for(1)
        self.answer = admin.Answer({}, "Connection refused")
        self.run_for(INTERVAL)
        # Not too old yet.
        self.assertIsNotNone(self.figures.describe())
        self.run_for(2 * INTERVAL + 1)
        self.assertIsNone(self.figures.describe())
        self.answer = admin.Answer(LIMITS, None)
        self.run_for(INTERVAL)
        self.assertIsNotNone(self.figures.describe())


class SamplerTest(sampler_test.TestCase):

    def setUp(self):
        super(SamplerTest, self).setUp()
        self.patch(admin, "find", lambda uri: admin.Place(
            "libvirtd:///system", "libvirtd", None))

    def test_in_snapshots(self):
        self.patch(admin, "ask", lambda *_: admin.Answer(LIMITS, None))
        self.start("a")
        self.advance()
        self.assertEqual(self.sampler.snapshot()["server"],
                         dict(LIMITS, age=sampler_test.PERIOD))

    def test_it_hangs(self):
        with kit.Gate(admin.Answer({}, "no")) as gate:
            self.gates.append(gate)
            self.patch(admin, "ask", gate)
            self.start("a")
            for _ in range(4):
                self.advance()
                age = self.vm("a")["age"]
                self.assertEqual((age["host"], age["monitor"]), (0.0, 0.0))
            self.assertNotIn("server", self.sampler.snapshot())
            self.assertEqual((gate.calls, gate.left), (1, 0))

    def test_who_keeps_time_himself_needs_none(self):
        self.patch(admin, "ask", self.fail)
        self.libvirt.add("a")
        sampler = ondemand.Sampler(sampler_test.fakelibvirt.URI, 1.0)
        sampler.start()
        self.addCleanup(sampler.stop)
        sampler.begin_round()
        kit.eventually(lambda: sampler.snapshot()["round"] == 1)
