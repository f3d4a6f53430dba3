# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import json
import resource
import tempfile

import mock

import kit
from vmsampling import admin
from vmsampling import check
from vmsampling import config
from vmsampling import devices
from vmsampling import errors
from vmsampling import finding
from vmsampling import groups
from vmsampling import hostlink
from vmsampling import output
from vmsampling import reach
from vmsampling import survey
from vmsampling import table
from vmsampling import text

URI = "qemu:///system"
NAME = u"a\x1b"

SEEN = {"state": "S", "wchan": "poll_schedule_timeout", "switches": 7}
BLIND = {"state": "S", "switches": 7}


MACHINE = survey.Machine("5.9.4", ["cpu", "pressure"], {})


def greeting(*vms, **changes):
    found = survey.Greeting(URI, "QEMU", 9000000, 9001002, list(vms))
    return found._replace(**changes)


def vm(name, state="ok", seconds=0.0):
    return survey.VM("uuid", name, state, seconds)


def settings(**changes):
    return dict(config.load([]), **changes)


def all_accepted(**changes):
    return survey.Statistics(
        groups.HOST[0], 0.0021, ["net", "state"], True, [])._replace(
            **changes)


class TestCase(kit.TestCase):

    def check(self, row, verdict, found, advice=None):
        self.assertEqual((row.verdict, row.found, row.advice),
                         (verdict, found, advice))


class ConfigurationTest(TestCase):

    def test_defaults(self):
        self.check(check.configuration(settings(), []), "ok",
                   "there is no file to read; all keys have their defaults")

    def test_changed(self):
        self.check(
            check.configuration(
                settings(max_hung=4, connect="x:///\x1b"), ["/a", "/b\x1b"]),
            "ok", "read /a, /b\\x1b; not the default: max_hung = 4, connect "
            "= x:///\\x1b")


class UnreadTest(TestCase):

    def unread(self, content):
        with tempfile.NamedTemporaryFile("w") as stream:
            stream.write(content)
            stream.flush()
            self.path = stream.name
            return check.unread([stream.name])

    def test_nothing(self):
        self.assertEqual(check.unread([]), [])
        self.assertEqual(self.unread("[sampling]\npool = builtin\n"), [])

    def test_strangers(self):
        first, second = self.unread("[exporter]\nlistem = 1\n\x1b = 1\n")
        self.check(first, "warn", self.path + ": [exporter] listem has no "
                   "effect: nobody knows it",
                   "did you mean [exporter] listen?")
        self.check(second, "warn", self.path + ": [exporter] \\x1b has no "
                   "effect: nobody knows it", "see vdsm-sampler.conf(5)")

    def test_pool(self):
        row, = self.unread("[sampling]\npool = of\n")
        self.check(row, "warn", self.path + ": [sampling] pool = of: must be "
                   "vdsm-sampling or builtin",
                   "VDSM has its own pools until then")


class CertificatesTest(TestCase):

    def test_none(self):
        self.assertEqual(check.certificates(settings()), [])

    def test_not_there(self):
        kit.modern("vmsampling.webtls")
        row, = check.certificates(settings(certificate="/none\x1b.pem"))
        self.check(row, "warn", "/none\\x1b.pem: cannot be read: No such file "
                   "or directory", "the exporter does not start until then")


class LibvirtTest(TestCase):

    def test_connection(self):
        self.check(check.connection(greeting(), URI), "ok",
                   "qemu:///system opens read-only, driver QEMU")
        self.check(check.connection(greeting(), "alias:///"), "ok",
                   "qemu:///system (asked for: alias:///) opens read-only, "
                   "driver QEMU")

    def test_versions(self):
        self.check(check.versions(greeting(), 7002011), "ok",
                   "libvirt library 9.0.0, daemon 9.1.2, hypervisor QEMU "
                   "7.2.11")
        self.check(check.versions(greeting(), survey.Failed("no\x1b")), "ok",
                   "libvirt library 9.0.0, daemon 9.1.2; the hypervisor's is "
                   "not known: no\\x1b")

    def test_version_is_late(self):
        self.check(check.versions(greeting(), survey.LATE), "warn",
                   "libvirt library 9.0.0, daemon 9.1.2; the hypervisor's "
                   "was not told within 8 s", "libvirtd may be trying out "
                   "its QEMUs, as it does after its start: run this again")

    def test_binding(self):
        with mock.patch.object(check.platform, "python_version",
                               lambda: "3.11.2"):
            self.check(check.binding("9.0.0"), "ok",
                       "libvirt-python 9.0.0 on Python 3.11.2 knows all "
                       "groups that are asked for")
            with mock.patch.object(groups.HOST[0], "missing", ["MEMORY"]):
                self.check(check.binding(None), "ok",
                           "libvirt-python of unknown version on Python "
                           "3.11.2; it does not know the groups MEMORY: no "
                           "such fields")


