# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import json

import kit
from vmsampling import about
from vmsampling import devices
from vmsampling import metadata


def read(inside, wanted=""):
    found = about.read(devices.tree("<domain>%s</domain>" % inside),
                       metadata.parse(wanted))
    json.dumps(found)
    return found


def one(kind, device):
    return read("<devices>%s</devices>" % device)[kind][0]


class AboutTest(kit.TestCase):

    def test_nothing(self):
        self.assertEqual(read(""), {
            "os": {}, "disks": [], "interfaces": [], "metadata": {}})

    def test_os(self):
        self.assertEqual(
            read("<os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type>"
                 "</os>")["os"],
            {"type": "hvm", "arch": "x86_64", "machine": "pc-q35-7.2"})
        self.assertEqual(read("<os><type/></os>")["os"], {})

    def test_disk(self):
        self.assertEqual(one(
            "disks",
            "<disk type='file' device='disk'>"
            "<driver name='qemu' type='qcow2' cache='none' discard='unmap'/>"
            "<source file='/i/1' index='1'/><backingStore type='file'>"
            "<format type='raw'/><source file='/base'/></backingStore>"
            "<target dev='vda' bus='virtio'/><serial>1-2</serial></disk>"), {
                "target": "vda", "source": "/i/1", "bus": "virtio",
                "type": "file", "device": "disk", "driver": "qcow2",
                "driver_name": "qemu", "cache": "none", "discard": "unmap",
                "serial": "1-2"})

    def test_sources(self):
        for source, found in (
                ("<source dev='/dev/vg/lv'/>", "/dev/vg/lv"),
                ("<source protocol='rbd' name='p/i'><host name='h'/></source>",
                 "p/i"),
                ("<source pool='p' volume='v'/>", "p/v"),
                ("<source dir='/d'/>", "/d"),
                ("<source type='unix' path='/s'/>", "/s"),
                ("<source/>", None), ("", None)):
            disk = one("disks", "<disk>%s<target dev='vda'/></disk>" % source)
            self.assertEqual(disk.get("source"), found)
        self.assertEqual(one(
            "disks", "<disk><source protocol='rbd' name='i'/></disk>"),
            {"source": "i", "protocol": "rbd"})

    def test_empty_drive_keeps_its_place(self):
        found = read("<devices><disk><target dev='sda'/></disk>"
                     "<disk/><disk><target dev='vda'/></disk></devices>")
        self.assertEqual(found["disks"],
                         [{"target": "sda"}, {}, {"target": "vda"}])

    def test_interface(self):
        self.assertEqual(one(
            "interfaces",
            "<interface type='network'><mac address='52:54:00:00:00:01'/>"
            "<source network='default' bridge='virbr0'/>"
            "<virtualport type='openvswitch'><parameters interfaceid='i'/>"
            "</virtualport><target dev='vnet0'/><model type='virtio'/>"
            "<mtu size='9000'/></interface>"), {
                "target": "vnet0", "type": "network", "source": "default",
                "bridge": "virbr0", "mac": "52:54:00:00:00:01",
                "model": "virtio", "mtu": "9000", "interfaceid": "i"})
        for inside, found in (("<source dev='eth0' mode='bridge'/>", "eth0"),
                              ("<source bridge='br0'/>", "br0"),
                              ("", None)):
            self.assertEqual(one(
                "interfaces", "<interface type='direct'>%s</interface>" %
                inside).get("source"), found)

    def test_pinning(self):
        self.assertEqual(read(
            "<cputune><vcpupin vcpu='0' cpuset='0-3,^1'/>"
            "<vcpupin vcpu='1' cpuset='2'/><vcpupin/>"
            "<emulatorpin cpuset='0'/></cputune>")["pinning"],
            {"0": "0-3,^1", "1": "2", "emulator": "0"})
        self.assertNotIn("pinning", read("<cputune/>"))

    def test_metadata(self):
        self.assertEqual(
            read("<metadata><a b='c'/></metadata>", "x=a/@b")["metadata"],
            {"x": "c"})

    def test_bounds(self):
        long_ = "x" * 9999
        found = one("disks", "<disk><source file='%s'/><serial>%s</serial>"
                    "</disk>" % (long_, long_))
        self.assertEqual((len(found["source"]), len(found["serial"])),
                         (4096, 256))
        many = read("<devices>%s</devices>" % ("<disk/><interface/>" * 999))
        self.assertEqual(
            (len(many["disks"]), len(many["interfaces"])), (256, 256))
