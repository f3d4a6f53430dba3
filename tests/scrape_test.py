# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import logging

import kit
import metricscase


def setup_module():
    metricscase.setup_module()
    global scrape
    from vmsampling import scrape


OPENMETRICS = "application/openmetrics-text; version=1.0.0; q=0.5,*/*;q=0.1"
AGE = 'libvirt_domain_sample_age_seconds{domain="web",tier="monitor"}'


class ScrapeTest(metricscase.TestCase):

    def setUp(self):
        super(ScrapeTest, self).setUp()
        self.now = 1000.0
        # Seconds that a snapshot takes.
        self.cost = 0.0
        self.taken = 0
        self.snapshot = metricscase.snapshot(metricscase.vm())
        self.scrape = scrape.Scrape(
            self.take, {"names": "debian"}, clock=lambda: self.now)

    def take(self):
        self.taken += 1
        self.now += self.cost
        return self.snapshot

    def read(self, accept=None):
        return self.samples(self.scrape.render(accept)[1].decode("utf-8"))

    def test_content_types(self):
        for accept in (None, "", "*/*", "text/plain", "garbage;;,"):
            content_type, body = self.scrape.render(accept)
            self.assertTrue(content_type.startswith("text/plain; version="))
            self.assertNotIn(b"# EOF", body)
        content_type, body = self.scrape.render(OPENMETRICS)
        self.assertTrue(content_type.startswith(
            "application/openmetrics-text; version="))
        self.assertTrue(body.endswith(b"# EOF\n"))

    def test_is_written_once_a_second(self):
        for _ in range(10):
            self.read()
            self.now += 0.0625
        self.assertEqual(self.taken, 1)
        self.now += 1.0
        self.read()
        self.assertEqual(self.taken, 2)

    def test_costs_a_part_of_a_processor_at_most(self):
        self.cost = 0.5
        begin = self.now
        while self.now < begin + 60.0:
            self.read()
            self.now += 0.125
        self.assertLessEqual(self.taken * self.cost, 6.0)

    def test_formats_are_kept_apart(self):
        self.read()
        self.read(OPENMETRICS)
        self.assertEqual(self.taken, 2)
        self.read()
        self.read(OPENMETRICS)
        self.assertEqual(self.taken, 2)

    def test_ages_go_on(self):
        self.snapshot["vms"]["uuid-0"]["stuck"] = metricscase.STUCK
        self.assertEqual(self.read()[AGE], 1.0)
        self.now += 0.75
        found = self.read()
        self.assertEqual(self.taken, 1)
        self.assertEqual(found[AGE], 1.75)
        self.assertEqual(
            found['libvirt_domain_stuck_seconds{domain="web"}'], 13.25)

    def test_ages_are_from_before_the_snapshot(self):
        # It may take a while, and nothing is younger than it seems.
        self.cost = 0.5
        self.assertEqual(self.read()[AGE], 1.0)
        self.assertEqual(self.read()[AGE], 1.5)

    def test_nobody_gets_stuck_by_waiting(self):
        self.read()
        self.now += 0.5
        self.assertEqual(
            self.read()['libvirt_domain_stuck_seconds{domain="web"}'], 0.0)

    def test_new_figures(self):
        self.read()
        self.now += 1.0
        self.snapshot = metricscase.snapshot()
        self.assertNotIn(AGE, self.read())

    def test_no_snapshot_yet(self):
        self.snapshot = None
        self.assertEqual(self.read(), {"vdsm_sampler_renamed": 0})

    def test_at_the_same_time(self):
        with kit.Gate(self.snapshot) as gate:
            self.scrape._take = gate
            with kit.Bunch(4, lambda _: self.read()):
                gate.wait()
                gate.open()
            self.assertEqual(gate.calls, 1)

    def test_a_failed_snapshot_is_not_the_end(self):
        def fail():
            raise ValueError("oops")
        self.scrape._take = fail
        with self.assertRaises(ValueError):
            self.read()
        self.scrape._take = self.take
        self.read()

    def test_same_names_are_told(self):
        self.snapshot = metricscase.snapshot(
            metricscase.vm("a"), metricscase.vm("a"))
        with kit.logs("vmsampling.scrape") as logs:
            for _ in range(5):
                self.read()
                self.now += 2.0
        self.assertEqual(logs.at(logging.WARNING), [
            "1 VMs or devices have the name of another one, and are shown "
            "as NAME#..."])

    def test_costs_the_same_whoever_hangs(self):
        def lines(stuck):
            self.snapshot = metricscase.snapshot(*[
                metricscase.vm("vm%d" % number, stats=metricscase.STATS,
                               stuck=metricscase.STUCK if number < stuck
                               else None) for number in range(50)])
            self.now += 10.0
            return len(self.read())
        # One series more for each that hangs.
        self.assertEqual(lines(50) - lines(0), 50)
