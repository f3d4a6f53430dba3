# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What a scrape of the metrics costs: as we write them, as prometheus_client
does, and while VMs hang.
"""

from __future__ import absolute_import, division, print_function

import gc

import prometheus_client

import process
from threadpool import clock
from vmsampling import collector
from vmsampling import domain
from vmsampling import history
from vmsampling import scrape
from vmsampling import view
from vmsampling import vocabulary

_VCPUS = 2
_DISKS = ("vda", "vdb")

# A tenth of the VMs hangs, for "hanging".
_HANGING = 10

# Scrapes, each of a snapshot with new figures.
_SCRAPES = 12

_MB = 1024 * 1024


class Host(object):
    """
    VMs with a history, as a sampler has them, without a libvirt.
    """

    def __init__(self, vms, hanging):
        self._history = history.History()
        self._hanging = hanging
        self._domains = [
            domain.Domain("%08x-0000-4000-8000-000000000000" % number,
                          number, "vm%05d" % number)
            for number in range(vms)]
        self._history.retain(self._domains)
        for number, vm in enumerate(self._domains):
            vm.state = "running"
            vm.about = _about(number)
        self._round = 0
        self.sample()

    def sample(self):
        """
        Another round.
        """
        self._round += 1
        now = clock.monotonic()
        for number, vm in enumerate(self._domains):
            count = 10 ** 9 * number + 12345678 * self._round
            for tier, fields in (
                    (history.HOST, _host_fields(number, count)),
                    (history.MONITOR, _monitor_fields(count)),
                    (history.STORAGE, _storage_fields(number, count))):
                self._history.put(vm, tier, now, fields)

    def take(self):
        """
        Return a snapshot.
        """
        now = clock.monotonic()
        return {
            "connected": True, "round": self._round, "elapsed": 0.5,
            "period": 15.0, "threads": 20,
            "vms": dict((vm.uuid, view.vm(
                vm, self._history.samples(vm), _stuck(vm, self._hanging),
                None, now, 16.0)) for vm in self._domains)}


def scraped(candidate, options):
    """
    Return the figures. candidate: "ours"; "hanging"; "client", the library
    of Prometheus.
    """
    vms = options["vms"]
    host = Host(vms, vms // _HANGING if candidate == "hanging" else 0)
    # The snapshot is no part of what is compared, and is measured by itself.
    snapshot = []
    read = _reader(candidate, lambda: snapshot[0])
    gc.collect()
    memory = process.resident()
    taken, first, again = [], [], []
    for _ in range(_SCRAPES):
        host.sample()
        begin = process.cpu_seconds()
        snapshot[:] = [host.take()]
        taken.append(process.cpu_seconds() - begin)
        for found in first, again:
            begin = process.cpu_seconds()
            body = read(found is first)
            found.append(process.cpu_seconds() - begin)
    series = sum(1 for line in body.splitlines()
                 if not line.startswith(b"#"))
    return {
        "vms": vms, "hanging": vms // _HANGING * (candidate == "hanging"),
        "series": series, "size": len(body) / _MB,
        "snapshot": 1000 * sorted(taken)[_SCRAPES // 2],
        "begin": 1000 * first[0],
        "scrape": 1000 * sorted(first[1:])[_SCRAPES // 2],
        "again": 1000 * sorted(again)[_SCRAPES // 2],
        "memory": (process.resident() - memory) / _MB}


def _reader(candidate, take):
    if candidate == "client":
        registry = prometheus_client.CollectorRegistry(auto_describe=False)
        registry.register(collector.Collector(take))
        return lambda _: prometheus_client.generate_latest(registry)
    now = [0.0]
    scraping = scrape.Scrape(
        take, {"names": vocabulary.NAMES[0]}, clock=lambda: now[0])

    def read(anew):
        # Long after the last one, so that it is written again.
        now[0] += 1000.0 * anew
        return scraping.render()[1]
    return read


def _stuck(vm, hanging):
    if vm.number >= hanging:
        return None
    return {"call": "domainListGetStats(BALLOON|VCPU|CPU_TOTAL, NOWAIT)",
            "why": None, "seconds": 12.5}


def _about(number):
    return {
        "os": {"type": "hvm", "arch": "x86_64", "machine": "pc-q35-7.2"},
        "disks": [{
            "target": target, "type": "file", "device": "disk",
            "source": "/var/lib/libvirt/images/vm%05d-%s" % (number, target),
            "bus": "virtio", "driver": "qcow2", "driver_name": "qemu",
            "cache": "none"} for target in _DISKS],
        "interfaces": [{
            "target": "vnet%d" % number, "type": "bridge", "bridge": "br0",
            "source": "br0", "mac": "52:54:00:00:00:01",
            "model": "virtio"}],
        "metadata": {}}


def _host_fields(number, count):
    fields = {"state.state": 1, "state.reason": 1, "net.count": 1,
              "net.0.name": "vnet%d" % number}
    for way in ("rx", "tx"):
        for name in ("bytes", "pkts", "errs", "drop"):
            fields["net.0.%s.%s" % (way, name)] = count
    return fields


def _monitor_fields(count):
    fields = dict(
        ("balloon." + name, 1048576 + count % 1000) for name in (
            "current", "maximum", "swap_in", "swap_out", "major_fault",
            "minor_fault", "unused", "available", "usable", "last-update",
            "disk_caches", "hugetlb_pgalloc", "hugetlb_pgfail", "rss"))
    fields.update({"vcpu.current": _VCPUS, "vcpu.maximum": _VCPUS})
    for name in ("time", "user", "system", "haltpoll.success.time",
                 "haltpoll.fail.time"):
        fields["cpu." + name] = count
    for vcpu in range(_VCPUS):
        fields["vcpu.%d.state" % vcpu] = 1
        fields["vcpu.%d.halted" % vcpu] = False
        for name in ("time", "wait", "delay"):
            fields["vcpu.%d.%s" % (vcpu, name)] = count
    fields.update(_block_fields(count))
    return fields


def _storage_fields(number, count):
    fields = _block_fields(count)
    for disk, name in enumerate(_DISKS):
        prefix = "block.%d." % disk
        fields.update({
            prefix + "path": "/var/lib/libvirt/images/%d" % number,
            prefix + "backingIndex": 1, prefix + "allocation": count,
            prefix + "capacity": 10 ** 11, prefix + "physical": count})
    return fields


def _block_fields(count):
    fields = {"block.count": len(_DISKS)}
    for disk, name in enumerate(_DISKS):
        prefix = "block.%d." % disk
        fields[prefix + "name"] = name
        for way in ("rd", "wr"):
            for kind in ("reqs", "bytes", "times"):
                fields["%s%s.%s" % (prefix, way, kind)] = count
        fields[prefix + "fl.reqs"] = fields[prefix + "fl.times"] = count
    return fields