class StatisticsTest(TestCase):

    def test_all(self):
        self.check(
            check.statistics(all_accepted(), greeting()), "ok",
            "host tier: STATE|INTERFACE|PERF|MEMORY in 2.1 ms brought net, "
            "state; NOWAIT is known; events: LIFECYCLE, DEVICE_ADDED, "
            "DEVICE_REMOVED, DISK_CHANGE, BLOCK_JOB, TUNABLE, METADATA_CHANGE")

    def test_simple_driver(self):
        found = all_accepted(
            host=None, refused=list(hostlink.EVENTS), nowait=False)
        self.check(check.statistics(found, greeting(driver="TEST")), "ok",
                   "host tier: none of its groups, only states; NOWAIT is "
                   "refused; events: none")

    def test_old_libvirt(self):
        found = all_accepted(
            brought=[], nowait=False, refused=hostlink.EVENTS[1:])
        self.check(check.statistics(found, greeting()), "warn",
                   "host tier: STATE|INTERFACE|PERF|MEMORY in 2.1 ms brought "
                   "nothing; NOWAIT is refused; events: LIFECYCLE",
                   "update libvirt to 4.5.0 or later: without NOWAIT a call "
                   "waits 30 s for a VM's job")

    def test_late(self):
        row = check.statistics(survey.LATE, greeting())
        self.assertEqual(row.verdict, "bad")
        self.assertIn("within 8 s", row.found)
        self.assertIn("vdsm-sampler stuck", row.advice)

    def test_fails(self):
        self.check(check.statistics(survey.Failed("no\x1b"), greeting()),
                   "bad", "the call for the host tier fails: no\\x1b",
                   "see the log of libvirtd")


class VMsTest(TestCase):

    def test_none_occupied(self):
        self.check(check.vms([], settings()), "ok",
                   "0 active, no control interface is occupied")
        self.check(check.vms([vm("a"), vm("b", "job", 9.0)], settings()),
                   "ok", "2 active, no control interface is occupied")

    def test_unknown(self):
        self.check(check.vms([vm("a", None, None)], settings()), "ok",
                   "1 active; the driver does not tell of their control "
                   "interfaces")

    def test_occupied(self):
        self.check(
            check.vms([vm("b"), vm(NAME, "occupied", 2.1),
                       vm("c", "occupied", 7.0)], settings()), "warn",
            "3 active, 2 with an occupied control interface: c for 7.0 s, "
            "a\\x1b for 2.1 s; each holds a worker of libvirtd, and counts "
            "against max_hung = 12",
            "\"vdsm-sampler stuck\" shows why; the calls end when these VMs "
            "go on or end")

    def test_occupied_for_a_moment(self):
        self.check(check.vms([vm("a", "occupied", 0.01)], settings()), "ok",
                   "1 active, 1 with an occupied control interface: a for "
                   "0.0 s, which is not long")


