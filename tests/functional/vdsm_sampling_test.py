# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
VDSM's statistics threads of 2014 on what stands in for virt.sampling: all of
them call libvirt on the one connection that VDSM has.
"""

from __future__ import absolute_import, division, print_function

import logging
import time

import libvirt

import faults
import host
import kit
import vdsmhost
import watching
from threadpool import clock
from vmsampling import events
from vmsampling import guard
from vmsampling import service

VMS = host.Host(vms=12)
STORAGE = host.HangingFolder(VMS)
ON_STORAGE = ["st%d" % n for n in range(1, 7)]
STOPPED = ["vm%02d" % n for n in range(1, 7)]

INTERVAL = 2
FRESH = 2 * INTERVAL

# Seconds that a fault is held: VDSM of that time would have lost all VMs.
HELD = 14.0

# VMs that are visited at once.
AT_ONCE = 2

# The scheduler; workers for visits, for looks at storage, and for pokes.
THREADS = 1 + AT_ONCE + 1 + 1

# Small calls that may hang beside those that do.
POKES = 2


def setUpModule():
    STORAGE.start_all(ON_STORAGE)


def tearDownModule():
    VMS.stop()
    STORAGE.stop()


class Shared(object):
    """
    In place of service.shared: of the host of this test.
    """

    def __init__(self, made):
        self.guard = lambda: made


class Look(object):

    def __init__(self, threads, state):
        now = time.time()
        # Name of the VM -> its statsAge.
        self.ages = dict((name, now - thread.getLastSampleTime())
                         for name, thread in threads.items())
        self.threads = sum(
            state[pool]["threads"]
            for pool in ("monitor", "canary", "poke")) + 1


class TestCase(kit.TestCase):

    timeout = 120

    def run(self, result=None):
        # libvirt keeps what it opens for its first loop.
        events.loop.acquire()
        events.loop.release()
        return super(TestCase, self).run(result)

    def setUp(self):
        super(TestCase, self).setUp()
        sampling, _ = vdsmhost.load()
        self.make = vdsmhost.make_stats_thread(sampling)
        logs = kit.logs("")
        self.logs = logs.__enter__()
        self.addCleanup(logs.__exit__, None, None, None)
        # VDSM runs it.
        events.loop.acquire()
        self.addCleanup(events.loop.release)
        self.virt = libvirt.open(VMS.uri)
        self.addCleanup(self.close)
        self.guard = guard.Guard(VMS.uri)
        self.guard.start()
        self.addCleanup(self.guard.stop)
        self.addCleanup(setattr, service, "shared", service.shared)
        service.shared = Shared(self.guard)
        self.stats = dict(
            (name, self.start(name)) for name in VMS.domains)
        self.wait_fresh()

    def close(self):
        for thread in self.stats.values():
            thread._vm._dom = None
        self.virt.close()

    def start(self, name):
        dom = self.virt.lookupByName(name)
        made = self.make(vdsmhost.Vm(
            dom.UUIDString(), vdsmhost.SessionDomain(dom),
            logging.getLogger("vm.Vm")), INTERVAL)
        self.addCleanup(made.stop)
        made.start()
        return made

    def wait_fresh(self, seconds=2 * FRESH):
        """
        Wait until all VMs are fresh, and have two samples each.
        """
        limit = clock.monotonic() + seconds
        while not all(self.is_sampled(thread)
                      for thread in self.stats.values()):
            self.assertLess(clock.monotonic(), limit, "not all are fresh")
            time.sleep(0.1)

    def is_sampled(self, thread):
        last = thread.getLastSampleTime()
        return (last is not None and time.time() - last < FRESH and
                thread.sampleCpuTune.getStats()[2] is not None and
                thread.sampleCpuTune.getStats()[2] < 2 * FRESH)

    def watch(self, seconds):
        looks = []
        limit = clock.monotonic() + seconds
        while clock.monotonic() < limit:
            looks.append(Look(self.stats, self.guard.state()))
            time.sleep(0.25)
        return looks

    def check_fresh(self, looks, names):
        for look in looks:
            old = dict((name, look.ages[name]) for name in names
                       if look.ages[name] >= FRESH)
            self.assertEqual(old, {})

    def check_sampled(self, names):
        """
        Not only the VM has answered: all that was to be called was.
        """
        for name in names:
            self.assertTrue(self.is_sampled(self.stats[name]), name)

    def check_threads(self, looks, hung):
        self.assertLessEqual(
            max(watching.lasting(looks)), THREADS + hung)

    def check_no_errors(self):
        self.assertEqual(self.logs.at(logging.ERROR), [])


class VdsmSamplingTest(TestCase):

    def test_stopped(self):
        healthy = sorted(set(VMS.domains).difference(STOPPED))
        with faults.Stopped(VMS, STOPPED):
            looks = self.watch(HELD)
            self.check_fresh(looks, healthy)
            self.check_sampled(healthy)
            for name in STOPPED:
                self.assertGreater(looks[-1].ages[name], HELD - 2 * FRESH)
            # With looks, those hang that were just being asked.
            self.check_threads(looks, AT_ONCE + POKES)
        self.wait_fresh()
        self.check_no_errors()

    def test_storage(self):
        healthy = sorted(set(VMS.domains).difference(ON_STORAGE))
        before = self.sizes()
        with faults.StorageHangs(STORAGE, ON_STORAGE):
            looks = self.watch(HELD)
            self.check_fresh(looks, healthy)
            self.check_sampled(healthy)
            # Their QEMUs were not made to look, and so go on; but for those
            # that looked as it happened.
            self.assertLessEqual(len(VMS.silent(ON_STORAGE)), AT_ONCE)
            stale = [name for name in ON_STORAGE
                     if looks[-1].ages[name] >= FRESH]
            self.assertLessEqual(len(stale), AT_ONCE)
            # A look at the storage; and of each VM that hangs a function, and
            # a question of ours, since libvirtd holds its lock.
            self.check_threads(looks, 1 + 2 * AT_ONCE + POKES)
        self.wait_fresh()
        kit.eventually(lambda: all(
            self.sizes()[name] > before[name] for name in ON_STORAGE))
        self.check_no_errors()

    def sizes(self):
        """
        How often each VM was asked for the sizes of its volumes.
        """
        return dict((name, thread._vm.asked)
                    for name, thread in self.stats.items())
