# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What is raised to the users of this package.

Each error keeps its parameters as attributes and formats them only when
somebody wants to read it. The text is one line, and says what to do where
we know.
"""

from __future__ import absolute_import, division, print_function


class Error(Exception):
    """
    Base of all errors of this package.
    """
    msg = "Sampling error"

    def __str__(self):
        return self.msg.format(self=self)


class AlreadyStarted(Error):
    """
    Raised by a second Sampler.start(). Starting is one way: a stopped
    sampler stays stopped.
    """
    msg = "the sampler was already started"


class ConnectFailed(Error):
    """
    Raised by Sampler.start() when there is no libvirt to sample: the URI is
    wrong, nobody answers there, or we are not let in.
    """
    msg = "cannot connect to libvirt at {self.uri}: {self.reason}"

    def __init__(self, uri, reason, hopeless=False):
        super(ConnectFailed, self).__init__(uri, reason, hopeless)
        self.uri = uri
        self.reason = reason
        # Whether no later try can do better: the URI itself is wrong.
        self.hopeless = hopeless


class BadUsage(Error):
    """
    Raised for a command line that makes no sense.
    """
    msg = "{self.reason} (see vdsm-sampler --help)"

    def __init__(self, reason):
        super(BadUsage, self).__init__(reason)
        self.reason = reason


class BadFile(Error):
    """
    Raised for a file that cannot be read or understood.
    """
    msg = "{self.path}: {self.reason}"

    def __init__(self, path, reason):
        super(BadFile, self).__init__(path, reason)
        self.path = path
        self.reason = reason


class BadValue(Error):
    """
    Raised for a setting that is not of its key's type and range.
    """
    msg = "{self.where} = {self.text}: must be {self.expected}"

    def __init__(self, where, text, expected):
        super(BadValue, self).__init__(where, text, expected)
        self.where = where
        self.text = text or "(empty)"
        self.expected = expected


class DoesNotWork(Error):
    """
    Raised for a host on which a check has found that sampling does not work.
    """
    msg = "{self.name}: {self.found}; {self.advice}"

    def __init__(self, name, found, advice):
        super(DoesNotWork, self).__init__(name, found, advice)
        self.name = name
        self.found = found
        self.advice = advice


class NoTerminal(Error):
    """
    Raised for "top" where nothing can be drawn.
    """
    msg = "nothing can be drawn here: {self.reason}; use vdsm-sampler watch"

    def __init__(self, reason):
        super(NoTerminal, self).__init__(reason)
        self.reason = reason


class Unavailable(Error):
    """
    Raised for a part that something optional is missing for.
    """
    msg = "{self.part} needs {self.need}"

    def __init__(self, part, need):
        super(Unavailable, self).__init__(part, need)
        self.part = part
        self.need = need


class ListenFailed(Error):
    """
    Raised by WebServer.start() for an address at which it cannot be reached.
    """
    msg = "cannot listen on {self.address}: {self.reason}"

    def __init__(self, address, reason):
        super(ListenFailed, self).__init__(address, reason)
        self.address = address
        self.reason = reason


class WriteFailed(Error):
    """
    Raised when standard output does not take what we write.
    """
    msg = "cannot write to standard output: {self.reason}"

    def __init__(self, reason):
        super(WriteFailed, self).__init__(reason)
        self.reason = reason


class OutputClosed(WriteFailed):
    """
    Raised when the reader of our output has gone, which is no mistake.
    """


class SocketBusy(Error):
    """
    Raised by a feed whose socket another process serves already.
    """
    msg = ("{self.path}: {self.who} serves it already; end that, or have "
           "another socket in [sampling]")

    def __init__(self, path, pid=None):
        super(SocketBusy, self).__init__(path, pid)
        self.path = path
        self.pid = pid

    @property
    def who(self):
        return "another process" if self.pid is None else (
            "process %d" % self.pid)


class SocketFailed(Error):
    """
    Raised by a feed that cannot have its socket.
    """
    msg = "{self.path}: cannot be served: {self.reason}"

    def __init__(self, path, reason):
        super(SocketFailed, self).__init__(path, reason)
        self.path = path
        self.reason = reason


class ServiceGone(Error):
    """
    Raised to the reader of a feed that ends, or is of no use.
    """
    msg = "the service at {self.path} {self.reason}"

    def __init__(self, path, reason):
        super(ServiceGone, self).__init__(path, reason)
        self.path = path
        self.reason = reason
