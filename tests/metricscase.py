# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Snapshots for the tests of the metrics, and reading the text that comes out.
"""

from __future__ import absolute_import, division, print_function

import sys
import unittest

import kit


def setup_module():
    """
    For the test modules: the exporter is of Python 3, as its library is.
    """
    if sys.version_info < (3, 6):
        raise unittest.SkipTest("prometheus_client needs Python 3.6 or later")


def vm(name="web", **more):
    """
    Return one VM of a snapshot.
    """
    found = {
        "name": name, "state": "running", "reason": "booted", "stuck": None,
        "age": {"host": 0.5, "monitor": 1.0, "storage": None,
                "process": None},
        "stats": {}, "rates": {},
    }
    found.update(more)
    return found


def snapshot(*vms, **more):
    found = {"connected": True, "vms": dict(
        ("uuid-%d" % number, one) for number, one in enumerate(vms))}
    found.update(more)
    return found


# All kinds of fields that a libvirt 9.0 brings, as it brings them.
STATS = {
    "state.state": 1, "state.reason": 5,
    "cpu.time": 10 ** 12, "cpu.user": 10 ** 11, "cpu.system": 5,
    "balloon.current": 1024, "balloon.maximum": 2048, "balloon.rss": 512,
    "balloon.available": 1000, "balloon.usable": 250,
    "balloon.swap_in": 4, "balloon.major_fault": 7,
    "balloon.last-update": 1700000000,
    "vcpu.current": 2, "vcpu.maximum": 4,
    "vcpu.0.state": 1, "vcpu.0.time": 1500000000, "vcpu.0.delay": 25,
    "vcpu.0.halted": True, "vcpu.0.exits.sum": 99,
    "vcpu.1.state": 1, "vcpu.1.time": 2500000000, "vcpu.1.halted": False,
    "net.count": 1, "net.0.name": "vnet0",
    "net.0.rx.bytes": 11, "net.0.rx.pkts": 12, "net.0.rx.errs": 13,
    "net.0.rx.drop": 14, "net.0.tx.bytes": 21, "net.0.tx.pkts": 22,
    "net.0.tx.errs": 23, "net.0.tx.drop": 24,
    "block.count": 2, "block.0.name": "vda", "block.0.path": "/i/a",
    "block.0.rd.reqs": 1, "block.0.rd.bytes": 2,
    "block.0.rd.times": 3 * 10 ** 9,
    "block.0.wr.reqs": 4, "block.0.wr.bytes": 5,
    "block.0.wr.times": 6 * 10 ** 9,
    "block.0.fl.reqs": 7, "block.0.fl.times": 8 * 10 ** 9,
    "block.0.allocation": 100, "block.0.capacity": 1000,
    "block.0.physical": 200, "block.0.threshold": 50,
    "block.1.name": "vdb", "block.1.rd.reqs": 1001,
    "perf.cpu_cycles": 77, "perf.cmt": 88,
    "iothread.count": 1, "iothread.3.poll-max-ns": 32768,
    "dirtyrate.calc_status": 2, "dirtyrate.megabytes_per_second": 3,
    "dirtyrate.calc_mode": "page-sampling",
    "dirtyrate.vcpu.0.megabytes_per_second": 1,
    "memory.bandwidth.monitor.0.name": "vcpus_0-4",
    "memory.bandwidth.monitor.0.node.0.id": 0,
    "memory.bandwidth.monitor.0.node.0.bytes.total": 10208067584,
    "vm.remote_tlb_flush.sum": 5,
}

# And a newer one.
NEW_STATS = {
    "block.0.name": "vda",
    "block.0.limits.transfer_max": 4096, "block.0.limits.iov_max": 64,
    "block.0.timed_group.count": 1, "block.0.timed_group.0.interval": 10,
    "block.0.timed_group.0.rd_latency_avg": 2500000,
    "block.0.timed_group.0.wr_queue_depth_avg": 1.5,
    "block.0.latency_histogram.read.bin.count": 3,
    "block.0.latency_histogram.read.bin.0.start": 0,
    "block.0.latency_histogram.read.bin.0.value": 10,
    "block.0.latency_histogram.read.bin.1.start": 1000000,
    "block.0.latency_histogram.read.bin.1.value": 20,
    "block.0.latency_histogram.read.bin.2.start": 10000000,
    "block.0.latency_histogram.read.bin.2.value": 5,
    "cpu.cache.monitor.0.name": "vcpus_1",
    "cpu.cache.monitor.0.bank.0.id": 4,
    "cpu.cache.monitor.0.bank.0.bytes": 4505600,
    "job.type": 2, "job.time_elapsed": 1500, "job.data_total": 4096,
    "job.disk_remaining": 11,
    "block.0.iotune.total_bytes_sec": 500,
    "block.0.iotune.read_iops_sec_max_length": 3,
    "block.0.error": 2,
    "pressure.io.full": 2500000,
}

ABOUT = {
    "os": {"type": "hvm", "arch": "x86_64", "machine": "pc-q35-7.2"},
    "disks": [{"target": "vda", "source": "/i/a", "bus": "virtio",
               "type": "file", "driver": "qcow2", "cache": "none"}],
    "interfaces": [{"target": "vnet0", "type": "bridge", "bridge": "br0",
                    "mac": "52:54:00:00:00:01", "model": "virtio"}],
    "metadata": {"project": "blue", "flavor": "m1"},
    "pinning": {"0": "0-3", "emulator": "4"},
}

STUCK = {"call": "domainListGetStats(BALLOON, NOWAIT)", "why": None,
         "seconds": 12.5}


def full():
    """
    A snapshot with something of everything.
    """
    return snapshot(
        vm("web", stats=dict(STATS, **NEW_STATS), about=ABOUT,
           partial=False),
        vm("db", stats=STATS, stuck=STUCK, holder="migration out",
           partial=True),
        round=7, elapsed=0.25, threads=9, period=15.0, time=1700000000.0,
        budget={"max_hung": 14, "places": 12, "hung": 1, "withheld": 3},
        executors={"monitor": {"threads": 5, "free": 4, "late": 1,
                               "stuck": 1, "queued": 0}},
        server={"age": 7.5, "nWorkers": 5, "freeWorkers": 4, "maxWorkers": 20,
                "jobQueueDepth": 0, "nclients": 2, "nclients_max": 5000},
        sampler={"version": "1.0", "cpu_seconds": 1.5, "late": 0.0,
                 "resident_bytes": 5 * 10 ** 7, "settled": 1700000000.5},
        pools={"default": {"state": "running", "capacity": 100,
                           "allocation": 40, "available": 60, "age": 5.0,
                           "timed_out": False}},
        versions={"hypervisor": "7.2.0", "daemon": "9.0.0",
                  "library": "9.0.0", "driver": "QEMU"},
        host={"age": 1.5, "cpu": {"0": {"user": 5.5, "idle": 9.0}},
              "load": [0.5, 0.25, 0.125],
              "memory": {"total": 100, "available": 50, "free": 20,
                         "buffers": 5, "cached": 6},
              "swap": {"total": 10, "free": 9},
              "numa": {"0": {"total": 100, "free": 20}},
              "network": {"eth0": {"receive_bytes": 1, "transmit_drops": 2}},
              "disk": {"sda": {"read_bytes": 3, "write_seconds": 0.5}},
              "pressure": {"cpu": {"some": 0.75}}})


def samples(test, body):
    """
    Return {series as text: value} of the text format; fail the test if one
    is there twice.
    """
    found = {}
    for line in body.splitlines():
        if not line.startswith("#"):
            series, _, value = line.rpartition(" ")
            test.assertNotIn(series, found)
            found[series] = float(value)
    return found


class TestCase(kit.TestCase):

    samples = samples
