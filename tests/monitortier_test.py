# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import logging

import libvirt

import fakelibvirt
import kit
from threadpool import throttle
from vmsampling import domain
from vmsampling import fallback
from vmsampling import groups
from vmsampling import history
from vmsampling import monitortier
from vmsampling import mounts
from vmsampling import process
from vmsampling.history import HOST, MONITOR, PARTIAL, STORAGE


class TestCase(fakelibvirt.TestCase):

    def setUp(self):
        super(TestCase, self).setUp()
        self.vm = self.libvirt.add("a")
        self.domain = domain.Domain(self.vm.uuid, self.vm.number, "a")
        self.history = history.History(clock=self.scheduler.clock)
        self.history.retain([self.domain])
        self.budget = fakelibvirt.Budget()
        self.pool = self.connections(late=1.0)
        self.pool.keep([self.vm.uuid])
        self.done = []

    def question(self):
        return monitortier.Monitor(
            self.domain, fallback.Fallback(), self.pool, self.history,
            self.budget, self.done.append, self.scheduler.clock)

    def ask(self):
        self.question()()
        return self.sample()

    def sample(self, tier=MONITOR):
        return self.history.last(self.domain, tier)


class MonitorTest(TestCase):

    def test_fields(self):
        self.assertEqual(self.ask().fields, {
            "cpu.time": 1000, "balloon.current": 16384, "balloon.rss": 43244,
            "block.count": 1, "block.0.name": "vda",
            # What libvirt does not know, it says by -1: not here.
            "block.0.rd.bytes": 512, "block.0.rd.reqs": 1,
            "block.0.fl.reqs": 3,
        })

    def test_calls(self):
        self.ask()
        self.ask()
        self.assertEqual(self.libvirt.calls, [
            ("open", None), ("lookup", "a"),
            ("monitor", "a"), ("XMLDesc", "a"), ("blockStatsFlags", "a"),
            # The XML is read once, not in each round.
            ("monitor", "a"), ("blockStatsFlags", "a"),
        ])

    def test_time_is_from_before_the_first_call(self):
        begin = self.scheduler.now
        with self.libvirt.hang("monitor", "a") as gate:
            with kit.Bunch(1, lambda _: self.ask()):
                gate.wait()
                self.scheduler.advance(20.0)
                gate.open()
        self.assertEqual(self.sample().time, begin)
        self.assertEqual(self.sample().took, 20.0)

    def test_done_is_told(self):
        question = self.question()
        question()
        self.assertEqual(self.done, [question])
        self.assertTrue(question.answered)

    def test_counts_disks_as_libvirt_does(self):
        self.vm.disks = [("file", "file", "", "sda"),
                         ("file", "file", "/i", "vda")]
        fields = self.ask().fields
        self.assertEqual(fields["block.count"], 2)
        self.assertEqual(fields["block.0.name"], "sda")
        self.assertEqual(fields["block.1.name"], "vda")


class LookTest(TestCase):

    def test_hangs(self):
        for found in (process.HOLD, process.AGAIN):
            del self.libvirt.calls[:]
            self.domain.process = fakelibvirt.Process(found)
            question = self.question()
            question.host_groups = groups.HOST[0]
            question()
            # libvirtd was asked, the QEMU was not.
            self.assertIsNone(self.sample())
            self.assertIsNotNone(self.sample(HOST))
            self.assertEqual(question.again, found == process.AGAIN)
            self.assertNotIn(("monitor", "a"), self.libvirt.calls)
            self.scheduler.advance(1.0)

    def test_well_again(self):
        self.domain.process = fakelibvirt.Process(process.HOLD)
        self.ask()
        self.assertIsNotNone(self.ask())


class BusyTest(TestCase):

    def test_partial_record_does_not_make_the_tier_younger(self):
        first = self.ask()
        self.vm.busy = True
        self.scheduler.advance(1.0)
        self.ask()
        self.assertIs(self.sample(), first)
        self.assertEqual(self.sample(PARTIAL).fields,
                         {"cpu.time": 1010, "balloon.current": 16384})

    def test_no_more_is_asked_after_a_partial_record(self):
        # All these wait for the job, up to 30 seconds.
        self.vm.busy = True
        self.ask()
        for call in ("XMLDesc", "blockStatsFlags"):
            self.assertEqual(self.libvirt.count(call, "a"), 0, call)

    def test_job_taken_meanwhile(self):
        self.libvirt.errors["blockStatsFlags"] = fakelibvirt.Error(
            libvirt.VIR_ERR_OPERATION_TIMEOUT)
        self.assertIsNone(self.ask())
        self.assertEqual(self.pool.free, 1)


