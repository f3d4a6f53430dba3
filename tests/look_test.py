# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import contextlib

import libvirt
import mock

import kit
from vmsampling import config
from vmsampling import errors
from vmsampling import look
from vmsampling import qemu

STOPPED = {"pid": 11, "state": "T", "stopped": True}
COMPLETE = {"balloon.rss": 1, "balloon.current": 2}
PARTIAL = {"balloon.current": 2}


class Domain(object):

    def __init__(self, name, control=(0, 0, 0), answer=None):
        self.name = lambda: name
        self.UUIDString = lambda: "uuid-" + name
        self.control = control
        self.answer = answer or (lambda: COMPLETE)

    def controlInfo(self):
        if isinstance(self.control, Exception):
            raise self.control
        return list(self.control)


class Host(object):
    """
    Looks like a libvirt host with the connections to it.
    """

    def __init__(self, *domains, **kwargs):
        self.domains = domains
        self.kind = kwargs.get("kind", "QEMU")
        self.uri = kwargs.get("uri", "qemu:///system")
        # Connections that are open.
        self.open = 0
        # Names of the VMs that were asked.
        self.asked = []

    def connect(self, _uri, readonly):
        assert readonly
        self.open += 1
        return Connection(self)


class Connection(object):

    def __init__(self, host):
        self._host = host
        self.getURI = lambda: host.uri
        self.getType = lambda: host.kind

    def listAllDomains(self, flags):
        assert flags == libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE
        return list(self._host.domains)

    def lookupByUUIDString(self, uuid):
        return next(domain for domain in self._host.domains
                    if domain.UUIDString() == uuid)

    def domainListGetStats(self, domains, stats, flags):
        domain, = domains
        assert stats == look._MONITOR
        assert flags == libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT
        self._host.asked.append(domain.name())
        return [(domain, domain.answer())]

    def close(self):
        self._host.open -= 1


def libvirt_error(code, text="it failed"):
    error = libvirt.libvirtError(text)
    error.err = (code, 0, text, 2, None, None, None, 0, 0)
    return error


def settings(**changes):
    return dict(config.load([]), **changes)


def pass_time(scheduler, seconds):
    """
    Let the deadline pass of a call that has begun. Its caller may not have
    asked the scheduler yet.
    """
    kit.eventually(
        lambda: scheduler.pending and
        scheduler.pending[0] < scheduler.now + seconds + 0.001, "a deadline")
    scheduler.advance(seconds + 0.001)


class TestCase(kit.TestCase):

    def setUp(self):
        super(TestCase, self).setUp()
        # The pool says what it gives up.
        logs = kit.logs("threadpool")
        logs.__enter__()
        self.addCleanup(logs.__exit__, None, None, None)

    @contextlib.contextmanager
    def on(self, host, proc=None):
        """
        proc: evidence by name of VM, the same at both looks.
        """
        proc = proc or {}
        pids = dict((name, number) for number, name in enumerate(proc))
        evidence = dict((pids[name], proc[name]) for name in proc)
        with mock.patch.object(look.connection, "open_virt", host.connect), \
                mock.patch.object(qemu, "LOOKS_APART", 0), \
                mock.patch.object(look.qemu, "look", evidence.get), \
                mock.patch.object(look.qemu.Finder, "find",
                                  lambda _self, name, _uuid: pids.get(name)):
            yield

    def take(self, host, probe=False, proc=None, **changes):
        with self.on(host, proc):
            report = look.Look(settings(**changes), probe).take()
        self.assertEqual(host.open, 0)
        return report

    def stuck(self, report):
        return dict((vm["name"], vm["why"])
                    for vm in report["stuck"].values())


