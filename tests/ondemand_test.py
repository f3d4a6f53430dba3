# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Rounds that are begun by hand. More of it is tested where it is used, in
vdsm_bulkstats_test.py.
"""

from __future__ import absolute_import, division, print_function

import fakelibvirt
import kit
import sampler_test
from vmsampling import history
from vmsampling import ondemand

PERIOD = 15.0


class OnDemandTest(sampler_test.TestCase):

    def make(self, **settings):
        made = ondemand.Sampler(fakelibvirt.URI, PERIOD, **settings)
        self.scheduler = made._scheduler
        return made

    def records(self, round_):
        return self.sampler.records(round_, {})

    def test_no_round_by_itself(self):
        self.start("a")
        self.advance(4 * PERIOD)
        self.assertEqual(self.sampler.snapshot()["round"], 0)
        self.assertEqual(self.libvirt.count("host", None), 0)

    def test_answers(self):
        self.start("a", "b")
        round_ = self.sampler.begin_round()
        self.assertTrue(self.sampler.wait_answers(round_, kit.PATIENCE))
        self.assertEqual(sorted(self.records(round_)),
                         ["uuid-of-a", "uuid-of-b"])
        self.assertTrue(self.sampler.connected())
        self.assertTrue(self.sampler.knows(["uuid-of-x", "uuid-of-b"]))
        self.assertFalse(self.sampler.knows(["uuid-of-x"]))

    def test_nothing_is_asked_that_vdsm_does_not_know(self):
        self.start("a")
        for _ in range(3):
            self.sampler.begin_round()
            self.advance()
        calls = [call for call, _ in self.libvirt.calls]
        self.assertIn("storage", calls)
        for call in ("detail", "diskErrors", "jobStats", "pools"):
            self.assertNotIn(call, calls)

    def test_answers_of_the_round_before_do_not_count(self):
        self.start("a")
        round_ = self.sampler.begin_round()
        self.assertTrue(self.sampler.wait_answers(round_, kit.PATIENCE))
        given = {}
        self.assertEqual(
            list(self.sampler.records(round_, given)), ["uuid-of-a"])
        self.scheduler.advance(PERIOD)
        with self.libvirt.hang("host"):
            round_ = self.sampler.begin_round()
            self.assertFalse(self.sampler.wait_answers(round_, 0.1))
            self.assertEqual(self.sampler.records(round_, given), {})

    def test_answers_that_were_too_late_count_in_the_next_round(self):
        self.start("a", "b")
        given = {}
        with self.libvirt.hang("monitor", "a") as gate:
            round_ = self.sampler.begin_round()
            self.assertFalse(self.sampler.wait_answers(round_, 0.1))
            self.assertEqual(
                list(self.sampler.records(round_, given)), ["uuid-of-b"])
            gate.wait()
        kit.eventually(self.quiet)
        self.scheduler.advance(PERIOD)
        with self.libvirt.hang("monitor", "a"), (
                self.libvirt.hang("monitor", "b")):
            round_ = self.sampler.begin_round()
            self.assertFalse(self.sampler.wait_answers(round_, 0.1))
            # Of a nobody has got that answer; b has not answered.
            found = self.sampler.records(round_, given)
            self.assertEqual(list(found), ["uuid-of-a"])
            self.assertIn("net.count", found["uuid-of-a"])
            self.assertEqual(self.sampler.records(round_, given), {})

    def test_answers_of_long_ago_do_not_count(self):
        self.start("a")
        round_ = self.sampler.begin_round()
        self.assertTrue(self.sampler.wait_answers(round_, kit.PATIENCE))
        self.scheduler.advance(2 * PERIOD)
        with self.libvirt.hang("host"):
            round_ = self.sampler.begin_round()
            self.assertEqual(self.records(round_), {})

    def test_fields_of_libvirtd_are_given_once(self):
        self.start("a")
        given = {}
        round_ = self.sampler.begin_round()
        self.assertTrue(self.sampler.wait_answers(round_, kit.PATIENCE))
        self.assertIn("net.count", self.sampler.records(
            round_, given)["uuid-of-a"])
        self.scheduler.advance(1.0)
        self.sampler._history.put(
            self.sampler._registry.get("uuid-of-a"), history.MONITOR,
            self.scheduler.now, {"cpu.time": 1})
        found = self.sampler.records(round_, given)["uuid-of-a"]
        self.assertEqual(found["cpu.time"], 1)
        self.assertNotIn("net.count", found)

    def test_asks_for_nothing_that_it_does_not_give(self):
        self.start("a")
        for _ in range(3):
            self.sampler.begin_round()
            self.advance(PERIOD)
        self.assertEqual(self.libvirt.count("monitor", "a"), 3)
        for call in ("detail", "jobStats"):
            self.assertEqual(self.libvirt.count(call, "a"), 0)

    def test_spread(self):
        self.start(*["vm%02d" % n for n in range(40)])
        given = {}
        round_ = self.sampler.begin_round()
        self.assertTrue(self.sampler.wait_answers(round_, kit.PATIENCE))
        # Nothing is known of them: the first time all are asked at once.
        self.assertEqual(len(self.sampler.records(round_, given)), 40)
        self.scheduler.advance(PERIOD)
        round_ = self.sampler.begin_round()
        self.assertFalse(self.sampler.wait_answers(round_, 0.1))
        found = set(self.sampler.records(round_, given))
        self.assertLess(len(found), 40)
        self.scheduler.advance(PERIOD / 8)
        self.assertTrue(self.sampler.wait_answers(round_, kit.PATIENCE))
        more = set(self.sampler.records(round_, given))
        self.assertEqual(len(found | more), 40)
        self.assertFalse(found & more)

    def test_stop_wakes_who_waits(self):
        self.start("a")
        waited = []
        with self.libvirt.hang("host") as gate:
            round_ = self.sampler.begin_round()

            def wait(_number):
                waited.append(self.sampler.wait_answers(
                    round_, 6 * kit.PATIENCE))

            with kit.Bunch(1, wait):
                gate.wait()
                self.sampler.stop()
        self.assertEqual(waited, [False])
