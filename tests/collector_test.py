# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import kit
import metricscase


def setup_module():
    metricscase.setup_module()
    global prometheus_client, collector
    import prometheus_client
    from vmsampling import collector


class CollectorTest(kit.TestCase):

    def setUp(self):
        super(CollectorTest, self).setUp()
        self.taken = 0
        self.snapshot = metricscase.full()

    def take(self):
        self.taken += 1
        return self.snapshot

    def registry(self):
        registry = prometheus_client.CollectorRegistry(auto_describe=True)
        registry.register(collector.Collector(self.take, "inovex"))
        return registry

    def test_in_a_registry(self):
        registry = self.registry()
        self.assertEqual(self.taken, 0)
        self.assertEqual(registry.get_sample_value("libvirt_domains"), 2)
        self.assertEqual(registry.get_sample_value(
            "libvirt_domain_block_stats_read_bytes_total",
            {"domain": "web", "target_device": "vda"}), 2)

    def test_no_snapshot_yet(self):
        self.snapshot = None
        self.assertIsNone(self.registry().get_sample_value("libvirt_up"))

    def test_on_several_threads(self):
        registry = self.registry()

        def read(_):
            for _ in range(5):
                self.assertEqual(
                    registry.get_sample_value("libvirt_up"), 1)
        with kit.Bunch(4, read):
            pass
