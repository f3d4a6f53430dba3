# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
VDSM's VMBulkstatsMonitor and ours in one process: who does the work, and
what else of VDSM's is there.
"""

from __future__ import absolute_import, division, print_function

import logging
import sys
import types

import kit
import vdsm_bulkstats_test
import vdsmdoubles
from compat import eventloop
from vmsampling import config
from vmsampling import events
from vmsampling import ondemand

PERIOD = vdsm_bulkstats_test.PERIOD
RETRY = 60.0


class FallBackTest(vdsm_bulkstats_test.TestCase):

    def test_made_as_ours(self):
        self.start("a", builtin=vdsmdoubles.Builtin, ttl=7.0, stats_types=0)
        conn, get_vms, cache, stats_types, ttl = vdsmdoubles.Builtin.made
        self.assertEqual((conn, stats_types, ttl), ("conn", 0, 7.0))
        self.assertIs(get_vms(), self.vms)
        self.assertIs(cache, self.cache)
        self.assertEqual(self.monitor._builtin.calls, 0)

    def test_no_libvirt(self):
        self.libvirt.up = False
        self.make(builtin=vdsmdoubles.Builtin)
        for number in range(1, 4):
            self.monitor()
            self.assertEqual(self.monitor._builtin.calls, number)
            self.time += PERIOD
        self.assertEqual(self.libvirt.count("open", None), 1)
        self.check_log(
            logging.WARNING, "by VDSM itself: cannot connect to libvirt at "
            "qemu:///system: Failed to connect socket")
        self.check_later()

    def check_later(self):
        self.time += RETRY - 3 * PERIOD
        self.libvirt.up = True
        self.start("a", builtin=vdsmdoubles.Builtin)
        self.assertEqual(self.age("a"), 0.0)
        self.assertEqual(self.monitor._builtin.calls, 0)
        self.check_log(logging.INFO, "by vdsm-sampling")

    def test_nobody_to_fall_back_on(self):
        self.libvirt.up = False
        self.make()()
        self.assertEqual(self.cache._samples, [])
        self.check_log(logging.WARNING, "not sampled: cannot connect")

    def test_bad_setting(self):
        def bad(paths=None):
            raise self.bulkstats.errors.BadValue("x.conf", "y", "a number")

        self.patch(config, "load", bad)
        self.make(builtin=vdsmdoubles.Builtin)()
        self.check_log(logging.WARNING, "x.conf = y: must be a number")
        self.assertEqual(self.monitor._builtin.calls, 1)

    def test_bug_of_ours(self):
        self.start("a", builtin=vdsmdoubles.Builtin)
        self.sampler.records = None
        for _ in range(2):
            self.call()
        self.assertEqual(self.monitor._builtin.calls, 2)
        self.check_log(logging.WARNING, "not callable")

    def test_threads_that_do_not_start(self):
        def refuse(self):
            raise RuntimeError("can't start new thread")

        self.patch(ondemand.Sampler, "start", refuse)
        self.make(builtin=vdsmdoubles.Builtin)()
        self.check_log(logging.WARNING, "can't start new thread")
        self.assertEqual(self.monitor._builtin.calls, 1)

    def test_another_libvirt(self):
        self.libvirt.add("a")
        self.vms = {"uuid-of-b": "b"}
        self.start(builtin=vdsmdoubles.Builtin)
        self.assertEqual(self.monitor._builtin.calls, 1)
        self.assertEqual(self.cache._samples, [])
        self.check_log(logging.WARNING, "has none of VDSM's VMs")

    def test_while_it_is_started(self):
        self.make(builtin=vdsmdoubles.Builtin)
        with self.libvirt.hang("open") as gate:
            with kit.Bunch(1, lambda _: self.monitor()):
                gate.wait()
                self.monitor()
                self.assertEqual(self.monitor._builtin.calls, 1)
                gate.open()
        self.assertEqual(self.monitor._builtin.calls, 1)
        self.check_log(logging.WARNING, "being started")
        self.check_log(logging.INFO, "by vdsm-sampling")


class ProcessTest(vdsm_bulkstats_test.TestCase):

    def test_nothing_before_the_first_call(self):
        self.patch(config, "load", None)
        self.make()
        self.assertEqual(self.libvirt.calls, [])

    def test_forked_child_has_its_own(self):
        self.start("a")
        parents = self.sampler
        self.addCleanup(parents.stop)
        self.source.after_fork()
        self.start("b")
        self.assertIsNot(self.sampler, parents)
        self.assertEqual(self.age("b"), 0.0)

    def test_figures_sent_by_older_vdsms(self):
        module = types.ModuleType("vdsm_sampling_double")
        module._METRICS_ENABLED = True
        self.addCleanup(sys.modules.pop, module.__name__, None)
        sys.modules[module.__name__] = module
        sent = []

        class Builtin(vdsmdoubles.Builtin):
            __module__ = module.__name__

            def _send_metrics(self):
                sent.append(self)

        self.start("a", builtin=Builtin)
        self.assertEqual(sent, [self.monitor._builtin])
        module._METRICS_ENABLED = False
        self.call()
        self.assertEqual(len(sent), 1)

    def test_event_loop(self):
        self.start("a")
        self.assertIs(events.loop, self.loop)

    def test_event_loop_of_vdsm(self):
        name = "vdsm.common.libvirtconnection"
        self.addCleanup(sys.modules.pop, name, None)
        sys.modules[name] = module = types.ModuleType(name)
        self.assertFalse(eventloop.is_foreign())
        loop = types.ModuleType("loop")
        setattr(module, "__event_loop", loop)
        loop.run = False
        self.assertFalse(eventloop.is_foreign())
        loop.run = True
        self.start("a")
        self.assertIsInstance(events.loop, events.Foreign)
        self.assertEqual(self.loop.holders, 0)
