# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import libvirt
import mock

import fakelibvirt
import hostcase
import kit
from vmsampling import admin
from vmsampling import config
from vmsampling import errors
from vmsampling import groups
from vmsampling import hostlink
from vmsampling import hostparts
from vmsampling import qemu
from vmsampling import reach
from vmsampling import survey

OCCUPIED = (libvirt.VIR_DOMAIN_CONTROL_OCCUPIED, 0, 5000)

ANSWER = admin.Answer({"maxWorkers": 20}, None)


class Connection(fakelibvirt.Connection):
    """
    Knows what only a survey asks.
    """

    def getLibVersion(self):
        return 9000000

    def getVersion(self):
        self.host.enter(self, "version")
        return 7002011

    def getAllDomainStats(self, wanted, flags):
        if flags & survey._NOBODY:
            assert flags == groups.NOWAIT | survey._NOBODY
            self.host.enter(self, "takes")
            if wanted & self.host.refused_groups:
                raise fakelibvirt.Error(libvirt.VIR_ERR_INVALID_ARG)
            return []
        assert flags == groups.ACTIVE
        return super(Connection, self).getAllDomainStats(wanted, flags)

    def listAllDomains(self, flags):
        found = super(Connection, self).listAllDomains(flags)
        for domain in found:
            control = self.host.controls.get(domain.vm.name, (0, 0, 0))
            domain.controlInfo = lambda control=control: list(control)
        return found

    def domainEventRegisterAny(self, domain, event, callback, opaque):
        if event in self.host.refused_events:
            raise fakelibvirt.Error(libvirt.VIR_ERR_INVALID_ARG)
        return super(Connection, self).domainEventRegisterAny(
            domain, event, callback, opaque)


class TestCase(fakelibvirt.TestCase):

    def setUp(self):
        super(TestCase, self).setUp()
        self.patch(fakelibvirt, "Connection", Connection)
        self.libvirt.controls = {}
        self.libvirt.refused_events = ()
        # Names of VMs that are on a storage.
        self.storages = {}
        self.patch(reach, "storages", self.find_storages)
        self.patch(admin, "ask", lambda *_args: ANSWER)
        logs = kit.logs("threadpool")
        logs.__enter__()
        self.addCleanup(logs.__exit__, None, None, None)

    def find_storages(self, disks):
        return [self.storages[point] for point in sorted(self.storages)]

    def survey(self, uri=fakelibvirt.URI):
        self.libvirt.uri = uri
        found = survey.Survey(dict(config.load([]), connect=uri),
                              self.scheduler)
        found.take()
        return found

    def survey_hanging(self, gate, seconds, count=1):
        """
        Survey while calls hang in a gate until their deadlines.
        """
        found = survey.Survey(config.load([]), self.scheduler)
        caught = []

        def take(_number):
            try:
                found.take()
            except errors.ConnectFailed as e:
                caught.append(str(e))

        with kit.Bunch(1, take):
            for _ in range(count):
                gate.wait()
                pass_time(self.scheduler, seconds)
        return found, caught


def pass_time(scheduler, seconds):
    """
    Let the deadline pass of a call that has begun. Its caller may not have
    asked the scheduler yet.
    """
    kit.eventually(
        lambda: scheduler.pending and
        scheduler.pending[0] < scheduler.now + seconds + 0.001, "a deadline")
    scheduler.advance(seconds + 0.001)


