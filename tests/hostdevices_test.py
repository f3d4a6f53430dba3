# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import hostcase
from vmsampling import hostdevices

INTERFACES = {
    "lo": {}, "eth0": {"device/x": ""}, "virbr0": {"uevent": "DEVTYPE=bridge"},
    "bond0": {"uevent": "DEVTYPE=bond\nINTERFACE=bond0\n"},
    "bond0.7": {"uevent": "DEVTYPE=vlan\n"},
    "vnet0": {"tun_flags": "0x5002", "uevent": "INTERFACE=vnet0\n"},
    "vnet1": {"tun_flags": "0x5002", "uevent": "INTERFACE=vnet1\n"},
}

DISKS = {
    "sda": {"device/x": "", "sda1/size": ""}, "dm-0": {"size": ""},
    "md0": {"size": ""}, "loop0": {"size": ""}, "zram0": {"size": ""},
    "nvme0n1": {"device/x": ""}, "cciss!c0d0": {"device/x": ""},
}


class DevicesTest(hostcase.TestCase):

    def place(self, folder, devices):
        for name, files in devices.items():
            for path, text in files.items():
                self.write("sys/%s/%s/%s" % (folder, name, path), text)

    def test_interfaces(self):
        self.place("class/net", INTERFACES)
        self.assertEqual(
            hostdevices.interfaces(self.sys).select(INTERFACES),
            ["bond0", "bond0.7", "eth0"])

    def test_disks(self):
        self.place("block", DISKS)
        names = [name.replace("!", "/") for name in DISKS]
        self.assertEqual(
            hostdevices.disks(self.sys).select(names + ["sda1"]),
            ["cciss/c0d0", "nvme0n1", "sda"])

    def test_each_is_judged_once_while_it_is_there(self):
        judged = []

        def is_shown(name):
            judged.append(name)
            return True
        devices = hostdevices.Devices(is_shown)
        for names in (["a", "b"], ["b", "a"], ["b"], ["a", "b"]):
            self.assertEqual(devices.select(names), sorted(names))
        self.assertEqual(judged, ["a", "b", "a"])
