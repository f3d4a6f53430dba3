# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import os
import threading

import mock

import feedclient_test
import kit
import wire_test
from vmsampling import errors
from vmsampling import source

PERIOD = 2.0


class Sampler(object):
    """
    Looks like a sampler whose rounds are settled by the test.
    """

    def __init__(self, error=None):
        self.error = error
        self.round = 0
        self.started = threading.Event()
        self.stopped = threading.Event()
        self._listener = None

    def add_listener(self, listener):
        self._listener = listener

    def start(self):
        self.started.set()
        if self.error is not None:
            raise self.error

    def stop(self, timeout):
        assert timeout <= 1.0
        self.stopped.set()

    def wait_round(self, number, timeout):
        assert timeout == 0
        return self.round >= number

    def snapshot(self):
        return wire_test.snapshot(round=self.round, period=PERIOD)

    def settle(self):
        self.round += 1
        self._listener()


class TestCase(feedclient_test.TestCase):

    def setUp(self):
        super(TestCase, self).setUp()
        # As many as are made, in this order.
        self.samplers = [Sampler() for _ in range(4)]
        left = list(self.samplers)
        patch = mock.patch.object(
            source, "make_sampler", lambda settings, period: left.pop(0))
        patch.start()
        self.addCleanup(patch.stop)
        patch = mock.patch.object(source, "_RETRY", 0.01)
        patch.start()
        self.addCleanup(patch.stop)

    def start(self, service=None, **kwargs):
        self.source = source.Source(self.settings, PERIOD, **kwargs)
        self.woken = []
        self.source.add_listener(lambda: self.woken.append(1))
        self.addCleanup(self.source.stop)
        if service is None:
            self.source.start()
        else:
            with kit.Bunch(1, lambda _: service.greet()):
                self.source.start()

    def shown(self):
        """
        Wait for a round; return its number and whose it is.
        """
        self.assertTrue(self.source.wait(kit.PATIENCE))
        found = self.source.snapshot()
        self.assertFalse(self.source.wait(0))
        return found["round"], found["source"]["own"]

    def text(self):
        return self.source.snapshot()["source"]["text"]


class OwnTest(TestCase):

    def test_rounds(self):
        self.start()
        self.assertFalse(self.source.wait(0))
        self.assertEqual(self.source.snapshot()["round"], 0)
        self.samplers[0].settle()
        self.assertEqual(self.shown(), (1, True))
        self.assertTrue(self.woken)
        # A reader that is slower than the rounds misses some.
        self.samplers[0].settle()
        self.samplers[0].settle()
        self.assertEqual(self.shown(), (3, True))
        self.assertEqual(self.source.snapshot()["source"], {
            "pid": os.getpid(), "own": True, "text": None})

    def test_no_service_is_asked(self):
        self.service()
        self.start(own=True)
        self.assertIs(self.source.sampler, self.samplers[0])

    def test_no_libvirt(self):
        self.samplers[0].error = errors.ConnectFailed("uri", "reason")
        for own in (True, False):
            with self.assertRaises(errors.ConnectFailed):
                source_ = source.Source(self.settings, PERIOD, own)
                source_.start()
            self.samplers[1].error = self.samplers[0].error

    def test_stop(self):
        self.start()
        self.source.stop()
        self.source.stop()
        self.assertTrue(self.samplers[0].stopped.is_set())
        self.assertFalse(self.source.wait(kit.PATIENCE))

    def test_stop_while_it_starts(self):
        sampler = self.samplers[0]

        def start():
            self.source.stop()
            self.assertTrue(sampler.stopped.is_set())
            # As one that does not know yet that it is to start.
            sampler.stopped.clear()

        sampler.start = start
        self.start()
        self.assertTrue(sampler.stopped.is_set())

    def test_stop_before_it_starts(self):
        source_ = source.Source(self.settings, PERIOD)
        source_.stop()
        source_.start()
        self.assertFalse(self.samplers[0].started.is_set())