class DevicesTest(TestCase):

    def test_read_again_when_they_changed(self):
        self.ask()
        self.history.put(self.domain, STORAGE, 1.0, {})
        self.vm.disks.append(("file", "file", "/images/2", "vdb"))
        self.domain.stale = True
        self.scheduler.advance(1.0)
        self.assertEqual(self.ask().fields["block.1.name"], "vdb")
        self.assertFalse(self.domain.stale)
        # Its numbers may mean other disks now.
        self.assertIsNone(self.sample(STORAGE))

    def test_about(self):
        self.ask()
        self.assertEqual(self.domain.about["disks"], [
            {"type": "file", "device": "disk", "source": "/images/a",
             "target": "vda"}])

    def test_about_of_what_is_no_xml(self):
        self.ask()
        self.vm.disks.append(("<", "&", "", ""))
        self.domain.stale = True
        self.scheduler.advance(1.0)
        self.ask()
        self.assertIsNone(self.domain.about)

    def test_same_disks_as_before(self):
        self.ask()
        self.history.put(self.domain, STORAGE, 1.0, {})
        self.domain.stale = True
        self.scheduler.advance(1.0)
        self.ask()
        self.assertIsNotNone(self.sample(STORAGE))

    def test_change_while_the_xml_is_read(self):
        with self.libvirt.hang("XMLDesc", "a") as gate:
            with kit.Bunch(1, lambda _: self.ask()):
                gate.wait()
                self.domain.stale = True
                gate.open()
        self.assertTrue(self.domain.stale)

    def test_xml_cannot_be_read(self):
        self.libvirt.errors["XMLDesc"] = fakelibvirt.Error(
            libvirt.VIR_ERR_INTERNAL_ERROR)
        self.assertIsNone(self.ask())
        self.assertTrue(self.domain.stale)
        self.libvirt.errors.clear()
        self.assertIsNotNone(self.ask())

    def test_xml_that_is_none(self):
        self.vm.disks.append(("<", "&", "", ""))
        with kit.logs("vmsampling.monitortier") as logs:
            self.assertEqual(self.ask().fields["block.count"], 0)
        self.assertEqual(len(logs.at(logging.WARNING)), 1)
        self.assertTrue(self.domain.devices.opaque)

    def test_disk_that_is_gone(self):
        self.ask()
        del self.vm.disks[:]
        self.scheduler.advance(1.0)
        self.assertNotIn("block.0.rd.bytes", self.ask().fields)
        self.assertTrue(self.domain.stale)

    def test_disk_that_cannot_be_asked(self):
        self.libvirt.errors["blockStatsFlags"] = fakelibvirt.Error(
            libvirt.VIR_ERR_INTERNAL_ERROR)
        fields = self.ask().fields
        self.assertEqual(fields["block.0.name"], "vda")
        self.assertNotIn("block.0.rd.bytes", fields)
        self.assertFalse(self.domain.stale)


class OpaqueTest(TestCase):

    def setUp(self):
        super(OpaqueTest, self).setUp()
        self.patch(monitortier, "_opaque", throttle.Throttle(
            interval=600.0, burst=3, clock=self.scheduler.clock))

    def read(self, *disks):
        self.vm.disks = list(disks)
        self.domain.stale = True
        self.scheduler.advance(1.0)
        with kit.logs("vmsampling.monitortier") as logs:
            self.ask()
        return logs.at(logging.INFO)

    def test_disk_that_nobody_can_look_at_is_said_once(self):
        network = ("network", "name", "x", "vda")
        message, = self.read(network)
        self.assertIn("'a'", message)
        self.assertIn("network disk: no look at it is possible without QEMU",
                      message)
        self.assertEqual(self.domain.devices.opaque, ("network",))
        self.assertEqual(self.read(network), [])
        self.assertEqual(self.read(("file", "file", "/i", "vda")), [])
        self.assertEqual(len(self.read(network)), 1)

    def test_not_for_each_of_many(self):
        said = [self.read((kind, "name", "x", "vda"))
                for kind in ("network", "nvme", "volume", "vhostuser", "dir")]
        self.assertEqual([len(messages) for messages in said],
                         [1, 1, 1, 0, 0])


class StoragesTest(TestCase):

    def test_read_with_the_xml_and_not_per_round(self):
        reads = []

        def read():
            reads.append(1)
            return mounts.Mounts([b"1 0 0:1 / /images rw - x x rw"])

        self.patch(mounts, "read", read)
        for _ in range(3):
            self.ask()
            self.scheduler.advance(1.0)
        self.assertEqual(list(self.domain.devices.storages), ["/images"])
        self.assertEqual(len(reads), 1)

    def test_mounts_cannot_be_read(self):
        def read():
            raise EnvironmentError(24, "Too many open files")

        self.patch(mounts, "read", read)
        with self.assertRaises(EnvironmentError):
            self.ask()
        # So they are at the next round.
        self.assertTrue(self.domain.stale)


class HostGroupsTest(TestCase):

    def test_asked_before_and_in_a_call_of_their_own(self):
        self.vm.state = libvirt.VIR_DOMAIN_PAUSED
        question = self.question()
        question.host_groups = groups.HOST[0]
        question()
        self.assertEqual(
            [call for call, _ in self.libvirt.calls],
            ["open", "lookup", "vmhost", "monitor", "XMLDesc",
             "blockStatsFlags"])
        self.assertEqual(self.sample(HOST).fields,
                         {"state.state": 3, "net.count": 0})
        self.assertEqual(self.domain.state, "paused")

    def test_host_tier_is_there_when_the_monitor_hangs(self):
        question = self.question()
        question.host_groups = groups.HOST[0]
        with self.libvirt.hang("monitor", "a") as gate:
            with kit.Bunch(1, lambda _: question()):
                gate.wait()
                self.assertIsNotNone(self.sample(HOST))
                self.assertIsNone(self.sample())
                gate.open()


