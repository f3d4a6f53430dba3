# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What ends make check-vdsm before a test has run.
"""

from __future__ import absolute_import, division, print_function


class Error(Exception):
    """
    Base class: msg is a template for the attributes of the instance.
    """

    msg = ""

    def __str__(self):
        return self.msg.format(self=self)


class NoCheckout(Error):
    """
    There is no source tree of VDSM.
    """

    msg = "{self.path} is no source tree of VDSM: it has no {self.missing}"

    def __init__(self, path, missing):
        super(NoCheckout, self).__init__()
        self.path = path
        self.missing = missing


class UnknownVersion(Error):
    """
    A source tree of VDSM for which we have nothing.
    """

    msg = ("{self.path} is a VDSM that is not known here, so nothing can "
           "stand in: {self.reason}")

    def __init__(self, path, reason):
        super(UnknownVersion, self).__init__()
        self.path = path
        self.reason = reason


class NoSuite(Error):
    """
    Ours can stand in, but which of its tests to run is not known.
    """

    msg = ("{self.path}: there is no list of the tests of this VDSM, only of "
           "{self.known}")

    def __init__(self, path, known):
        super(NoSuite, self).__init__()
        self.path = path
        self.known = " and ".join(known)


class NotCopied(Error):
    """
    The checkout cannot be read, or there is no room for a copy.
    """

    msg = "cannot copy {self.path}: {self.reason}"

    def __init__(self, path, reason):
        super(NotCopied, self).__init__()
        self.path = path
        self.reason = reason


class NoPython(Error):
    """
    No interpreter can run the tests of that tree.
    """

    msg = ("the tests of this VDSM need Python {self.version} with "
           "{self.modules}: {self.advice}")

    def __init__(self, version, modules, advice):
        super(NoPython, self).__init__()
        self.version = version
        self.modules = ", ".join(modules)
        self.advice = advice


class NoTests(Error):
    """
    A name that is not in the list.
    """

    msg = "{self.name} is not among the test modules for this VDSM: {self.all}"

    def __init__(self, name, all):
        super(NoTests, self).__init__()
        self.name = name
        self.all = " ".join(all)
