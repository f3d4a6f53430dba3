# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The user's checkout, which is only read, and the clone that we commit to.
"""

from __future__ import absolute_import, division, print_function

import os
import subprocess

from series import errors

# Stands for the user where git has no name for them.
NOBODY = "vdsm-sampling developers", "vdsm-sampling@localhost.invalid"


class Checkout(object):
    """
    What the user has. Nothing here writes to it.
    """

    def __init__(self, path):
        """
        Raises NoCheckout, Dirty.
        """
        self.path = path
        if not os.path.isdir(path):
            raise errors.NoCheckout(path, "there is no such folder")
        try:
            top = self._git("rev-parse", "--show-toplevel").strip()
            self.commit = self._git("rev-parse", "HEAD^{commit}").strip()
        except errors.GitFailed as e:
            raise errors.NoCheckout(path, "no git checkout: " + e.reason)
        if os.path.realpath(top) != os.path.realpath(path):
            raise errors.NoCheckout(
                path, "not the top of a checkout, which is " + top)
        changed = self._git("status", "--porcelain").splitlines()
        if changed:
            raise errors.Dirty(path, [line[3:] for line in changed])

    @property
    def date(self):
        """
        When HEAD was committed, in git's own format.
        """
        return self._git("show", "-s", "--format=%ct +0000", "HEAD").strip()

    @property
    def author(self):
        """
        Whose patches they are: (name, address) as git knows the user.
        """
        name = os.environ.get("GIT_AUTHOR_NAME") or self._config("user.name")
        mail = os.environ.get("GIT_AUTHOR_EMAIL") or self._config("user.email")
        return (name, mail) if name and mail else NOBODY

    def clone(self, path):
        """
        Return a Clone at path, with the commit of HEAD checked out.
        """
        # The user's templates may bring hooks.
        self._git("clone", "--quiet", "--shared", "--no-checkout",
                  "--template=", os.path.abspath(self.path), path)
        return Clone(path, self)

    def _config(self, key):
        try:
            return self._git("config", key).strip()
        except errors.GitFailed:
            return None

    def _git(self, *args):
        # No index is refreshed on disk: that would be a change.
        return run(self.path, args, dict(os.environ, GIT_OPTIONAL_LOCKS="0"))


class Clone(object):
    """
    A place to commit to, under no settings but its own: those of the user
    would change what the patches look like.
    """

    def __init__(self, path, checkout):
        self.path = path
        name, mail = checkout.author
        self._env = dict(
            (key, value) for key, value in os.environ.items()
            if not key.startswith("GIT_"))
        self._env.update(
            HOME=path, XDG_CONFIG_HOME=path, GIT_CONFIG_NOSYSTEM="1",
            GIT_CONFIG_GLOBAL=os.devnull, LC_ALL="C", TZ="UTC",
            GIT_AUTHOR_NAME=name, GIT_AUTHOR_EMAIL=mail,
            GIT_COMMITTER_NAME=name, GIT_COMMITTER_EMAIL=mail,
            GIT_AUTHOR_DATE=checkout.date, GIT_COMMITTER_DATE=checkout.date)
        self._base = checkout.commit
        self._git("checkout", "--quiet", "--detach", self._base)

    def commit(self, message):
        """
        Commit all that has changed in the files.
        """
        self._git("add", "--all", "--force", ".")
        self._git("commit", "--quiet", "--message", message)

    def write_patches(self, folder):
        """
        Write one file for each commit into folder.
        """
        self._git("format-patch", "--quiet", "--no-signature",
                  "--zero-commit", "--no-renames", "--full-index",
                  "--stat=72", "--output-directory", folder,
                  self._base + "..HEAD")

    def _git(self, *args):
        return run(self.path, args, self._env)


def run(path, args, env):
    """
    Return what git prints. Raises GitFailed.
    """
    try:
        process = subprocess.Popen(
            ("git",) + args, cwd=path, env=env, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except EnvironmentError as e:
        raise errors.GitFailed(args[0], e.strerror)
    out, err = process.communicate()
    if process.returncode:
        raise errors.GitFailed(args[0], _reason(err, process.returncode))
    return out.decode("utf-8", "replace")


def _reason(err, status):
    lines = err.decode("utf-8", "replace").strip().splitlines()
    return lines[0] if lines else "exit status %d" % status
