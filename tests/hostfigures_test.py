# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import functools
import json
import logging

import mock

import fakelibvirt
import hostcase
import kit
from vmsampling import history
from vmsampling import hostfigures
from vmsampling import hostparts

HZ = hostcase.HZ
WALL = 10 ** 9


class FiguresTest(hostcase.TestCase):

    def setUp(self):
        super(FiguresTest, self).setUp()
        self.scheduler = kit.Scheduler()
        self.hosts = fakelibvirt.Desk()
        self.figures = hostfigures.Figures(self.hosts, self.scheduler.clock)
        self.replace(hostparts, "library", lambda: self.psutil)
        self.replace(hostparts, "Parts", functools.partial(
            hostparts.Parts, proc=self.proc, sys=self.sys))
        self.round = mock.Mock()

    def replace(self, where, name, value):
        self.addCleanup(setattr, where, name, getattr(where, name))
        setattr(where, name, value)

    def read(self):
        self.figures.send(self.round)
        self.hosts.run()
        self.scheduler.advance(2.0)
        return self.figures.describe(WALL)

    def test_describe(self):
        self.figures.see("qemu:///system")
        self.assertIsNone(self.figures.describe(WALL))
        found = self.read()
        self.assertEqual(
            sorted(found), sorted(hostparts.NAMES + ("age", "rates", "time")))
        self.assertEqual((found["age"], found["time"]), (2.0, WALL - 2.0))
        self.assertEqual(found["rates"], {})
        json.dumps(found)

    def test_rates(self):
        self.figures.see("qemu:///system")
        self.read()
        self.write_stat(user=120, idle=370, steal=18)
        self.write_pressure(cpu=1600000)
        found = self.read()["rates"]
        self.assertEqual(round(found["busy"], 9), 30.0)
        self.assertEqual(round(found["steal"], 9), 10.0)
        pressure = found["pressure"]
        self.assertEqual(round(pressure["cpu"]["some"], 9), 5.0)
        self.assertEqual(pressure["io"], {"some": 0.0, "full": 0.0})

    def test_another_host(self):
        with kit.logs("vmsampling.hostfigures") as logs:
            self.figures.see("qemu+ssh://elsewhere/system")
        self.assertIn("not this machine", logs.at(logging.INFO)[0])
        self.assertIsNone(self.read())
        self.assertEqual(self.hosts.tasks, {})

    def test_no_psutil(self):
        self.psutil = None
        with kit.logs("vmsampling.hostfigures") as logs:
            self.figures.see("qemu:///system")
            self.assertIsNone(self.read())
            self.read()
        self.assertEqual(len(logs.records), 1)
        self.assertIn("install psutil", logs.at(logging.INFO)[0])

    def test_one_at_a_time(self):
        self.figures.see("qemu:///system")
        self.figures.send(self.round)
        later = mock.Mock()
        self.figures.send(later)
        self.assertEqual(list(self.hosts.tasks), [hostfigures.KEY])
        # Its round waits for it, and no other one does.
        self.assertEqual(self.calls(self.round), ["join"])
        self.assertEqual(self.calls(later), ["join", "leave"])
        self.hosts.run()
        self.assertEqual(self.calls(self.round), ["join", "leave"])

    def test_round_goes_on_after_a_failure(self):
        self.figures.see("qemu:///system")
        self.replace(hostparts.Parts.func, "read", None)
        self.figures.send(self.round)
        with self.assertRaises(TypeError):
            self.hosts.run()
        self.assertEqual(self.calls(self.round), ["join", "leave"])

    def calls(self, round_):
        return [call[0] for call in round_.method_calls]


class RatesTest(kit.TestCase):

    def rates(self, before, after, seconds=2.0, took=0.0):
        return hostfigures.rates(
            history.Sample(0.0, took, before),
            history.Sample(seconds, 0.0, after))

    def test_guests_count_once(self):
        # They are in user and nice.
        self.assertEqual(self.rates(
            {"cpu": {"0": {"user": 0.0, "guest": 0.0, "idle": 0.0}}},
            {"cpu": {"0": {"user": 1.0, "guest": 1.0, "idle": 1.0}}}),
            {"busy": 50.0})

    def test_processor_that_comes(self):
        self.assertEqual(self.rates(
            {"cpu": {"0": {"user": 1.0, "idle": 1.0}}},
            {"cpu": {"0": {"user": 2.0, "idle": 2.0},
                     "1": {"user": 9.0, "idle": 9.0}}}), {"busy": 50.0})

    def test_idle_time_that_is_taken_back(self):
        self.assertEqual(self.rates(
            {"cpu": {"0": {"user": 1.0, "iowait": 5.0, "idle": 1.0}}},
            {"cpu": {"0": {"user": 2.0, "iowait": 4.9, "idle": 4.0}}}),
            {"busy": 25.0})

    def test_unknown(self):
        self.assertEqual(hostfigures.rates(
            None, history.Sample(0.0, 0.0, {})), {})
        self.assertEqual(self.rates({}, {}), {})
        some = {"cpu": {"0": {"user": 1.0}},
                "pressure": {"io": {"some": 2.0}}}
        self.assertEqual(self.rates({}, some), {})
        self.assertEqual(self.rates(some, {}), {})
        # Nothing has been counted, so nobody can tell.
        self.assertEqual(self.rates(some, some),
                         {"pressure": {"io": {"some": 0.0}}})

    def test_counter_that_began_again(self):
        self.assertEqual(self.rates({"pressure": {"io": {"some": 2.0}}},
                                    {"pressure": {"io": {"some": 1.0}}}), {})

    def test_sample_that_took_long(self):
        before = {"pressure": {"io": {"some": 1.0}}}
        after = {"pressure": {"io": {"some": 2.0}}}
        self.assertEqual(self.rates(before, after, took=1.1), {})
        self.assertEqual(self.rates(before, after, took=1.0),
                         {"pressure": {"io": {"some": 50.0}}})
