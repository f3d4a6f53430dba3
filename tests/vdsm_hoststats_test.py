# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What stands in for VDSM's module virt.sampling, as VDSM calls it: what samples
the host.

S7 to S22 are the defects of VDSM's own, see doc/vdsm.md.
"""

from __future__ import absolute_import, division, print_function

import errno
import logging
import os
import tempfile
import threading
import time

import kit
import vdsmhost
from vmsampling import hoststats

ALWAYS = ["cpuIdle", "cpuSys", "cpuSysVdsmd", "cpuUser", "cpuUserVdsmd",
          "elapsedTime", "rxRate", "statsAge", "txRate"]
WITH_SAMPLES = ["anonHugePages", "bootTime", "cpuLoad", "cpuStatistics",
                "diskStats", "memUsed", "network", "numaNodeMemFree",
                "rxDropped", "thpState", "txDropped"]


class Operation(object):

    def __init__(self, call, period):
        self.call = call
        self.period = period
        self.running = False

    def start(self):
        self.running = True

    def stop(self):
        self.running = False


class Service(object):
    """
    In place of service.Service: a test makes the runs.
    """

    def __init__(self):
        self.operations = []

    def operation(self, call, period):
        self.operations.append(Operation(call, period))
        return self.operations[-1]


class TestCase(kit.TestCase):

    def setUp(self):
        super(TestCase, self).setUp()
        self.sampling, self.modules = vdsmhost.load()
        self.service = Service()
        self.now = 1000.0
        self.patch(self.sampling.service, "shared", self.service)
        self.patch(self.sampling.clock, "monotonic", lambda: self.now)
        self.log = logging.getLogger("clientIF")

    def patch(self, where, name, value):
        self.addCleanup(setattr, where, name, getattr(where, name))
        setattr(where, name, value)

    def make(self):
        made = self.sampling.HostStatsThread(self.log)
        made.start()
        return made

    def run_once(self, seconds=2.0):
        self.now += seconds
        self.service.operations[-1].call()


class HostStatsThreadTest(TestCase):

    def test_before_the_first_samples(self):
        made = self.sampling.HostStatsThread(log=self.log)
        found = made.get()
        self.assertEqual(sorted(found), ALWAYS)
        self.assertEqual((found["cpuIdle"], found["statsAge"]), (100.0, 0.0))
        made.start()
        self.run_once()
        self.assertEqual(sorted(made.get()), ALWAYS)

    def test_all_keys(self):
        made = self.make()
        self.run_once()
        self.run_once()
        self.assertEqual(sorted(made.get()), sorted(ALWAYS + WITH_SAMPLES))

    def test_units(self):
        made = self.make()
        self.run_once()
        self.run_once()
        self.now += 0.5
        found = made.get()
        self.assertEqual(found["memUsed"], 50)
        self.assertEqual(found["anonHugePages"], 4)
        self.assertIsInstance(found["cpuLoad"], str)
        self.assertEqual(sorted(found["diskStats"]), [
            "/tmp", "/var/log", "/var/log/core", "/var/run/vdsm/"])
        self.assertGreater(int(found["diskStats"]["/tmp"]["free"]), 0)
        self.assertEqual(found["diskStats"]["/var/run/vdsm/"], {"free": "0"})
        self.assertEqual((found["statsAge"], found["elapsedTime"]), (0.5, 4))
        self.assertEqual(
            found["numaNodeMemFree"], {"0": {"memFree": "30",
                                             "memPercent": 75}})
        self.assertEqual(sorted(found["cpuStatistics"]), ["0"])
        self.assertEqual(sorted(found["network"]["lo"]), [
            "name", "rxDropped", "rxErrors", "rxRate", "speed", "state",
            "txDropped", "txErrors", "txRate"])
        self.assertEqual(found["network"]["lo"]["state"], "up")

    def test_a_new_dict_each_time(self):
        made = self.make()
        self.run_once()
        self.run_once()
        made.get()["diskStats"]["/tmp"]["free"] = "spoilt"
        made.get()["added"] = 1
        self.assertNotEqual(made.get()["diskStats"]["/tmp"]["free"], "spoilt")
        self.assertNotIn("added", made.get())

    def test_window(self):
        made = self.make()
        for _ in range(8):
            self.run_once()
        self.assertEqual(len(made._samples), made.AVERAGING_WINDOW)

    def test_operation(self):
        made = self.make()
        operation, = self.service.operations
        self.assertEqual(operation.period, made.SAMPLE_INTERVAL_SEC)
        self.assertTrue(operation.running)
        made.stop()
        made.stop()
        self.assertFalse(operation.running)
        self.assertEqual(sorted(made.get()), ALWAYS)

    def test_stopped_before_the_start(self):
        self.sampling.HostStatsThread(self.log).stop()

    def test_started_twice(self):
        with self.assertRaises(RuntimeError):
            self.make().start()

    def test_start_time(self):
        self.assertLess(time.time() - self.make().startTime, 60.0)

    def test_no_thread(self):
        before = threading.active_count()
        self.make()
        self.assertEqual(threading.active_count(), before)

    def test_connectivity(self):
        # Later ones of 4.16 have this logger in their logger.conf.
        with kit.logs("connectivity") as logs:
            self.make()
            self.run_once()
            self.modules.flags = 0
            self.run_once()
            self.run_once()
        first, second = logs.at(logging.DEBUG)
        self.assertIn("recent_client:False", first)
        self.assertEqual(second, "lo:(operstate:down)")


class TestDefects(TestCase):

    def test_s7_the_wall_clock_may_jump(self):
        made = self.make()
        self.run_once()
        self.patch(time, "time", lambda: 0.0)
        self.run_once()
        found = made.get()
        self.assertEqual((found["statsAge"], found["elapsedTime"]), (0.0, 4))
        self.assertGreaterEqual(found["cpuUser"], 0.0)

    def test_s15_an_error_does_not_end_sampling(self):
        made = self.make()

        def fail():
            raise EnvironmentError(errno.EIO, "no")
        made.sample = fail
        with kit.logs("clientIF") as logs:
            self.run_once()
        self.assertEqual(len(logs.at(logging.ERROR)), 1)
        del made.sample
        self.run_once()
        self.run_once()
        self.assertIn("memUsed", made.get())

    def test_s16_no_import_when_it_starts(self):
        # The double has no module vm, so an import would fail.
        self.make()
        self.run_once()

    def test_s17_interfaces_that_come_and_go(self):
        made = self.make()
        self.modules.links = [vdsmhost.Link("lo"), vdsmhost.Link("old")]
        self.run_once()
        self.modules.links = [vdsmhost.Link("lo"), vdsmhost.Link("new")]
        self.run_once()
        self.assertEqual(list(made.get()["network"]), ["lo"])
        self.run_once()
        self.run_once()
        self.run_once()
        self.run_once()
        self.assertEqual(sorted(made.get()["network"]), ["lo", "new"])

    def test_s17_an_interface_that_goes_while_it_is_sampled(self):
        self.modules.links = [vdsmhost.Link("lo"), vdsmhost.Link("gone")]

        def speed(name):
            if name == "gone":
                raise EnvironmentError(errno.ENODEV, "no such device")
            return 1000
        self.sampling.netinfo.nicSpeed = speed
        sample = self.sampling.HostSample(os.getpid())
        self.assertEqual(list(sample.interfaces), ["lo"])

    def test_s18_a_processor_that_is_offline(self):
        self.modules.nodes = {"0": {"cpus": [0, 4711]}}
        made = self.make()
        self.run_once()
        self.run_once()
        self.assertEqual(sorted(made.get()["cpuStatistics"]), ["0"])

    def test_s19_two_samples_at_once(self):
        made = self.make()
        self.run_once()
        self.run_once(0.0)
        made.get()

    def test_s20_a_node_without_memory(self):
        self.modules.memory = {"free": "0", "total": "0"}
        found = self.sampling.NumaNodeMemorySample()
        self.assertEqual(found.nodesMemSample, {
            "0": {"memFree": "0", "memPercent": 100}})

    def test_s21_a_boot_time_that_cannot_be_read_for_a_moment(self):
        made = self.make()
        self.run_once()
        self.run_once()
        good = self.sampling._PROC_STAT_PATH
        self.sampling._PROC_STAT_PATH = "/nowhere"
        with kit.logs("clientIF") as logs:
            self.assertNotIn("bootTime", made.get())
            self.assertNotIn("bootTime", made.get())
        self.assertEqual(len(logs.at(logging.ERROR)), 1)
        self.sampling._PROC_STAT_PATH = good
        self.assertEqual(
            made.get()["bootTime"], self.sampling.getBootTime())

    def test_s22_the_speed_of_a_new_interface_counts(self):
        made = self.make()
        self.run_once()
        self.run_once()
        self.modules.links.append(vdsmhost.Link("new"))
        self.modules.speed = 10000
        self.run_once()
        interfaces = made._samples[-1].interfaces
        self.assertEqual(
            sum(sample.speed for sample in interfaces.values()), 10000)


class BootTimeTest(TestCase):

    def test_file(self):
        with tempfile.NamedTemporaryFile("w") as f:
            self.sampling._PROC_STAT_PATH = f.name
            with self.assertRaises(ValueError):
                self.sampling.getBootTime()
            f.write("cpu 1\nbtime 1395249141 foo\n")
            f.flush()
            self.assertEqual(self.sampling.getBootTime(), 1395249141)

    def test_no_file(self):
        self.sampling._PROC_STAT_PATH = "/nowhere"
        with self.assertRaises(IOError):
            self.sampling.getBootTime()


class SampleTest(TestCase):

    def test_numa_nodes(self):
        self.modules.nodes = {"0": {"cpus": [0]}, "1": {"cpus": [1]}}
        found = self.sampling.NumaNodeMemorySample().nodesMemSample
        self.assertEqual(sorted(found), ["0", "1"])

    def test_base_sample_takes_names(self):
        # Until 4.16.0.
        found = self.sampling.BaseSample(os.getpid(), ["lo"])
        self.assertEqual(found.interfaces["lo"].speed, 0)

    def test_host_sample_takes_names(self):
        found = self.sampling.HostSample(os.getpid(), ["lo"])
        self.assertEqual(list(found.interfaces), ["lo"])

    def test_interface_sample_takes_a_link(self):
        # Later ones of 4.16.
        speeds = []
        for kind in ("nic", "bond", "vlan", "other"):
            link = vdsmhost.Link("lo", kind)
            speeds.append(self.sampling.InterfaceSample(link).speed)
        self.assertEqual(speeds, [1000, 1000, 1000, 0])

    def test_interface_changes(self):
        link = vdsmhost.Link("lo")
        old = self.sampling.InterfaceSample(link)
        new = self.sampling.InterfaceSample(link)
        new.operstate = "x"
        self.assertEqual(new.connlog_diff(old), "operstate:x")
        self.assertIn("speed:1000", new.to_connlog())

    def test_operstate(self):
        states = []
        for flags in (64, 1, IOError(errno.ENODEV, "no")):
            self.modules.flags = flags
            states.append(self.sampling.InterfaceSample("lo").operstate)
        self.assertEqual(states, ["up", "down", "0"])

    def test_no_huge_pages(self):
        self.sampling._THP_STATE_PATH = "/nowhere"
        self.assertEqual(
            self.sampling.HostSample(os.getpid()).thpState, "never")

    def test_processors(self):
        found = self.sampling.CpuCoreSample()
        self.assertEqual(sorted(found.getCoreSample(0)), [
            "idle", "sys", "user", "userNice"])
        self.assertIsNone(found.getCoreSample(4711))
        self.assertGreater(self.sampling.TotalCpuSample().user, 0)

    def test_time(self):
        self.assertLess(
            abs(self.sampling.TimedSample().timestamp - time.time()), 60.0)


class Ticks(object):

    def __init__(self, user, sys):
        self.user = user
        self.sys = sys


class HostStatsTest(kit.TestCase):

    def test_cpu(self):
        found = hoststats.cpu(Ticks(100, 50), Ticks(300, 150), 2.0, 4)
        self.assertEqual(found, {
            "cpuUser": 25.0, "cpuSys": 12.5, "cpuIdle": 62.5})

    def test_cores(self):
        found = hoststats.cores(
            {"1": {"cpus": [2]}}, {"2": {"user": 0, "sys": 0}},
            {"2": {"user": 50, "sys": 20}}, 2.0)
        self.assertEqual(found, {"2": {
            "nodeIndex": 1, "cpuUser": "25.00", "cpuSys": "10.00",
            "cpuIdle": "65.00"}})

    def test_interfaces(self):
        old, new = [vdsmhost.InterfaceSample(rx=count, tx=count // 2)
                    for count in (0, 25 * 10 ** 6)]
        found = hoststats.interfaces({"a": old}, {"a": new}, 2.0)
        self.assertEqual((found["rxRate"], found["txRate"]), (10.0, 5.0))
        self.assertEqual(found["network"]["a"]["rxRate"], "10.0")
        self.assertEqual(found["network"]["a"]["speed"], "1000")

    def test_no_more_than_the_line_carries(self):
        old, new = [vdsmhost.InterfaceSample(rx=count, tx=0)
                    for count in (0, 10 ** 9)]
        found = hoststats.interfaces({"a": old}, {"a": new}, 1.0)
        self.assertEqual(found["rxRate"], 100.0)