class SurveyTest(TestCase):

    def test_all(self):
        for name in ("b", "a"):
            self.libvirt.add(name)
        found = self.survey()
        greeting = found.greeting
        self.assertEqual(
            (greeting.uri, greeting.driver, greeting.library,
             greeting.daemon),
            (fakelibvirt.URI, "QEMU", libvirt.getVersion(), 9000000))
        self.assertEqual(greeting.vms, [
            ("uuid-of-a", "a", "ok", 0.0), ("uuid-of-b", "b", "ok", 0.0)])
        self.assertEqual(found.hypervisor, 7002011)
        self.assertEqual(found.statistics.host, groups.HOST[0])
        self.assertTrue(found.statistics.nowait)
        self.assertEqual(found.statistics.brought, ["net", "state"])
        self.assertEqual(found.statistics.refused, [])
        self.assertEqual(found.place.daemon, "libvirtd")
        self.assertEqual(found.answer, ANSWER)
        # fakelibvirt hides the processes of this machine.
        self.assertIsNone(found.processes)
        self.assertEqual(sorted(found.storage.disks), ["a", "b"])
        self.assertEqual(self.loop.holders, 0)
        self.assertTrue(all(virt.closed and virt.readonly
                            for virt in self.libvirt.connections))

    def test_no_monitor_is_touched(self):
        self.libvirt.add("a")
        self.survey()
        self.assertEqual(
            set(call for call, _ in self.libvirt.calls),
            set(["open", "close", "list", "version", "host", "takes",
                 "lookup", "XMLDesc"]))

    def test_other_machine(self):
        self.libvirt.add("a")
        found = self.survey("qemu+ssh://host/system")
        self.assertIsNone(found.place)
        self.assertIsNone(found.answer)
        self.assertIsNone(found.storage)
        self.assertIsNone(found.machine)
        self.assertEqual(self.libvirt.count("XMLDesc", "a"), 0)

    def test_simple_driver(self):
        self.libvirt.refused_groups = ~0
        self.libvirt.refused_events = (libvirt.VIR_DOMAIN_EVENT_ID_BLOCK_JOB,)
        self.libvirt.errors["version"] = fakelibvirt.Error(
            libvirt.VIR_ERR_NO_SUPPORT, "no version")
        found = self.survey()
        self.assertEqual(found.hypervisor, survey.Failed("no version"))
        self.assertIsNone(found.statistics.host)
        self.assertFalse(found.statistics.nowait)
        self.assertEqual(found.statistics.brought, [])
        self.assertEqual(found.statistics.refused, ["BLOCK_JOB"])

    def test_fewer_groups(self):
        self.libvirt.refused_groups = libvirt.VIR_DOMAIN_STATS_PERF
        self.assertEqual(self.survey().statistics.host, groups.HOST[1])

    def test_old_binding(self):
        self.patch(hostlink, "EVENTS", ("LIFECYCLE", "OF_THE_FUTURE"))
        self.assertEqual(self.survey().statistics.refused, ["OF_THE_FUTURE"])

    def test_statistics_fail(self):
        for call in ("host", "takes"):
            self.libvirt.errors = {call: fakelibvirt.Error(
                libvirt.VIR_ERR_INTERNAL_ERROR, "broken")}
            self.assertEqual(self.survey().statistics,
                             survey.Failed("broken"))

    def test_connection_breaks(self):
        def break_it(virt, *_args):
            virt.broken = True
            raise fakelibvirt.Error(libvirt.VIR_ERR_INTERNAL_ERROR, "broken")

        self.patch(Connection, "domainEventRegisterAny", break_it)
        self.assertEqual(self.survey().statistics, survey.Failed("broken"))

    def test_no_libvirt(self):
        self.libvirt.die()
        with self.assertRaises(errors.ConnectFailed) as caught:
            self.survey()
        self.assertIn("is libvirtd running?", str(caught.exception))
        self.assertEqual(self.loop.holders, 0)

    def test_processes(self):
        for name in ("a", "b"):
            self.libvirt.add(name)
        self.patch(qemu, "state_dirs", lambda *_args: ["/nonsense"])
        self.patch(qemu.Finder, "pid_from_file",
                   lambda _self, name: {"a": 7}.get(name))
        # It ran at the first look.
        looks = [{"pid": 1}, {"pid": 2}]
        self.patch(qemu, "glance", lambda pid: (
            looks.pop() if looks else {"pid": pid, "wchan": "poll"}))
        self.assertEqual(self.survey().processes, [
            ("a", 7, {"pid": 7, "wchan": "poll"}), ("b", None, {})])


class HangTest(TestCase):

    def test_libvirtd_never_answers(self):
        with self.libvirt.hang("open") as gate:
            _, caught = self.survey_hanging(gate, survey.CONNECT_TIMEOUT)
        self.assertEqual(caught, [
            "cannot connect to libvirt at qemu:///system: no answer within 8 "
            "s; is it hung? then restart libvirtd, which leaves the VMs "
            "running"])

    def test_list_hangs(self):
        with self.libvirt.hang("list") as gate:
            _, caught = self.survey_hanging(gate, survey.CONNECT_TIMEOUT)
        self.assertEqual(caught, [
            "cannot connect to libvirt at qemu:///system: it answers, but "
            "has not listed its VMs within 8 s; try again, as one may just "
            "be starting or ending; then restart libvirtd, which leaves the "
            "VMs running"])

    def test_all_workers_hang(self):
        self.libvirt.add("a")
        with self.libvirt.hang("host") as gate:
            found, _ = self.survey_hanging(gate, survey.FIRST_TIMEOUT)
        self.assertEqual(found.statistics, survey.LATE)
        # This would hang as well.
        self.assertEqual(self.libvirt.count("XMLDesc", "a"), 0)
        self.assertEqual(found.storage.more, 1)
        # The rest is seen all the same.
        self.assertEqual(found.answer, ANSWER)

    def test_version_hangs(self):
        with self.libvirt.hang("version") as gate:
            found, _ = self.survey_hanging(gate, survey.FIRST_TIMEOUT)
        self.assertEqual(found.hypervisor, survey.LATE)
        self.assertEqual(found.statistics.host, groups.HOST[0])

    def test_virt_admin_hangs_in_the_kernel(self):
        with kit.Gate() as gate:
            self.patch(admin, "ask", gate)
            found, _ = self.survey_hanging(gate, 2 * survey.TIMEOUT)
        self.assertEqual(found.answer,
                         admin.Answer({}, "no answer within 2 s"))

    def test_proc_hangs(self):
        self.libvirt.add("a")
        self.patch(qemu, "state_dirs", lambda *_args: ["/nonsense"])
        with kit.Gate() as gate:
            self.patch(qemu.Finder, "pid_from_file", gate)
            found, _ = self.survey_hanging(gate, survey.TIMEOUT)
        self.assertEqual(found.processes, survey.LATE)


