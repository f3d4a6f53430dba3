# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import json

import mock

import kit
import manager
import webclient
from vmsampling import config
from vmsampling import errors
from vmsampling import inovexmetrics

kit.modern("prometheus_client")
exporter = kit.modern("vmsampling.exporter")

SNAPSHOT = {
    "time": 0.0, "round": 1, "elapsed": None, "connected": False, "vms": {},
    "hung": [], "threads": 9, "period": 15.0,
    "pool": {"threads": 4, "free": 4, "late": 0, "stuck": 0, "queued": 0},
    "budget": {"hung": 0, "max_hung": 12, "withheld": 0},
}


class Sampler(object):
    """
    Looks like a sampler.Sampler.
    """

    def __init__(self, error=None):
        self.error = error
        self.insist = None
        self.stopped = 0
        self.rounds = 0
        self.listener = None

    def start(self, insist):
        self.insist = insist
        if self.error is not None:
            raise self.error

    def stop(self, timeout):
        self.stopped += 1

    def snapshot(self):
        return SNAPSHOT

    def wait_round(self, number, timeout):
        return self.rounds >= number

    def add_listener(self, listener):
        self.listener = listener


class ExporterTest(kit.TestCase):

    def make(self, sampler=None, **settings):
        self.sampler = sampler or Sampler()
        self.station = mock.Mock()
        settings = dict(
            ((key.name, key.default) for key in config.KEYS),
            listen="127.0.0.1:0", **settings)
        with mock.patch.object(exporter.source, "make_sampler",
                               return_value=self.sampler) as self.made, \
                mock.patch.object(exporter.station, "Station",
                                  return_value=self.station):
            made = exporter.Exporter(settings, 15.0)
        self.addCleanup(made.stop)
        return made

    def get(self, made, path, *fields):
        return webclient.get(webclient.port(made), path, *fields)

    def test_start(self):
        made = self.make()
        made.start()
        self.assertTrue(self.sampler.insist)
        self.station.start.assert_called_once_with(self.sampler)

    def test_metrics(self):
        made = self.make()
        made.start()
        answer = self.get(made, "/metrics")
        self.assertEqual(answer.status, 200)
        self.assertTrue(answer.headers["Content-Type"].startswith(
            "text/plain; version=0.0.4"))
        self.assertIn(b"\nlibvirt_up 0", answer.body)

    def test_metadata_that_names_need(self):
        for names, given, wanted in (
                ("debian", "", ""), ("debian", "a=x", "a=x"),
                ("inovex", "a=x", "a=x"),
                ("inovex", "", inovexmetrics.METADATA)):
            self.make(names=names, metadata=given)
            (settings, _), _ = self.made.call_args
            self.assertEqual(settings["metadata"], wanted)

    def test_page(self):
        made = self.make()
        made.start()
        answer = self.get(made, "/")
        self.assertEqual((answer.status, answer.headers["Content-Type"]),
                         (200, "text/html; charset=utf-8"))
        self.assertIn("script-src 'sha256-",
                      answer.headers["Content-Security-Policy"])
        self.assertTrue(answer.body.startswith(b"<!"), answer.body[:20])

    def test_figures_of_the_page(self):
        made = self.make()
        made.start()
        answer = self.get(made, "/snapshot.json")
        self.assertEqual((answer.status, answer.headers["Content-Type"]),
                         (200, "application/json"))
        self.assertEqual(json.loads(answer.body.decode("ascii"))["vms"], [])

    def test_name_of_another_site(self):
        made = self.make()
        made.start()
        client = webclient.Client(webclient.port(made))
        self.addCleanup(client.close)
        for path in ("/", "/metrics", "/snapshot.json"):
            client.send(("GET %s HTTP/1.1\r\nHost: evil.example:9177\r\n\r\n"
                         % path).encode("ascii"))
            self.assertEqual(client.answer().status, 421)

    def test_openmetrics(self):
        made = self.make()
        made.start()
        answer = self.get(
            made, "/metrics", "Accept: application/openmetrics-text")
        self.assertTrue(answer.headers["Content-Type"].startswith(
            "application/openmetrics-text"))
        self.assertTrue(answer.body.endswith(b"# EOF\n"))

    def test_health(self):
        made = self.make()
        made.start()
        self.assertEqual(self.get(made, "/healthz").status, 503)
        self.sampler.rounds = 1
        self.sampler.listener()
        answer = self.get(made, "/healthz")
        self.assertEqual((answer.status, answer.body), (200, b"ok\n"))

    def test_hopeless(self):
        made = self.make(Sampler(errors.ConnectFailed("x", "y", True)))
        with self.assertRaises(errors.ConnectFailed):
            made.start()
        self.assertGreater(self.sampler.stopped, 0)
        self.station.start.assert_not_called()

    def test_address_is_taken(self):
        first = self.make()
        first.start()
        with self.assertRaises(errors.ListenFailed):
            self.make_at(webclient.port(first)).start()

    def make_at(self, port):
        made = self.make()
        made._server._address = "127.0.0.1:%d" % port
        return made

    def test_bad_certificate(self):
        made = self.make(certificate="/nowhere")
        with self.assertRaises(errors.BadFile):
            made.start()
        # libvirt has not been asked.
        self.assertIsNone(self.sampler.insist)

    def test_dump(self):
        made = self.make()
        made.dump()
        self.station.dump.assert_called_once_with()

    def test_service_manager(self):
        listener = manager.Manager()
        self.addCleanup(listener.close)
        with mock.patch.dict("os.environ", dict(
                listener.environ, WATCHDOG_USEC="60000000")):
            made = self.make()
        made.start()
        self.assertEqual(
            listener.receive(), ["STATUS=Connecting to libvirt"])
        interrupt = mock.Mock()
        interrupt.wait.side_effect = [None, KeyboardInterrupt]
        with self.assertRaises(KeyboardInterrupt):
            made.run(interrupt)
        interrupt.wait.assert_called_with(15.0)
        status = "STATUS=no VMs; libvirt does not answer"
        self.assertEqual(
            listener.receive(), [status, "READY=1", "WATCHDOG=1"])
        self.assertEqual(listener.receive(), [status, "WATCHDOG=1"])
        made.stop()
        self.assertEqual(listener.receive(), ["STOPPING=1"])

    def test_nobody_is_told(self):
        interrupt = mock.Mock()
        interrupt.wait.side_effect = KeyboardInterrupt
        with self.assertRaises(KeyboardInterrupt):
            self.make().run(interrupt)
        interrupt.wait.assert_called_with(None)

    def test_stop(self):
        made = self.make()
        made.start()
        made.stop()
        made.stop()
        self.station.stop.assert_called_with(exporter._STOP)


class HealthTest(kit.TestCase):

    def setUp(self):
        super(HealthTest, self).setUp()
        self.now = 1000.0
        self.sampler = Sampler()
        self.health = exporter.Health(self.sampler, 15.0, lambda: self.now)

    def check(self, status, text):
        answer = self.health.answer()
        self.assertEqual((answer.status, answer.body), (status, text))

    def test_no_round_yet(self):
        self.health.settle()
        self.check(503, b"there was no round yet\n")

    def test_rounds_go_on(self):
        self.sampler.rounds = 1
        for _ in range(3):
            self.now += 30.0
            self.check(200, b"ok\n")
            self.health.settle()

    def test_rounds_do_not_go_on(self):
        self.sampler.rounds = 1
        self.health.settle()
        self.now += 31.0
        self.check(503, b"the last round was 31 s ago\n")
        self.health.settle()
        self.check(200, b"ok\n")

    def test_goes_on(self):
        # Before the first round as well: libvirt may hang at the start.
        for age, grace, goes_on in ((30.0, 1.0, True), (31.0, 1.0, False),
                                    (31.0, 45.0, True), (46.0, 45.0, False)):
            self.health.settle()
            self.now += age
            self.assertEqual(self.health.goes_on(grace), goes_on)
