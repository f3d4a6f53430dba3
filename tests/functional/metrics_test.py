# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The metrics of real VMs: what others have is there, with libvirt's own
figures, and a VM that hangs takes none of the others' away.
"""

from __future__ import absolute_import, division, print_function

import host
import metricscase
import tools
import watching
from vmsampling import config

VMS = host.Host(vms=2)

# What all exporters for libvirt have, of a VM with a disk and no interface.
SHARED = (
    'info_maximum_memory_bytes{domain="%s"}',
    'info_memory_usage_bytes{domain="%s"}',
    'info_virtual_cpus{domain="%s"}',
    'info_cpu_time_seconds_total{domain="%s"}',
    'block_stats_read_bytes_total{domain="%s",target_device="vda"}',
    'block_stats_read_requests_total{domain="%s",target_device="vda"}',
    'block_stats_write_bytes_total{domain="%s",target_device="vda"}',
    'block_stats_write_requests_total{domain="%s",target_device="vda"}')


def setUpModule():
    metricscase.setup_module()
    VMS.start()


def tearDownModule():
    VMS.stop()


class MetricsTest(watching.TestCase):

    def scrape(self, sampler, names="debian"):
        from vmsampling import scrape
        settings = dict(config.load([]), names=names)
        body = scrape.Scrape(sampler.snapshot, settings).render()[1]
        return metricscase.samples(self, body.decode("utf-8"))

    def test_real_vms(self):
        sampler = self.start_fresh(VMS)
        tools.wait_until(lambda: all(
            vm["age"]["storage"] is not None
            for vm in sampler.snapshot()["vms"].values()), 10,
            "the images were looked at")
        found = self.scrape(sampler)
        self.assertEqual(found["libvirt_up"], 1)
        self.assertEqual(found["libvirt_domains_number"], 2)
        for name in VMS.domains:
            for series in SHARED:
                self.assertIn("libvirt_domain_" + series % name, found)
            self.assertEqual(found[
                'libvirt_domain_info_maximum_memory_bytes{domain="%s"}' %
                name], 16 * 2 ** 20)
            self.assertEqual(found[
                'libvirt_domain_block_stats_capacity_bytes{domain="%s",'
                'target_device="vda"}' % name], 2 ** 20)
            self.assertEqual(
                found['libvirt_domain_state_code{domain="%s"}' % name], 1)
        # Of our own libvirtd; others let nobody but root ask.
        self.assertLessEqual(found.get("libvirtd_workers_free", 0),
                             found.get("libvirtd_workers", 0))

    def test_one_hangs(self):
        sampler = self.start_fresh(VMS)
        before = self.scrape(sampler, "inovex")
        self.freeze(VMS, "vm01")
        self.watch(sampler, 4.5)
        found = self.scrape(sampler, "inovex")
        stuck = 'libvirt_domain_stuck_seconds{domain="%s"}'
        self.assertGreater(found[stuck % "vm01"], 1.0)
        self.assertEqual(found[stuck % "vm02"], 0.0)
        self.assertEqual(
            found['libvirt_domain_timed_out{domain="vm01"}'], 1)
        age = 'libvirt_domain_sample_age_seconds{domain="%s",tier="%s"}'
        self.assertLess(found[age % ("vm02", "monitor")],
                        2 * watching.PERIOD)
        self.assertLess(found[age % ("vm01", "host")], 2 * watching.PERIOD)
        self.assertGreater(found[age % ("vm01", "monitor")], 2.0)
        # No series has ended.
        self.assertEqual(
            [key for key in before if "info{" not in key and
             key not in found], [])
        VMS.thaw("vm01")
        self.wait_fresh(sampler, VMS.domains, 2)
        self.assertEqual(self.scrape(sampler)[stuck % "vm01"], 0.0)
        self.check_no_errors()