class StorageTest(TestCase):

    def test_only_free_vms_are_asked(self):
        for name in ("a", "b", "c"):
            self.libvirt.add(name)
        self.libvirt.controls = {
            "b": OCCUPIED, "c": (libvirt.VIR_DOMAIN_CONTROL_JOB, 0, 0)}
        found = self.survey().storage
        self.assertEqual(found.skipped, ["b", "c"])
        self.assertEqual(list(found.disks), ["a"])
        self.assertEqual(self.libvirt.count("XMLDesc", "b"), 0)

    def test_sample(self):
        for number in range(survey.SAMPLE + 3):
            self.libvirt.add("%02d" % number)
        found = self.survey().storage
        self.assertEqual((len(found.disks), found.more), (survey.SAMPLE, 3))

    def test_failures(self):
        self.libvirt.add("a")
        self.libvirt.add("b").disks[0] = ("file", "file", "</oops>", "vda")
        self.libvirt.errors["lookup"] = fakelibvirt.Error(
            libvirt.VIR_ERR_NO_DOMAIN, "no domain")
        self.assertEqual(self.survey().storage.failed, [
            ("a", "no domain"), ("b", "no domain")])
        del self.libvirt.errors["lookup"]
        (name, reason), = self.survey().storage.failed
        self.assertEqual(name, "b")
        self.assertIn("libvirt's XML", reason)

    def test_xml_hangs(self):
        with kit.Gate() as gate:
            for number in range(5):
                self.libvirt.add("%d" % number)
                self.libvirt.gates["XMLDesc", "%d" % number] = gate
            found, _ = self.survey_hanging(gate, survey.TIMEOUT, 3)
        # No more of libvirtd's workers than that.
        self.assertEqual(gate.calls, 3)
        self.assertEqual(found.storage.failed, [
            ("%d" % number, "not within 2 s") for number in range(3)])
        self.assertEqual(found.storage.more, 2)

    def test_machine(self):
        library = hostcase.Psutil()
        self.patch(hostparts, "library", lambda: library)
        found = self.survey().machine
        self.assertEqual(found.version, "5.9.4")
        self.assertEqual(found.found[:3], ["cpu", "load", "memory"])
        library.disk_io_counters = None
        self.assertEqual(list(self.survey().machine.failed), ["disk"])

    def test_no_psutil(self):
        self.patch(hostparts, "library", lambda: None)
        self.assertEqual(self.survey().machine, (None, [], {}))

    def add_storage(self, point, look):
        self.storages[point] = found = reach.Storage(point)
        found.look = look

    def test_storages(self):
        self.add_storage(b"/a", lambda: None)
        self.add_storage(b"/b", lambda: "Permission denied")
        self.assertEqual(
            [(one.answer, one.reason)
             for one in self.survey().storage.storages],
            [(reach.OK, None), (reach.REFUSED, "Permission denied")])

    def test_storages_hang(self):
        with kit.Gate() as gate:
            self.add_storage(b"/a", lambda: None)
            for point in (b"/b", b"/c", b"/d", b"/e", b"/f"):
                self.add_storage(point, gate)
            found, _ = self.survey_hanging(gate, survey.TIMEOUT, 3)
            self.assertEqual(gate.calls, 3)
        self.assertEqual([one.answer for one in found.storage.storages], [
            reach.OK, reach.HANGS, reach.HANGS, reach.HANGS,
            reach.NOT_LOOKED_AT, reach.NOT_LOOKED_AT])


class BindingTest(kit.TestCase):

    def version(self, *paths):
        with mock.patch.object(survey.glob, "glob", lambda _path: paths):
            return survey.binding_version()

    def test_version(self):
        for path in ("/x/libvirt_python-9.0.0.egg-info",
                     "/x/libvirt_python-9.0.0.dist-info",
                     "/x/libvirt_python-9.0.0-py2.7.egg-info"):
            self.assertEqual(self.version(path), "9.0.0")
        self.assertIsNone(self.version())