class LookTest(TestCase):

    def test_healthy(self):
        host = Host(Domain("a"), Domain("b"))
        report = self.take(host)
        self.assertGreater(report.pop("time"), 0)
        self.assertEqual(report, {
            "uri": "qemu:///system", "vms": 2, "stuck": {}, "busy": {},
            "looked": {"control": 2, "proc": 0, "probe": 0}, "not_asked": 0})
        self.assertEqual(host.asked, [])

    def test_occupied(self):
        host = Host(Domain("a", (2, 0, 2001)), Domain("b", (2, 0, 2000)))
        report = self.take(host)
        self.assertEqual(self.stuck(report), {
            "a": ["a call has been waiting in its monitor for 2.0 s"]})
        self.assertEqual(report["stuck"]["uuid-a"]["seconds"], 2.001)
        self.assertEqual(report["stuck"]["uuid-a"]["control"], "occupied")

    def test_stuck_after(self):
        host = Host(Domain("a", (2, 0, 2001)))
        self.assertFalse(self.take(host, stuck_after=3.0)["stuck"])

    def test_stopped(self):
        report = self.take(Host(Domain("a"), Domain("b")),
                           proc={"a": STOPPED})
        self.assertEqual(self.stuck(report), {
            "a": ["its QEMU (PID 11) is stopped: all threads in state T"]})
        found = report["stuck"]["uuid-a"]
        self.assertIsNone(found["seconds"])
        self.assertEqual(found["kernel"], STOPPED)
        self.assertEqual(report["looked"]["proc"], 1)

    def test_long_job(self):
        host = Host(Domain("a", (1, 0, 90000)))
        with mock.patch.object(look.qemu.Finder, "holder",
                               lambda _self, _name: "migration out"):
            report = self.take(host)
        self.assertEqual(report["busy"], {"uuid-a": {"name": "a", "why": [
            "a long job (migration out) has been running for 90.0 s"]}})
        self.assertEqual(report["stuck"], {})
        self.assertEqual(self.take(host)["busy"]["uuid-a"]["why"], [
            "a long job (of unknown kind) has been running for 90.0 s"])

    def test_job_is_held(self):
        host = Host(Domain("a", (3, 3, 0), lambda: {}))
        why = ["the call of another client holds its job"]
        busy = {"uuid-a": {"name": "a", "why": why}}
        report = self.take(host)
        self.assertEqual((report["busy"], report["stuck"]), (busy, {}))
        # To ask it as well finds nothing more.
        self.assertEqual(self.take(host, probe=True)["busy"], busy)

    def test_stuck_in_a_long_job(self):
        report = self.take(Host(Domain("a", (1, 0, 90000))),
                           proc={"a": STOPPED})
        self.assertEqual(list(report["stuck"]), ["uuid-a"])
        self.assertEqual(report["busy"], {})

    def test_vm_vanishes(self):
        gone = [Domain("a", libvirt_error(code)) for code in (
            libvirt.VIR_ERR_NO_DOMAIN, libvirt.VIR_ERR_OPERATION_INVALID)]
        report = self.take(Host(Domain("b"), *gone))
        self.assertEqual(report["vms"], 1)

    def test_driver_without_control_info(self):
        report = self.take(Host(Domain(
            "a", libvirt_error(libvirt.VIR_ERR_NO_SUPPORT))))
        self.assertEqual(report["vms"], 1)
        self.assertEqual(report["looked"]["control"], 0)

    def test_other_host(self):
        host = Host(Domain("a"), uri="qemu+ssh://host/system")
        report = self.take(host, proc={"a": STOPPED})
        self.assertEqual(report["looked"]["proc"], 0)
        self.assertEqual(report["stuck"], {})

    def test_no_libvirt(self):
        error = libvirt_error(38, "Failed to connect: No such file or "
                              "directory")
        with mock.patch.object(look.connection, "open_virt",
                               side_effect=error):
            with self.assertRaises(errors.ConnectFailed) as caught:
                look.Look(settings()).take()
        self.assertIn("is libvirtd running?", str(caught.exception))


class HangTest(TestCase):

    def test_libvirtd_hangs(self):
        scheduler = kit.Scheduler()
        caught = []

        def take(_number):
            with self.assertRaises(errors.ConnectFailed) as context:
                look.Look(settings(), scheduler=scheduler).take()
            caught.append(str(context.exception))

        with kit.Gate() as gate, mock.patch.object(
                look.connection, "open_virt", gate):
            with kit.Bunch(1, take):
                gate.wait()
                pass_time(scheduler, look.ANSWER_TIMEOUT)
        self.assertEqual(caught, [
            "cannot connect to libvirt at qemu:///system: no answer within "
            "10 s; is libvirtd hung?"])

    def test_proc_hangs(self):
        scheduler = kit.Scheduler()
        reports = []

        def take(_number):
            reports.append(look.Look(settings(), scheduler=scheduler).take())

        host = Host(Domain("a", (2, 0, 9000)))
        with kit.Gate() as gate, self.on(host), mock.patch.object(
                look.qemu.Finder, "find", gate):
            with kit.Bunch(1, take):
                gate.wait()
                pass_time(scheduler, look.ANSWER_TIMEOUT)
        self.assertEqual(list(reports[0]["stuck"]), ["uuid-a"])
        self.assertEqual(reports[0]["looked"]["proc"], 0)


