# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What ends the writing of a series. The text of each is one line for the user.
"""

from __future__ import absolute_import, division, print_function


class Error(Exception):
    """
    Base of all errors of this package.
    """
    msg = "The series cannot be written"

    def __str__(self):
        return self.msg.format(self=self)


class NoCheckout(Error):
    """
    Raised for a path that is no git checkout.
    """
    msg = "{self.path}: {self.reason}"

    def __init__(self, path, reason):
        super(NoCheckout, self).__init__(path, reason)
        self.path = path
        self.reason = reason


class Dirty(Error):
    """
    Raised for a checkout with changes that no commit holds: the patches would
    be made without them.
    """
    msg = ("{self.path} has changes that are not committed: {self.names}; "
           "commit them, or give another checkout")

    def __init__(self, path, changed):
        super(Dirty, self).__init__(path, changed)
        self.path = path
        self.changed = changed

    @property
    def names(self):
        more = len(self.changed) - 3
        return ", ".join(self.changed[:3]) + (
            " and %d more" % more if more > 0 else "")


class UnknownTree(Error):
    """
    Raised for a checkout in which we would not know where things belong.
    """
    msg = "{self.path} is no VDSM that we know: {self.reason}"

    def __init__(self, path, reason):
        super(UnknownTree, self).__init__(path, reason)
        self.path = path
        self.reason = reason


class BadOutput(Error):
    """
    Raised when the patches cannot be written to a folder, or would be mixed
    with other files.
    """
    msg = "{self.path}: {self.reason}; give another OUT="

    def __init__(self, path, reason):
        super(BadOutput, self).__init__(path, reason)
        self.path = path
        self.reason = reason


class NotFound(Error):
    """
    Raised by the edits: what a file of VDSM was expected to have is not in
    it, or what is to be added is there already. The writer adds the path.
    """
    msg = "{self.path}: {self.what}"

    def __init__(self, what, path="?"):
        super(NotFound, self).__init__(what, path)
        self.what = what
        self.path = path


class GitFailed(Error):
    """
    Raised when git does not do what it usually does.
    """
    msg = "git {self.command}: {self.reason}"

    def __init__(self, command, reason):
        super(GitFailed, self).__init__(command, reason)
        self.command = command
        self.reason = reason
