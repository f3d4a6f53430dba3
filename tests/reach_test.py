# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import os
import shutil
import tempfile

import mock

import kit
from vmsampling import canary
from vmsampling import devices
from vmsampling import mounts
from vmsampling import reach

XML = """<domain><devices><disk type='file' device='disk'>
<source file='/images/a'/><target dev='vda'/></disk></devices></domain>"""

TABLE = mounts.Mounts([b"1 1 0:1 / / rw - ext4 x rw",
                       b"2 1 0:2 / /images rw - nfs x rw"])


class MountsTest(kit.TestCase):

    def test_disks(self):
        virt_domain = mock.Mock(XMLDesc=mock.Mock(return_value=XML))
        connection = mock.Mock(domain={"uuid": virt_domain}.get)
        self.assertEqual(reach.disks("uuid", connection).images,
                         (b"/images/a",))
        virt_domain.XMLDesc.assert_called_once_with(0)

    def test_mounts(self):
        disks = {
            "b": devices.Devices(images=[b"/images/base", b"/images/b"]),
            "a": devices.Devices(images=[b"/images/base", b"/x"]),
            "c": devices.Devices(opaque=["network"])}
        with mock.patch.object(mounts, "read", lambda: TABLE):
            root, images = reach.mounts(disks)
        self.assertEqual(root.point, b"/")
        self.assertEqual(root.images, {b"/x": ["a"]})
        self.assertEqual(images.point, b"/images")
        self.assertEqual(sorted(images.images), [b"/images/b",
                                                 b"/images/base"])
        self.assertEqual(images.vms, ["a", "b"])
        self.assertEqual(images.answer, reach.NOT_LOOKED_AT)


class LookTest(kit.TestCase):

    def setUp(self):
        super(LookTest, self).setUp()
        self.folder = tempfile.mkdtemp().encode("ascii")
        self.addCleanup(shutil.rmtree, self.folder)
        self.mount = reach.Mount(b"/")

    def add(self, name, exists=True):
        path = os.path.join(self.folder, name)
        if exists:
            open(path, "wb").close()
        self.mount.images[path] = ["vm"]
        return path

    def test_ok(self):
        self.add(b"a")
        last = self.add(b"b\xff")
        self.assertIsNone(self.mount.look())
        self.assertEqual(self.mount.path, last)

    def test_refused(self):
        self.add(b"a")
        gone = self.add(b"b", exists=False)
        self.add(b"c")
        with kit.logs("vmsampling.canary"):
            self.assertEqual(self.mount.look(), "No such file or directory")
        self.assertEqual(self.mount.path, gone)

    def test_refused_once(self):
        path = self.add(b"a")
        with mock.patch.object(canary.Answers, "age", lambda *_args: None):
            self.assertEqual(self.mount.look(),
                             "only at the second try it was not")
        self.assertEqual(self.mount.path, path)
