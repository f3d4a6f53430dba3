# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What stands in for VDSM's VMBulkstatsMonitor, as VDSM calls it: a real
sampler on virtual time, a fake libvirt.
"""

from __future__ import absolute_import, division, print_function

import errno
import logging

import libvirt

import fakelibvirt
import kit
import sampler_test
import standins
import vdsmdoubles
from threadpool import clock
from vmsampling import canary
from vmsampling import config
from vmsampling import deadline
from vmsampling import process
from vmsampling import qemu

PERIOD = 15.0
GRACE = 0.25

# What the fake libvirt says of a VM.
FIELDS = {
    "state.state": 1, "net.count": 0, "cpu.time": 1000,
    "balloon.current": 16384, "balloon.rss": 43244, "block.count": 1,
    "block.0.name": "vda", "block.0.rd.bytes": 512, "block.0.rd.reqs": 1,
    "block.0.fl.reqs": 3,
}


class TestCase(sampler_test.TestCase):

    def setUp(self):
        super(TestCase, self).setUp()
        # Questions about storage come when they like.
        self.patch(canary, "_touch", refuse)
        # No file of this machine.
        self.patch(config, "drop_in_order", lambda: [])
        self.bulkstats = standins.load("vdsm.virt.bulkstats")
        self.time = 5000.0
        self.cache = vdsmdoubles.StatsCache(lambda: self.time)
        self.vms = {}
        self.source = self.bulkstats.Source(lambda: self.time)
        self.bulkstats.VMBulkstatsMonitor.source = self.source
        self.addCleanup(self.stop)

    def stop(self):
        if self.source._sampler is not None:
            self.source._sampler.stop()

    def make(self, builtin=None, **settings):
        self.bulkstats.VMBulkstatsMonitor.builtin = builtin
        self.monitor = self.bulkstats.VMBulkstatsMonitor(
            "conn", lambda: self.vms, self.cache, **settings)
        return self.monitor

    def start(self, *names, **settings):
        """
        Make a monitor and have it called for the first time.
        """
        for name in names:
            self.vms[self.libvirt.add(name).uuid] = name
        self.make(**settings)()
        self.sampler = self.source._sampler
        self.scheduler = self.sampler._scheduler

    def call(self):
        """
        Call the monitor a period after the last time.
        """
        self.advance(PERIOD)
        self.time += PERIOD
        self.monitor()

    def call_and(self, act):
        """
        The same; act meanwhile.
        """
        self.advance(PERIOD)
        self.time += PERIOD
        with kit.Bunch(1, lambda _: self.monitor()):
            act()

    def newest(self, name):
        """
        Return what is in the cache of a VM since the last call; None if
        nothing is.
        """
        return self.cache._samples[-1][1].get("uuid-of-" + name)

    def age(self, name):
        return self.cache.get("uuid-of-" + name)[3]

    def check_log(self, level, *parts):
        found = [message for message in self.logs.at(level)
                 if "VMs are" in message]
        self.assertEqual(len(found), len(parts), found)
        for message, part in zip(found, parts):
            self.assertIn(part, message)


def refuse(_image, _opener):
    raise OSError(errno.EACCES, "not for you")


def permit(_image, _opener):
    """
    The image answers.
    """


class Restless(object):
    """
    In place of process.Process: one look does not tell.
    """

    held = None
    well = False

    def __init__(self, scheduler):
        self._clock = scheduler.clock
        self._until = scheduler.now + qemu.LOOKS_APART

    def look(self):
        return process.AGAIN if self._clock() < self._until else process.GO


class RoundTest(TestCase):

    def test_fields(self):
        self.start("a", "b")
        self.assertEqual(self.newest("a"), FIELDS)
        self.assertEqual(self.newest("b"), FIELDS)
        self.check_log(logging.INFO, "by vdsm-sampling")

    def test_time_is_from_before(self):
        self.start("a")
        self.assertEqual(self.age("a"), 0.0)

        def later():
            gate.wait()
            self.time += 0.25
            gate.open()

        with self.libvirt.hang("host") as gate:
            self.call_and(later)
        self.assertEqual(self.age("a"), 0.25)

    def test_each_call_has_new_answers(self):
        self.start("a")
        for number in range(1, 5):
            self.call()
            older, newer, seconds, age = self.cache.get("uuid-of-a")
            self.assertEqual(newer["cpu.time"], 1000 + 10 * number)
            self.assertEqual(older["cpu.time"], newer["cpu.time"] - 10)
            self.assertEqual((seconds, age), (PERIOD, 0.0))

    def test_no_round_without_a_call(self):
        self.start("a")
        self.advance(4 * PERIOD)
        self.assertEqual(self.libvirt.count("host", None), 1)

    def test_vm_that_is_looked_at_twice(self):
        self.start("a", "b")
        self.advance(PERIOD)
        self.sampler._registry.get("uuid-of-a").process = Restless(
            self.scheduler)
        asked = self.libvirt.count("monitor", "a")
        with kit.Bunch(1, lambda _: self.monitor()):
            self.eventually(
                lambda: self.libvirt.count("monitor", "a") > asked)
        self.assertIsNotNone(self.newest("a"))

    def test_vm_that_is_asked_for_its_storage(self):
        self.patch(canary, "_touch", permit)
        self.start("a")
        self.call()
        self.eventually(lambda: self.libvirt.count("storage", "a"))
        self.advance(4 * PERIOD)
        with self.libvirt.hang("storage", "a") as gate:
            self.call()
            self.eventually(lambda: gate.calls)
            asked = self.libvirt.count("monitor", "a")
            with kit.Bunch(1, lambda _: self.monitor()):
                kit.eventually(lambda: self.libvirt.count("host", None) == 4)
                gate.open()
                self.eventually(
                    lambda: self.libvirt.count("monitor", "a") > asked)
        self.assertIsNotNone(self.newest("a"))

    def eventually(self, condition):
        """
        As kit.eventually(), while time passes slowly.
        """
        kit.eventually(lambda: condition() or self.scheduler.advance(0.01))

    def test_busy_vm(self):
        self.start("a")
        self.libvirt.vms["a"].busy = True
        for _ in range(2):
            self.call()
            self.assertEqual(sorted(self.newest("a")), [
                "balloon.current", "cpu.time", "net.count", "state.state"])
        self.call()
        self.assertIsNone(self.newest("a"))
        self.assertEqual(self.age("a"), PERIOD)

    def test_two_monitors_have_one_sampler(self):
        self.start("a")
        self.make()
        self.call()
        self.assertIs(self.source.get(), self.sampler)
        self.assertEqual(self.libvirt.count("host", None), 2)

    def test_repr(self):
        self.assertEqual(
            repr(self.make()), "<VMBulkstatsMonitor samples=None>")


class StuckTest(TestCase):

    def test_one_of_many(self):
        self.start(*"abcdef")
        with self.libvirt.hang("monitor", "c") as gate:
            def pass_the_deadline():
                gate.wait()
                self.scheduler.advance(deadline.LEAST + GRACE)

            begin = clock.monotonic()
            self.call_and(pass_the_deadline)
            # From now on nobody waits for it.
            for number in range(2, 5):
                self.call()
                self.check_fresh("abdef")
                self.assertIsNone(self.newest("c"))
                self.assertEqual(self.age("c"), number * PERIOD)
            self.assertLess(clock.monotonic() - begin, self.source.patience)
            self.assertEqual(gate.calls, 1)
        self.call()
        self.check_fresh("abcdef")
        # No value of before it hung is taken for a new one.
        self.assertEqual(self.cache.get("uuid-of-c")[:3], vdsmdoubles.EMPTY)
        self.call()
        self.assertEqual(self.cache.get("uuid-of-c")[2], PERIOD)

    def check_fresh(self, names):
        for name in names:
            self.assertEqual(self.age(name), 0.0, name)
            self.assertIsNotNone(self.newest(name), name)

    def test_vm_that_is_not_asked(self):
        self.start(*"abc")
        self.sampler._registry.get("uuid-of-b").process = (
            fakelibvirt.Process(*9 * [process.HOLD]))
        self.call()
        self.check_fresh("ac")
        self.assertIsNone(self.newest("b"))

    def test_list_that_hangs(self):
        self.start("a")

        def pass_the_deadline():
            gate.wait()
            kit.eventually(lambda: [
                time for time in self.scheduler.pending
                if time <= self.scheduler.now + 1.0])
            self.scheduler.advance(1.0)

        with self.libvirt.hang("host") as gate:
            self.call_and(pass_the_deadline)
            self.assertEqual(self.age("a"), 0.0)
            self.assertEqual(self.newest("a")["state.state"], 1)

    def test_libvirtd_that_hangs(self):
        self.start("a")
        self.source.patience = 0.1
        with self.libvirt.hang("host"), self.libvirt.hang("monitor", "a"):
            self.call()
            self.assertEqual(self.age("a"), PERIOD)
            self.assertIsNone(self.newest("a"))
            # The next one goes on, and the one before is settled by it.
            self.advance()
            self.monitor()

    def test_libvirtd_is_killed(self):
        self.start("a", builtin=vdsmdoubles.Builtin)
        self.libvirt.die()
        self.call()
        self.assertEqual(self.monitor._builtin.calls, 1)
        self.check_log(logging.WARNING, "libvirt does not answer")
        self.libvirt.up = True
        self.call()
        self.assertEqual(self.monitor._builtin.calls, 1)
        self.assertEqual(self.age("a"), 0.0)


class StorageTest(TestCase):

    def setUp(self):
        super(StorageTest, self).setUp()
        self.patch(canary, "_touch", permit)

    def asked(self):
        kit.eventually(lambda: self.libvirt.count("storage", "a") or
                       self.scheduler.advance(0.01))

    def test_fields(self):
        self.start("a")
        self.call()
        self.asked()
        self.call()
        self.assertEqual(self.newest("a")["block.0.capacity"], 1048576)
        self.assertEqual(self.newest("a")["block.0.rd.bytes"], 512)

    def test_old_ones_are_left_out(self):
        self.start("a")
        self.call()
        self.asked()
        with kit.Gate() as gate:
            self.patch(canary, "_touch", gate)
            self.gates.append(gate)
            shown = []
            for _ in range(9):
                self.call()
                shown.append("block.0.capacity" in self.newest("a"))
                self.assertEqual(self.age("a"), 0.0)
        # A storage_period and two periods, from the last one or the one
        # before.
        self.assertIn(shown, (6 * [True] + 3 * [False],
                              5 * [True] + 4 * [False]))


class ChoiceTest(TestCase):

    def test_some_groups(self):
        self.start("a", stats_types=libvirt.VIR_DOMAIN_STATS_STATE |
                   libvirt.VIR_DOMAIN_STATS_BALLOON)
        self.assertEqual(sorted(self.newest("a")), [
            "balloon.current", "balloon.rss", "state.state"])

    def test_all_groups(self):
        self.start("a", stats_types=0)
        self.assertEqual(self.newest("a"), FIELDS)

    def test_groups_that_vdsm_does_not_want(self):
        self.start("a")
        found = self.monitor._wanted(
            {"perf.cmt": 1, "memory.bandwidth": 2, "state.reason": 3})
        self.assertEqual(found, {"state.reason": 3})

    def test_vms_that_vdsm_does_not_know(self):
        self.libvirt.add("external")
        self.start("a")
        self.assertEqual(list(self.cache._samples[-1][1]), ["uuid-of-a"])

    def test_vms_that_libvirt_does_not_know(self):
        self.vms["uuid-of-a-new-one"] = "new"
        self.cache.add("uuid-of-a-new-one")
        self.start("a")
        self.call()
        self.assertEqual(self.age("a"), 0.0)
        self.assertEqual(self.age("a-new-one"), PERIOD)

    def test_no_vms(self):
        self.start()
        self.call()
        self.assertEqual([put for _, put in self.cache._samples], [{}, {}])
