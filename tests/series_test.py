# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import kit
import metricscase
from vmsampling import exposition
from vmsampling import inventory
from vmsampling import series
from vmsampling import vocabulary

setup_module = metricscase.setup_module


class TestCase(metricscase.TestCase):

    names = "debian"

    def setUp(self):
        super(TestCase, self).setUp()
        self.gatherer = series.Gatherer(vocabulary.named(self.names))

    def gather(self, *vms, **more):
        return self.samples(exposition.text(
            self.gatherer.gather(metricscase.snapshot(*vms, **more))))

    def of_stats(self, stats):
        return self.gather(metricscase.vm(stats=stats))

    def values(self, name, *vms, **more):
        """
        The series of one name, without it.
        """
        found = self.gather(*vms, **more)
        return dict((key.partition("{")[2].rstrip("}"), found[key])
                    for key in found if key.partition("{")[0] == name)


class FieldsTest(TestCase):

    def test_units(self):
        found = self.of_stats(metricscase.STATS)
        for name, value in (
                ("info_cpu_time_seconds_total", 1000.0),
                ("info_maximum_memory_bytes", 2048 * 1024),
                ("info_memory_usage_bytes", 1024 * 1024),
                ("info_virtual_cpus", 2),
                ("state_code", 1),
                ("memory_stats_rss_bytes", 512 * 1024),
                ("memory_stats_major_fault_total", 7),
                ("dirtyrate_bytes_per_second", 3 * 2 ** 20),
                ("perf_cpu_cycles_total", 77)):
            self.assertEqual(
                found['libvirt_domain_%s{domain="web"}' % name], value, name)

    def test_devices(self):
        found = self.of_stats(metricscase.STATS)
        for name, labels, value in (
                ("block_stats_read_bytes_total", 'target_device="vda"', 2),
                ("block_stats_read_requests_total", 'target_device="vdb"',
                 1001),
                ("block_stats_flush_seconds_total", 'target_device="vda"', 8),
                ("block_stats_allocation", 'target_device="vda"', 100),
                ("interface_stats_transmit_errors_total",
                 'target_device="vnet0"', 23),
                ("vcpu_time_seconds_total", 'vcpu="1"', 2.5),
                ("vcpu_halted", 'vcpu="0"', 1),
                ("vcpu_halted", 'vcpu="1"', 0),
                ("iothread_poll_max_seconds", 'iothread="3"', 32768e-9),
                ("dirtyrate_vcpu_bytes_per_second", 'vcpu="0"', 2 ** 20),
                ("dirtyrate_mode_info", 'mode="page-sampling"', 1),
                ("memory_bandwidth_bytes_total",
                 'monitor="vcpus_0-4",node="0"', 10208067584),
                ("vm_stat_total", 'stat="remote_tlb_flush"', 5),
                ("vcpu_stat_total", 'stat="exits",vcpu="0"', 99)):
            self.assertEqual(found['libvirt_domain_%s{domain="web",%s}' % (
                name, labels)], value, name)

    def test_newer_fields(self):
        found = self.of_stats(metricscase.NEW_STATS)
        for name, labels, value in (
                ("block_limits_transfer_max_bytes", 'target_device="vda"',
                 4096),
                ("block_limits_iov_max", 'target_device="vda"', 64),
                ("block_latency_average_seconds", 'interval="10",operation='
                 '"read",target_device="vda"', 0.0025),
                ("block_queue_depth", 'interval="10",operation="write",'
                 'target_device="vda"', 1.5),
                ("block_stats_limit_total_bytes", 'target_device="vda"', 500),
                ("block_stats_limit_burst_length_read_requests_seconds",
                 'target_device="vda"', 3),
                ("block_error", 'target_device="vda"', 2),
                ("pressure_seconds_total", 'kind="full",resource="io"',
                 2.5)):
            self.assertEqual(found['libvirt_domain_%s{domain="web",%s}' % (
                name, labels)], value, name)
        self.assertEqual(found[
            'libvirt_domain_cpu_cache_monitor_bytes{bank="4",domain="web",'
            'monitor="vcpus_1"}'], 4505600)
        self.assertEqual(found[
            'libvirt_domain_job_info_time_elapsed_seconds{domain="web"}'],
            1.5)
        self.assertEqual(found[
            'libvirt_domain_job_info_file_remaining_bytes{domain="web"}'],
            11)

    def test_histogram(self):
        found = self.of_stats(metricscase.NEW_STATS)
        prefix = ('libvirt_domain_block_request_duration_seconds_bucket'
                  '{domain="web",le="%s",operation="read",'
                  'target_device="vda"}')
        self.assertEqual(
            [found[prefix % bound] for bound in ("0.001", "0.01", "+Inf")],
            [10, 30, 35])

    def test_histogram_that_is_not_whole(self):
        stats = dict(metricscase.NEW_STATS)
        del stats["block.0.latency_histogram.read.bin.1.value"]
        for more in ({}, {"block.0.latency_histogram.read.bin.count": 0},
                     {"block.0.latency_histogram.read.bin.count": 10 ** 9}):
            stats.update(more)
            self.assertEqual(
                [key for key in self.of_stats(stats) if "bucket" in key], [])

    def test_nothing_is_invented(self):
        found = self.of_stats({"block.0.name": "vda", "net.0.name": "vnet0",
                               "vcpu.0.something": 1, "cpu.time": "many",
                               "cpu.user": None, "perf": 5, "": 6, "vm.": 7,
                               "block.0.latency_histogram.read.bin.count":
                               None})
        self.assertEqual(sorted(found), [
            'libvirt_domain_info{domain="web",uuid="uuid-0"}',
            'libvirt_domain_sample_age_seconds{domain="web",tier="host"}',
            'libvirt_domain_sample_age_seconds{domain="web",tier="monitor"}',
            'libvirt_domain_state_info{domain="web",reason="booted",state='
            '"running"}',
            'libvirt_domain_stuck_seconds{domain="web"}',
            'libvirt_domains_number', 'libvirt_up',
            'vdsm_sampler_renamed'])

    def test_an_empty_snapshot(self):
        self.assertEqual(exposition.text(self.gatherer.gather({})),
                         "# HELP vdsm_sampler_renamed VMs and devices that "
                         "are shown under another name, since there is one "
                         "more of theirs.\n"
                         "# TYPE vdsm_sampler_renamed gauge\n"
                         "vdsm_sampler_renamed 0.0\n")

    def test_fields_without_end(self):
        self.gatherer.gather(metricscase.snapshot(metricscase.vm(
            stats=dict(("made.up.%d" % n, 1) for n in range(150000)))))
        self.assertLess(len(self.gatherer._known), 110000)
        self.assertIn('libvirt_domain_state_code{domain="web"}',
                      self.of_stats(metricscase.STATS))


