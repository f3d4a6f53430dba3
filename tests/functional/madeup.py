# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
A host with VMs that are not there, for what shows them to people.
"""

from __future__ import absolute_import, division, print_function

import math
import time

import kit
from threadpool import clock

GIB = 1024 ** 2  # libvirt's memory is in KiB.

# Name, vCPUs, GiB of memory, CPU in cores, disk and network in MiB a second.
_VMS = (
    ("build-runner-01", 8, 16, 5.2, 48, 2.1),
    ("build-runner-02", 8, 16, 0.3, 1.2, 0.1),
    ("git", 4, 8, 0.6, 4.5, 3.2),
    ("mail", 2, 4, 0.2, 0.9, 0.4),
    ("monitoring", 4, 8, 0.9, 6.3, 1.8),
    ("pg-replica", 8, 32, 1.1, 22, 4.4),
    ("proxy", 2, 2, 0.4, 0, 37),
    ("web-01", 4, 8, 1.3, 0.3, 11),
    ("web-02", 4, 8, 1.2, 0.3, 12),
)

STOPPED = {
    "call": "not asked",
    "why": "its QEMU (PID 14951) is stopped: all threads in state T",
    "kernel": {"state": "T", "wchan": "do_signal_stop",
               "syscall_name": "ppoll", "switches": 1052},
}
HUNG = {
    "call": "domainListGetStats()",
    "why": None,
    "kernel": {"state": "S", "wchan": "do_sys_poll",
               "syscall_name": "poll", "file": "socket:[41172]"},
}


class MadeUp(object):
    """
    Takes snapshots of a host whose VMs the test may change. Thread: any, but
    for the changes.
    """

    def __init__(self, period=1.0, vms=_VMS):
        self.period = period
        self.vms = [Vm(n, *vm) for n, vm in enumerate(vms)]
        self.round = 0
        self.connected = True
        self.hung = 0
        self._begun = clock.monotonic()

    def take(self):
        now = clock.monotonic()
        return {
            "time": time.time(),
            "round": self.round,
            "period": self.period,
            "elapsed": 0.004 * len(self.vms),
            "sampler": {"late": 0.001},
            "host": {"age": 0.3, "load": (3.1, 2.9, 2.7),
                     "rates": {"busy": 31.4},
                     "memory": {"total": 128 * 2 ** 30,
                                "available": 41 * 2 ** 30}},
            "threads": 9 + self.hung,
            "connected": self.connected,
            "pool": {"threads": 4 + self.hung, "free": 4, "late": self.hung,
                     "stuck": self.hung, "queued": 0},
            "budget": {"hung": self.hung, "max_hung": 12, "withheld": 0},
            "hung": [],
            "vms": dict((vm.uuid, vm.take(now)) for vm in self.vms),
        }

    def go(self, trends, rounds):
        """
        Let rounds pass.
        """
        for _ in range(rounds):
            self.round += 1
            for vm in self.vms:
                vm.step(self.round)
            trends.add(self.take())

    def vm(self, name):
        return [vm for vm in self.vms if vm.name == name][0]


class Vm(object):

    def __init__(self, number, name, vcpus=1, memory=1, cpu=0.1, disk=0.1,
                 net=0.1):
        self.name = name
        self.uuid = "6695eb01-f6a4-8304-79aa-%012x" % number
        self.state = "running"
        self.stuck = None
        self._since = None
        self._usual = cpu, disk * 2 ** 20, net * 2 ** 20
        self._now = self._usual
        self._vcpus = vcpus
        self._memory = memory * GIB
        self._rng = kit.rng(name)
        self._phase = self._rng.random() * 6
        self._share = 0.5 + 0.4 * self._rng.random()

    def hang(self, seconds, evidence=STOPPED):
        self.stuck = evidence
        self._since = clock.monotonic() - seconds

    def recover(self):
        self.stuck = None

    def step(self, number):
        if self.stuck:
            return
        self._now = [
            max(0.0, usual * (
                1 + 0.5 * math.sin(self._phase + n + number / (5.0 + 2 * n)) +
                0.5 * (self._rng.random() - 0.5) +
                (2 if self._rng.random() < 0.04 else 0)))
            for n, usual in enumerate(self._usual)]
        self._now[0] = min(self._now[0], self._vcpus)

    def take(self, now):
        hung = now - self._since if self.stuck else 0.0
        cpu, disk, net = self._now
        return {
            "name": self.name, "state": self.state,
            "age": {"host": 0.3, "monitor": 0.31 + hung,
                    "storage": 7.2 + hung, "process": 0.3},
            "stuck": self.stuck and dict(self.stuck, seconds=hung),
            "storage": {"groups": ["/srv/vms", "nfs1:/vms"],
                        "canary": "answers", "why": None},
            "stats": {
                "balloon.current": self._memory, "vcpu.current": self._vcpus,
                "balloon.rss": int(self._memory * self._share),
                "block.count": 2, "block.0.name": "vda",
                "block.1.name": "vdb", "net.count": 1,
                "net.0.name": "vnet%d" % (int(self.uuid[-4:], 16)),
            },
            "rates": {
                "cpu.time": 0.0 if self.stuck else cpu * 1e9,
                "block.0.rd.bytes": disk * 0.3, "block.0.wr.bytes": disk * 0.5,
                "block.1.rd.bytes": 0.0, "block.1.wr.bytes": disk * 0.2,
                "net.0.rx.bytes": net * 0.6, "net.0.tx.bytes": net * 0.4,
            },
        }
