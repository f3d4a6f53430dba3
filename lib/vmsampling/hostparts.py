# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What the kernel counts for this host as a whole, part by part.

psutil knows how memory, interfaces and disks look on each kernel. It has no
numbers of processors, only those that are online in a row, so that another
one's time would follow when one goes offline; and neither NUMA nor pressure.
These come from /proc and /sys.

VDSM's stand-in (vdsm/virt/sampling.py) needs none of this: a host of VDSM may
lack psutil, and VDSM counts in other units. They share hostsample.
"""

from __future__ import absolute_import, division, print_function

import glob
import logging
import os

from vmsampling import hostdevices
from vmsampling import hostsample

log = logging.getLogger("vmsampling.hostparts")

# In the order in which people are told of them.
NAMES = ("cpu", "load", "memory", "swap", "numa", "network", "disk",
         "pressure")

# Since then it knows nowrap, and unless told otherwise makes counters go on
# when a device was reset. That is for those to see who look at the counters.
_KNOWS_NOWRAP = (5, 3, 2)

# Our names, and those of psutil.
_MEMORY = ("total", "available", "free", "buffers", "cached")
_NETWORK = (
    ("receive_bytes", "bytes_recv"), ("receive_packets", "packets_recv"),
    ("receive_errors", "errin"), ("receive_drops", "dropin"),
    ("transmit_bytes", "bytes_sent"), ("transmit_packets", "packets_sent"),
    ("transmit_errors", "errout"), ("transmit_drops", "dropout"))
_DISK = (
    ("read_bytes", "read_bytes", 1), ("read_requests", "read_count", 1),
    ("read_seconds", "read_time", 1000), ("write_bytes", "write_bytes", 1),
    ("write_requests", "write_count", 1),
    ("write_seconds", "write_time", 1000))

_NODE_MEMORY = {"MemTotal:": "total", "MemFree:": "free"}

# The kernel writes zeros there, since it is not defined for a whole host.
_NO_PRESSURE = ("cpu", "full")


class Parts(object):
    """
    Thread: one at a time.
    """

    def __init__(self, library, proc="/proc", sys="/sys"):
        """
        library: the module psutil.
        """
        self._library = library
        self._proc = proc
        self._nodes = sys + "/devices/system/node/node[0-9]*"
        self._interfaces = hostdevices.interfaces(sys)
        self._disks = hostdevices.disks(sys)
        self._tick = os.sysconf("SC_CLK_TCK")
        self._raw = {}
        if library.version_info >= _KNOWS_NOWRAP:
            self._raw["nowrap"] = False

    def read(self):
        """
        Return ({part: what it says}, {part: error}). A part that this host
        does not have is in neither. May take long if the driver of a device
        does.
        """
        found, failed = {}, {}
        for name in NAMES:
            try:
                part = getattr(self, name)()
            except (EnvironmentError, LookupError, RuntimeError, TypeError,
                    ValueError) as e:
                # psutil raises many, such as for a line that it cannot read.
                log.debug("%s: %s", name, e)
                failed[name] = e
                continue
            if part:
                found[name] = part
        return found, failed

    def cpu(self):
        """
        Return {processor: {mode: seconds}} of those that are online.
        """
        return dict(
            (name, dict((mode, ticks[mode] / self._tick) for mode in ticks))
            for name, ticks in hostsample.cpus(self._proc + "/stat").items()
            if name)

    def load(self):
        """
        Return the averages over 1, 5 and 15 minutes.
        """
        return [float(text)
                for text in hostsample.loads(self._proc + "/loadavg")]

    def memory(self):
        """
        Return {name: bytes}.
        """
        found = self._library.virtual_memory()
        return dict((name, getattr(found, name)) for name in _MEMORY)

    def swap(self):
        found = self._library.swap_memory()
        return {"total": found.total, "free": found.free}

    def numa(self):
        """
        Return {node: {name: bytes}}.
        """
        nodes = {}
        for path in glob.glob(self._nodes):
            memory = {}
            with open(path + "/meminfo") as f:
                for line in f:
                    # Node, number, name, KiB, unit.
                    words = line.split()
                    if len(words) == 5 and words[2] in _NODE_MEMORY:
                        memory[_NODE_MEMORY[words[2]]] = int(words[3]) * 1024
            nodes[os.path.basename(path)[len("node"):]] = memory
        return nodes

    def network(self):
        """
        Return {device: {name: count}}.
        """
        found = self._library.net_io_counters(pernic=True, **self._raw) or {}
        return dict(
            (device, dict((ours, getattr(found[device], theirs))
                          for ours, theirs in _NETWORK))
            for device in self._interfaces.select(found))

    def disk(self):
        """
        Return {device: {name: count, or seconds}}.
        """
        found = self._library.disk_io_counters(perdisk=True, **self._raw) or {}
        return dict(
            (device, dict((ours, getattr(found[device], theirs) / scale
                           if scale > 1 else getattr(found[device], theirs))
                          for ours, theirs, scale in _DISK))
            for device in self._disks.select(found))

    def pressure(self):
        """
        Return {resource: {kind: seconds that some task, or all of them at
        once (full), have waited}}.
        """
        found = {}
        for path in glob.glob(self._proc + "/pressure/*"):
            resource = os.path.basename(path)
            with open(path) as f:
                for line in f:
                    words = line.split()
                    kind = words[0]
                    if (resource, kind) == _NO_PRESSURE:
                        continue
                    name, _, value = words[-1].partition("=")
                    if name == "total":
                        found.setdefault(
                            resource, {})[kind] = int(value) / 10 ** 6
        return found


def library():
    """
    Return the module psutil, None if it is missing or broken.
    """
    # Here, not above: it takes some time, and not all who sample need it.
    try:
        import psutil
    except ImportError as e:
        log.debug("%s", e)
        return None
    except Exception as e:
        # It reads /proc even then. What is wrong with that, or with psutil,
        # is to cost no VM.
        log.warning("psutil does not work: %r", e)
        return None
    return psutil
