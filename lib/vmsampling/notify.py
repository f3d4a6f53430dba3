# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Tells the service manager how we are, see sd_notify(3): datagrams with lines
NAME=VALUE to the socket that systemd, or who starts us in its place, names in
the environment.

It is spoken here, not by a library: systemd's module for Python is missing on
many hosts and to most Pythons of one's own, its C library is not there in a
container, and a service that is quietly not watched is worse than these lines.
"""

from __future__ import absolute_import, division, print_function

import contextlib
import logging
import os
import re
import socket

log = logging.getLogger("vmsampling.notify")

# Seconds that a datagram may take. systemd has room for hundreds of them.
_PATIENCE = 0.2

_WHOLE = re.compile(r"[0-9]{1,18}$")


class Notifier(object):
    """
    Nothing here raises: we serve whether or not somebody listens.
    """

    def __init__(self, environ=os.environ):
        self._address = _address(environ.get("NOTIFY_SOCKET", ""))
        # The first failure is told, and others only to who asks for all.
        self._level = logging.WARNING
        # Seconds within which WATCHDOG=1 is awaited again and again; None if
        # nobody does.
        self.watchdog = self._address and _watchdog(environ)

    def __bool__(self):
        """
        Whether somebody listens.
        """
        return self._address is not None

    __nonzero__ = __bool__

    def tell(self, *lines):
        """
        Send lines such as READY=1. Return whether they were taken; that may
        need a fifth of a second. Thread: any but the sampler's.
        """
        if not self:
            return False
        data = u"\n".join(lines).encode("utf-8")
        try:
            with contextlib.closing(socket.socket(
                    socket.AF_UNIX, socket.SOCK_DGRAM)) as sender:
                sender.settimeout(_PATIENCE)
                sender.sendto(data, self._address)
        except EnvironmentError as e:
            log.log(self._level, "Cannot tell the service manager: %s", e)
            self._level = logging.DEBUG
            return False
        return True


def _address(text):
    if text.startswith("@"):
        # In the kernel's own name space, outside of the file system.
        return "\0" + text[1:]
    if text.startswith("/"):
        return text
    if text:
        log.warning("NOTIFY_SOCKET=%s is no socket that we know", text)
    return None


def _watchdog(environ):
    pid = environ.get("WATCHDOG_PID", "")
    if pid and pid != str(os.getpid()):
        # Left over from who has started us, who is watched.
        return None
    text = environ.get("WATCHDOG_USEC", "")
    if not text or _WHOLE.match(text) and int(text) == 0:
        return None
    if not _WHOLE.match(text):
        log.warning("WATCHDOG_USEC=%s is no number", text)
        return None
    return int(text) / 1e6
