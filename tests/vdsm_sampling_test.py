# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What stands in for VDSM's module virt.sampling, as VDSM calls it: what samples
VMs. The host is in vdsm_hoststats_test.py.

S1 to S14 are the defects of VDSM's own, see doc/vdsm.md.
"""

from __future__ import absolute_import, division, print_function

import functools
import logging
import threading
import time

import libvirt
import six

import fakelibvirt
import guardcase
import kit
import vdsmhost
from vmsampling import service

NAMES = [function for _, function, _ in vdsmhost.FUNCTIONS]
ON_STORAGE = NAMES[:2]
ON_MONITOR = NAMES[2:]


class Shared(object):
    """
    In place of service.shared.
    """

    def __init__(self, guard):
        self.guard = lambda: guard


class Dom(object):
    """
    A domain on VDSM's own connection. Each call is noted, and may hang or
    fail.
    """

    def __init__(self):
        self.calls = []
        # Name of a call -> kit.Gate, or an exception.
        self.faults = {}

    def _make(name, result):
        def call(self, *_args):
            self.calls.append(name)
            fault = self.faults.get(name)
            if isinstance(fault, kit.Gate):
                fault()
            elif fault is not None:
                raise fault
            return result
        return call

    def connect(self):
        return self

    getLibVersion = _make("getLibVersion", 9000000)
    getCPUStats = _make("getCPUStats", [{"cpu_time": 5}])
    blockStats = _make("blockStats", (1, 2, 3, 4, 5))
    blockStatsFlags = _make("blockStatsFlags", {"rd_operations": 1})
    blockInfo = _make("blockInfo", [1, 1, 1])
    blockJobInfo = _make("blockJobInfo", {})
    info = _make("info", [1, 16384, 16384, 1, 7])
    vcpus = _make("vcpus", ([(0, 1, 2, 3)], [(True,)]))
    schedulerParameters = _make("schedulerParameters", {"cpu_shares": 1024})


class Wrapper(object):
    """
    VDSM's around a domain.
    """

    def __init__(self, dom):
        self._dom = dom

    def __getattr__(self, name):
        assert name != "connect"
        return getattr(self._dom, name)


class TestCase(guardcase.TestCase):

    def setUp(self):
        super(TestCase, self).setUp()
        self.sampling, self.modules = vdsmhost.load()
        self.patch(service, "shared", Shared(self.guard))
        self.stats_thread = vdsmhost.make_stats_thread(self.sampling)

    def make(self, name, interval=2, start=True):
        """
        Return a VmStatsThread with its VM.
        """
        vm = self.libvirt.vms.get(name) or self.libvirt.add(name)
        made = self.stats_thread(vdsmhost.Vm(
            vm.uuid, Dom(), logging.getLogger("vm.Vm")), interval)
        self.addCleanup(made.stop)
        if start:
            made.start()
            self.settle()
        return made

    def plain(self, *functions, **kwargs):
        """
        Return an AdvancedStatsThread with these functions, started.
        """
        made = self.sampling.AdvancedStatsThread()
        for function in functions:
            made.addStatsFunction(self.sampling.AdvancedStatsFunction(
                function, **kwargs))
        self.addCleanup(made.stop)
        made.start()
        self.settle()
        return made

    def age(self, thread):
        """
        As VDSM computes statsAge, to a tenth.
        """
        return round(time.time() - thread.getLastSampleTime(), 1)


class StatsFunctionTest(TestCase):

    def make(self, function=len, *args, **kwargs):
        kwargs.setdefault("timefn", lambda: self.scheduler.now)
        return self.sampling.AdvancedStatsFunction(function, *args, **kwargs)

    def test_call(self):
        made = self.make(lambda *args, **kwargs: (args, kwargs), 1, 2)
        self.assertEqual(made(1, a=2), ((1,), {"a": 2}))

    def test_interval(self):
        self.assertEqual(self.make(len, 15).interval, 15)
        self.assertEqual(self.make(len).interval, 1)
        with self.assertRaises(AttributeError):
            self.make(len).interval = 2

    def test_intervals_that_are_none(self):
        for interval in (0, -1, 1.5, "1", None):
            with self.assertRaises(ValueError):
                self.make(len, interval)

    def test_stats(self):
        made = self.make(len, 1, 3)
        self.assertEqual(made.getStats(), (None, None, None))
        for text in ("", "x", "xx", "xxx"):
            made(text)
            self.scheduler.now += 1.5
        self.assertEqual(made.getStats(), (1, 3, 3.0))

    def test_no_window(self):
        made = self.make(len)
        made("x")
        made("x")
        self.assertEqual(made.getStats(), (None, None, None))

    def test_a_failure_goes_to_the_caller(self):
        made = self.make(len, 1, 2)
        with self.assertRaises(TypeError):
            made(None)

    def test_s7_the_wall_clock_may_jump(self):
        now = iter([100.0, 50.0, 0.0])
        self.patch(time, "time", lambda: next(now))
        made = self.sampling.AdvancedStatsFunction(lambda: 1, 1, 2)
        made()
        made()
        self.assertGreaterEqual(made.getStats()[2], 0.0)

    def test_s10_called_by_two_at_once(self):
        made = self.make(lambda: 1, 1, 2)

        def use(_number):
            for _ in range(300):
                made()
                self.assertIn(made.getStats()[:2], ((None, None), (1, 1)))
        with kit.Bunch(4, use):
            pass

    def test_s11_what_fails_is_not_told_for_ever(self):
        answers = [1, 2, None, None]
        made = self.make(lambda: answers.pop(0), 1, 2)
        made()
        made()
        self.assertEqual(made.getStats()[:2], (1, 2))
        made()
        self.assertEqual(made.getStats()[:2], (1, 2))
        made()
        self.assertEqual(made.getStats(), (None, None, None))
        failing = self.make(len, 1, 2)
        failing("")
        failing("")
        for _ in range(2):
            with self.assertRaises(TypeError):
                failing(None)
        self.assertEqual(failing.getStats(), (None, None, None))

    def test_s12_a_window_of_one_has_a_use(self):
        made = self.make(len, 1, 1)
        made("")
        made("x")
        self.assertEqual(made.getStats()[:2], (0, 1))

    def test_s12_windows_that_are_none(self):
        for window in (-1, 1.5, None):
            with self.assertRaises(ValueError):
                self.make(len, 1, window)

    def test_s13_repr(self):
        self.assertIn("<AdvancedStatsFunction len at 0x",
                      repr(self.make(len)))
        # Has no name.
        self.assertIn("len", repr(self.make(functools.partial(len, "x"))))


class StatsThreadTest(TestCase):

    def test_ten_functions_at_their_intervals(self):
        made = self.make("a")
        self.advance(4.5)
        calls = made._vm._dom.calls
        self.assertEqual(calls.count("info"), 3)
        self.assertEqual(calls.count("blockInfo"), 3)
        self.assertEqual(made.sampleBalloon.getStats()[:2], (16384, 16384))
        self.assertEqual(self.age(made), 0.5)

    def test_truthy_and_no_thread(self):
        made = self.make("a")
        self.assertTrue(made)
        # VDSM calls stop() of all threads that have it when it ends.
        self.assertEqual([thread for thread in threading.enumerate()
                          if hasattr(thread, "stop")], [])

    def test_before_the_start(self):
        made = self.make("a", start=False)
        self.assertIsNone(made.getLastSampleTime())
        self.assertEqual(made.sampleCpu.getStats(), (None, None, None))
        made.pause()
        made.cont()
        made.stop()

    def test_started_twice(self):
        made = self.make("a")
        with self.assertRaises(RuntimeError):
            made.start()

    def test_functions_cannot_be_added_once_started(self):
        made = self.make("a")
        function = self.sampling.AdvancedStatsFunction(len)
        with self.assertRaises(RuntimeError):
            made.addStatsFunction(function)
        made.stop()
        made.addStatsFunction(function)

    def test_stopped_twice_and_read_afterwards(self):
        made = self.make("a")
        self.advance(2.0)
        for _ in range(2):
            made.stop()
        self.assertEqual(made.sampleBalloon.getStats()[1], 16384)
        self.assertIsNotNone(made.getLastSampleTime())

    def test_log(self):
        made = self.sampling.AdvancedStatsThread()
        self.assertEqual(made._log.name, "AdvancedStatsThread")

    def test_no_domain_yet(self):
        made = self.make("a", start=False)
        made._vm._dom = None
        made.start()
        self.settle()
        self.assertEqual(
            len([text for text in self.logs.at(logging.ERROR)
                 if "failed" in text]), len(NAMES) - 2)
        self.assertEqual(self.age(made), 0.0)

    def test_without_a_vm(self):
        calls = []
        made = self.plain(lambda: calls.append(1))
        self.advance(1.0)
        self.assertEqual(len(calls), 2)
        self.assertEqual(self.age(made), 0.0)

    def test_functions_it_does_not_know_come_after_the_storage(self):
        calls = []

        class Other(self.stats_thread):

            def _sampleNew(self):
                calls.append("new")
        self.stats_thread = Other
        made = self.make("a", start=False)
        made.addStatsFunction(
            self.sampling.AdvancedStatsFunction(made._sampleNew, 2))
        with kit.Gate() as gate:
            self.gates.append(gate)
            self.storage.faults[b"/images/a"] = gate
            made.start()
            gate.wait()
            self.advance(2.0)
            self.assertEqual(calls, [])
            del self.storage.faults[b"/images/a"]
        self.advance(2.0)
        self.assertEqual(calls[:1], ["new"])

    def test_exceptions_are_shown_to_the_subclass(self):
        seen = []

        class Handling(self.stats_thread):

            def handleStatsException(self, ex):
                seen.append(ex)
                return True
        self.stats_thread = Handling
        made = self.make("a", start=False)
        gone = made._vm._dom.faults["info"] = fakelibvirt.Error(
            libvirt.VIR_ERR_NO_DOMAIN)
        made.start()
        self.settle()
        self.assertEqual(seen, [gone])
        self.assertEqual(self.logs.at(logging.ERROR), [])

    def test_they_are_logged_by_the_vm(self):
        made = self.make("a", start=False)
        made._vm._dom.faults["info"] = fakelibvirt.Error(
            libvirt.VIR_ERR_INTERNAL_ERROR)
        with kit.logs("vm.Vm") as logs:
            made.start()
            self.settle()
        self.assertIn("_sampleBalloon", logs.at(logging.ERROR)[0])


class StuckTest(TestCase):

    def test_statistics_of_a_stuck_vm_grow_old_and_no_others(self):
        stuck, well = self.make("a"), self.make("b")
        with self.libvirt.hang("monitor", "a"):
            self.advance(80.0)
            # VDSM calls a VM unresponsive after 60 seconds.
            self.assertEqual(self.age(stuck), 80.0)
            self.assertLessEqual(self.age(well), 2.0)
            self.assertEqual(stuck._vm._dom.calls.count("info"), 1)
            self.assertEqual(well._vm._dom.calls.count("info"), 41)
        self.advance(2.0)
        self.assertLessEqual(self.age(stuck), 2.0)

    def test_storage_that_hangs(self):
        made, well = self.make("a"), self.make("b")
        with kit.Gate() as gate:
            self.gates.append(gate)
            self.storage.faults[b"/images/a"] = gate
            self.advance(2.0)
            gate.wait()
            calls = list(made._vm._dom.calls)
            self.advance(20.0)
            later = made._vm._dom.calls[len(calls):]
            self.assertNotIn("blockInfo", later)
            self.assertEqual(later.count("blockStats"), 10)
            self.assertLessEqual(self.age(made), 2.0)
            self.assertLessEqual(self.age(well), 2.0)
            del self.storage.faults[b"/images/a"]
        self.advance(2.0)
        self.assertEqual(made._vm._dom.calls[-1], "blockInfo")

    def test_a_call_that_hangs_on_the_shared_connection(self):
        # Small ones are made in between, not through VDSM's wrapper.
        made = self.make("a", start=False)
        dom = made._vm._dom
        made._vm._dom = Wrapper(dom)
        gate = self.gate()
        dom.faults["info"] = gate
        made.start()
        gate.wait()
        self.advance(1.0)
        count = dom.calls.count("getLibVersion")
        self.assertGreater(count, 1)
        gate.open()
        self.advance(1.0)
        count = dom.calls.count("getLibVersion")
        self.advance(1.0)
        self.assertEqual(dom.calls.count("getLibVersion"), count)

    def test_volume_sizes_that_hang(self):
        made = self.make("a", start=False)
        gate = self.gate()
        made._vm.volume_size = gate
        made.start()
        gate.wait()
        self.advance(10.0)
        self.assertLessEqual(self.age(made), 2.0)
        self.assertEqual(gate.calls, 1)


class TestDefects(TestCase):

    def test_s1_s2_intervals_do_not_grow_by_what_functions_take(self):
        starts = []

        def work():
            starts.append(self.scheduler.now)
            self.scheduler.advance(0.4)
        self.plain(work)
        self.advance(20.0)
        # They begin no later for that, but for the steps of this test.
        self.assertEqual(len(starts), 21)
        self.assertLess(max(
            start - starts[0] - number
            for number, start in enumerate(starts)), 0.125)

    def test_s3_a_function_that_hangs_blocks_only_its_own_kind(self):
        made = self.make("a", start=False)
        gate = self.gate()
        made._vm._dom.faults["blockInfo"] = gate
        made.start()
        gate.wait()
        self.advance(4.0)
        self.assertEqual(made._vm._dom.calls.count("info"), 3)

    def test_s3_stop_does_not_wait_for_it(self):
        gate = self.gate()
        made = self.plain(gate)
        gate.wait()
        made.stop()
        gate.open()
        self.advance(2.0)
        self.assertEqual(gate.calls, 1)

    def test_s4_no_thread_for_each_vm(self):
        before = threading.active_count()
        for number in range(60):
            self.make("vm%d" % number)
        self.advance(2.0)
        self.assertLessEqual(threading.active_count(), before)

    def test_s5_a_pause_before_the_start_is_kept(self):
        made = self.make("a", start=False)
        made.pause()
        made.start()
        self.advance(2.0)
        self.assertEqual(made._vm._dom.calls, [])
        made.cont()
        self.settle()
        self.assertIn("info", made._vm._dom.calls)

    def test_s6_what_was_paused_is_not_called_by_stop(self):
        made = self.make("a")
        made.pause()
        before = len(made._vm._dom.calls)
        made.stop()
        self.advance(4.0)
        self.assertEqual(len(made._vm._dom.calls), before)

    def test_s7_the_age_is_right_when_the_wall_clock_jumps(self):
        made = self.make("a")
        self.advance(0.5)
        for jump in (3600.0, -7200.0):
            now = time.time() + jump
            self.patch(time, "time", lambda: now)
            self.assertEqual(self.age(made), 0.5)

    def test_s8_what_always_fails_is_no_busy_loop(self):
        calls = []

        def fail():
            calls.append(1)
            raise SystemExit("not an Exception")
        self.plain(fail)
        self.advance(10.0)
        self.assertEqual(len(calls), 11)

    def test_s9_what_the_handler_says_never_ends_sampling(self):
        made = self.make("a", start=False)
        made.handleStatsException = lambda ex: True
        made._vm._dom.faults["info"] = fakelibvirt.Error(
            libvirt.VIR_ERR_NO_DOMAIN)
        made.start()
        self.advance(4.0)
        self.assertEqual(made._vm._dom.calls.count("info"), 3)

    def test_s14_functions_are_added_before_the_start(self):
        made = self.plain(len)
        with self.assertRaises(RuntimeError):
            made.addStatsFunction(self.sampling.AdvancedStatsFunction(len))

    if six.PY2:
        def test_a_long_is_no_interval(self):
            with self.assertRaises(ValueError):
                self.sampling.AdvancedStatsFunction(
                    len, long(1))  # NOQA: F821
