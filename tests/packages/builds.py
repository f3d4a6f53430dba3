# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The packages under test: made once, of make dist's archive, in a folder that
knows neither git nor the source tree.
"""

from __future__ import absolute_import, division, print_function

import atexit
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
from multiprocessing import pool

import daemonhost
import tools

ROOT = daemonhost.standins.ROOT
SYSTEM = "%d.%d" % sys.version_info[:2]

# Python -> distribution. One Fedora, whose Python is the one of this run.
RPMS = {"2.7": "el7", "3.6": "el8", "3.9": "el9", SYSTEM: "fc"}

# Seconds that a build may take; this is long since machines are busy.
PATIENCE = 300


class Builds(object):
    """
    prepare() makes everything, and is called by whoever comes first.
    """

    def __init__(self):
        self.folder = None
        # The archive, and its tree.
        self.archive = None
        self.tree = None
        # What make install installs of it for self.python.
        self.installed = None
        # Python's version -> folder with its RPMs.
        self.rpms = {}
        # Where the packages for Debian are.
        self.debs = None
        # Exit status and output of a build with all unit tests in it.
        self.checked = None

    def prepare(self):
        if self.folder is not None:
            return
        tools.require_packaging()
        self.folder = os.path.realpath(tempfile.mkdtemp())
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        self._unpack()
        # The long one first, and the others beside it.
        jobs = [self._check, self._install] + [
            lambda v=version: self._rpm(v) for version in sorted(RPMS)]
        if tools.find_program("dpkg-buildpackage"):
            jobs.append(self._deb)
        workers = pool.ThreadPool(2)
        try:
            workers.map(lambda job: job(), jobs, 1)
        finally:
            workers.terminate()
            workers.join()

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def rpm(self, version, plugin=False):
        return one(self.rpms[version], "vdsm-sampling-%s[0-9]*.noarch.rpm" % (
            "plugin-" if plugin else ""))

    def deb(self, plugin=False):
        return one(self.debs, "vdsm-sampling%s_*.deb" % (
            "-plugin" if plugin else ""))

    def _unpack(self):
        daemonhost.make("dist")
        built = one(daemonhost.build_folder(), "vdsm-sampling-*.tar.gz")
        shutil.copy(built, self.folder)
        self.archive = self.path(os.path.basename(built))
        run(["tar", "-xf", self.archive, "-C", self.folder])
        self.tree = self.archive[:-len(".tar.gz")]

    def _check(self):
        status, out, err = tools.run(self._make_rpm(
            SYSTEM, self.path("checked")), PATIENCE, env=environment())
        self.checked = status, out + err

    def _rpm(self, version):
        out = self.path("rpm" + version)
        run(self._make_rpm(version, out) + ["--without", "check"])
        self.rpms[version] = out

    def _make_rpm(self, version, out):
        return [os.path.join(self.tree, "build-aux/make-rpm"), self.archive,
                python(version), out, "-ta"]

    def _deb(self):
        out = self.path("deb")
        run([os.path.join(self.tree, "build-aux/make-deb"), self.archive, out,
             "-Pnocheck"])
        self.debs = out

    def _install(self):
        build, out = self.path("build"), self.path("installed")
        os.mkdir(build)
        run([os.path.join(self.tree, "configure"), "--quiet", "--prefix=/usr",
             "--sysconfdir=/etc", "--with-plugindir=" + site(SYSTEM),
             "PYTHON=" + python(SYSTEM)], cwd=build)
        run(["make", "-s", "install", "DESTDIR=" + out], cwd=build)
        self.installed = out


BUILDS = Builds()


def python(version):
    """
    An interpreter that has what ours needs.
    """
    if version == SYSTEM:
        return sys.executable
    found = run([os.path.join(ROOT, "build-aux/find-python"), version])
    folder = os.path.join(ROOT, "build", version, "python")
    run([os.path.join(ROOT, "build-aux/test-python"), found.strip(), folder])
    return os.path.join(folder, "bin/python")


def site(version):
    return "/usr/lib/python%s/site-packages" % version


def one(folder, pattern):
    found = glob.glob(os.path.join(folder, pattern))
    assert len(found) == 1, "%s in %s: %s" % (pattern, folder, found)
    return found[0]


def run(command, **kwargs):
    """
    Return what a command writes to stdout; it must not fail.
    """
    status, out, err = tools.run(
        command, PATIENCE, env=environment(), **kwargs)
    assert status == 0, "%s: status %d\n%s\n%s" % (
        " ".join(command), status, out, err)
    return out


def environment(**more):
    """
    As a user has it: nothing of this run of tests, nor of make.
    """
    kept = dict((name, value) for name, value in os.environ.items()
                if not re.match("PYTHON|MAKE|MFLAGS|DESTDIR|VDSM_SAMPLING",
                                name))
    return dict(kept, LC_ALL="C", **more)


def unpack_rpm(rpm, folder):
    os.makedirs(folder)
    unpack = subprocess.Popen(["rpm2cpio", rpm], stdout=subprocess.PIPE)
    status = subprocess.call(
        ["cpio", "-idm", "--quiet", "--no-absolute-filenames"],
        stdin=unpack.stdout, cwd=folder)
    unpack.stdout.close()
    assert unpack.wait() == 0 and status == 0, rpm


def files(folder):
    """
    The paths of all files below a folder, beginning with /.
    """
    return set(
        os.path.join(parent, name)[len(folder):]
        for parent, _, names in os.walk(folder) for name in names)