class LabelsTest(TestCase):

    def test_hostile_names(self):
        for name, shown in (
                ('a"b\\c\nd', 'a\\"b\\\\c\\\\x0ad'),
                ("\x1b[2J", "\\\\x1b[2J"),
                (u"\u202etxt", "\\\\u202etxt"),
                ("\udcff", "\\\\xff"),
                (u"b\xe4r \U0001f600", u"b\xe4r \U0001f600"),
                ("", ""), ("<script>", "<script>"),
                ('x"} 1\nlibvirt_up 0', 'x\\"} 1\\\\x0alibvirt_up 0')):
            found = self.values("libvirt_domain_state_code", metricscase.vm(
                name, stats={"state.state": 1}))
            self.assertEqual(found, {u'domain="%s"' % shown: 1.0})

    def test_interfaces_with_one_name(self):
        # Of SR-IOV, an exporter has failed altogether on them.
        stats = {"net.0.rx.bytes": 1, "net.1.rx.bytes": 2,
                 "net.2.rx.bytes": 3, "net.2.name": "vnet0",
                 "net.10.rx.bytes": 4, "net.10.name": "vnet0"}
        for ordered in (sorted(stats.items()),
                        sorted(stats.items(), reverse=True)):
            found = self.values(
                "libvirt_domain_interface_stats_receive_bytes_total",
                metricscase.vm(stats=dict(ordered)))
            self.assertEqual(found, {
                'domain="web",target_device="%s"' % name: value
                for name, value in (("#0", 1), ("#1", 2), ("vnet0", 3),
                                    ("vnet0#10", 4))})
        self.assertEqual(self.gather(metricscase.vm(stats=stats))[
            "vdsm_sampler_renamed"], 1)

    def test_layers_of_a_disk(self):
        found = self.values(
            "libvirt_domain_block_stats_physicalsize_bytes",
            metricscase.vm(stats={
                "block.1.name": "vda", "block.1.backingIndex": 3,
                "block.1.physical": 20,
                "block.0.name": "vda", "block.0.backingIndex": 1,
                "block.0.physical": 10}))
        self.assertEqual(found, {'domain="web",target_device="vda"': 10,
                                 'domain="web",target_device="vda[3]"': 20})

    def test_vms_with_one_name(self):
        old = metricscase.vm("a", age={"host": 90.0},
                             stats={"state.state": 5})
        new = metricscase.vm("a", age={"host": 1.0},
                             stats={"state.state": 1})
        self.assertEqual(
            self.values("libvirt_domain_state_code", old, new),
            {'domain="a"': 1, 'domain="a#uuid-0"': 5})
        self.assertEqual(self.gather(old, new)["vdsm_sampler_renamed"], 1)

    def test_names_change(self):
        def read(vm_name, disk):
            return self.values(
                "libvirt_domain_block_stats_capacity_bytes",
                metricscase.vm(vm_name, stats={
                    "block.0.name": disk, "block.0.capacity": 1}))
        self.assertEqual(read("a", "vda"),
                         {'domain="a",target_device="vda"': 1})
        self.assertEqual(read("a", "vdb"),
                         {'domain="a",target_device="vdb"': 1})
        self.assertEqual(read("b", "vdb"),
                         {'domain="b",target_device="vdb"': 1})

    def test_series_end_with_the_vm(self):
        both = [metricscase.vm(name, stats=metricscase.STATS)
                for name in ("a", "b")]
        self.assertTrue(any('"b"' in key for key in self.gather(*both)))
        self.assertFalse(any('"b"' in key for key in self.gather(both[0])))
        self.assertEqual(len(self.gatherer._labels), 1)

    def test_nothing_twice(self):
        # Whatever things are called.
        rng = kit.rng("series")
        names = ("a", "a#1", "a#uuid-1", "a[1]", "")
        for _ in range(50):
            disks = [{"target": rng.choice(names)} for _ in range(3)]
            # Fails if one is there twice.
            self.gather(*[
                metricscase.vm(rng.choice(names), about={"disks": disks},
                               stats=self.confusing(rng, names))
                for _ in range(4)])

    def confusing(self, rng, names):
        stats = {}
        for kind, field in (
                ("net.%d", "rx.bytes"), ("block.%d", "rd.reqs"),
                ("cpu.cache.monitor.%d", "bank.0.bytes"),
                ("block.%d.timed_group.0", "rd_latency_avg")):
            for number in range(4):
                prefix = kind % number
                stats["%s.%s" % (prefix, field)] = 1
                if rng.random() < 0.7:
                    stats[prefix + ".name"] = rng.choice(names)
                    stats[prefix + ".interval"] = rng.choice("12")
                    stats[prefix + ".backingIndex"] = rng.choice("12")
        return stats


