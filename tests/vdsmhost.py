# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What is around virt.sampling in a VDSM of 2014, as far as it is used: small
doubles written from what these modules are known to do.

    sampling, modules = vdsmhost.load()
    thread = vdsmhost.make_stats_thread(sampling)(
        vdsmhost.Vm(uuid, dom, log), interval=2)
"""

from __future__ import absolute_import, division, print_function

import sys
import types

import standins

_MEMINFO = {"MemTotal": 1000, "MemFree": 300, "Cached": 150, "Buffers": 50,
            "AnonHugePages": 4096}


class Link(object):

    def __init__(self, name, kind="nic"):
        self.name = name
        self._kind = kind

    def isNIC(self):
        return self._kind == "nic"

    def isBOND(self):
        return self._kind == "bond"

    def isVLAN(self):
        return self._kind == "vlan"


class InterfaceSample(object):
    """
    What VDSM's has, of an interface of 1000 Mbit/s.
    """

    speed = 1000
    operstate = "up"
    rxErrors = txErrors = rxDropped = txDropped = 0

    def __init__(self, rx, tx):
        self.rx = rx
        self.tx = tx


class Modules(object):
    """
    VDSM's modules, in sys.modules while the test runs. A test may change
    what they say.
    """

    def __init__(self):
        self.links = [Link("lo", "other")]
        # For nicSpeed() and the others, in Mbit/s.
        self.speed = 1000
        self.flags = 64
        self.nodes = {"0": {"cpus": [0]}}
        self.memory = {"free": "30", "total": "120"}
        self._saved = {}

    def install(self):
        vdsm = _module("vdsm")
        vdsm.__path__ = []
        parts = {
            "constants": dict(P_VDSM_RUN="/var/run/vdsm/",
                              P_VDSM_CLIENT_LOG="/nowhere/client.log"),
            "ipwrapper": dict(getLinks=lambda: iter(self.links)),
            "netinfo": dict(nicSpeed=self._speed, bondSpeed=self._speed,
                            vlanSpeed=self._speed),
            "utils": dict(readMemInfo=lambda: dict(_MEMINFO)),
        }
        found = {"vdsm": vdsm}
        for name, content in parts.items():
            module = _module("vdsm." + name, **content)
            setattr(vdsm, name, module)
            found[module.__name__] = module
        found["ethtool"] = _module(
            "ethtool", get_flags=self._flags, IFF_RUNNING=64)
        found["caps"] = _module(
            "caps", getNumaTopology=lambda: self.nodes,
            getUMAHostMemoryStats=lambda: self.memory,
            getMemoryStatsByNumaCell=lambda node: self.memory)
        for name, module in found.items():
            self._saved[name] = sys.modules.get(name)
            sys.modules[name] = module

    def remove(self):
        for name, module in self._saved.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module

    def _speed(self, _name):
        return self.speed

    def _flags(self, _name):
        if isinstance(self.flags, Exception):
            raise self.flags
        return self.flags


def load():
    """
    Return (virt.sampling, standing in; the Modules that it has found).
    """
    modules = Modules()
    modules.install()
    try:
        return standins.load("virt.sampling"), modules
    finally:
        modules.remove()


class SessionDomain(object):
    """
    A libvirt domain, whose driver has no cgroups in session mode: what needs
    them asks the QEMU something else.
    """

    def __init__(self, dom):
        self._dom = dom

    def __getattr__(self, name):
        return getattr(self._dom, name)

    def getCPUStats(self, _total, _flags):
        nanoseconds = self._dom.info()[4]
        return [{"cpu_time": nanoseconds, "user_time": 0, "system_time": 0}]

    def schedulerParameters(self):
        return {"vcpu_count": len(self._dom.vcpus()[0])}


class Vm(object):
    """
    What a statistics thread needs of a VM.
    """

    def __init__(self, uuid, dom, log):
        self.id = uuid
        self.log = log
        self._dom = dom
        # Names of its disks.
        self.disks = ["vda"]
        # Called with a disk, as the storage subsystem is.
        self.volume_size = lambda disk: 0
        # How often its storage was called about.
        self.asked = 0

    def extendDrivesIfNeeded(self):
        self.asked += 1
        for disk in self.disks:
            self._dom.blockInfo(disk, 0)


# Of VDSM's VmStatsThread: attribute, function, window.
FUNCTIONS = (
    ("highWrite", "_highWrite", 0),
    ("updateVolumes", "_updateVolumes", 0),
    ("sampleCpu", "_sampleCpu", 2),
    ("sampleDisk", "_sampleDisk", 2),
    ("sampleDiskLatency", "_sampleDiskLatency", 2),
    ("sampleNet", "_sampleNet", 2),
    ("sampleBalloon", "_sampleBalloon", 2),
    ("sampleVmJobs", "_sampleVmJobs", 2),
    ("sampleVcpuPinning", "_sampleVcpuPinning", 2),
    ("sampleCpuTune", "_sampleCpuTune", 2))


class Functions(object):
    """
    What VDSM's VmStatsThread calls of libvirt and of the storage subsystem,
    in functions with its names.
    """

    def _highWrite(self):
        self._vm.extendDrivesIfNeeded()

    def _updateVolumes(self):
        for disk in self._vm.disks:
            self._vm.volume_size(disk)

    def _sampleCpu(self):
        return self._vm._dom.getCPUStats(True, 0)[0]

    def _sampleDisk(self):
        return dict((disk, self._vm._dom.blockStats(disk))
                    for disk in self._vm.disks)

    def _sampleDiskLatency(self):
        return dict((disk, self._vm._dom.blockStatsFlags(disk, 0))
                    for disk in self._vm.disks)

    def _sampleNet(self):
        return {}

    def _sampleBalloon(self):
        return self._vm._dom.info()[2]

    def _sampleVmJobs(self):
        return dict((disk, self._vm._dom.blockJobInfo(disk, 0))
                    for disk in self._vm.disks)

    def _sampleVcpuPinning(self):
        return self._vm._dom.vcpus()[0]

    def _sampleCpuTune(self):
        return self._vm._dom.schedulerParameters()


def make_stats_thread(sampling):
    """
    Return a class as VDSM's VmStatsThread is.
    """

    class VmStatsThread(Functions, sampling.AdvancedStatsThread):

        def __init__(self, vm, interval):
            sampling.AdvancedStatsThread.__init__(
                self, log=vm.log, daemon=True)
            self._vm = vm
            for name, function, window in FUNCTIONS:
                setattr(self, name, sampling.AdvancedStatsFunction(
                    getattr(self, function), interval, window))
            self.addStatsFunction(
                *[getattr(self, name) for name, _, _ in FUNCTIONS])

    return VmStatsThread


def _module(name, **content):
    module = types.ModuleType(str(name))
    module.__dict__.update(content)
    return module
