# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import os
import resource
import shutil
import tempfile

import kit
from vmsampling import admin

# Recorded: virt-admin 9.0.0 with -q.
RECORDED = b"""\
minWorkers     : 5
maxWorkers     : 20
nWorkers       : 5
freeWorkers    : 4
prioWorkers    : 5
jobQueueDepth  : 0
nclients_max        : 5000
nclients            : 1
nclients_unauth_max : 20
nclients_unauth     : 0
"""

DENIED = (b"error: Failed to connect to the admin server\n"
          b"error: Failed to connect socket to "
          b"'/run/libvirt/libvirt-admin-sock': Permission denied\n")

PLACE = admin.Place("libvirtd:///system", "libvirtd",
                    "/etc/libvirt/libvirtd.conf")


class ParsedTest(kit.TestCase):

    def test_recorded(self):
        self.assertEqual(admin.parsed(RECORDED), admin.Answer({
            "minWorkers": 5, "maxWorkers": 20, "nWorkers": 5,
            "freeWorkers": 4, "prioWorkers": 5, "jobQueueDepth": 0,
            "nclients_max": 5000, "nclients": 1, "nclients_unauth_max": 20,
            "nclients_unauth": 0}, None))

    def test_denied(self):
        answer = admin.parsed(DENIED)
        self.assertEqual(answer.limits, {})
        self.assertIn("Permission denied", answer.refusal)

    def test_garbage(self):
        for output, shown in (
                (b"\n \n", admin.CUT_OFF),
                (b"\xff\x00\n", u"virt-admin says: \ufffd\0"),
                (b"error:\n", "virt-admin says: error:"),
                (b"\nmaxWorkers: many\nx", "virt-admin says: maxWorkers: "
                 "many"),
                (b"maxWorkers : -1\n", "virt-admin says: maxWorkers : -1"),
                (b"maxWorkers : " + b"9" * 100, "virt-admin says: maxWorkers "
                 ": " + "9" * 87)):
            self.assertEqual(admin.parsed(output), admin.Answer({}, shown))

    def test_cut_off(self):
        # Recorded, of another user's daemon. Not seldom it says nothing.
        self.assertEqual(
            admin.parsed(b"error: Failed to connect to the admin server\n"
                         b"error: Cannot recv data: Connection reset by peer"
                         b"\n").refusal,
            "Cannot recv data: Connection reset by peer")
        self.assertEqual(admin.parsed(b"").refusal, admin.CUT_OFF)

    def test_a_part(self):
        # A later virt-admin may leave out some.
        answer = admin.parsed(b"error: oops\nmaxWorkers : 20\nx : y\n")
        self.assertEqual(answer, admin.Answer({"maxWorkers": 20}, None))


class FindTest(kit.TestCase):

    def find(self, uri, uid=0, existing=(), **environ):
        return admin.find(uri, environ, uid, existing.__contains__)

    def test_system(self):
        self.assertEqual(self.find("qemu:///system"), PLACE)
        # For root this is the same.
        self.assertEqual(self.find("qemu:///session"), PLACE)
        self.assertEqual(self.find("qemu:///system", 1000), PLACE)
        self.assertEqual(self.find("qemu+unix:///system"), PLACE)

    def test_daemon_of_the_driver(self):
        self.assertEqual(
            self.find("qemu:///system",
                      existing=["/run/libvirt/virtqemud-sock-ro"]),
            admin.Place("virtqemud:///system", "virtqemud",
                        "/etc/libvirt/virtqemud.conf"))

    def test_session(self):
        self.assertEqual(
            self.find("qemu:///session", 1000, HOME="/home/x"),
            admin.Place("libvirtd:///session", "libvirtd",
                        "/home/x/.config/libvirt/libvirtd.conf"))
        self.assertEqual(
            self.find("qemu:///session", 1000, ["/x/libvirt/virtqemud-sock"],
                      XDG_RUNTIME_DIR="/x", XDG_CONFIG_HOME="/y"),
            admin.Place("virtqemud:///session", "virtqemud",
                        "/y/libvirt/virtqemud.conf"))

    def test_socket(self):
        self.assertEqual(
            self.find("qemu+unix:///session?socket=/a b/libvirt-sock"),
            admin.Place("libvirtd:///session?socket=/a%20b/"
                        "libvirt-admin-sock", "libvirtd", None))
        self.assertEqual(
            self.find("qemu:///system?socket=/run/libvirt/virtqemud-sock-ro"),
            admin.Place("virtqemud:///session?socket=/run/libvirt/"
                        "virtqemud-admin-sock", "virtqemud",
                        "/etc/libvirt/virtqemud.conf"))
        self.assertEqual(
            self.find("qemu:///system?socket=/a/mine").uri,
            "libvirtd:///session?socket=/a/libvirt-admin-sock")

    def test_no_daemon_here(self):
        for uri in ("qemu+ssh://host/system", "qemu://host/system",
                    "test:///default", "qemu:///embed?root=/x",
                    "esx://host"):
            self.assertIsNone(self.find(uri), uri)


