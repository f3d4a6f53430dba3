# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import os
import shutil
import tempfile

import mock

import kit
from vmsampling import devices
from vmsampling import mounts
from vmsampling import reach
from vmsampling import storages

XML = """<domain><devices><disk type='file' device='disk'>
<source file='/images/a'/><target dev='vda'/></disk></devices></domain>"""

TABLE = mounts.Mounts([b"1 1 0:1 / / rw - ext4 x rw",
                       b"2 1 0:2 / /images rw - nfs x rw"])


def image(path):
    return storages.Image(path, storages.FILE)


class StoragesTest(kit.TestCase):

    def test_disks(self):
        virt_domain = mock.Mock(XMLDesc=mock.Mock(return_value=XML))
        connection = mock.Mock(domain={"uuid": virt_domain}.get)
        with mock.patch.object(mounts, "read", lambda: TABLE):
            found = reach.disks("uuid", connection)
        self.assertEqual(found.storages, {"/images": (image(b"/images/a"),)})
        virt_domain.XMLDesc.assert_called_once_with(0)

    def test_storages(self):
        base, other, root = [
            image(path) for path in (b"/images/base", b"/images/b", b"/x")]
        disks = {
            "b": devices.Devices(storages={"/images": (base, other)}),
            "a": devices.Devices(storages={"/images": (base,), "/": (root,)}),
            "c": devices.Devices(opaque=["network"])}
        first, second = reach.storages(disks)
        self.assertEqual((first.name, first.images), ("/", {root: ["a"]}))
        self.assertEqual(second.name, "/images")
        self.assertEqual(sorted(second.images), [other, base])
        self.assertEqual(second.vms, ["a", "b"])
        self.assertEqual(second.answer, reach.NOT_LOOKED_AT)


class LookTest(kit.TestCase):

    def setUp(self):
        super(LookTest, self).setUp()
        self.folder = tempfile.mkdtemp().encode("ascii")
        self.addCleanup(shutil.rmtree, self.folder)
        self.storage = reach.Storage("/")

    def add(self, name, exists=True):
        path = os.path.join(self.folder, name)
        if exists:
            open(path, "wb").close()
        self.storage.images[image(path)] = ["vm"]
        return path

    def test_ok(self):
        self.add(b"a")
        last = self.add(b"b\xff")
        self.assertIsNone(self.storage.look())
        self.assertEqual(self.storage.path, last)

    def test_refused(self):
        self.add(b"a")
        gone = self.add(b"b", exists=False)
        self.add(b"c")
        with kit.logs("vmsampling.canary"):
            self.assertEqual(self.storage.look(), "No such file or directory")
        self.assertEqual(self.storage.path, gone)
