# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The source archive stands for itself: it makes itself anew, installs, and takes
away what it has installed.
"""

from __future__ import absolute_import, division, print_function

import os
import shutil
import tarfile

import builds
import kit

BUILDS = builds.BUILDS


def setUpModule():
    BUILDS.prepare()


class ArchiveTest(kit.TestCase):

    timeout = 400

    def test_makes_itself(self):
        again = BUILDS.path("again")
        builds.run(["tar", "-xf", BUILDS.archive, "-C",
                    BUILDS.folder, "--transform", "s,^[^/]*,again,"])
        self.addCleanup(shutil.rmtree, again)
        builds.run(["./configure", "--quiet",
                    "PYTHON=" + builds.python(builds.SYSTEM)], cwd=again)
        builds.run(["make", "-s", "dist"], cwd=again)
        made = os.path.join(again, os.path.basename(BUILDS.archive))
        self.assertEqual(contents(made), contents(BUILDS.archive))

    def test_has_what_packages_need(self):
        names = contents(BUILDS.archive)
        for name in ("vdsm-sampling.spec", "debian/rules", "configure",
                     ".release", "build-aux/make-rpm"):
            self.assertIn(name, names)
        self.assertNotIn(b"@RELEASE", names["vdsm-sampling.spec"])

    def test_uninstall(self):
        root = BUILDS.path("uninstalled")
        shutil.copytree(BUILDS.installed, root)
        self.addCleanup(shutil.rmtree, root)
        self.assertTrue(builds.files(root))
        # What Python may have left there.
        for folder in "usr/share/vdsm-sampling/threadpool", \
                builds.site(builds.SYSTEM)[1:]:
            cache = os.path.join(root, folder, "__pycache__")
            os.makedirs(cache)
            open(os.path.join(cache, "vdsm_sampling_hook.x.pyc"), "w").close()
        builds.run(["make", "-s", "uninstall", "DESTDIR=" + root],
                   cwd=BUILDS.path("build"))
        self.assertEqual(builds.files(root), set())
        for parent, folders, _ in os.walk(root):
            for name in folders:
                self.assertNotIn("vdsm", name, parent)


def contents(archive):
    """
    Name -> bytes of each file, without the archive's folder.
    """
    with tarfile.open(archive) as stream:
        return dict(
            (member.name.partition("/")[2], stream.extractfile(member).read())
            for member in stream if member.isfile())