class LooksTest(TestCase):

    def looks(self, *processes, **changes):
        return check.looks([
            survey.Process(name, pid, kernel)
            for name, pid, kernel in processes], greeting(**changes))

    def test_all(self):
        self.check(
            self.looks(("a", 1, SEEN), ("b", 2, {"state": "R"})), "ok",
            "PID found for 2 of 2 QEMUs; readable: state and context "
            "switches of 1, wchan of all of them")

    def test_no_wchan(self):
        self.check(
            self.looks(("a", 1, SEEN), ("b", 2, BLIND),
                       ("c", 3, {"state": "T", "switches": 7})), "warn",
            "PID found for 3 of 3 QEMUs; readable: state and context "
            "switches of 3, wchan of 1; one that is stopped is still seen "
            "before it is asked, any other that hangs is found by a "
            "call that hangs",
            "run as root or as the QEMUs' user, or give CAP_SYS_PTRACE")

    def test_no_pid(self):
        self.check(
            self.looks(("a", 1, SEEN), (NAME, None, {})), "warn",
            "PID found for 1 of 2 QEMUs; readable: state and context "
            "switches of 1, wchan of all of them; not found: a\\x1b; of "
            "these, each that hangs is found by a call that hangs",
            "run as root or as the user of libvirtd, who may read its PID "
            "files")

    def test_no_vms(self):
        self.assertEqual(self.looks().verdict, "ok")

    def test_late(self):
        row = check.looks(survey.LATE, greeting())
        self.assertEqual(row.verdict, "warn")
        self.assertIn("not read within 2 s", row.found)

    def test_other_machine(self):
        row = check.looks(None, greeting())
        self.assertEqual(row.verdict, "warn")
        self.assertEqual(row.advice, "run vdsm-sampler on their host")

    def test_other_driver(self):
        self.check(check.looks(None, greeting(driver="LXC")), "ok",
                   "driver LXC has no processes to look at")


class StorageTest(TestCase):

    def storage(self, storages=(), disks=(), **changes):
        found = survey.Storage(dict(disks), [], [], 0, list(storages))
        return check.storage(found._replace(**changes))

    def one(self, answer, **attributes):
        found = reach.Storage("/m\x1b")
        found.images = {b"/m/a": ["b", NAME], b"/m/b": ["b"]}
        found.answer = answer
        for name, value in attributes.items():
            setattr(found, name, value)
        row, = self.storage([found])
        return row

    def test_ok(self):
        self.check(self.one(reach.OK), "ok",
                   "/m\\x1b: 2 images of a\\x1b, b, all readable")

    def test_refused(self):
        self.check(
            self.one(reach.REFUSED, path=b"/m/a", reason="Permission "
                     "denied"), "warn",
            "/m\\x1b: 2 images of a\\x1b, b; no storage tier, as /m/a cannot "
            "be read: Permission denied",
            "run as root or as a user who may read it")

    def test_unreadable(self):
        self.assertEqual(
            self.one(reach.REFUSED, path=b"/m/a", reason="Stale file "
                     "handle").advice,
            "see what is wrong with this image or its storage")

    def test_hangs(self):
        self.check(
            self.one(reach.HANGS, path=b"/m/a\xff"), "warn",
            "/m\\x1b: 2 images of a\\x1b, b; no answer within 2 s from "
            "/m/a\\xff: no storage tier, as a question would freeze these "
            "VMs",
            "repair the storage behind /m\\x1b; let nobody ask for the VMs' "
            "block statistics until then")

    def test_not_looked_at(self):
        self.check(self.one(reach.NOT_LOOKED_AT), "warn",
                   "/m\\x1b: 2 images of a\\x1b, b, not looked at, since "
                   "others hang",
                   "repair those first, then run this again")

    def test_other_machine(self):
        row, = check.storage(None)
        self.assertEqual(row.verdict, "warn")

    def test_network_disks(self):
        row, = self.storage(disks={
            "a": devices.Devices(opaque=["network"]),
            "b": devices.Devices(opaque=["network"])})
        self.check(row, "ok", "no canary for disks of type network, so the "
                   "storage tier is not asked: a, b")

    def test_no_xml(self):
        row, = self.storage(failed=[(NAME, "not within 2 s")])
        self.check(row, "warn", "libvirt gives no XML: a\\x1b (not within 2 "
                   "s)", "another call may hold the VM's job: \"vdsm-sampler "
                   "stuck\" shows why")

    def test_left_out(self):
        skipped, more = self.storage(skipped=[NAME], more=40)
        self.check(skipped, "ok", "not looked at, as the control interface "
                   "is not free: a\\x1b")
        self.check(more, "ok", "40 VMs not looked at")

    def test_nothing(self):
        self.check(self.storage()[0], "ok", "no disk has an image")


