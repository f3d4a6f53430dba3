# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The RPMs' command, run out of a folder that they are unpacked in, by the Python
of each distribution; and their tests.
"""

from __future__ import absolute_import, division, print_function

import os

import six

import builds
import kit

BUILDS = builds.BUILDS
MODULES = "/usr/share/vdsm-sampling"


def setUpModule():
    BUILDS.prepare()


class RunTest(kit.TestCase):

    def run_from(self, version):
        root = BUILDS.path("root" + version)
        builds.unpack_rpm(BUILDS.rpm(version), root)
        command = os.path.join(root, "usr/sbin/vdsm-sampler")
        with open(command) as stream:
            text = stream.read()
        self.assertEqual(text.count('"%s"' % MODULES), 1)
        moved = command + "-moved"
        with open(moved, "w") as stream:
            stream.write(text.replace(MODULES, root + MODULES))
        before = state(root)
        out = builds.run([
            builds.python(version), moved, "watch", "--config", "/dev/null",
            "--connect", "test:///default", "--rounds", "2"])
        self.assertIn("round 2 ", out)
        self.assertEqual(out.count("fresh 1/1"), 2, out)
        told = builds.run([builds.python(version), moved, "--version"])
        with open(os.path.join(BUILDS.tree, "VERSION")) as stream:
            self.assertEqual(told, "vdsm-sampler " + stream.read())
        # The bytecode was what this Python wants: it made none.
        self.assertEqual(state(root), before)

    def test_el7(self):
        self.run_from("2.7")

    def test_el8(self):
        self.run_from("3.6")

    def test_el9(self):
        self.run_from("3.9")

    def test_fedora(self):
        self.run_from(builds.SYSTEM)


class CheckTest(kit.TestCase):

    def test_unit_tests_pass_in_the_build(self):
        status, told = BUILDS.checked
        self.assertEqual(status, 0, told)
        # All of them, which is hundreds.
        six.assertRegex(self, told, r"\nRan \d{4,} tests in ")


def state(root):
    """
    All that writing a file changes.
    """
    found = {}
    for path in builds.files(root):
        stat = os.stat(root + path)
        found[path] = stat.st_ino, stat.st_size, stat.st_mtime
    return found
