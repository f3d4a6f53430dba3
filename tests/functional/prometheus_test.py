# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Our exporter as an operator has it: Debian's Prometheus, with the configuration
and the rules of contrib/, asks three of them, one of which samples real QEMUs
that get stuck.
"""

from __future__ import absolute_import, division, print_function

import os
import re
import shutil
import sys
import time

import daemons
import dashboard
import exporters
import host
import kit
import tools

CONTRIB = os.path.join(
    os.path.dirname(os.path.dirname(os.path.dirname(
        os.path.abspath(__file__)))), "contrib", "prometheus")

# Seconds: of the samplers, of Prometheus' scrapes and evaluations.
PERIOD = 2.0
SCRAPE = 1.0

# What a scrape gets may have been written so many seconds before.
WRITTEN = 1.0

# What a fault may take until its alert fires: two periods, then the next
# scrape and the next evaluation after it; and a moment of a busy machine.
ALERTED = 2 * PERIOD + WRITTEN + 2 * SCRAPE + 0.5

# Seconds that a fault lasts after its alert.
HELD = 3.0

# The most that a scrape may take.
FAST = 0.1

STUCK = "libvirt_domain_stuck_seconds > 0"

# What a centre must get, something of each line of its example.
FEDERATED = (
    "domain:libvirt_domain_cpu_seconds:rate2m", "up", "libvirt_up",
    "libvirt_domain_sample_age_seconds", "libvirt_domain_stuck_seconds",
    "vdsm_sampler_period_seconds", "ALERTS")

# Metrics of the dashboard that these hosts cannot have.
ABSENT = {
    # The other vocabulary has them.
    "libvirt_domain_block_stats_read_time_seconds_total",
    "libvirt_domain_block_stats_write_time_seconds_total",
    "libvirt_domain_block_stats_flush_time_seconds_total",
    # This libvirtd lets in nobody but the user who runs it.
    "libvirtd_clients", "libvirtd_clients_max", "libvirtd_jobs_queued",
    "libvirtd_workers", "libvirtd_workers_free", "libvirtd_workers_max",
    # Kernels without it, and machines without disks and nodes of their own.
    "libvirt_host_pressure_seconds_total",
    "libvirt_host_disk_read_bytes_total",
    "libvirt_host_disk_write_bytes_total",
    "libvirt_host_numa_memory_free_bytes",
}


class Site(object):
    """
    What all tests here share: it takes seconds to start.
    """

    def __init__(self):
        self.vms = host.Host(vms=12)
        self.exporters = []
        self.prometheus = None
        self._started = None

    def start(self):
        tools.require("prometheus")
        self.vms.start()
        try:
            self._start()
        except:  # NOQA: E722 (removes what was begun, the error goes on)
            self.stop()
            raise

    def _start(self):
        folder = self.vms.folder
        # The others have libvirt's test driver, with a VM named "test" each.
        self.exporters = [
            exporters.exporter(folder, "exporter%d" % number, uri, PERIOD)
            for number, uri in enumerate([
                self.vms.uri, "test:///default", "test:///default"])]
        for one in self.exporters:
            one.launch()
        for one in self.exporters:
            one.wait()
        self._configure()
        self.add_host(0)
        self.add_host(1)
        self.prometheus = daemons.Prometheus(folder)
        self.prometheus.start()

    def _configure(self):
        """
        As in contrib/, but for the times, and for the hosts.
        """
        to = self.vms.folder.path
        with open(os.path.join(CONTRIB, "prometheus.yml")) as stream:
            text, changed = re.subn(
                r"_interval: 15s", "_interval: %ds" % SCRAPE, stream.read())
        text, shortened = re.subn(
            r"scrape_timeout: 5s", "scrape_timeout: %ds" % SCRAPE, text)
        assert (changed, shortened) == (2, 1)
        self.vms.folder.write("prometheus.yml", text)
        shutil.copy(os.path.join(CONTRIB, "vdsm-sampling.rules.yml"), to)
        self.vms.folder.make("hosts")

    def add_host(self, number):
        # Complete at once: Prometheus looks whenever a file changes.
        path = self.vms.folder.write(
            "new-host", "- targets: ['%s']\n  labels: {cluster: test}\n" %
            self.exporters[number].address)
        os.rename(path, os.path.join(
            self.vms.folder.path, "hosts", "%d.yml" % number))

    def stop(self):
        for one in self.exporters + [self.prometheus]:
            if one is not None:
                one.stop()
        self.vms.stop()

    @property
    def qemus(self):
        """
        Instance of the exporter of the QEMUs.
        """
        return self.exporters[0].address

    def wait_until_up(self, *numbers):
        wanted = sorted(self.exporters[n].address for n in numbers)
        tools.wait_until(lambda: self.up() == wanted, 15, lambda: (
            "up are %s, not %s" % (self.up(), wanted)), pause=0.2)

    def up(self):
        return sorted(labels["instance"] for labels, _ in
                      self.prometheus.query('up{job="vdsm-sampler"} == 1'))


SITE = Site()


def tell(figures):
    # Past the runner, which shows what is printed only of a failed test.
    sys.__stderr__.write("\n    %s\n" % figures)


def setUpModule():
    SITE.start()


def tearDownModule():
    SITE.stop()


class TestCase(kit.TestCase):

    def setUp(self):
        super(TestCase, self).setUp()
        self.prometheus = SITE.prometheus
        SITE.wait_until_up(*self.hosts)
        self.wait_fresh()

    # Numbers of the exporters that Prometheus knows when a test begins.
    hosts = (0, 1)

    def wait_fresh(self):
        """
        Wait until all QEMUs have been seen, and none is stuck.
        """
        expression = (
            'count(libvirt_domain_sample_age_seconds{%s, tier="monitor"} < %g'
            ' and on (domain) libvirt_domain_stuck_seconds == 0)' % (
                self.of_qemus(), 2 * PERIOD))
        tools.wait_until(
            lambda: self.prometheus.value(expression) == len(SITE.vms.domains),
            20, lambda: "%s, now %s" % (
                expression, self.prometheus.value(expression)), pause=0.2)

    def of_qemus(self):
        return 'job="vdsm-sampler", instance="%s"' % SITE.qemus


class StuckTest(TestCase):

    def test_one_stuck(self):
        self.check_stuck(["vm03"])

    def test_six_stuck(self):
        self.check_stuck(["vm%02d" % n for n in range(2, 8)])

    def check_stuck(self, names):
        begin = time.time()
        for name in names:
            # Before all else that may fail.
            self.addCleanup(SITE.vms.thaw, name)
        tools.suspend(*[SITE.vms.pid(name) for name in names])
        fired = tools.wait_until(
            lambda: self.stuck() == names, ALERTED + 5, lambda: (
                "VMStuck fires for %s, not %s" % (self.stuck(), names)))
        time.sleep(HELD)
        self.assertEqual(self.stuck(), names)
        self.check_told(names)
        for name in names:
            SITE.vms.thaw(name)
        resolved = tools.wait_until(
            lambda: not self.stuck(), ALERTED + 5, lambda: (
                "VMStuck ends, still for %s" % self.stuck()))
        self.wait_fresh()
        seconds = int(time.time() - begin)
        slowest = self.check_scrapes(seconds)
        oldest = self.check_ages(seconds, names)
        tell("%d stuck: alerts after %.1f s, resolved after %.1f s; slowest "
             "scrape %.3f s; oldest healthy VM %.2f s" % (
                 len(names), fired, resolved, slowest, oldest))
        self.assertLess(fired, ALERTED)
        self.assertLess(resolved, ALERTED)

    def stuck(self):
        return sorted(labels["domain"]
                      for labels in self.prometheus.firing("VMStuck"))

    def check_told(self, names):
        """
        Nothing fires but what is to; and it says why.
        """
        others = self.prometheus.query(
            'ALERTS{alertstate="firing", alertname!="VMStuck"}')
        self.assertEqual(others, [])
        texts = [alert["annotations"]["description"] for alert in
                 self.prometheus.get_json("/api/v1/alerts")["data"]["alerts"]
                 if alert["labels"]["alertname"] == "VMStuck"]
        self.assertEqual(len(texts), len(names))
        for text in texts:
            self.assertIn("in state T", text)

    def check_scrapes(self, seconds):
        """
        Each of them must have worked, and taken no time. Return what the
        slowest took.
        """
        span = "{%s}[%ds]" % (self.of_qemus(), seconds)
        self.assertEqual(
            self.prometheus.value("min_over_time(up%s)" % span), 1.0)
        self.check_complete(seconds, "up{%s}" % self.of_qemus())
        slowest = self.prometheus.value(
            "max_over_time(scrape_duration_seconds%s)" % span)
        self.assertLess(slowest, FAST)
        return slowest

    def check_ages(self, seconds, stuck):
        """
        The series of the healthy VMs must have no gap, and none may ever have
        been old. Return the oldest age.
        """
        series = ('libvirt_domain_sample_age_seconds{%s, tier="monitor", '
                  'domain!~"%s"}' % (self.of_qemus(), "|".join(stuck)))
        self.check_complete(seconds, series)
        ages = dict((labels["domain"], value) for labels, value in
                    self.prometheus.query("max_over_time(%s[%ds])" % (
                        series, seconds)))
        self.assertEqual(
            sorted(ages), sorted(set(SITE.vms.domains) - set(stuck)))
        for name, age in sorted(ages.items()):
            self.assertLess(age, 2 * PERIOD, name)
        return max(ages.values())

    def check_complete(self, seconds, series):
        for labels, count in self.prometheus.query(
                "count_over_time(%s[%ds])" % (series, seconds)):
            self.assertGreaterEqual(count, seconds / SCRAPE - 1, labels)


class DashboardTest(TestCase):

    def test_queries(self):
        self.addCleanup(SITE.vms.thaw, "vm05")
        SITE.vms.freeze("vm05")
        tools.wait_until(
            lambda: self.prometheus.query(STUCK), 15, "the VM is stuck")
        there = set(self.prometheus.get_json(
            "/api/v1/label/__name__/values")["data"])
        wrong = []
        for title, expression in dashboard.expressions():
            absent = dashboard.metrics(expression) - there
            if self.find(expression) or absent and absent <= ABSENT:
                continue
            wrong.append("%s: %s%s" % (title, expression, "".join(
                ", there is no " + name for name in sorted(absent - ABSENT))))
        self.assertEqual(wrong, [])
        self.check_table()
        self.check_variables()
        self.check_federation()

    def find(self, expression):
        """
        Return the series, also those that are left out since nothing goes on:
        these guests have nothing to do.
        """
        return self.prometheus.query(expression) or self.prometheus.query(
            expression.replace(" > 0", " >= 0"))

    def check_table(self):
        expression, = [text for title, text in dashboard.expressions()
                       if title == "Stuck VMs" and "group_left" in text]
        (labels, seconds), = self.prometheus.query(expression)
        self.assertEqual(labels["domain"], "vm05")
        self.assertIn("in state T", labels["why"])
        self.assertGreater(seconds, 0)

    def check_variables(self):
        found = dict(
            (name, set(labels[label] for labels, _ in
                       self.prometheus.query(expression)))
            for name, expression, label in dashboard.variables())
        self.assertLessEqual(set(SITE.up()), found["instance"])
        self.assertEqual(found["domain"], set(SITE.vms.domains) | {"test"})

    def check_federation(self):
        """
        What the example of a Prometheus at a centre asks for, it gets.
        """
        with open(os.path.join(CONTRIB, "prometheus-central.yml")) as stream:
            matches = re.findall(r"^    - '?(.*?\})'?$", stream.read(),
                                 re.MULTILINE)
        self.assertEqual(len(matches), 5)

        def missing():
            found = self.prometheus.get("/federate", **{"match[]": matches})
            return [name for name in FEDERATED
                    if not re.search("^%s{" % name, found, re.MULTILINE)]

        # The alert may be an evaluation away.
        tools.wait_until(lambda: not missing(), 10, lambda: (
            "the centre gets %s" % missing()))


class HostsTest(TestCase):

    def test_hosts_come_and_go(self):
        self.check_apart()
        SITE.add_host(2)
        SITE.wait_until_up(0, 1, 2)
        gone = SITE.exporters[2]
        gone.stop()
        tools.wait_until(
            lambda: self.pending() == [gone.address], 10,
            "SamplerDown is pending for the exporter that has gone")
        # One that fails leaves the others alone.
        SITE.wait_until_up(0, 1)
        # If Prometheus did not see that, SamplerDown would fire in half a
        # minute, and the other tests find it.
        os.remove(os.path.join(SITE.vms.folder.path, "hosts", "2.yml"))

    def check_apart(self):
        """
        Two hosts have a VM of the same name: only the instance tells them
        apart.
        """
        found = self.prometheus.query(
            'libvirt_domain_info_virtual_cpus{domain="test"}')
        self.assertEqual([labels["instance"] for labels, _ in found],
                         [SITE.exporters[1].address])
        self.assertEqual(found[0][0]["cluster"], "test")

    def pending(self):
        return [labels["instance"] for labels, _ in self.prometheus.query(
            'ALERTS{alertname="SamplerDown", alertstate="pending"}')]