class ProbeTest(TestCase):

    def probe(self, host, **kwargs):
        return self.take(host, probe=True, **kwargs)

    def test_all_answer(self):
        host = Host(Domain("a"), Domain("b"))
        report = self.probe(host)
        self.assertEqual(report["stuck"], {})
        self.assertEqual(report["busy"], {})
        self.assertEqual(report["looked"]["probe"], 2)
        self.assertEqual(host.asked, ["a", "b"])

    def test_stuck_vms_are_not_asked(self):
        host = Host(Domain("a"), Domain("b", (2, 0, 9000)), Domain("c"))
        report = self.probe(host, proc={"a": STOPPED})
        self.assertEqual(host.asked, ["c"])
        self.assertEqual(sorted(report["stuck"]), ["uuid-a", "uuid-b"])

    def test_partial_answer(self):
        report = self.probe(Host(Domain("a", answer=lambda: PARTIAL)))
        self.assertEqual(report["stuck"], {})
        self.assertEqual(report["busy"]["uuid-a"]["why"], [
            "the call of another client holds its job"])

    def test_driver_without_a_monitor(self):
        report = self.probe(Host(Domain("a", answer=lambda: PARTIAL),
                                 kind="TEST"))
        self.assertEqual(report["busy"], {})

    def test_error(self):
        def fail():
            raise libvirt_error(1, "no monitor")

        report = self.probe(Host(Domain("a", answer=fail), Domain("b")))
        self.assertEqual(report["stuck"], {})
        self.assertEqual(report["busy"]["uuid-a"]["why"],
                         ["libvirt says: no monitor"])
        self.assertEqual(report["looked"]["probe"], 2)

    def run_with_hanging(self, gate, hanging, healthy, **changes):
        """
        Probe VMs of which the first ones hang.
        """
        host = Host(*([Domain("hang%02d" % n, answer=gate)
                       for n in range(hanging)] +
                      [Domain("ok%02d" % n) for n in range(healthy)]))
        scheduler = kit.Scheduler()
        reports = []

        def take(_number):
            reports.append(look.Look(
                settings(**changes), True, scheduler).take())

        with self.on(host), kit.Bunch(1, take):
            for _ in range(min(hanging, changes.get("max_hung", 12))):
                gate.wait()
                pass_time(scheduler, 1.0)
        return host, reports[0]

    def test_one_hangs(self):
        with kit.Gate(COMPLETE) as gate:
            host, report = self.run_with_hanging(gate, 1, 2)
        self.assertEqual(host.asked, ["hang00", "ok00", "ok01"])
        self.assertEqual(self.stuck(report), {
            "hang00": ["it did not answer within 1.0 s"]})
        self.assertEqual(report["not_asked"], 0)

    def test_never_more_than_max_hung(self):
        with kit.Gate(COMPLETE) as gate:
            host, report = self.run_with_hanging(gate, 5, 4, max_hung=3)
            self.assertEqual(gate.calls, 3)
        self.assertEqual(len(report["stuck"]), 3)
        self.assertEqual(report["looked"]["probe"], 3)
        self.assertEqual(report["not_asked"], 6)

    def test_hung_calls_of_others_count(self):
        host = Host(*[Domain("a%d" % n, (2, 0, 9000)) for n in range(3)] +
                    [Domain("b")])
        report = self.probe(host, max_hung=3)
        self.assertEqual(host.asked, [])
        self.assertEqual(report["not_asked"], 1)

    def test_late_answer_is_no_stuck_vm(self):
        # The second one hangs until the first has answered.
        with kit.Gate(COMPLETE) as first, kit.Gate(COMPLETE) as second:
            host = Host(Domain("a", answer=first),
                        Domain("b", answer=second))
            scheduler = kit.Scheduler()
            reports = []

            def take(_number):
                reports.append(look.Look(settings(), True, scheduler).take())

            with self.on(host), kit.Bunch(1, take):
                first.wait()
                pass_time(scheduler, 1.0)
                second.wait()
                first.open()
                kit.eventually(lambda: host.open == 1, "the late answer")
                pass_time(scheduler, 1.0)
        self.assertEqual(list(reports[0]["stuck"]), ["uuid-b"])
