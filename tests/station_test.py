# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import os
import shutil
import tempfile

import mock
from six.moves import queue

import kit
import wire_test
from threadpool import clock
from vmsampling import errors
from vmsampling import feedclient
from vmsampling import listener
from vmsampling import station
from vmsampling import wire

PERIOD = 1.0


class Sampler(object):
    """
    Looks like a sampler whose rounds are settled by the test.
    """

    def __init__(self):
        self.listeners = []
        self.changes = {}
        self.round = 0
        # How often snapshot() was called.
        self.taken = 0

    def add_listener(self, listener):
        self.listeners.append(listener)

    def remove_listener(self, listener):
        self.listeners = [one for one in self.listeners if one != listener]

    def wait_round(self, number, timeout):
        return self.round >= number

    def snapshot(self):
        self.taken += 1
        return wire_test.snapshot(
            round=self.round, monotonic=clock.monotonic(), **self.changes)

    def settle(self, **changes):
        self.changes = changes
        self.round += 1
        for call in self.listeners:
            call()


class TestCase(kit.TestCase):

    def setUp(self):
        super(TestCase, self).setUp()
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.settings = {
            "socket": os.path.join(self.folder, "socket"),
            "socket_access": "owner", "connect": "test:///default",
            "dump_folder": "off"}
        self.sampler = Sampler()
        logs = kit.logs("vmsampling")
        self.logs = logs.__enter__()
        self.addCleanup(logs.__exit__, None, None, None)

    def start(self, **kwargs):
        made = station.Station(self.settings, PERIOD, **kwargs)
        self.addCleanup(made.stop)
        made.start(self.sampler)
        return made

    def link(self):
        found = feedclient.find(self.settings)
        self.assertIsNotNone(found, self.logs.records)
        self.addCleanup(found.close)
        return found


class ReaderTest(TestCase):

    def test_each_round(self):
        self.settings["socket"] = "off"
        seen = queue.Queue()
        self.start(reader=lambda found: seen.put(found["round"]))
        self.assertEqual(seen.get(timeout=30), 0)
        self.sampler.settle()
        self.assertEqual(seen.get(timeout=30), 1)


class FeedTest(TestCase):

    def test_rounds(self):
        self.start()
        link = self.link()
        self.assertEqual(link.service, {
            "vdsm-sampler": 1, "pid": os.getpid(), "period": PERIOD,
            "uri": "test:///default"})
        self.assertEqual(link.latest["round"], 0)
        self.sampler.settle()
        self.assertEqual(link.read(kit.PATIENCE)["round"], 1)
        self.sampler.settle()
        self.assertEqual(link.read(kit.PATIENCE)["round"], 2)

    def test_once_for_all_clients(self):
        self.start()
        links = [self.link() for _ in range(5)]
        with mock.patch.object(wire, "line", wraps=wire.line) as line:
            self.sampler.settle()
            for link in links:
                self.assertEqual(link.read(kit.PATIENCE)["round"], 1)
            self.assertEqual(self.link().latest["round"], 1)
        self.assertEqual((self.sampler.taken, line.call_count), (2, 1))

    def test_snapshot_that_fails(self):
        self.start()
        link = self.link()
        failed = mock.Mock(side_effect=EnvironmentError(24, "Too many"))
        with mock.patch.object(self.sampler, "snapshot", failed):
            self.sampler.settle()
            kit.eventually(lambda: self.logs.at(30))
        self.assertEqual(self.logs.at(30), [
            "A snapshot is lost: Too many (0 more not logged)"])
        self.sampler.settle()
        self.assertEqual(link.read(kit.PATIENCE)["round"], 2)

    def test_other_wake_ups_bring_nothing(self):
        self.start()
        link = self.link()
        self.sampler.listeners[0]()
        self.assertEqual(self.link().latest["round"], 0)
        self.assertIsNone(link.read(0))

    def test_stop(self):
        made = self.start()
        link = self.link()
        made.stop()
        made.stop()
        with self.assertRaises(errors.ServiceGone):
            link.read(kit.PATIENCE)
        self.assertEqual(self.sampler.listeners, [])
        self.assertEqual(os.listdir(self.folder), ["socket.lock"])
        # A listener that is under way may come later.
        made._wake()

    def test_stop_before_start(self):
        station.Station(self.settings, PERIOD).stop()

    def test_off(self):
        self.settings["socket"] = "off"
        self.start()
        self.sampler.settle()
        self.assertEqual(os.listdir(self.folder), [])

    def test_another_service(self):
        self.start()
        with self.assertRaises(errors.SocketBusy):
            station.Station(self.settings, PERIOD, must_serve=True).start(
                self.sampler)

    def test_it_takes_over(self):
        other = listener.Listener(self.settings["socket"], "owner")
        other.open()
        self.addCleanup(other.close)
        with mock.patch.object(station, "_RETRY", 0.005):
            self.start()
            # One line, and it goes on.
            kit.eventually(lambda: len(self.logs.records) > 3)
            self.assertEqual(len(self.logs.at(30)), 1)
            self.assertIn("serves it already", self.logs.at(30)[0])
            self.sampler.settle()
            other.close()
            kit.eventually(lambda: os.path.exists(self.settings["socket"]))
        self.assertEqual(self.link().latest["round"], 1)

    def test_failure_leaves_no_socket(self):
        # A bug of ours must not leave clients waiting.
        self.start()
        link = self.link()
        self.sampler.snapshot = mock.Mock(side_effect=ZeroDivisionError)
        with kit.logs("threadpool.threads") as logs:
            self.sampler.settle()
            with self.assertRaises(errors.ServiceGone):
                link.read(kit.PATIENCE)
            self.await_threads()
        self.assertIn("FAILED thread station", logs.at(40))


class DumpTest(TestCase):

    def setUp(self):
        super(DumpTest, self).setUp()
        self.settings["socket"] = "off"
        self.settings["dump_folder"] = os.path.join(self.folder, "dumps")

    def dumps(self):
        if not os.path.isdir(self.settings["dump_folder"]):
            return []
        return [name for name in os.listdir(self.settings["dump_folder"])
                if name.endswith(".gz")]

    def test_asked_for(self):
        made = self.start()
        self.sampler.settle()
        kit.eventually(lambda: os.path.isdir(self.settings["dump_folder"]))
        self.assertEqual(self.dumps(), [])
        made._recorder._writer.join(kit.PATIENCE)
        made.dump()
        kit.eventually(self.dumps)
        self.assertIn("somebody has asked", self.logs.at(30)[-1])

    def test_stuck(self):
        made = self.start()
        made._recorder._writer.join(kit.PATIENCE)
        self.sampler.settle(vms=wire_test.vm(
            stuck={"call": "x", "why": None}))
        kit.eventually(self.dumps)

    def test_off(self):
        self.settings["dump_folder"] = "off"
        self.start().dump()
        kit.eventually(lambda: self.logs.at(30))
        self.assertIn("dump_folder in [sampling] is off",
                      self.logs.at(30)[0])

    def test_signal_while_it_is_woken(self):
        # A handler runs on a thread that may hold the lock.
        made = self.start()
        made._recorder._writer.join(kit.PATIENCE)
        with made._lock:
            made.dump()
        kit.eventually(self.dumps)
