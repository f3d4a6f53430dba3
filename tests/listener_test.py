# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import errno
import os
import shutil
import socket
import stat
import tempfile

import mock

import kit
from vmsampling import errors
from vmsampling import listener


class ListenerTest(kit.TestCase):

    def setUp(self):
        super(ListenerTest, self).setUp()
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.path = os.path.join(self.folder, "run", "socket")

    def open(self, access="all"):
        made = listener.Listener(self.path, access)
        self.addCleanup(made.close)
        made.open()
        return made

    def connect(self):
        made = listener.connect(self.path)
        self.addCleanup(made.close)
        return made

    def check_failure(self, kind, text):
        with self.assertRaises(kind) as caught:
            self.open()
        self.assertIn(text, str(caught.exception))
        self.assertIn(self.path, str(caught.exception))

    def test_who_may_connect(self):
        saved = os.umask(0o077)
        self.addCleanup(os.umask, saved)
        for access, mode in (("all", 0o777), ("group", 0o770),
                             ("owner", 0o700)):
            made = self.open(access)
            self.assertEqual(
                stat.S_IMODE(os.stat(self.path).st_mode), mode)
            made.close()
        self.assertEqual(stat.S_IMODE(
            os.stat(os.path.dirname(self.path)).st_mode), 0o755)

    def test_link_in_its_place(self):
        # As by the owner of the folder, right after the bind().
        victim = os.path.join(self.folder, "victim")
        open(victim, "w").close()
        os.chmod(victim, 0o600)
        open_ = os.open

        def swap(path, *args):
            if path.endswith(".new"):
                os.unlink(path)
                os.symlink(victim, path)
            return open_(path, *args)

        with mock.patch.object(os, "open", swap):
            self.check_failure(errors.SocketFailed, "socket")
        self.assertEqual(stat.S_IMODE(os.stat(victim).st_mode), 0o600)

    def test_peer(self):
        made = self.open()
        connection = self.connect()
        self.assertEqual(
            listener.peer(connection), (os.getpid(), os.geteuid()))
        accepted, _ = made.socket.accept()
        self.addCleanup(accepted.close)
        self.assertEqual(
            listener.peer(accepted), (os.getpid(), os.geteuid()))

    def test_close_removes_it(self):
        made = self.open()
        made.close()
        made.close()
        self.assertEqual(os.listdir(os.path.dirname(self.path)),
                         ["socket.lock"])
        self.open()

    def test_dead_one_is_replaced(self):
        os.mkdir(os.path.dirname(self.path))
        dead = socket.socket(socket.AF_UNIX)
        dead.bind(self.path)
        dead.close()
        self.open()
        self.connect()

    def test_live_one_stays(self):
        self.open()
        self.check_failure(errors.SocketBusy, "process %d serves it already"
                           % os.getpid())
        self.connect()

    def test_live_one_of_another_program_stays(self):
        os.mkdir(os.path.dirname(self.path))
        other = socket.socket(socket.AF_UNIX)
        self.addCleanup(other.close)
        other.bind(self.path)
        other.listen(1)
        self.check_failure(errors.SocketBusy, "process %d" % os.getpid())
        self.connect()

    def test_live_one_whose_queue_is_full_stays(self):
        os.mkdir(os.path.dirname(self.path))
        other = socket.socket(socket.AF_UNIX)
        self.addCleanup(other.close)
        other.bind(self.path)
        other.listen(0)
        self.connect()
        self.check_failure(errors.SocketBusy, "another process serves")

    def test_live_one_of_another_kind_stays(self):
        os.mkdir(os.path.dirname(self.path))
        other = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(other.close)
        other.bind(self.path)
        self.check_failure(errors.SocketFailed, "Protocol wrong type")
        # Nobody has it any more.
        other.close()
        self.open()

    def test_live_one_that_starts(self):
        os.mkdir(os.path.dirname(self.path))
        fd = listener._lock(self.path + ".lock")
        self.addCleanup(os.close, fd)
        self.check_failure(errors.SocketBusy, "another process serves")

    def test_file_stays(self):
        os.mkdir(os.path.dirname(self.path))
        with open(self.path, "w") as stream:
            stream.write("precious")
        self.check_failure(errors.SocketFailed, "something else")
        with open(self.path) as stream:
            self.assertEqual(stream.read(), "precious")

    def test_no_folder(self):
        self.path = os.path.join(self.folder, "no", "run", "socket")
        self.check_failure(errors.SocketFailed, "No such file or directory")

    def test_folder_is_not_allowed(self):
        error = EnvironmentError(errno.EACCES, "Permission denied")
        with mock.patch.object(listener.os, "mkdir", side_effect=error):
            self.check_failure(errors.SocketFailed, "Permission denied")

    def test_path_is_too_long(self):
        self.path = os.path.join(self.folder, 200 * "x")
        self.check_failure(errors.SocketFailed, "too long")

    def test_nobody_there(self):
        with self.assertRaises(EnvironmentError):
            listener.connect(self.path)