class ServedTest(TestCase):

    def test_rounds(self):
        service = self.service()
        self.start(service)
        self.assertEqual(self.shown(), (1, False))
        service.send(service.line(2))
        self.assertEqual(self.shown(), (2, False))
        self.assertEqual(self.source.snapshot()["source"], {
            "pid": 4711, "own": False,
            "text": "from the service, process 4711, a round every 5 s"})
        self.assertFalse(self.samplers[0].started.is_set())
        self.assertIsNone(self.source.sampler)

    def test_ages_go_on(self):
        service = self.service()
        self.start(service)
        self.assertEqual(self.shown(), (1, False))
        service.send(service.line(2, age=3.0))
        self.shown()
        age = self.source.snapshot()["vms"]["u"]["age"]["storage"]
        self.assertGreaterEqual(age, 4.5)
        self.assertLess(age, 4.5 + kit.PATIENCE)
        self.assertGreater(
            self.source.snapshot()["vms"]["u"]["age"]["storage"], age)

    def test_service_before_its_first_round(self):
        service = self.service()
        service.round = 0
        self.start(service)
        self.assertFalse(self.source.wait(0))
        self.assertEqual(self.source.snapshot()["round"], 0)
        service.send(service.line(1))
        self.assertEqual(self.shown(), (1, False))

    def test_user_wants_more_rounds(self):
        self.start(self.service(), asked=True)
        self.assertEqual(
            self.text(), "from the service, process 4711, a round every 5 s; "
            "--own samples every 2 s")

    def test_user_wants_fewer_rounds(self):
        service = self.service()
        self.start(service, asked=True)
        self.source._figures._asked = 20.0
        self.shown()
        for number, age in ((2, -5.0), (3, -10.0), (4, -20.0)):
            service.send(service.line(number, age=age))
        self.assertEqual(self.shown(), (4, False))
        self.assertNotIn("--own", self.text())

    def test_other_libvirt(self):
        service = self.service(uri="lxc:///")
        self.start(service)
        self.samplers[0].settle()
        self.assertEqual(self.shown(), (1, True))

    def test_stop(self):
        self.start(self.service())
        self.source.stop()
        self.source.stop()
        self.assertFalse(self.source._thread.is_alive())


class ChangeTest(TestCase):

    def warnings(self):
        return self.logs.at(30)

    def start_and_lose(self):
        service = self.service()
        self.start(service)
        self.shown()
        service.__exit__()

    def test_service_ends(self):
        self.start_and_lose()
        # What it has said last is shown until there is something newer.
        self.assertEqual(self.shown(), (1, False))
        self.assertEqual(self.text(), "process 4711, the service, has ended; "
                         "this was its last round")
        kit.wait(self.samplers[0].started)
        self.samplers[0].settle()
        self.assertEqual(self.shown(), (1, True))
        self.assertIn("process 4711, the service, has ended; sampled by this "
                      "process since ", self.text())
        self.assertEqual(self.warnings(), [
            "the service at %s has ended; sampling goes on in this process" %
            self.settings["socket"]])

    def test_service_comes_back(self):
        self.start_and_lose()
        kit.wait(self.samplers[0].started)
        self.samplers[0].settle()
        self.assertEqual(self.shown(), (1, True))
        again = self.service(pid=4712)
        # It may be looked for while it starts.
        again.greet()
        self.assertEqual(self.shown(), (1, False))
        self.assertIn("from the service, process 4712", self.text())
        kit.wait(self.samplers[0].stopped)
        self.assertEqual(len(self.warnings()), 2)
        self.assertIn("There is a service now, process 4712",
                      self.warnings()[-1])

    def test_service_comes_later(self):
        self.start()
        self.samplers[0].settle()
        self.shown()
        self.service().greet()
        self.assertEqual(self.shown(), (1, False))
        kit.wait(self.samplers[0].stopped)

    def test_service_is_replaced(self):
        service = self.service()
        self.start(service)
        self.shown()
        with mock.patch.object(service, "_pid", 4713):
            # As a client that was cut off while it was stopped.
            service.hang_up()
            service.greet()
            self.assertEqual(self.shown(), (1, False))
        self.assertIn("another one, process 4713", self.warnings()[-1])
        self.assertFalse(self.samplers[0].started.is_set())

    def test_service_goes_mad(self):
        service = self.service()
        self.start(service)
        self.shown()
        service.send(b"x\n")
        service.greet(b"y\n")
        kit.wait(self.samplers[0].started)
        self.assertIn("is not understood: no JSON", self.warnings()[-1])

    def test_service_is_silent(self):
        service = self.service()
        with mock.patch.object(source.feedclient, "_GRACE", -9.99):
            self.start(service)
            kit.eventually(self.warnings, "silence to be noticed")
        self.assertIn("has said nothing for 0.01 s", self.warnings()[0])

    def test_libvirt_is_gone_too(self):
        for sampler in self.samplers[:2]:
            sampler.error = errors.ConnectFailed("uri", "reason")
        self.start_and_lose()
        kit.wait(self.samplers[2].started)
        self.assertTrue(self.source.wait(0))
        found = self.source.snapshot()
        self.assertEqual((found["round"], found["connected"]), (1, False))
        self.assertIn("cannot connect to libvirt", self.warnings()[-1])
        self.samplers[2].settle()
        self.assertEqual(self.shown(), (1, True))

    def test_stop_meanwhile(self):
        gate = kit.Gate()
        self.samplers[0].start = gate
        self.samplers[0].stop = lambda timeout: gate.open()
        with gate:
            self.start_and_lose()
            gate.wait()
            self.source.stop()
        self.await_threads()


class MakeTest(kit.TestCase):

    def test_settings_reach_the_sampler(self):
        from vmsampling import config
        from vmsampling import sampler
        with mock.patch.object(sampler, "Sampler") as made:
            source.make_sampler(config.load([]), 2.0)
        made.assert_called_once_with(
            connect="qemu:///system", period=2.0, workers=4, max_hung=12,
            timeout=1.0, stuck_after=2.0, storage_period=60.0, metadata="")
