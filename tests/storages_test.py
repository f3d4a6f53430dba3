# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import json

import kit
from vmsampling import mounts
from vmsampling import storages
from vmsampling.storages import BLOCK, FILE

LINES = [
    b"1 0 0:1 / / rw - ext4 x rw",
    b"2 1 0:2 / /nfs rw - nfs4 x rw",
    b"3 1 0:3 / /nfs/b rw - nfs4 x rw",
    b"4 1 0:4 / /dev rw - devtmpfs x rw",
    b"5 1 0:5 / /run rw - tmpfs x rw",
]


class Mounts(mounts.Mounts):
    """
    Knows the links instead of reading them.
    """

    def __init__(self, links=()):
        super(Mounts, self).__init__(LINES)
        self._links = dict(links)

    def follow(self, path):
        return self._links.get(path)


class TestCase(kit.TestCase):

    def name(self, path, kind, links=()):
        found = storages.group([storages.Image(path, kind)], Mounts(links))
        json.dumps(found and list(found))
        name, = found
        self.assertIs(type(name), str)
        return name


class FileTest(TestCase):

    def test_mount(self):
        self.assertEqual(self.name(b"/nfs/a.img", FILE), "/nfs")
        self.assertEqual(self.name(b"/nfs/b/a.img", FILE), "/nfs/b")
        self.assertEqual(self.name(b"/var/a.img", FILE), "/")

    def test_link_in_memory(self):
        self.assertEqual(
            self.name(b"/run/sd/a.img", FILE,
                      {b"/run/sd/a.img": b"/nfs/b/x/a.img"}), "/nfs/b")

    def test_links_that_go_round(self):
        self.assertEqual(
            self.name(b"/run/a", FILE,
                      {b"/run/a": b"/run/b", b"/run/b": b"/run/a"}), "/run")

    def test_file_that_looks_like_a_volume(self):
        self.assertEqual(self.name(b"/dev/vg/lv", FILE), "/dev")

    def test_name_is_plain_text(self):
        odd = mounts.Mounts([b"1 0 0:1 / /a\\012\x1b\xff rw - x x rw"])
        name, = storages.group(
            [storages.Image(b"/a\n\x1b\xff/i", FILE)], odd)
        self.assertEqual(name, "/a\\x0a\\x1b\\xff")


class BlockTest(TestCase):

    def check(self, path, name, links=()):
        self.assertEqual(self.name(path, BLOCK, links), name)

    def test_logical_volume(self):
        self.check(b"/dev/data/disk1", "vg data")
        self.check(b"/dev/data-2/disk1", "vg data-2")

    def test_logical_volume_by_the_name_of_device_mapper(self):
        self.check(b"/dev/mapper/data-disk1", "vg data")
        self.check(b"/dev/mapper/da--ta-di--sk", "vg da-ta")
        self.check(b"/dev/mapper/a--b--c-d", "vg a-b-c")

    def test_other_names_of_device_mapper(self):
        self.check(b"/dev/mapper/mpatha", "/dev/mapper/mpatha")
        self.check(b"/dev/mapper/luks-1-2-3", "/dev/mapper/luks-1-2-3")

    def test_device(self):
        self.check(b"/dev/sdb", "/dev/sdb")
        self.check(b"/dev/disk/by-id/x", "/dev/disk/by-id/x")
        self.check(b"/dev/md/x", "/dev/md/x")

    def test_links(self):
        self.check(b"/run/sd/img/vol", "vg sd",
                   {b"/run/sd/img/vol": b"/dev/sd/vol"})
        self.check(b"/dev/disk/by-id/x", "/dev/sdc",
                   {b"/dev/disk/by-id/x": b"/dev/sdc"})
        # The name of a volume says more than where it leads to.
        self.check(b"/dev/data/disk1", "vg data",
                   {b"/dev/data/disk1": b"/dev/dm-3"})

    def test_unknown_place(self):
        self.check(b"/srv/images/disk", "/")


class GroupTest(TestCase):

    def test_several(self):
        images = [storages.Image(b"/nfs/2", FILE),
                  storages.Image(b"/dev/vg/lv", BLOCK),
                  storages.Image(b"/nfs/1", FILE)]
        self.assertEqual(storages.group(images, Mounts()), {
            "/nfs": (images[2], images[0]), "vg vg": (images[1],)})

    def test_none(self):
        self.assertEqual(storages.group([], Mounts()), {})
