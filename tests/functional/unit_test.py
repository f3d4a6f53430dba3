# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What systemd's own tools say of what it is given of us, without a systemd that
runs.
"""

from __future__ import absolute_import, division, print_function

import os
import re
import shutil
import tempfile

import kit
import tools

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
UNIT = os.path.join(ROOT, "init", "vdsm-sampler.service.in")
DROP_INS = os.path.join(ROOT, "contrib", "systemd")


class TestCase(kit.TestCase):

    def setUp(self):
        super(TestCase, self).setUp()
        tools.require_programs(
            "systemd-analyze", "systemd-sysusers", "systemd-tmpfiles")
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def run_tool(self, *command):
        status, out, err = tools.run(list(command), 30)
        return status, out + err


class UnitTest(TestCase):

    def unit(self, *drop_ins):
        """
        Return the path of the unit as it is installed, with these drop-ins.
        """
        sbin = os.path.join(self.folder, "sbin")
        os.mkdir(sbin)
        with open(os.path.join(sbin, "vdsm-sampler"), "w") as stream:
            os.fchmod(stream.fileno(), 0o755)
        path = os.path.join(self.folder, "vdsm-sampler.service")
        with open(UNIT) as template, open(path, "w") as stream:
            stream.write(template.read().replace("@sbindir@", sbin))
        os.mkdir(path + ".d")
        for name in drop_ins:
            shutil.copy(os.path.join(DROP_INS, name), path + ".d")
        return path

    def check_exposure(self, limit, *drop_ins):
        # The limit is ten times what people are told.
        status, out = self.run_tool(
            "systemd-analyze", "security", "--offline=true",
            "--threshold=%d" % limit, "--no-pager", self.unit(*drop_ins))
        self.assertEqual(status, 0, out)
        self.assertIn("Overall exposure level", out)

    def test_verify(self):
        self.assertEqual(self.run_tool(
            "systemd-analyze", "verify", "--man=no", self.unit()), (0, ""))

    def test_drop_ins_verify(self):
        for name in os.listdir(DROP_INS):
            self.assertEqual(self.run_tool(
                "systemd-analyze", "verify", "--man=no", self.unit(name)),
                (0, ""))
            shutil.rmtree(self.folder)
            os.mkdir(self.folder)

    def test_exposure(self):
        self.check_exposure(20)

    def test_exposure_as_root(self):
        self.check_exposure(27, "root.conf")

    def test_exposure_with_storage(self):
        self.check_exposure(22, "storage.conf")


class SnippetTest(TestCase):

    def snippet(self, suffix):
        return os.path.join(ROOT, "init", "vdsm-sampler." + suffix)

    def read(self, name):
        with open(os.path.join(self.folder, "etc", name)) as stream:
            return stream.read()

    def test_sysusers(self):
        os.mkdir(os.path.join(self.folder, "etc"))
        self.assertEqual(self.run_tool(
            "systemd-sysusers", "--root=" + self.folder,
            self.snippet("sysusers"))[0], 0)
        passwd = self.read("passwd").splitlines()
        self.assertEqual(len(passwd), 1)
        self.assertEqual(
            [passwd[0].split(":")[n] for n in (0, 5, 6)],
            ["vdsm-sampler", "/var/lib/vdsm-sampler", "/usr/sbin/nologin"])
        self.assertTrue(re.search(
            r"(?m)^libvirt:[^:]*:\d+:vdsm-sampler$", self.read("group")))

    def test_tmpfiles(self):
        # It makes nothing, and cleans only what is there.
        status, out = self.run_tool(
            "systemd-tmpfiles", "--root=" + self.folder, "--create",
            self.snippet("tmpfiles"))
        self.assertEqual((status, out), (0, ""))
        self.assertEqual(os.listdir(self.folder), [])
