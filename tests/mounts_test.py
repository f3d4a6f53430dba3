# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import os
import shutil
import tempfile

import kit
from vmsampling import mounts

LINES = [
    b"23 28 0:21 / /proc rw,nosuid shared:13 - proc proc rw\n",
    b"28 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n",
    b"40 28 0:40 / /mnt rw - tmpfs tmpfs rw\n",
    b"41 40 0:41 / /mnt/nfs\\040a rw - nfs4 s:/x rw\n",
    b"42 40 0:42 / /mnt/nfs rw - nfs4 s:/y rw\n",
    b"\n",
]


class MountsTest(kit.TestCase):

    def setUp(self):
        super(MountsTest, self).setUp()
        self.mounts = mounts.Mounts(LINES)

    def check(self, path, point):
        self.assertEqual(self.mounts.find(path), point)

    def test_longest_prefix(self):
        self.check(b"/mnt/nfs/a/b.img", b"/mnt/nfs")
        self.check(b"/mnt/a.img", b"/mnt")
        self.check(b"/var/a.img", b"/")

    def test_whole_names_only(self):
        self.check(b"/mnt/nfs2/a.img", b"/mnt")

    def test_escaped_white_space(self):
        self.check(b"/mnt/nfs a/b.img", b"/mnt/nfs a")

    def test_the_mount_point_itself(self):
        self.check(b"/mnt/nfs", b"/mnt/nfs")
        self.check(b"/", b"/")

    def test_path_that_is_not_normal(self):
        self.check(b"//mnt/./nfs//a.img", b"/mnt/nfs")
        self.check(b"/mnt/nfs/../a.img", b"/mnt")
        self.check(b"/../mnt/nfs/a.img", b"/mnt/nfs")

    def test_path_that_does_not_exist(self):
        self.check(b"/mnt/nfs/no/such/path", b"/mnt/nfs")

    def test_fields_that_vary(self):
        found = mounts.Mounts([b"1 0 0:1 / /a rw a:1 b:2 - tmpfs x rw\n",
                               b"2 0 0:1 / /b - - tmpfs x rw\n"])
        self.assertEqual(found.find(b"/a/x"), b"/a")
        self.assertEqual(found.find(b"/b/x"), b"/b")

    def test_real_list(self):
        found = mounts.read()
        self.assertEqual(found.find(b"/proc/self/stat"), b"/proc")
        self.assertEqual(found.find(b"/no such file"), b"/")


class FollowTest(kit.TestCase):

    def setUp(self):
        super(FollowTest, self).setUp()
        folder = os.path.realpath(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        self.folder = folder.encode("ascii")
        self.mounts = self.make(b"tmpfs")

    def make(self, kind):
        return mounts.Mounts([
            b"1 0 0:1 / / rw - ext4 x rw",
            b"2 0 0:2 / " + self.folder + b" rw - " + kind + b" x rw"])

    def link(self, target, name):
        path = os.path.join(self.folder, name)
        os.symlink(target, path)
        return path

    def check(self, path, target):
        self.assertEqual(self.mounts.follow(path), target)

    def test_link(self):
        self.check(self.link(b"/nfs/x", b"a"), b"/nfs/x")

    def test_link_to_a_folder(self):
        self.check(self.link(b"/nfs/x", b"a") + b"/b/c", b"/nfs/x/b/c")

    def test_relative_link(self):
        self.check(self.link(b"../x", b"a") + b"/b",
                   os.path.dirname(self.folder) + b"/x/b")
        self.check(self.link(b"x", b"b"), self.folder + b"/x")

    def test_no_link(self):
        self.check(self.folder, None)
        self.check(self.folder + b"/nothing/here", None)
        self.check(b"/", None)

    def test_links_elsewhere_are_not_looked_for(self):
        path = self.link(b"/nfs/x", b"a")
        self.mounts = self.make(b"nfs4")
        self.check(path, None)
