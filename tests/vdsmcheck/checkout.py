# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The user's checkout of VDSM, which is only read, and the copy that is run.
"""

from __future__ import absolute_import, division, print_function

import io
import os
import shutil
import subprocess

from compat import vdsm

from vdsmcheck import errors
from vdsmcheck import suites
from vdsmcheck import templates

# Each VDSM has these.
_MARKS = ("configure.ac", "lib/vdsm", "tests")


_UNUSED = shutil.ignore_patterns(".git", "*.py[co]", "__pycache__")


class Checkout(object):
    """
    Raises errors.NoCheckout, errors.UnknownVersion, and errors.NoSuite.
    """

    def __init__(self, path):
        self.path = os.path.abspath(path)
        for mark in _MARKS:
            if not os.path.exists(os.path.join(self.path, mark)):
                raise errors.NoCheckout(path, mark)
        # What stands in here: module -> row of the table.
        self.rows = {}
        unfit = []
        for module, row, why in vdsm.survey(self._read):
            if row is None:
                unfit.append("%s: %s" % (module, why))
            else:
                self.rows[module] = row
        if unfit or not self.rows:
            raise errors.UnknownVersion(
                path, "; ".join(unfit) or "none of the modules is there")
        self.suite = suites.find(self.rows, self._has)
        if self.suite is None:
            raise errors.NoSuite(path, [one.name for one in suites.ALL])
        # Not every version that is alike has all of them.
        self.modules = []
        self.absent = []
        for module in self.suite.modules:
            there = self._has(os.path.join("tests", module))
            (self.modules if there else self.absent).append(module)

    def describe(self):
        """
        Return what people know this tree by, as a text.
        """
        commit = self._git("rev-parse", "--short=12", "HEAD")
        if not commit:
            return "%s, not under git" % self.path
        changed = len(self._git("status", "--porcelain").splitlines())
        return "%s at %s, %s" % (
            self.path, commit,
            "%d files changed" % changed if changed else "unchanged")

    def copy(self, target, python):
        """
        Make target, a folder, of what is in the checkout now, committed or
        not, and of what VDSM's build makes of its templates.

        Raises errors.NotCopied.
        """
        try:
            shutil.copytree(
                self.path, target, symlinks=True, ignore=_UNUSED)
        except shutil.Error as e:
            # A list of what could not be copied, each with its reason.
            raise errors.NotCopied(self.path, e.args[0][0][-1])
        except EnvironmentError as e:
            raise errors.NotCopied(self.path, e)
        templates.make(target, python)

    def _has(self, path):
        return os.path.exists(os.path.join(self.path, path))

    def _read(self, module):
        path = os.path.join(self.path, vdsm.checkout_path(module))
        if not os.path.exists(path):
            return None
        with io.open(path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def _git(self, *args):
        # git status would write its index otherwise.
        command = ("git", "--no-optional-locks", "-C", self.path) + args
        try:
            process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        except OSError:
            return ""
        out, _ = process.communicate()
        return out.decode("utf-8", "replace").strip()
