# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The sampler as a whole: real pools and threads, virtual time, a fake libvirt.
"""

from __future__ import absolute_import, division, print_function

import json
import logging
import threading

import fakelibvirt
import kit
from threadpool import clock
from threadpool import schedule
from threadpool import throttle
from vmsampling import admin
from vmsampling import canary
from vmsampling import deadline
from vmsampling import monitortier
from vmsampling import sampler

PERIOD = 1.0
LATE = PERIOD / 2
STUCK = LATE + 2.0
WORKERS = 4
AGES = {"host": 0.0, "monitor": 0.0, "storage": None, "process": None,
        "detail": None}


class Scheduler(kit.Scheduler):

    def __init__(self, _name):
        super(Scheduler, self).__init__()
        self.running = False

    def start(self):
        self.running = True

    def stop(self, wait=True, timeout=None):
        self.running = False


class TestCase(fakelibvirt.TestCase):

    def setUp(self):
        super(TestCase, self).setUp()
        self.patch(schedule, "Scheduler", Scheduler)
        self.patch(canary, "_touch", lambda image, opener: None)
        # This machine's libvirtd is none of these tests' business.
        self.patch(admin, "find", lambda uri: None)
        # What other tests logged must not hush this one.
        self.patch(monitortier, "_opaque", throttle.Throttle(interval=600.0))
        # Gates that something else than the fake libvirt's calls hang in.
        self.gates = []
        logs = kit.logs("")
        self.logs = logs.__enter__()
        self.addCleanup(logs.__exit__, None, None, None)

    def make(self, uri=fakelibvirt.URI, **settings):
        settings.setdefault("period", PERIOD)
        made = sampler.Sampler(uri, workers=WORKERS, **settings)
        self.scheduler = made._scheduler
        return made

    def start(self, *names, **settings):
        for name in names:
            self.libvirt.add(name)
        self.sampler = self.make(**settings)
        self.sampler.start()
        self.addCleanup(self.sampler.stop)
        self.scheduler.advance(0.0)

    def advance(self, seconds=PERIOD):
        """
        Let time pass when nothing is under way but what hangs, and wait
        until that is so again.
        """
        # A VM that was busy is tried again soon, and not as a round begins.
        soon = min(seconds, 0.125)
        for step in (soon, seconds - soon):
            kit.eventually(self.quiet, "the sampler to rest")
            self.scheduler.advance(step)
        kit.eventually(self.quiet, "the sampler to rest")

    def quiet(self):
        return kit.at_rest(
            lambda: [pool.state() for pool in self.sampler._pools()],
            self.is_quiet)

    def is_quiet(self, states):
        hanging = sum(gate.calls - gate.left for gate in
                      list(self.libvirt.gates.values()) + self.gates)
        return hanging == sum(
            state["threads"] - state["idle"] for state in states) and all(
                not state["queued"] or not state["idle"] for state in states)

    def vm(self, name):
        return self.sampler.snapshot()["vms"]["uuid-of-" + name]


class RoundTest(TestCase):

    def test_snapshot(self):
        self.start("a", "b")
        self.assertTrue(self.sampler.wait_round(1, kit.PATIENCE))
        found = self.sampler.snapshot()
        self.assertEqual(
            (found["round"], found["connected"], found["hung"]),
            (1, True, []))
        self.assertEqual(found["elapsed"], 0.0)
        self.assertGreaterEqual(
            found["threads"], len(threading.enumerate()))
        self.assertEqual(found["pool"]["workers"], WORKERS)
        self.assertEqual(sorted(found["vms"]), ["uuid-of-a", "uuid-of-b"])
        self.assertEqual(found["vms"]["uuid-of-a"]["age"], AGES)
        json.dumps(found)

    def test_all_tiers_and_rates(self):
        self.start("a")
        self.advance()
        self.advance(0.125)
        found = self.vm("a")
        # It may be of the first round, if the disks were known in time, and
        # later than its round, if the VM was being asked something else.
        self.assertLessEqual(found["age"]["storage"], PERIOD + 0.125)
        self.assertEqual(found["age"], dict(
            AGES, host=0.125, monitor=0.125, detail=0.125,
            storage=found["age"]["storage"]))
        self.assertEqual(found["stats"]["block.0.capacity"], 1048576)
        self.assertEqual(found["rates"]["cpu.time"], 10.0)

    def test_before_the_first_round(self):
        with self.libvirt.hang("host") as gate:
            self.start("a")
            gate.wait()
            found = self.sampler.snapshot()
            self.assertEqual((found["round"], found["elapsed"]), (0, None))
            self.assertEqual(found["vms"], {})
        self.assertTrue(self.sampler.wait_round(1, kit.PATIENCE))

    def test_reader_waits_for_nobody(self):
        with self.libvirt.hang("host") as gate:
            self.start("a")
            gate.wait()
            self.assertFalse(self.sampler.wait_round(1, 0.001))
            self.sampler.snapshot()

    def test_threads(self):
        before = threading.active_count()
        self.start("a")
        # The scheduler and the event loop are not here.
        self.assertEqual(threading.active_count() - before, WORKERS + 2)


class StuckTest(TestCase):

    def test_one_of_many(self):
        self.start(*"abcdef")
        kit.eventually(self.quiet)
        before = threading.active_count()
        with self.libvirt.hang("monitor", "c") as gate:
            self.advance()
            gate.wait()
            for number in (3, 4, 5):
                self.advance()
                self.assertEqual(self.sampler.snapshot()["round"], number)
                for name in "abdef":
                    self.assertEqual(self.vm(name)["age"]["monitor"], 0.0)
                self.assertEqual(self.vm("c")["age"]["host"], 0.0)
            self.check_stuck(self.vm("c")["stuck"])
            self.assertEqual(self.vm("c")["age"]["monitor"], 4.0)
            self.assertEqual(gate.calls, 1)
            self.assertEqual(threading.active_count(), before + 1)
        kit.eventually(lambda: threading.active_count() == before)
        self.assertIsNone(self.vm("c")["stuck"])
        self.advance()
        self.assertEqual(self.vm("c")["age"]["monitor"], 0.0)

    def check_stuck(self, stuck):
        self.assertEqual(stuck["seconds"], 3.0)
        self.assertEqual(
            stuck["call"],
            "domainListGetStats(BALLOON|VCPU|CPU_TOTAL, NOWAIT)")
        self.assertTrue(any("domainListGetStats" in line
                            for line in stuck["stack"]))
        json.dumps(stuck)

    def test_late_is_not_stuck(self):
        self.start("a")
        kit.eventually(self.quiet)
        with self.libvirt.hang("monitor", "a") as gate:
            self.advance()
            gate.wait()
            # It is late sooner than one of which nothing is known.
            self.advance(deadline.LEAST + 2.0 - 0.01)
            self.assertIsNone(self.vm("a")["stuck"])
            self.advance(0.01)
            self.assertIsNotNone(self.vm("a")["stuck"])

    def test_busy_vm_is_not_stuck(self):
        self.start("a")
        kit.eventually(self.quiet)
        self.libvirt.vms["a"].busy = True
        for _ in range(4):
            self.advance()
        found = self.vm("a")
        self.assertIsNone(found["stuck"])
        self.assertEqual(found["age"]["monitor"], 4.0)
        # 10 more with each question, of which there are several in a round.
        self.assertGreaterEqual(found["stats"]["cpu.time"], 1040)
        self.assertGreaterEqual(found["rates"]["cpu.time"], 10.0)

    def test_list_that_hangs(self):
        self.start("a", "b")
        kit.eventually(self.quiet)
        with self.libvirt.hang("host") as gate:
            self.advance()
            gate.wait()
            self.assertTrue(self.sampler.snapshot()["connected"])
            # libvirtd answers for the VMs, so they are asked one by one.
            self.advance(LATE)
            for name in "ab":
                age = self.vm(name)["age"]
                self.assertEqual((age["host"], age["monitor"]), (0.0, 0.0))
            self.advance(2.0)
            hung, = self.sampler.snapshot()["hung"]
            self.assertIn("getAllDomainStats", hung["call"])
            self.assertEqual(hung["seconds"], 2.5)
            self.assertTrue(self.sampler.snapshot()["connected"])

    def test_storage_that_hangs(self):
        with kit.Gate() as gate:
            self.patch(canary, "_touch", gate)
            self.gates.append(gate)
            self.start("a")
            self.advance()
            gate.wait()
            for _ in range(3):
                self.advance()
                self.assertEqual(self.vm("a")["age"]["monitor"], 0.0)
            self.assertIsNone(self.vm("a")["age"]["storage"])
            self.assertEqual(self.libvirt.count("storage", "a"), 0)
            hung, = self.sampler.snapshot()["hung"]
            self.assertIn("Canary", hung["call"])


class StopTest(TestCase):

    def test_closes_all(self):
        self.start(*"abcdef")
        kit.eventually(self.quiet)
        self.assertEqual(self.sampler.stop(), [])
        self.assertTrue(all(v.closed for v in self.libvirt.connections))
        self.assertEqual(self.loop.holders, 0)
        self.assertFalse(self.scheduler.running)

    def test_is_idempotent(self):
        self.start("a")
        self.sampler.stop()
        self.assertEqual(self.sampler.stop(), [])

    def test_before_the_start(self):
        self.assertEqual(self.make().stop(), [])

    def test_with_a_hung_call(self):
        self.start("a", "b")
        kit.eventually(self.quiet)
        with self.libvirt.hang("monitor", "a") as gate:
            self.advance()
            gate.wait()
            self.advance(LATE)
            begin = clock.monotonic()
            left = self.sampler.stop(timeout=5.0)
            # It does not even wait for a call that is late.
            self.assertLess(clock.monotonic() - begin, 4.0)
            self.assertEqual([entry["key"] for entry in left], ["uuid-of-a"])
            self.assertEqual(self.open_connections(), 1)
        # Its connection is closed when it returns.
        kit.eventually(lambda: not self.open_connections())
        kit.eventually(lambda: self.loop.holders == 0)

    def test_with_a_storage_pool_that_hangs(self):
        with self.libvirt.hang("pools") as gate, kit.Gate() as busy:
            self.start("a")
            gate.wait()
            self.advance(LATE)
            # So the connection cannot be closed at once.
            self.sampler._hosts.dispatch(busy, timeout=60.0)
            busy.wait()
            with kit.Bunch(1, lambda _: self.sampler.stop(timeout=5.0)):
                kit.eventually(lambda: self.sampler._cycle._stopping)
                busy.open()
            self.assertEqual(self.open_connections(), 1)
        kit.eventually(lambda: self.loop.holders == 0)

    def test_with_a_call_that_may_yet_return(self):
        self.start("a")
        kit.eventually(self.quiet)
        with self.libvirt.hang("monitor", "a") as gate:
            self.advance()
            gate.wait()
            begin = clock.monotonic()
            self.assertEqual(len(self.sampler.stop(timeout=0.2)), 1)
            self.assertLess(clock.monotonic() - begin, 2.0)
        kit.eventually(lambda: self.loop.holders == 0)

    def test_with_a_list_that_hangs(self):
        self.start("a")
        kit.eventually(self.quiet)
        with self.libvirt.hang("host") as gate:
            self.advance()
            gate.wait()
            with self.libvirt.hang("monitor", "a") as probe:
                self.advance(LATE)
                probe.wait()
                self.advance(LATE)
                left = self.sampler.stop(timeout=0.2)
                self.assertEqual(len(left), 2)
        kit.eventually(lambda: self.loop.holders == 0)

    def open_connections(self):
        return sum(not virt.closed for virt in self.libvirt.connections)

    def test_wait_round_ends(self):
        self.start("a")
        kit.eventually(self.quiet)
        waited = []
        with kit.Bunch(1, lambda _: waited.append(
                self.sampler.wait_round(9, 6 * kit.PATIENCE))):
            self.sampler.stop()
        self.assertEqual(waited, [False])

    def test_snapshot_after_it(self):
        self.start("a")
        kit.eventually(self.quiet)
        self.sampler.stop()
        found = self.sampler.snapshot()
        self.assertFalse(found["connected"])
        self.assertEqual(list(found["vms"]), ["uuid-of-a"])


class RestartTest(TestCase):

    def test_libvirtd_is_killed_and_comes_back(self):
        self.start("a", "b")
        kit.eventually(self.quiet)
        kit.eventually(self.quiet)
        self.libvirt.die()
        self.advance()
        self.assertFalse(self.sampler.snapshot()["connected"])
        self.assertEqual(self.vm("a")["age"]["monitor"], PERIOD)
        self.libvirt.up = True
        self.advance()
        self.assertTrue(self.sampler.snapshot()["connected"])
        self.assertEqual(self.vm("a")["age"]["monitor"], 0.0)
        # The first sample after it goes with the last one before it.
        self.assertTrue(self.vm("a")["rates"])
        self.assertEqual(len(self.logs.at(logging.ERROR)), 0)


class ManyTest(TestCase):

    def test_random_hangs(self):
        """
        VMs hang and come back at random; whoever does not hang is fresh.
        """
        random = kit.rng("sampler")
        names = ["vm%d" % n for n in range(30)]
        self.start(*names)
        kit.eventually(self.quiet)
        hung = {}
        for number in range(2, 40):
            self.change(random, names, hung)
            self.settle()
            for name in names:
                # One that came back is asked at the next round.
                if hung.get(name, (None, 0))[1] < number - 1:
                    self.assertLess(
                        self.vm(name)["age"]["monitor"], 2 * PERIOD, name)
        for name in list(hung):
            self.release(hung, name, 0)
        self.check_recovered(names)

    def change(self, random, names, hung):
        """
        hung: name -> (what lets it go, or None; last round it hung in).
        """
        number = self.sampler.snapshot()["round"] + 2
        for name in names:
            gate = hung.get(name, (None, 0))[0]
            if gate is not None:
                hung[name] = gate, number
                if random.random() < 0.3:
                    self.release(hung, name, number)
            elif sum(bool(g) for g, _ in hung.values()) < 10 and (
                    random.random() < 0.1):
                gate = self.libvirt.hang("monitor", name)
                gate.__enter__()
                hung[name] = gate, number

    def release(self, hung, name, number):
        gate, _ = hung[name]
        if gate is not None:
            gate.__exit__(None, None, None)
        hung[name] = None, number

    def settle(self):
        """
        Let a round pass in steps, since each deadline brings new workers.
        """
        for _ in range(4):
            self.advance(PERIOD / 4)

    def check_recovered(self, names):
        for _ in range(2):
            self.settle()
        for name in names:
            self.assertLess(self.vm(name)["age"]["monitor"], PERIOD, name)
        state = self.sampler._monitors.state()
        self.assertEqual((state["threads"], state["late"]), (WORKERS, 0))
