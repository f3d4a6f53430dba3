# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
In the place of ioprocess: the same work in this process.
"""

from __future__ import absolute_import, division, print_function

import errno
import glob
import os


class Timeout(RuntimeError):
    """
    Is not raised here.
    """


class IOProcess(object):

    def __init__(self, max_threads=0, timeout=60, max_queued_requests=-1,
                 name=None, **kwargs):
        self.name = name

    access = staticmethod(os.access)
    chmod = staticmethod(os.chmod)
    glob = staticmethod(glob.glob)
    lexists = staticmethod(os.path.lexists)
    link = staticmethod(os.link)
    listdir = staticmethod(os.listdir)
    lstat = staticmethod(os.lstat)
    rename = staticmethod(os.rename)
    rmdir = staticmethod(os.rmdir)
    stat = staticmethod(os.stat)
    statvfs = staticmethod(os.statvfs)
    unlink = staticmethod(os.unlink)

    def ping(self):
        return "pong"

    def close(self, sync=True):
        pass

    def mkdir(self, path, mode=0o775):
        os.mkdir(path, mode)

    def pathExists(self, path, writable=False):
        return os.access(path, os.W_OK if writable else os.F_OK)

    def fsyncPath(self, path):
        fd = os.open(path, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def readfile(self, path, direct=False):
        with open(path, "rb") as f:
            return f.read()

    def readlines(self, path, direct=False):
        return self.readfile(path).splitlines()

    def writefile(self, path, data, direct=False):
        with open(path, "wb") as f:
            f.write(data)

    def touch(self, path, flags=0, mode=0o664):
        os.close(os.open(path, flags | os.O_WRONLY | os.O_CREAT, mode))

    def truncate(self, path, size, mode=0o664, excl=False):
        flags = os.O_WRONLY | os.O_CREAT | (os.O_EXCL if excl else 0)
        fd = os.open(path, flags, mode)
        try:
            os.ftruncate(fd, size)
        finally:
            os.close(fd)

    def probe_block_size(self, path):
        if not os.path.isdir(path):
            raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
        return 1
