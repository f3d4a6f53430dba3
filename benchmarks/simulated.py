# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
A libvirt with more VMs than a machine can run: each answers like a QEMU's,
after as long, or never.

It stands in behind connection.open_virt(). What /proc says of the VMs is read
from a folder that looks like it, so a look costs what it costs.
"""

from __future__ import absolute_import, division, print_function

import array
import itertools
import os
import random
import threading
import time

import libvirt

from threadpool import clock
from vmsampling import groups

# Seconds that a question to a QEMU takes, and one for a disk's counters.
_ANSWER = (0.002, 0.008)
_DISK = (0.0005, 0.0015)

CALL_SECONDS = (sum(_ANSWER) + sum(_DISK)) / 2

# How many of the VMs that hang are seen to do so in /proc.
_SEEN = 0.92

# All healthy VMs can share a process, since it is only looked at.
_HEALTHY = 1000

_STAT = "%d (qemu-system-x86) %s 1 1 1 0 -1 0 0 0 0 0 500 300 0 0 20 0 4 0\n"
_STATUS = "voluntary_ctxt_switches:\t%d\nnonvoluntary_ctxt_switches:\t7\n"

_XML = """\
<domain type='kvm'><devices>
<disk type='file' device='disk'><source file='%s'/><target dev='vda'/></disk>
<interface type='bridge'><target dev='vnet%d'/></interface>
</devices></domain>"""

# How many questions of a VM are noted.
_NOTED = 64


class VM(object):

    __slots__ = ("number", "name", "uuid", "image", "pid", "hangs", "held",
                 "counter")

    def __init__(self, number, folder):
        self.number = number
        self.name = "vm%05d" % number
        self.uuid = "%08x-0000-4000-8000-000000000000" % number
        self.image = os.path.join(folder, "images", self.name)
        self.pid = _HEALTHY
        # Its QEMU does not answer.
        self.hangs = False
        # A call holds its job, for ever.
        self.held = False
        # Of all its counters; beyond 32 bits, as real ones are.
        self.counter = 10 ** 12 + number


class Host(object):
    """
    The libvirtd.
    """

    def __init__(self, vms, seed, folder):
        """
        folder: an empty one, for what looks like /proc and the like.
        """
        rng = random.Random(seed)
        self._folder = folder
        self.proc = os.path.join(folder, "proc")
        self.uri = "qemu:///system?socket=%s/libvirt/sock" % folder
        self.vms = [VM(number, folder) for number in range(1, vms + 1)]
        self.by_uuid = dict((vm.uuid, vm) for vm in self.vms)
        # One % hangs from freeze() on.
        self.stuck = rng.sample(self.vms, max(vms // 100, 1))
        for number, vm in enumerate(self.stuck):
            if number < int(_SEEN * len(self.stuck)):
                vm.pid = _HEALTHY + vm.number
        self._answers = _drawn(rng, _ANSWER)
        self._disks = _drawn(rng, _DISK)
        # When each VM was asked, and how often. One question of a VM is
        # under way at a time, so nobody else writes there.
        self._times = array.array("d", [0.0]) * (_NOTED * vms)
        self._asked = [0] * vms
        self._make_files()

    def open(self, _uri, _readonly):
        return Connection(self)

    def freeze(self):
        """
        Have those that are to hang do so from now on.
        """
        for vm in self.stuck:
            vm.hangs = True
            if vm.pid != _HEALTHY:
                self._write_process(vm.pid, "T", "do_signal_stop")

    def times(self, vm):
        """
        Return when the QEMU was asked.
        """
        begin = (vm.number - 1) * _NOTED
        count = min(self._asked[vm.number - 1], _NOTED)
        return list(self._times[begin:begin + count])

    def answer(self, vm):
        """
        The QEMU is asked on its monitor; return whether it answers.
        """
        index = vm.number - 1
        if self._asked[index] < _NOTED:
            self._times[index * _NOTED + self._asked[index]] = (
                clock.monotonic())
        self._asked[index] += 1
        if vm.held:
            return False
        if vm.hangs:
            vm.held = True
            threading.Event().wait()
        time.sleep(next(self._answers))
        return True

    def read_disk(self):
        time.sleep(next(self._disks))

    def _make_files(self):
        for name in ("images", "libvirt", "libvirt/qemu", "proc"):
            os.mkdir(os.path.join(self._folder, name))
        image = os.path.join(self._folder, "image")
        open(image, "w").close()
        for pid in set(vm.pid for vm in self.vms):
            os.makedirs("%s/%d/task/%d" % (self.proc, pid, pid))
            self._write_process(pid, "S", "poll_schedule_timeout")
            with open(self._pid_file(pid), "w") as f:
                f.write("%d\n" % pid)
        for vm in self.vms:
            os.symlink(image, vm.image)
            os.symlink(self._pid_file(vm.pid), os.path.join(
                self._folder, "libvirt/qemu", vm.name + ".pid"))

    def _pid_file(self, pid):
        return os.path.join(self._folder, "%d.pid" % pid)

    def _write_process(self, pid, state, wchan):
        folder = "%s/%d/" % (self.proc, pid)
        task = folder + "task/%d/" % pid
        for path, text in (
                (folder + "comm", "qemu-system-x86\n"),
                (task + "stat", _STAT % (pid, state)),
                (task + "wchan", wchan),
                (task + "status", _STATUS % pid)):
            # Never half of it to be seen.
            with open(path + ".new", "w") as f:
                f.write(text)
            os.rename(path + ".new", path)


class Connection(object):

    def __init__(self, host):
        self._host = host
        self._callbacks = itertools.count()

    def isAlive(self):
        return 1

    def close(self):
        pass

    def getURI(self):
        return self._host.uri

    def getType(self):
        return "QEMU"

    def setKeepAlive(self, _interval, _count):
        return 0

    def domainEventRegisterAny(self, _domain, _event, _callback, _opaque):
        return next(self._callbacks)

    def domainEventDeregisterAny(self, _number):
        pass

    def getLibVersion(self):
        return libvirt.getVersion()

    def getVersion(self):
        return libvirt.getVersion()

    def listAllStoragePools(self, _flags=0):
        return []

    def listAllDomains(self, _flags=0):
        return [Domain(self._host, vm) for vm in self._host.vms]

    def lookupByUUIDString(self, uuid):
        return Domain(self._host, self._host.by_uuid[uuid])

    def getAllDomainStats(self, _wanted, _flags):
        return [(Domain(self._host, vm), _host_fields(vm))
                for vm in self._host.vms]

    def domainListGetStats(self, domains, wanted, _flags):
        domain, = domains
        vm = domain.vm
        if wanted == groups.DETAIL.number:
            self._host.answer(vm)
            return [(domain, {})]
        if wanted & ~(groups.HOST[0].number | groups.MONITOR.number):
            # QEMU looks at the image.
            answered = not vm.held and self._host.answer(vm)
            return [(domain, _storage_fields(vm, answered))]
        fields = _host_fields(vm) if wanted & groups.HOST[0].number else {}
        if wanted & groups.MONITOR.number:
            fields.update(_monitor_fields(vm, self._host.answer(vm)))
        return [(domain, fields)]


class Domain(object):

    __slots__ = ("_host", "vm")

    def __init__(self, host, vm):
        self._host = host
        self.vm = vm

    def UUIDString(self):
        return self.vm.uuid

    def name(self):
        return self.vm.name

    def ID(self):
        return self.vm.number

    def state(self, _flags=0):
        return [libvirt.VIR_DOMAIN_RUNNING, 1]

    def controlInfo(self, _flags=0):
        if self.vm.held:
            return [libvirt.VIR_DOMAIN_CONTROL_OCCUPIED, 0, 1000]
        return [libvirt.VIR_DOMAIN_CONTROL_OK, 0, 0]

    def jobStats(self, _flags=0):
        return {"type": libvirt.VIR_DOMAIN_JOB_NONE}

    def diskErrors(self, _flags=0):
        self._host.read_disk()
        return {}

    def XMLDesc(self, _flags=0):
        return _XML % (self.vm.image, self.vm.number)

    def blockStatsFlags(self, _disk, _flags=0):
        self._host.read_disk()
        count = self.vm.counter
        return {"rd_operations": count, "rd_bytes": count + 1,
                "rd_total_times": count + 2, "wr_operations": count + 3,
                "wr_bytes": count + 4, "wr_total_times": count + 5,
                "flush_operations": count + 6, "flush_total_times": count + 7,
                "errs": -1}


def cost(host, rounds=5):
    """
    Return seconds of CPU that this libvirt itself takes for a VM and round,
    which a real one would not take from the sampler's process.
    """
    virt = Connection(host)
    domains = [Domain(host, vm) for vm in host.vms]
    begin = clock.monotonic()
    for _ in range(rounds):
        virt.getAllDomainStats(0, 0)
        for domain in domains:
            _monitor_fields(domain.vm, True)
    return (clock.monotonic() - begin) / rounds / len(domains)


def _drawn(rng, limits):
    return itertools.cycle([rng.uniform(*limits) for _ in range(9973)])


def _host_fields(vm):
    vm.counter = count = vm.counter + 1000
    return {
        "state.state": libvirt.VIR_DOMAIN_RUNNING, "state.reason": 1,
        "net.count": 1, "net.0.name": "vnet%d" % vm.number,
        "net.0.rx.bytes": count, "net.0.rx.pkts": count + 1,
        "net.0.rx.errs": 0, "net.0.rx.drop": 0,
        "net.0.tx.bytes": count + 2, "net.0.tx.pkts": count + 3,
        "net.0.tx.errs": 0, "net.0.tx.drop": 0}


def _monitor_fields(vm, answered):
    count = vm.counter
    fields = {
        "cpu.time": count, "cpu.user": count + 1, "cpu.system": count + 2,
        "balloon.current": 4194304, "balloon.maximum": 4194304,
        "vcpu.current": 1, "vcpu.maximum": 1, "vcpu.0.state": 1,
        "vcpu.0.time": count + 3, "vcpu.0.wait": count + 4,
        "vcpu.0.delay": count + 5}
    if answered:
        fields.update({
            "balloon.last-update": 0, "balloon.rss": count % 4194304,
            "vcpu.0.halted": "no"})
    return fields


def _storage_fields(vm, answered):
    count = vm.counter
    fields = {"block.count": 1, "block.0.name": "vda",
              "block.0.path": vm.image}
    if answered:
        fields.update({
            "block.0.rd.reqs": count, "block.0.rd.bytes": count + 1,
            "block.0.rd.times": count + 2, "block.0.wr.reqs": count + 3,
            "block.0.wr.bytes": count + 4, "block.0.wr.times": count + 5,
            "block.0.fl.reqs": count + 6, "block.0.fl.times": count + 7,
            "block.0.allocation": count + 8, "block.0.capacity": 10 ** 11,
            "block.0.physical": 10 ** 11})
    return fields
