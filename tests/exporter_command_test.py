# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import logging
import signal
import sys

import mock
import six

import command_test
import kit
from vmsampling.commands import exporter as exporter_command

LIMITS = "must be a number from 0.1 to 3600"


class Exporter(object):
    """
    Looks like exporter.Exporter, and runs until it was shown.
    """

    def __init__(self):
        self.calls = []
        self.made = None

    def __call__(self, settings, period):
        self.made = settings, period
        return self

    def __getattr__(self, name):
        return lambda *args: self.calls.append(name)


class TestCase(command_test.TestCase):

    def setUp(self):
        super(TestCase, self).setUp()
        self.exporter = Exporter()

    def run_exporter(self, *argv):
        module = kit.modern("vmsampling.exporter")
        self.patch(module, "Exporter", self.exporter)
        return self.main("exporter", *argv)


class ExporterTest(TestCase):

    def test_defaults(self):
        self.assertEqual(self.run_exporter(), (0, u"", u""))
        settings, period = self.exporter.made
        self.assertEqual(period, 15.0)
        self.assertEqual(settings["listen"], "127.0.0.1:9177")
        self.assertEqual(settings["certificate"], "")
        self.assertEqual(self.exporter.calls, ["start", "run"])

    def test_options(self):
        self.run_exporter("--listen", "[::1]:80", "--period", "2", "--names",
                          "inovex", "--connect", "test:///default")
        settings, period = self.exporter.made
        self.assertEqual(
            (settings["listen"], settings["names"], settings["connect"],
             period), ("[::1]:80", "inovex", "test:///default", 2.0))

    def test_files(self):
        path = self.write("x.conf", "\n".join((
            "[vars]", "vm_sample_interval = 4", "[exporter]",
            "listen = :9178", "certificate = /a b", "key = /c",
            "client_ca = /d")))
        self.run_exporter("--config", path)
        settings, period = self.exporter.made
        self.assertEqual(period, 4.0)
        self.assertEqual(
            [settings[name] for name in (
                "listen", "certificate", "key", "client_ca")],
            [":9178", "/a b", "/c", "/d"])

    def test_dump(self):
        kit.modern("vmsampling.exporter")
        job = exporter_command.Job(mock.Mock(
            connect=None, config=[self.config], listen=None, names=None,
            period=None))
        job.signals[signal.SIGUSR1]()
        job._exporter = self.exporter
        job.signals[signal.SIGUSR1]()
        self.assertEqual(self.exporter.calls, ["dump"])

    def test_tells_what_happens(self):
        def run(_interrupt):
            logging.getLogger("vmsampling.some").info("hello")
            logging.getLogger("vmsampling.some").debug("world")

        self.exporter.run = run
        _, _, err = self.run_exporter()
        self.assertIn("hello", err)
        self.assertNotIn("world", err)

    def test_no_prometheus_client(self):
        kit.modern("vmsampling.exporter")
        with mock.patch.dict(sys.modules, prometheus_client=None):
            self.check_error(
                "the exporter needs prometheus_client "
                "(python3-prometheus-client) for %s" % sys.executable,
                "exporter")


class ComplaintTest(TestCase):

    def test_values(self):
        address = "must be like 127.0.0.1:9177, [::1]:9177 or :9177"
        for message, argv in (
                ("--period = 0: " + LIMITS, ["--period", "0"]),
                ("--listen = localhost: " + address,
                 ["--listen", "localhost"]),
                ("--listen = (empty): " + address, ["--listen", ""]),
                ("--names = x: must be debian or inovex", ["--names", "x"])):
            self.check_error(message, "exporter", *argv)

    def test_file_names(self):
        for name in ("certificate", "key", "client_ca"):
            path = self.write("x.conf", "[exporter]\n%s = a/b\n" % name)
            self.check_error(
                "%s: [exporter] %s = a/b: must be a path that begins with /, "
                "or nothing" % (path, name), "exporter", "--config", path)

    def test_old_python(self):
        # As long as one of them has no exporter, this is what it says.
        needs = (3, 6) if six.PY2 else (99, 0)
        self.patch(exporter_command, "_PYTHON", needs)
        self.check_error("the exporter needs Python %d.%d or later" % needs,
                         "exporter")