class VMTest(TestCase):

    def test_ages(self):
        self.assertEqual(
            self.values("libvirt_domain_sample_age_seconds",
                        metricscase.vm()),
            {'domain="web",tier="host"': 0.5,
             'domain="web",tier="monitor"': 1.0})

    def test_stuck(self):
        stuck = metricscase.vm(stuck=metricscase.STUCK, holder="backup",
                               partial=True)
        name = "libvirt_domain_"
        for vm, found in ((stuck, {
                "stuck_seconds": {'domain="web"': 12.5},
                "stuck_info": {
                    'call="domainListGetStats(BALLOON, NOWAIT)",'
                    'domain="web"': 1},
                "job_holder_info": {'domain="web",holder="backup"': 1},
                "partial": {'domain="web"': 1}}), (
                    metricscase.vm(holder=None, partial=False), {
                        "stuck_seconds": {'domain="web"': 0},
                        "stuck_info": {}, "job_holder_info": {},
                        "partial": {'domain="web"': 0}})):
            for key in found:
                self.assertEqual(self.values(name + key, vm), found[key])

    def test_not_asked(self):
        self.assertEqual(
            self.values("libvirt_domain_stuck_info", metricscase.vm(
                stuck={"call": "not asked", "why": "it is stopped",
                       "seconds": 3.0})),
            {'call="not asked",domain="web",why="it is stopped"': 1})

    def test_about(self):
        vm = metricscase.vm(about=metricscase.ABOUT)
        for name, labels in (
                ("libvirt_domain_info",
                 'domain="web",os_type="hvm",os_type_arch="x86_64",'
                 'os_type_machine="pc-q35-7.2",uuid="uuid-0"'),
                ("libvirt_domain_block_stats_info",
                 'disk_type="file",domain="web",driver_cache="none",'
                 'driver_type="qcow2",source_file="/i/a",target_bus='
                 '"virtio",target_device="vda"'),
                ("libvirt_domain_interface_stats_info",
                 'domain="web",interface_type="bridge",mac_address='
                 '"52:54:00:00:00:01",model_type="virtio",source_bridge='
                 '"br0",target_device="vnet0"'),
                ("libvirt_domain_metadata_info",
                 'domain="web",flavor="m1",project="blue"')):
            self.assertEqual(self.values(name, vm), {labels: 1})
        self.assertEqual(
            self.values("libvirt_domain_vcpu_pinning_info", vm),
            {'cpus="0-3",domain="web",vcpu="0"': 1,
             'cpus="4",domain="web",vcpu="emulator"': 1})

    def test_nothing_about_it(self):
        for about in (None, {}, {"os": {}, "disks": [], "metadata": {}}):
            found = self.gather(metricscase.vm(about=about))
            self.assertEqual(
                [key for key in found if "info" in key],
                ['libvirt_domain_info{domain="web",uuid="uuid-0"}',
                 'libvirt_domain_state_info{domain="web",reason="booted",'
                 'state="running"}'])

    def test_metadata_may_not_pose_as_another_vm(self):
        self.assertEqual(
            self.values("libvirt_domain_metadata_info", metricscase.vm(
                about={"metadata": {"domain": "other", "x": "y"}})),
            {'domain="web",x="y"': 1})


