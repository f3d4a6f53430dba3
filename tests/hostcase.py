# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
A host of three processors, of which the second is offline, with two NUMA
nodes, as files and as a psutil.
"""

from __future__ import absolute_import, division, print_function

import collections
import os
import shutil
import tempfile

import kit

HZ = os.sysconf("SC_CLK_TCK")

STAT = """\
cpu  300 0 100 600 0 0 0 0 0 0
cpu0 {user} 20 30 {idle} 50 6 7 {steal} 9 10
cpu2 200 0 70 300 0 0 0 0 0 0
intr 1 2 3
"""

MEMINFO = """\
Node {node} MemTotal:       {total} kB
Node {node} MemFree:        1000 kB
Node {node} Active(anon):   17 kB
Node {node} HugePages_Total:     5
"""

PRESSURE = """\
some avg10=1.00 avg60=0.00 avg300=0.00 total=%d
full avg10=0.00 avg60=0.00 avg300=0.00 total=0
"""

MEMORY = {"total": 8000, "available": 6000, "free": 4000, "buffers": 300,
          "cached": 2000, "used": 1}
NETWORK = dict(
    (name, number) for number, name in enumerate((
        "bytes_recv", "packets_recv", "errin", "dropin", "bytes_sent",
        "packets_sent", "errout", "dropout"), 1))
DISK = {"read_bytes": 512, "read_count": 2, "read_time": 1500,
        "write_bytes": 1024, "write_count": 3, "write_time": 2500}


def record(fields):
    return collections.namedtuple("Record", sorted(fields))(**fields)


class Psutil(object):
    """
    Looks like psutil.
    """

    def __init__(self):
        self.version_info = (5, 9, 4)
        self.__version__ = "5.9.4"
        self.interfaces = ["eth0", "vnet0"]
        self.disks = ["vda", "vda1", "loop0"]
        # Keywords of the last call for counters.
        self.asked = None

    def virtual_memory(self):
        return record(MEMORY)

    def swap_memory(self):
        return record({"total": 500, "free": 400, "sin": 0})

    def net_io_counters(self, **asked):
        self.asked = asked
        return dict.fromkeys(self.interfaces, record(NETWORK))

    def disk_io_counters(self, **asked):
        self.asked = asked
        return dict.fromkeys(self.disks, record(DISK))


class TestCase(kit.TestCase):

    def setUp(self):
        super(TestCase, self).setUp()
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.proc = self.folder + "/proc"
        self.sys = self.folder + "/sys"
        self.psutil = Psutil()
        self.write_stat()
        self.write("proc/loadavg", "0.50 1.25 12.00 1/100 4711\n")
        for node, total in ((0, 4000), (1, 0)):
            self.write("sys/devices/system/node/node%d/meminfo" % node,
                       MEMINFO.format(node=node, total=total))
        self.write("sys/devices/system/node/online", "0-1\n")
        self.write_pressure()
        for path in ("class/net/eth0/device/x", "class/net/vnet0/tun_flags",
                     "block/vda/device/x", "block/loop0/size"):
            self.write("sys/" + path, "")

    def write(self, path, text):
        path = os.path.join(self.folder, path)
        if not os.path.isdir(os.path.dirname(path)):
            os.makedirs(os.path.dirname(path))
        with open(path, "w") as stream:
            stream.write(text)

    def remove(self, path):
        os.unlink(os.path.join(self.folder, path))

    def write_stat(self, user=100, idle=300, steal=8):
        self.write("proc/stat",
                   STAT.format(user=user, idle=idle, steal=steal))

    def write_pressure(self, cpu=1500000):
        self.write("proc/pressure/cpu", PRESSURE % cpu)
        self.write("proc/pressure/io", PRESSURE % 7)