class AskTest(kit.TestCase):

    def setUp(self):
        super(AskTest, self).setUp()
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def ask(self, script, seconds=20.0):
        path = os.path.join(self.folder, "program")
        with open(path, "w") as stream:
            stream.write("#!/bin/sh\n" + script)
        os.chmod(path, 0o755)
        return admin.ask(PLACE, seconds, dict(os.environ, LC_ALL="de_DE"),
                         path)

    def test_answer(self):
        answer = self.ask("[ $LC_ALL = C ] && [ $3 = libvirtd:///system ] && "
                          "[ \"$4\" = 'srv-threadpool-info libvirtd; "
                          "srv-clients-info libvirtd' ] && "
                          "echo 'maxWorkers : 7'")
        self.assertEqual(answer, admin.Answer({"maxWorkers": 7}, None))

    def test_complaint_is_on_stderr(self):
        answer = self.ask("echo 'error: no way' >&2; exit 1")
        self.assertEqual(answer, admin.Answer({}, "no way"))

    def test_many_descriptors(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard <= 1100:
            self.skipTest("no descriptor of 1100 here")
        self.addCleanup(
            resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        resource.setrlimit(resource.RLIMIT_NOFILE, (1100, hard))
        with open(os.devnull) as null:
            taken = [os.dup(null.fileno()) for _ in range(1040)]
        try:
            answer = self.ask("echo 'maxWorkers : 7'")
        finally:
            for descriptor in taken:
                os.close(descriptor)
        self.assertEqual(answer, admin.Answer({"maxWorkers": 7}, None))

    def test_hangs(self):
        # It is killed, or this test would end with its parent only.
        answer = self.ask("exec sleep 600", seconds=0)
        self.assertEqual(answer, admin.Answer({}, "no answer within 0 s"))

    def test_closes_its_output_and_hangs(self):
        answer = self.ask("exec sleep 600 >&- 2>&-")
        self.assertEqual(answer, admin.Answer({}, admin.CUT_OFF))

    def test_too_much(self):
        answer = self.ask("exec yes")
        self.assertEqual(answer.refusal, "virt-admin says: y")

    def test_no_program(self):
        answer = admin.ask(PLACE, 1.0, program="/nonsense/virt-admin")
        self.assertEqual(answer, admin.Answer({}, admin.NO_PROGRAM))

    def test_not_permitted(self):
        answer = admin.ask(PLACE, 1.0, program=self.folder)
        self.assertIn("does not start: Permission denied", answer.refusal)


class ClientRequestsTest(kit.TestCase):

    def setUp(self):
        super(ClientRequestsTest, self).setUp()
        descriptor, self.path = tempfile.mkstemp()
        os.close(descriptor)
        self.addCleanup(os.unlink, self.path)

    def read(self, content):
        with open(self.path, "wb") as stream:
            stream.write(content)
        return admin.client_requests(self.path)

    def test_values(self):
        for content, number in (
                (b"", None), (b"#max_client_requests = 5\n", None),
                (b"max_client_requests = 7\n", 7),
                (b"a\xff\n  max_client_requests=8 # more\n", 8),
                (b"max_client_requests = 7\nmax_client_requests = 9\n", 9),
                (b"admin_max_client_requests = 5\n", None),
                (b"max_client_requests = many\n", None)):
            self.assertEqual(self.read(content), number, content)

    def test_no_file(self):
        with self.assertRaises(EnvironmentError):
            admin.client_requests(self.path + ".none")
