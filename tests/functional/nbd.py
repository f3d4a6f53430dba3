# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
A disk on the network, whose server can stop answering.
"""

from __future__ import absolute_import, division, print_function

import os
import subprocess

import host
import tools

_DISK = """\
<disk type='network' device='disk'>
  <driver name='qemu' type='raw'/>
  <source protocol='nbd'>
    <host transport='unix' socket='{socket}'/>
  </source>
  <target dev='{target}' bus='virtio'/>
</disk>
"""

_SIZE = 1024 ** 2


class NbdServer(object):
    """
    A qemu-nbd with one image, in the folder of a started host.Host. Its
    keeper finds the server by the folder in the command line.
    """

    def __init__(self, a_host):
        self._host = a_host
        self._process = None
        # None before start().
        self.socket = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exc_info):
        self.stop()

    def start(self):
        tools.require("qemu-nbd")
        folder = self._host.folder
        image = folder.write("nbd.raw", "")
        with open(image, "r+b") as f:
            f.truncate(_SIZE)
        self.socket = os.path.join(folder.path, "nbd.sock")
        # As the host's user, so that its QEMUs may connect.
        self._process = subprocess.Popen(
            host.as_user() + [
                tools.find_program("qemu-nbd"), "--persistent", "--shared=0",
                "--format=raw", "--socket=" + self.socket, image],
            cwd=folder.path, stdin=subprocess.PIPE, close_fds=True)
        self._process.stdin.close()
        tools.wait_until(self._listens, 10, self.socket + " is there")

    def stop(self):
        """
        End it; idempotent. Its host's stop() does this too.
        """
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def hang(self):
        tools.suspend(self._process.pid)

    def release(self):
        tools.resume(self._process.pid)

    def disk(self, name, target):
        """
        Return the path of the XML of a disk on it.
        """
        return self._host.folder.write(
            name + "-nbd.xml", _DISK.format(
                socket=self.socket, target=target))

    def _listens(self):
        if self._process.poll() is not None:
            raise host.HostError(
                "qemu-nbd ended with %d" % self._process.returncode)
        return os.path.exists(self.socket)
