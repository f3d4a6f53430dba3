# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The release number: of two builds, the later one is newer for RPM and dpkg.
"""

from __future__ import absolute_import, division, print_function

import os
import shutil
import tempfile

import six

import builds
import kit


class ReleaseTest(kit.TestCase):

    def setUp(self):
        super(ReleaseTest, self).setUp()
        self.folder = os.path.realpath(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        os.mkdir(self.path("build-aux"))
        self.script = self.path("build-aux/release")
        shutil.copy(
            os.path.join(builds.ROOT, "build-aux/release"), self.script)
        self.write("VERSION", "1.2.0\n")

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, text):
        with open(self.path(name), "w") as stream:
            stream.write(text)

    def git(self, *arguments):
        return builds.run(
            ["git", "-c", "user.name=x", "-c", "user.email=x@localhost"] +
            list(arguments), cwd=self.folder)

    def commit(self):
        self.git("add", "--all")
        self.git("commit", "-q", "--allow-empty", "-m", "x")

    def release(self):
        # Called from anywhere.
        return builds.run([self.script], cwd="/").rstrip("\n")

    def test_later_is_newer(self):
        self.git("init", "-q")
        found = []
        self.commit()
        for _ in range(10):
            self.commit()
            found.append(self.release())
        # A tag of another version is none.
        self.git("tag", "-a", "v1.1.0", "-m", "x")
        self.assertEqual(self.release(), found[-1])
        self.git("tag", "-a", "v1.2.0", "-m", "x")
        found.append(self.release())
        self.assertEqual(found[-1], "1")
        self.write("VERSION", "1.2.0\n\n")
        found.append(self.release())
        for _ in range(10):
            self.commit()
            found.append(self.release())
        self.write("VERSION", "1.2.0\n")
        found.append(self.release())
        for before, after in zip(found, found[1:]):
            self.check_newer(before, after)

    def check_newer(self, before, after):
        told = builds.run(["rpm", "--eval", '%%{lua:print(rpm.vercmp("%s.el9",'
                           ' "%s.el9"))}' % (after, before)])
        self.assertEqual(told.strip(), "1", (before, after))
        if os.path.exists("/usr/bin/dpkg"):
            builds.run(["dpkg", "--compare-versions",
                        "1.2.0-" + after.replace(".", "+"), "gt",
                        "1.2.0-" + before.replace(".", "+")])

    def test_lightweight_tag(self):
        self.git("init", "-q")
        self.commit()
        self.git("tag", "v1.2.0")
        self.assertEqual(self.release(), "1")

    def test_next_version(self):
        # Before its tag, whatever there was: less than 1.
        self.git("init", "-q")
        self.commit()
        self.git("tag", "v1.2.0")
        self.write("VERSION", "1.3.0\n")
        self.commit()
        six.assertRegex(self, self.release(), r"^0\.2\.g[0-9a-f]+$")

    def test_without_git(self):
        self.assertEqual(self.release(), "1")
        self.write(".release", "1.5.gabcdef0\n")
        self.assertEqual(self.release(), "1.5.gabcdef0")

    def test_in_a_tree_of_another_project(self):
        os.mkdir(self.path("inner"))
        self.git("init", "-q")
        self.commit()
        for name in "build-aux", "VERSION":
            shutil.move(self.path(name), self.path("inner", name))
        self.script = self.path("inner/build-aux/release")
        self.assertEqual(self.release(), "1")
