# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import errno
import os
import shutil
import stat
import tempfile

import mock

import kit
from vmsampling import dumps

# 2026-11-27 14:05:30 UTC
NOW = 1795788330.5


class DumpsTest(kit.TestCase):

    def setUp(self):
        super(DumpsTest, self).setUp()
        parent = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, parent)
        self.folder = dumps.Folder(os.path.join(parent, "dumps"))
        self.folder.make()

    def names(self):
        return sorted(os.listdir(self.folder.path))

    def write(self, number):
        path = self.folder.write(NOW + number, [b"1234", b"56"])
        os.utime(path, (number, number))

    def test_write(self):
        path = self.folder.write(NOW, [b"12", b"3"])
        self.assertEqual(os.path.basename(path), "20261127T140530Z.jsonl.gz")
        with open(path, "rb") as stream:
            self.assertEqual(stream.read(), b"123")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.assertEqual(
            stat.S_IMODE(os.stat(self.folder.path).st_mode), 0o700)

    def test_two_in_a_second(self):
        for _ in range(3):
            self.folder.write(NOW, [b"1"])
        self.assertEqual(self.names(), [
            "20261127T140530Z-2.jsonl.gz", "20261127T140530Z-3.jsonl.gz",
            "20261127T140530Z.jsonl.gz"])

    def test_folder_that_is_there(self):
        self.folder.make()

    def test_folder_that_cannot_be_made(self):
        folder = dumps.Folder(os.path.join(self.folder.path, "no", "no"))
        with self.assertRaises(EnvironmentError) as caught:
            folder.make()
        self.assertEqual(caught.exception.errno, errno.ENOENT)

    def test_folder_that_is_not_ours(self):
        with mock.patch.object(dumps.os, "access", lambda path, mode: False):
            with self.assertRaises(EnvironmentError) as caught:
                self.folder.make()
        self.assertEqual(caught.exception.strerror, "Permission denied")

    def test_disk_is_full(self):
        error = EnvironmentError(errno.ENOSPC, "No space left on device")
        with mock.patch.object(dumps.os, "fsync", side_effect=error):
            with self.assertRaises(EnvironmentError):
                self.folder.write(NOW, [b"1"])
        self.assertEqual(self.names(), [])

    def test_the_oldest_files_make_room(self):
        other = os.path.join(self.folder.path, "precious.gz")
        with open(other, "w") as stream:
            stream.write(100 * "x")
        os.utime(other, (0, 0))
        with mock.patch.object(dumps, "MAX_FILES", 3):
            for number in range(5):
                self.write(number)
        self.assertEqual(self.names(), [
            "20261127T140532Z.jsonl.gz", "20261127T140533Z.jsonl.gz",
            "20261127T140534Z.jsonl.gz", "precious.gz"])

    def test_the_oldest_bytes_make_room(self):
        with mock.patch.object(dumps, "MAX_BYTES", 13):
            for number in range(5):
                self.write(number)
        self.assertEqual(len(self.names()), 2)

    def test_what_was_broken_off_makes_room(self):
        path = os.path.join(self.folder.path, "20200101T000000Z.jsonl.gz.part")
        open(path, "w").close()
        os.utime(path, (0, 0))
        with mock.patch.object(dumps, "MAX_FILES", 1):
            self.write(1)
        self.assertEqual(self.names(), ["20261127T140531Z.jsonl.gz"])

    def test_somebody_else_makes_room(self):
        self.write(1)
        error = OSError(errno.ENOENT, "")
        with mock.patch.object(dumps, "MAX_FILES", 1):
            with mock.patch.object(dumps.os, "unlink", side_effect=error):
                self.write(2)
            with mock.patch.object(dumps.os, "lstat", side_effect=error):
                self.write(3)
        self.assertEqual(len(self.names()), 3)
