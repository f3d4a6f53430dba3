# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import kit
from vmsampling import devices
from vmsampling import mounts
from vmsampling import storages

MOUNTS = mounts.Mounts([
    b"1 0 0:1 / / rw - x x rw", b"2 1 0:2 / /nfs rw - x x rw"])


def parse(*found):
    return devices.parse(
        "<domain><devices>%s</devices></domain>" % "".join(found), MOUNTS)


def files(*paths):
    return tuple(storages.Image(path, storages.FILE) for path in paths)


def disk(inside, kind="file", target="vda"):
    return "<disk type='%s'>%s<target dev='%s' bus='virtio'/></disk>" % (
        kind, inside, target)


class DevicesTest(kit.TestCase):

    def test_nothing(self):
        found = parse()
        self.assertEqual((found.disks, found.interfaces, found.images,
                          found.opaque), ((), (), (), ()))
        self.assertEqual((found.storages, found.group, found.why_opaque),
                         ({}, None, None))

    def test_disks_in_libvirts_order(self):
        found = parse(disk("<source file='/i/2'/>", target="vdb"),
                      disk("<source file='/i/1'/>", target="vda"))
        self.assertEqual(found.disks, ((0, "vdb"), (1, "vda")))
        self.assertEqual(found.images, files(b"/i/1", b"/i/2"))
        self.assertEqual(found.opaque, ())

    def test_empty_drive_counts_but_has_no_image(self):
        found = parse(disk("", target="sda"), disk("<source/>", target="sdb"),
                      disk("<source file='/i/1'/>"))
        self.assertEqual([d.number for d in found.disks], [0, 1, 2])
        self.assertEqual(found.images, files(b"/i/1"))
        self.assertEqual(found.opaque, ())

    def test_all_that_qemu_looks_at(self):
        found = parse(disk(
            "<source file='/top'>"
            "<dataStore type='file'><source file='/data'/></dataStore>"
            "</source>"
            "<backingStore type='file'><source file='/mid'/>"
            "<backingStore type='file'><source file='/base'/>"
            "<backingStore/></backingStore></backingStore>"
            "<mirror type='file'><source file='/copy'/></mirror>"))
        self.assertEqual(
            found.images,
            files(b"/base", b"/copy", b"/data", b"/mid", b"/top"))

    def test_sources_that_are_no_files(self):
        found = parse(disk("<source protocol='nbd' name='y'/>", "network"),
                      disk("<source type='unix' path='/s'/>", "vhostuser"),
                      disk("<source pool='p' volume='v'/>", "volume"),
                      disk("<source file='/i/1'/>"))
        self.assertEqual(found.opaque, ("network", "vhostuser", "volume"))
        self.assertEqual(
            found.why_opaque, "network, vhostuser, volume disk: no look at "
            "it is possible without QEMU")
        self.assertEqual(found.images, files(b"/i/1"))

    def test_block_devices(self):
        found = parse(
            disk("<source dev='/dev/vg/lv'/><backingStore type='block'>"
                 "<source dev='/dev/sdb'/></backingStore>"
                 "<mirror type='file'><source file='/nfs/copy'/></mirror>",
                 "block"),
            disk("", "block", target="sr0"))
        self.assertEqual(found.storages, {
            "vg vg": (storages.Image(b"/dev/vg/lv", storages.BLOCK),),
            "/dev/sdb": (storages.Image(b"/dev/sdb", storages.BLOCK),),
            "/nfs": files(b"/nfs/copy")})
        self.assertEqual(found.group, "/dev/sdb, /nfs, vg vg")
        self.assertEqual([image.path for image in found.images],
                         [b"/dev/sdb", b"/dev/vg/lv", b"/nfs/copy"])
        self.assertEqual(found.opaque, ())

    def test_type_that_is_missing(self):
        found = parse("<disk><source file='/i/1'/></disk>")
        self.assertEqual(found.opaque, ("unknown",))

    def test_backing_that_is_no_file(self):
        found = parse(disk(
            "<source file='/top'/><backingStore type='network'>"
            "<source protocol='nbd' name='y'/></backingStore>"))
        self.assertEqual(found.opaque, ("network",))

    def test_image_shared_by_disks(self):
        found = parse(disk("<source file='/i/1'/>"),
                      disk("<source file='/i/1'/>", target="vdb"))
        self.assertEqual(found.images, files(b"/i/1"))

    def test_names_are_native_text_and_paths_bytes(self):
        found = devices.parse(
            b"<domain><devices>"
            b"<disk type='file'><source file='/i/\xc3\xa4'/>"
            b"<target dev='vda'/></disk></devices></domain>", MOUNTS)
        self.assertEqual(found.images, files(b"/i/\xc3\xa4"))
        self.assertIs(type(found.disks[0].name), str)

    def test_limits(self):
        found = parse(
            disk("<source file='/i/1'/>"),
            disk("<iotune><total_bytes_sec>1048576</total_bytes_sec>"
                 "<read_iops_sec>100</read_iops_sec><group_name>7</group_name>"
                 "<size_iops_sec>x</size_iops_sec></iotune>"))
        self.assertEqual(found.limits, {
            "block.1.iotune.total_bytes_sec": 1048576,
            "block.1.iotune.read_iops_sec": 100})
        self.assertEqual(parse().limits, {})

    def test_interfaces(self):
        found = parse("<interface type='network'><target dev='vnet0'/>"
                      "</interface>",
                      "<interface type='hostdev'></interface>",
                      "<interface type='bridge'><target dev='vnet2'/>"
                      "</interface>")
        self.assertEqual(found.interfaces, ((0, "vnet0"), (2, "vnet2")))

    def test_what_is_no_xml(self):
        with self.assertRaises(ValueError):
            devices.parse("<domain>", MOUNTS)
