# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
A service manager, as far as services talk to it: a real socket.
"""

from __future__ import absolute_import, division, print_function

import os
import shutil
import socket
import tempfile

import kit


class Manager(object):

    def __init__(self, abstract=False):
        self._folder = tempfile.mkdtemp()
        path = os.path.join(self._folder, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.settimeout(kit.PATIENCE)
        self.socket.bind("\0" + path if abstract else path)
        self.environ = {"NOTIFY_SOCKET": "@" + path if abstract else path}

    def close(self):
        self.socket.close()
        shutil.rmtree(self._folder)

    def receive(self):
        """
        Return the lines of the next datagram.
        """
        return self.socket.recv(4096).decode("utf-8").split("\n")

    def is_silent(self):
        self.socket.setblocking(False)
        try:
            self.socket.recv(4096)
        except socket.error:
            return True
        finally:
            self.socket.settimeout(kit.PATIENCE)
        return False
