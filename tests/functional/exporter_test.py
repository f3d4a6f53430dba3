# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The exporter as Prometheus and its enemies meet it: a process, beside real VMs
one of which is stuck.
"""

from __future__ import absolute_import, division, print_function

import collections
import contextlib
import json
import os
import re
import signal
import ssl
import subprocess
import sys
import time

import abuse
import host
import kit
import program_test
import tools
import webcerts
import webclient
from threadpool import clock

kit.modern("prometheus_client")

VMS = host.Host(vms=12)
STUCK = "vm02"
PERIOD = 1.0

# As promised for each scrape.
SCRAPED = 0.1

# What a sample may be old: two periods, as promised, and a second for which
# the same page is served again.
FRESH = 2 * PERIOD + 1.0

SLOW = 200
BAD = 10000

_SAMPLE = re.compile(r"([a-z_]+)(?:\{(.*)\})? (\S+)$")
_SERVING = re.compile(r"Serving https?://\S+:(\d+)/$")

Usage = collections.namedtuple("Usage", "threads descriptors memory")


def setUpModule():
    VMS.start()


def tearDownModule():
    VMS.stop()


class Exporter(object):
    """
    A process.
    """

    def __init__(self, *args):
        # Its own socket and no dumps: several may run at the same time.
        settings = VMS.folder.write(
            "exporter.conf", "[sampling]\nsocket = off\ndump_folder = off\n")
        self.process = subprocess.Popen(
            program_test.COMMAND + [
                "exporter", "--config", settings, "--connect", VMS.uri,
                "--listen", "127.0.0.1:0", "--period", str(PERIOD)] +
            list(args), stdin=subprocess.PIPE, stderr=subprocess.PIPE,
            close_fds=True, universal_newlines=True,
            env=program_test.environment())
        self.port = None
        while self.port is None:
            line = self.process.stderr.readline()
            assert line, "the exporter has ended"
            found = _SERVING.search(line.strip())
            self.port = found and int(found.group(1))

    def scrape(self, context=None):
        """
        Return (seconds, {name: {labels: value}}).
        """
        began = clock.monotonic()
        answer = webclient.get(self.port, "/metrics", context=context)
        seconds = clock.monotonic() - began
        assert answer is not None and answer.status == 200, answer
        found = {}
        for line in answer.body.decode().splitlines():
            match = _SAMPLE.match(line)
            if match is not None:
                name, labels, value = match.groups()
                found.setdefault(name, {})[labels] = float(value)
        return seconds, found

    def value(self, name):
        return self.scrape()[1][name][None]

    def wait_for_rounds(self, count=3):
        tools.wait_until(
            lambda: self.value("vdsm_sampler_rounds_total") >= count,
            (count + 5) * PERIOD, "rounds")

    def usage(self):
        proc = "/proc/%d/" % self.process.pid
        with open(proc + "status") as stream:
            status = dict(line.split(":", 1) for line in stream)
        return Usage(int(status["Threads"]), len(os.listdir(proc + "fd")),
                     int(status["VmRSS"].split()[0]) / 1024.0)

    def end(self, number=signal.SIGTERM):
        """
        Return (exit status, seconds).
        """
        began = clock.monotonic()
        self.process.send_signal(number)
        self.process.wait()
        return self.process.returncode, clock.monotonic() - began

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


class TestCase(kit.TestCase):

    def start(self, *args):
        made = Exporter(*args)
        self.addCleanup(made.close)
        return made

    def check_scrape(self, seconds, found):
        """
        Nobody but the stuck VM is old, and the rounds are punctual.
        """
        ages = dict(
            (re.search('domain="([^"]*)"', labels).group(1), age)
            for labels, age in
            found["libvirt_domain_sample_age_seconds"].items()
            if 'tier="monitor"' in labels)
        old = dict((name, age) for name, age in ages.items()
                   if age > FRESH and name != STUCK)
        self.assertEqual(old, {})
        self.assertEqual(set(VMS.domains) - set(ages) - set([STUCK]), set())
        self.assertLess(found["vdsm_sampler_late_seconds"][None], PERIOD / 2)
        self.assertEqual(found["libvirt_up"][None], 1.0)


class AbuseTest(TestCase):

    def test_bad_requests_and_slow_clients(self):
        self.addCleanup(VMS.thaw, STUCK)
        VMS.freeze(STUCK)
        exporter = self.start()
        exporter.wait_for_rounds()
        before = exporter.usage()
        began, rounds = clock.monotonic(), exporter.value(
            "vdsm_sampler_rounds_total")
        with self.abuse(exporter) as abuser:
            times = [self.look(exporter) for _ in range(12)]
        # In the end there are only slow ones.
        told = json.loads(abuser.stdout.readline())
        self.assertEqual(sum(told["answers"].values()), BAD)
        self.assertGreater(told["answers"]["400"], BAD / 4)
        self.assertNotIn("timeout", told["answers"])
        self.assertGreater(told["thrown_out"], SLOW)
        due = (clock.monotonic() - began) / PERIOD
        done = exporter.value("vdsm_sampler_rounds_total") - rounds
        self.assertLess(abs(due - done), 1.5)
        tools.wait_until(
            lambda: exporter.usage().descriptors <= before.descriptors + 1,
            5, lambda: "descriptors are back: %r" % (exporter.usage(),))
        after = exporter.usage()
        print("%s; scraped beside it in %s ms; before %s, after %s" % (
            told, sorted(int(1000 * t) for t in times), before, after),
            file=sys.stderr)
        self.assertLessEqual(sorted(times)[len(times) // 2], SCRAPED)
        self.assertLess(after.threads, before.threads + 2)
        self.assertLess(after.memory, before.memory + 20)

    def look(self, exporter):
        seconds, found = exporter.scrape()
        self.check_scrape(seconds, found)
        time.sleep(max(1.0 - seconds, 0.0))
        return seconds

    @contextlib.contextmanager
    def abuse(self, exporter):
        process = subprocess.Popen(
            [sys.executable, abuse.__file__, str(exporter.port), str(SLOW),
             str(BAD), str(kit.SEED)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=True,
            universal_newlines=True)
        try:
            yield process
        finally:
            self.addCleanup(process.stdout.close)
            process.stdin.close()
            process.wait()


class ScrapeTest(TestCase):

    def test_same_with_stuck_vms(self):
        exporter = self.start()
        exporter.wait_for_rounds()
        before = [exporter.scrape()[0] for _ in range(20)]
        self.addCleanup(VMS.thaw, STUCK)
        VMS.freeze(STUCK)
        tools.wait_until(
            lambda: "libvirt_domain_stuck_info" in exporter.scrape()[1],
            10, "it is told that a VM is stuck")
        times = []
        for _ in range(20):
            seconds, found = exporter.scrape()
            times.append(seconds)
            self.check_scrape(seconds, found)
        print("scraped in %s ms, with a stuck VM in %s ms" % tuple(
            sorted(int(1000 * t) for t in some) for some in (before, times)),
            file=sys.stderr)
        self.assertLess(sorted(before)[-2], SCRAPED)
        self.assertLess(sorted(times)[-2], SCRAPED)
        # With a call that hangs, a client that is slow, and one that waits.
        slow = webclient.Client(exporter.port)
        self.addCleanup(slow.close)
        slow.send(b"GET")
        status, seconds = exporter.end()
        self.assertEqual(status, 0)
        self.assertLess(seconds, 1.0)


class LibvirtTest(TestCase):

    def test_libvirtd_comes_later(self):
        VMS.libvirtd.kill()
        try:
            exporter = self.start()
            tools.wait_until(
                lambda: exporter.value("vdsm_sampler_rounds_total") > 0, 5,
                "rounds without libvirt")
            _, found = exporter.scrape()
            self.assertEqual(found["libvirt_up"][None], 0.0)
            self.assertNotIn("libvirt_domain_sample_age_seconds", found)
            for path in ("/healthz", "/", "/snapshot.json"):
                self.assertEqual(
                    webclient.get(exporter.port, path).status, 200, path)
        finally:
            VMS.libvirtd.start()
        tools.wait_until(
            lambda: exporter.value("libvirt_up") == 1.0, 5 * PERIOD,
            "it is connected")
        exporter.wait_for_rounds(
            exporter.value("vdsm_sampler_rounds_total") + 2)
        self.check_scrape(*exporter.scrape())
        self.assertEqual(exporter.end(signal.SIGINT)[0], 0)

    def test_libvirtd_hangs(self):
        VMS.libvirtd.suspend()
        try:
            exporter = self.start()
            self.assertEqual(exporter.value("libvirt_up"), 0.0)
            status, seconds = exporter.end()
        finally:
            VMS.libvirtd.resume()
        self.assertEqual(status, 0)
        self.assertLess(seconds, 1.0)


class TlsTest(TestCase):

    def test_client_certificates(self):
        if webcerts.OPENSSL is None:
            self.skipTest("no openssl")
        certs = webcerts.Folder()
        self.addCleanup(certs.remove)
        certs.create()
        certs.make("ca")
        for name in ("server", "client"):
            certs.make(name, "ca")
        path = VMS.folder.write("tls.conf", "\n".join((
            "[exporter]", "certificate = " + certs.path("server.crt"),
            "key = " + certs.path("server.key"),
            "client_ca = " + certs.path("ca.crt"))))
        exporter = self.start("--config", path)
        context = ssl.create_default_context(cafile=certs.path("ca.crt"))
        with self.assertRaises((EnvironmentError, AssertionError)):
            exporter.scrape(context)
        context.load_cert_chain(
            certs.path("client.crt"), certs.path("client.key"))
        _, found = exporter.scrape(context)
        self.assertIn("libvirt_up", found)


class ComplaintTest(program_test.TestCase):

    def setUp(self):
        kit.TestCase.setUp(self)
        self.config = VMS.folder.write("empty.conf", "")

    def check(self, text, *args):
        complaint = self.check_complaint(program_test.COMMAND + [
            "exporter", "--config", self.config, "--connect", VMS.uri] +
            list(args))
        self.assertIn(text, complaint)

    def test_address_is_taken(self):
        exporter = Exporter()
        self.addCleanup(exporter.close)
        self.check("another program listens there", "--listen",
                   "127.0.0.1:%d" % exporter.port)

    def test_bad_file(self):
        path = VMS.folder.write("bad.conf", "[exporter]\ncertificate = /x\n")
        self.check("/x: cannot be read: No such file", "--config", path)

    def test_bad_uri(self):
        status, out, err = tools.run(program_test.COMMAND + [
            "exporter", "--config", self.config, "--listen", "127.0.0.1:0",
            "--connect", "qemu+nonsense:///system"], 20,
            env=program_test.environment())
        self.assertEqual((status, out), (2, ""))
        # Before it was asked, it was serving.
        serving, complaint = err.splitlines()
        self.assertIn("Serving", serving)
        self.assertIn("vdsm-sampler: cannot connect to libvirt at qemu+nons",
                      complaint)
