# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What is in the packages: the same in each format, and what make install
installs; nothing of VDSM's; nothing that rpmlint and lintian object to.
"""

from __future__ import absolute_import, division, print_function

import glob
import os
import re

import builds
import kit
import tools

BUILDS = builds.BUILDS

# The files of Debian's packages for Debian itself, and the licence, which
# Debian has.
DEBIAN_MORE = re.compile(
    r"/usr/share/(doc/[^/]*/(copyright|changelog\.Debian\.gz)"
    r"|lintian/overrides/[^/]*|python3/runtime\.d/[^/]*)$")
DEBIAN_LESS = ["/usr/share/doc/vdsm-sampling/COPYING"]

# EL 7 has no service.
SERVICE = re.compile(r"/usr/lib/(systemd|sysusers\.d|tmpfiles\.d)/")

# What VDSM's RPM owns, in all versions of it.
OF_VDSM = re.compile(
    r"/usr/(share|libexec)/vdsm/|/etc/vdsm/(?!vdsm\.conf\.d/)|SITE/vdsm/"
    r"|/usr/bin/vdsm-|/etc/(sudoers|logrotate|cron|modprobe|udev)|/rhev"
    r"|.*/vdsmd|.*/supervdsm")


def setUpModule():
    BUILDS.prepare()


class ListsTest(kit.TestCase):

    def installed(self):
        return normal(builds.files(BUILDS.installed))

    def rpms(self, version):
        return [normal(rpm_files(BUILDS.rpm(version, plugin)))
                for plugin in (False, True)]

    def test_rpms_have_what_is_installed(self):
        installed = self.installed()
        self.assertIn("/usr/sbin/vdsm-sampler", installed)
        for version in builds.RPMS:
            main, plugin = self.rpms(version)
            wanted = installed
            if version == "2.7":
                wanted = set(p for p in wanted if not SERVICE.match(p))
                self.assertLess(len(wanted), len(installed))
            self.check_same(main | plugin, wanted)
            self.assertFalse(main & plugin)

    def test_plugin_package(self):
        for version in builds.RPMS:
            _, plugin = self.rpms(version)
            self.assertIn("SITE/vdsm-sampling.pth", plugin)
            for path in plugin:
                self.assertTrue(re.match(
                    "SITE/|/usr/share/vdsm-sampling/(plugin|standins)/",
                    path), path)

    def test_debs_are_the_same(self):
        if BUILDS.debs is None:
            self.skipTest("no dpkg-buildpackage")
        for plugin, rpm in enumerate(self.rpms(builds.SYSTEM)):
            found = deb_files(BUILDS.deb(plugin))
            wanted = rpm - set(DEBIAN_LESS)
            self.check_same(normal(
                p for p in found if not DEBIAN_MORE.match(p)), wanted)

    def check_same(self, found, wanted):
        self.assertEqual((sorted(found - wanted), sorted(wanted - found)),
                         ([], []), "(more, less)")

    def test_nothing_of_vdsm(self):
        for version in builds.RPMS:
            for path in set.union(*self.rpms(version)):
                self.assertFalse(OF_VDSM.match(path), path)

    def test_bytecode_of_each_module(self):
        # Else root's first run makes it, and it is there for ever.
        for version in builds.RPMS:
            for plugin in False, True:
                found = rpm_files(BUILDS.rpm(version, plugin))
                for path in found:
                    if path.endswith(".py"):
                        self.assertIn(bytecode(path, version), found)

    def test_rpms_require_the_python_of_their_bytecode(self):
        for version in builds.RPMS:
            for plugin in False, True:
                told = builds.run(["rpm", "-qp", "--requires",
                                   BUILDS.rpm(version, plugin)])
                self.assertIn("python(abi) = %s\n" % version, told)

    def test_interpreter(self):
        # Not that of the build, which is elsewhere.
        for version in builds.RPMS:
            told = builds.run(["rpm", "-qp", "--requires",
                               BUILDS.rpm(version)])
            self.assertIn("/usr/bin/python%s\n" % version[0], told)

    def test_rpmlint(self):
        rpms = glob.glob(BUILDS.path("rpm*", "*.noarch.rpm"))
        self.assertEqual(len(rpms), 2 * len(builds.RPMS))
        rpms.append(builds.one(BUILDS.rpms[builds.SYSTEM], "*.src.rpm"))
        status, out, err = tools.run(
            ["rpmlint", "-r", os.path.join(
                BUILDS.tree, "build-aux/rpmlintrc")] + rpms, 100)
        self.assertEqual(re.findall(r"^.*: [EW]: .*$", out, re.M), [])
        self.assertEqual(status, 0, out + err)

    def test_lintian(self):
        if BUILDS.debs is None:
            self.skipTest("no dpkg-buildpackage")
        told = builds.run(
            ["lintian", "--info", "--display-info", "--pedantic",
             "--fail-on", "error,warning,info,pedantic",
             builds.one(BUILDS.debs, "*.changes")])
        self.assertEqual(told, "")


def rpm_files(rpm):
    told = builds.run(["rpm", "-qp", "--qf",
                       r"[%{FILEMODES:perms} %{FILENAMES}\n]", rpm])
    return set(line.split(None, 1)[1] for line in told.splitlines()
               if not line.startswith("d"))


def deb_files(deb):
    # Such as: -rw-r--r-- root/root 2189 2026-11-27 12:00 ./usr/x
    return set(line.split(None, 5)[5][1:] for line in builds.run(
        ["dpkg-deb", "--contents", deb]).splitlines()
        if not line.startswith("d"))


def normal(paths):
    """
    Without bytecode, compression, and what each distribution calls its
    folders.
    """
    names = set()
    for path in paths:
        if not re.search(r"\.py[co]$", path):
            path = re.sub(r"^/usr/lib/python3?[0-9.]*/(site|dist)-packages/",
                          "SITE/", path)
            path = re.sub("^/lib/", "/usr/lib/", path)
            names.add(re.sub(r"^(/usr/share/(?:man|doc)/.*)\.gz$", r"\1",
                             path))
    return names


def bytecode(path, version):
    if version == "2.7":
        return path + "c"
    folder, name = os.path.split(path)
    return "%s/__pycache__/%s.cpython-%s.pyc" % (
        folder, name[:-3], version.replace(".", ""))