class SnapshotTest(TestCase):

    def test_own(self):
        found = self.samples(exposition.text(
            self.gatherer.gather(metricscase.full())))
        for key, value in (
                ("libvirt_up", 1), ("libvirt_domains_number", 2),
                ('libvirt_versions_info{driver="QEMU",hypervisor_running='
                 '"7.2.0",libvirt_library="9.0.0",libvirtd_running="9.0.0"}',
                 1),
                ('libvirt_storage_pool_available_bytes{storage_pool='
                 '"default"}', 60),
                ('libvirt_storage_pool_state{storage_pool="default"}', 2),
                ('libvirt_storage_pool_timed_out{storage_pool="default"}',
                 0),
                ("libvirtd_workers_free", 4), ("libvirtd_clients_max", 5000),
                ('vdsm_sampler_build_info{version="1.0"}', 1),
                ("vdsm_sampler_rounds_total", 7),
                ("vdsm_sampler_round_seconds", 0.25),
                ("vdsm_sampler_period_seconds", 15),
                ("vdsm_sampler_threads", 9),
                ('vdsm_sampler_pool_free_threads{pool="monitor"}', 4),
                ("vdsm_sampler_budget_max_hung", 14),
                ("vdsm_sampler_budget_places", 12),
                ("vdsm_sampler_budget_withheld", 3),
                ('libvirt_host_cpu_seconds_total{cpu="0",mode="user"}', 5.5),
                ('libvirt_host_load{minutes="5"}', 0.25),
                ("libvirt_host_memory_available_bytes", 50),
                ('libvirt_host_network_receive_bytes_total{device="eth0"}',
                 1),
                ('libvirt_host_pressure_seconds_total{kind="some",resource='
                 '"cpu"}', 0.75)):
            self.assertEqual(found[key], value)

    def test_states_of_pools(self):
        self.assertEqual(
            [self.values("libvirt_storage_pool_state", pools={
                "p": {"state": state}}) for state in inventory.STATES +
             ("state 9",)],
            [{'storage_pool="p"': number} for number in range(5)] + [{}])

    def test_not_connected(self):
        self.assertEqual(self.gather(connected=False)["libvirt_up"], 0)
        self.assertNotIn("libvirt_up", self.gather(connected=None))


class InovexTest(TestCase):

    names = "inovex"

    def test_its_names(self):
        found = self.gather(
            metricscase.vm(stats=metricscase.STATS, about={"metadata": {
                "instance_name": "i", "project_name": "p"}}),
            metricscase.vm("db", stuck=metricscase.STUCK))
        for key, value in (
                ("libvirt_domains", 2),
                ('libvirt_domain_info_state{domain="web",state_desc='
                 '"the domain is running"}', 1),
                ('libvirt_domain_memory_stats_used_percent{domain="web"}',
                 75),
                ('libvirt_domain_block_stats_read_time_seconds_total'
                 '{domain="web",target_device="vda"}', 3),
                ('libvirt_domain_timed_out{domain="web"}', 0),
                ('libvirt_domain_timed_out{domain="db"}', 1),
                ('libvirt_domain_openstack_info{domain="web",instance_id='
                 '"uuid-0",instance_name="i",project_name="p"}', 1)):
            self.assertEqual(found[key], value)

    def test_it_has_no_others(self):
        found = " ".join(self.gather(
            metricscase.vm(stats=metricscase.STATS)))
        for name in ("libvirt_domains_number", "libvirt_domain_state_code",
                     "libvirt_domain_block_stats_read_seconds_total"):
            self.assertNotIn(name, found)

    def test_a_state_of_the_future(self):
        self.assertEqual(
            self.values("libvirt_domain_info_state",
                        metricscase.vm(stats={"state.state": 99})),
            {'domain="web",state_desc=""': 99})

    def test_percent_of_nothing(self):
        for stats in ({"balloon.usable": 1},
                      {"balloon.usable": 1, "balloon.available": 0}):
            self.assertEqual(
                self.values("libvirt_domain_memory_stats_used_percent",
                            metricscase.vm(stats=stats)), {})