class HostTest(TestCase):

    def test_all(self):
        self.check(check.host(MACHINE), "ok",
                   "psutil 5.9.4; statistics of the host: cpu, pressure")

    def test_no_pressure(self):
        self.check(check.host(MACHINE._replace(found=["cpu", "load"])), "ok",
                   "psutil 5.9.4; statistics of the host: cpu, load; no "
                   "pressure, which the kernel counts from 4.20 on, and "
                   "some only if started with psi=1")

    def test_no_psutil(self):
        self.check(check.host(survey.Machine(None, [], {})), "warn",
                   "no statistics of the host: psutil is missing",
                   "install python3-psutil, or psutil from PyPI for a "
                   "Python of your own")

    def test_fails(self):
        row = check.host(MACHINE._replace(failed={"disk": ValueError("\x1b")}))
        self.check(row, "warn",
                   "psutil 5.9.4; statistics of the host: cpu, pressure; not "
                   "readable: disk (\\x1b)",
                   "see whether there is a newer psutil for this kernel")

    def test_late(self):
        row = check.host(survey.LATE)
        self.assertEqual(row.verdict, "warn")
        self.assertIn("not read within 2 s", row.found)

    def test_other_machine(self):
        self.check(check.host(None), "warn", "no statistics of the host, "
                   "which is another machine",
                   "run vdsm-sampler on that machine")


class ThreadsTest(TestCase):

    def test_no_limit(self):
        self.check(check.threads(settings(), (resource.RLIM_INFINITY,) * 2),
                   "ok", "at most 27 of this process; RLIMIT_NPROC sets no "
                   "limit")

    def test_bound(self):
        self.assertEqual(check.threads(settings(), (27, 99)).verdict, "ok")
        self.check(
            check.threads(settings(), (26, 99)), "warn",
            "at most 27 of this process; RLIMIT_NPROC allows this user 26, "
            "other processes' included", "raise it (ulimit -u, or "
            "LimitNPROC= of a service), or set max_hung lower")


class ReportTest(TestCase):

    def report(self, **attributes):
        found = mock.Mock(
            greeting=greeting(vm("a")), hypervisor=7002011,
            statistics=all_accepted(), place=admin.Place("x", "libvirtd", ""),
            answer=admin.Answer({
                "maxWorkers": 20, "nWorkers": 5, "freeWorkers": 5,
                "nclients_max": 5000, "nclients": 1}, None),
            processes=[survey.Process("a", 1, SEEN)],
            storage=survey.Storage({}, [], [], 0, []),
            machine=MACHINE)
        for name, value in attributes.items():
            setattr(found, name, value)
        with mock.patch.object(check._survey, "Survey", lambda _: found):
            return check.take(settings(), [])

    def test_all_is_well(self):
        report = self.report()
        self.assertEqual(report["verdict"], "ok")
        self.assertEqual(report["uri"], URI)
        self.assertGreater(report["time"], 0)
        self.assertEqual([row["name"] for row in report["checks"]], [
            "configuration", "connection", "versions", "binding",
            "statistics", "workers", "busy", "clients", "requests", "VMs",
            "looks", "storage", "host", "threads"])
        check.raise_if_bad(report)
        json.loads(output.json_line(report))
        lines = table.findings(report)
        self.assertEqual(len(lines), 15)
        self.assertEqual(lines[2].split()[:2], ["ok", "versions"])
        self.assertEqual(lines[-1], "all is well")

    def test_a_warning(self):
        report = self.report(processes=None)
        self.assertEqual(report["verdict"], "warn")
        check.raise_if_bad(report)
        lines = table.findings(report)
        self.assertTrue(lines[10].endswith(
            " -> run vdsm-sampler on their host"))
        self.assertEqual(lines[-1], "1 of 14 checks ask for a change")

    def test_bad(self):
        report = self.report(processes=None, statistics=survey.Failed("no"))
        self.assertEqual(report["verdict"], "bad")
        with self.assertRaises(errors.DoesNotWork) as caught:
            check.raise_if_bad(report)
        self.assertEqual(
            str(caught.exception), "statistics: the call for the host tier "
            "fails: no; see the log of libvirtd")
        self.assertEqual(report["verdict"], finding.BAD)

    def test_bad_beyond_ascii(self):
        report = self.report(statistics=survey.Failed(u"\u2026"))
        with self.assertRaises(errors.DoesNotWork) as caught:
            check.raise_if_bad(report)
        self.assertIn(text.clean(u"\u2026"), text.clean(
            str(caught.exception)))