class FailureTest(TestCase):

    def fail_with(self, code, times=1):
        self.libvirt.errors["monitor"] = fakelibvirt.Error(code)
        with kit.logs("vmsampling.question") as logs:
            for _ in range(times):
                self.ask()
        return logs.at(logging.WARNING)

    def test_gone_while_it_is_asked_is_silent(self):
        for code in (libvirt.VIR_ERR_NO_DOMAIN,
                     libvirt.VIR_ERR_OPERATION_INVALID):
            self.assertEqual(self.fail_with(code, times=3), [])
        self.assertIsNone(self.sample())

    def test_gone_before_it_is_looked_up_is_silent(self):
        del self.libvirt.vms["a"]
        with kit.logs("vmsampling.question") as logs:
            self.ask()
        self.assertEqual(logs.at(logging.WARNING), [])

    def test_gone_between(self):
        question = self.question()
        with self.libvirt.hang("monitor", "a") as gate:
            with kit.Bunch(1, lambda _: question()):
                gate.wait()
                del self.libvirt.vms["a"]
                gate.open()
        self.assertIsNone(self.sample())
        self.assertIsNone(self.sample(PARTIAL))

    def test_failure_that_stays_is_logged(self):
        code = libvirt.VIR_ERR_INTERNAL_ERROR
        self.assertEqual(self.fail_with(code), [])
        self.assertEqual(len(self.fail_with(code)), 1)

    def test_success_clears_the_failure(self):
        self.fail_with(libvirt.VIR_ERR_INTERNAL_ERROR)
        self.libvirt.errors.clear()
        self.ask()
        self.assertEqual(self.domain.failures, 0)

    def test_done_is_told_all_the_same(self):
        self.libvirt.up = False
        question = self.question()
        question()
        self.assertEqual(self.done, [question])
        self.assertFalse(question.answered)
        self.assertIsNone(self.domain.question)

    def test_late_answer_of_a_vm_that_ended(self):
        with self.libvirt.hang("monitor", "a") as gate:
            with kit.Bunch(1, lambda _: self.ask()):
                gate.wait()
                self.history.retain([])
                gate.open()
        self.assertIsNone(self.sample())
        self.assertEqual(self.history.dropped, 1)

    def test_connection_of_a_late_call_is_closed(self):
        with self.libvirt.hang("monitor", "a") as gate:
            with kit.Bunch(1, lambda _: self.ask()):
                gate.wait()
                self.scheduler.advance(1.5)
                self.assertFalse(self.libvirt.connections[0].closed)
                gate.open()
        self.assertTrue(self.libvirt.connections[0].closed)

    def test_connection_that_breaks(self):
        with self.libvirt.hang("monitor", "a") as gate:
            with kit.Bunch(1, lambda _: self.ask()):
                gate.wait()
                self.libvirt.die()
                gate.open()
        self.assertIsNone(self.sample())
        self.assertTrue(self.libvirt.connections[0].closed)


class ReportTest(TestCase):

    def check_call(self, call, text, of_vm=True):
        """
        In this call the question names it with when it began.
        """
        question = self.question()
        question.host_groups = groups.HOST[0]
        self.domain.stale = True
        self.scheduler.advance(1.0)
        with self.libvirt.hang(*call) as gate:
            with kit.Bunch(1, lambda _: question()):
                gate.wait()
                self.scheduler.advance(0.1)
                self.assertIs(self.domain.question, question)
                self.assertEqual(
                    question.under_way,
                    (text, self.scheduler.now - 0.1, of_vm))
                self.assertEqual(
                    repr(question),
                    "<Monitor vm='a' uuid=uuid-of-a call=%s>" % text)
                gate.open()
        self.assertIsNone(self.domain.question)

    def test_names_the_call_that_hangs(self):
        self.check_call(("open", None), "open(qemu:///system)", False)
        self.pool = self.connections()
        self.check_call(("lookup", "a"), "lookupByUUIDString", False)
        self.check_call(("vmhost", "a"), groups.HOST[0].call, False)
        self.check_call(
            ("monitor", "a"),
            "domainListGetStats(BALLOON|VCPU|CPU_TOTAL, NOWAIT)")
        self.check_call(("XMLDesc", "a"), "XMLDesc")
        self.check_call(("blockStatsFlags", "a"), "blockStatsFlags(vda)")

    def test_repr_before_and_of_an_odd_name(self):
        self.domain.name = "a\x1b[2J\n"
        self.assertEqual(
            repr(self.question()),
            "<Monitor vm='a\\x1b[2J\\n' uuid=uuid-of-a call=None>")
