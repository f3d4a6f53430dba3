# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import kit
from vmsampling import metrics
from vmsampling import vocabulary

# What the exporters have, by their source: labels -> names, without those of
# the labels that are said to be in info metrics.
_SHARED = {
    (): "up",
    ("domain",): """
        domain_info_maximum_memory_bytes domain_info_memory_usage_bytes
        domain_info_virtual_cpus domain_info_cpu_time_seconds_total""",
    ("domain", "target_device"): """
        domain_block_stats_read_bytes_total
        domain_block_stats_read_requests_total
        domain_block_stats_write_bytes_total
        domain_block_stats_write_requests_total
        domain_interface_stats_receive_bytes_total
        domain_interface_stats_receive_packets_total
        domain_interface_stats_receive_errors_total
        domain_interface_stats_receive_drops_total
        domain_interface_stats_transmit_bytes_total
        domain_interface_stats_transmit_packets_total
        domain_interface_stats_transmit_errors_total
        domain_interface_stats_transmit_drops_total"""}
_DEBIAN = {
    (): "domains_number",
    ("domain",): "domain_state_code",
    ("domain", "target_device"): """
        domain_block_stats_read_seconds_total
        domain_block_stats_write_seconds_total
        domain_block_stats_flush_requests_total
        domain_block_stats_flush_seconds_total"""}
_INOVEX = {
    (): "domains",
    ("domain",): """
        domain_timed_out
        domain_job_info_type domain_job_info_time_elapsed_seconds
        domain_job_info_time_remaining_seconds
        domain_job_info_data_total_bytes
        domain_job_info_data_processed_bytes
        domain_job_info_data_remaining_bytes
        domain_job_info_memory_total_bytes
        domain_job_info_memory_processed_bytes
        domain_job_info_memory_remaining_bytes
        domain_job_info_file_total_bytes
        domain_job_info_file_processed_bytes
        domain_job_info_file_remaining_bytes
        domain_memory_stats_current_balloon_bytes
        domain_memory_stats_maximum_bytes
        domain_memory_stats_swap_in_bytes
        domain_memory_stats_swap_out_bytes
        domain_memory_stats_major_fault_total
        domain_memory_stats_minor_fault_total
        domain_memory_stats_unused_bytes
        domain_memory_stats_available_bytes
        domain_memory_stats_usable_bytes
        domain_memory_stats_last_update_timestamp_seconds
        domain_memory_stats_disk_caches_bytes
        domain_memory_stats_hugetlb_pgalloc_total
        domain_memory_stats_hugetlb_pgfail_total
        domain_memory_stats_rss_bytes domain_memory_stats_used_percent
        domain_vcpu_current domain_vcpu_maximum""",
    ("domain", "vcpu"): """
        domain_vcpu_state domain_vcpu_time_seconds_total
        domain_vcpu_wait_seconds_total domain_vcpu_delay_seconds_total""",
    ("domain", "target_device"): """
        domain_block_stats_read_time_seconds_total
        domain_block_stats_write_time_seconds_total
        domain_block_stats_flush_requests_total
        domain_block_stats_flush_time_seconds_total
        domain_block_stats_capacity_bytes""",
    ("domain", "disk_type", "target_bus", "driver_name", "driver_type",
     "driver_cache", "driver_discard", "source_file", "source_protocol",
     "target_device", "serial"): "domain_block_stats_info",
    ("domain", "interface_type", "source_bridge", "target_device",
     "mac_address", "model_type", "mtu_size"): "domain_interface_stats_info",
    ("domain", "os_type", "os_type_arch", "os_type_machine"): "domain_info",
    ("domain", "instance_name", "instance_id", "flavor_name", "user_name",
     "user_id", "project_name", "project_id"): "domain_openstack_info",
    ("storage_pool",): """
        storage_pool_state storage_pool_capacity_bytes
        storage_pool_allocation_bytes storage_pool_available_bytes
        storage_pool_timed_out"""}


def rows(words):
    return words.fields + words.vms + words.paths


class VocabularyTest(kit.TestCase):

    def labels(self, name):
        """
        Return {name of a metric: its labels}.
        """
        words = vocabulary.named(name)
        found = {}
        for metric in rows(words):
            own = found.setdefault(metric.name, set())
            if metric in words.fields or metric in words.vms:
                own.add("domain")
            own.update(one[0] if isinstance(one, tuple) else one
                       for one in metric.labels)
            own.update(label for label, _ in metric.texts or ())
        return found

    def check(self, name, *wanted):
        found = self.labels(name)
        missing = []
        for part in wanted:
            for labels, names in part.items():
                for one in names.split():
                    if not set(labels) <= found.get(
                            "libvirt_" + one, set()) and labels:
                        missing.append((one, labels))
                    if "libvirt_" + one not in found:
                        missing.append(one)
        self.assertEqual(missing, [])

    def test_debian_is_whole(self):
        self.check("debian", _SHARED, _DEBIAN)

    def test_inovex_is_whole(self):
        self.check("inovex", _SHARED, _INOVEX)

    def test_series_are_not_crowded(self):
        # Each label costs as often as there are series; infos are for that.
        for name in vocabulary.NAMES:
            for metric in vocabulary.named(name).fields:
                self.assertLessEqual(
                    len(metric.labels) + len(metric.constants), 3)

    def test_rows_make_sense(self):
        for name in vocabulary.NAMES:
            types = {}
            for metric in rows(vocabulary.named(name)):
                self.assertIn(metric.unit, metrics.UNITS)
                self.assertEqual(metric.help[-1], ".", metric)
                self.assertNotIn("\n", metric.help)
                self.assertNotIn("\\", metric.help)
                self.assertEqual(metric.type == metrics.COUNTER,
                                 metric.name.endswith("_total"), metric)
                # A family may have several rows, of the same kind.
                kind = metric.type, metric.help
                self.assertEqual(types.setdefault(metric.name, kind), kind)
                if metric in vocabulary.named(name).fields:
                    self.assertEqual(len(metric.labels),
                                     metric.source.count("*"), metric)
