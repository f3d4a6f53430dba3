# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
A UNIX socket at a path, on which one process at a time listens.
"""

from __future__ import absolute_import, division, print_function

import contextlib
import errno
import fcntl
import logging
import os
import socket
import stat
import struct

from vmsampling import errors

log = logging.getLogger("vmsampling.listener")

# Who may connect, as libvirt's unix_sock_ro_perms.
MODES = {"all": 0o777, "group": 0o770, "owner": 0o700}

_FOLDER_MODE = 0o755
_BACKLOG = 16

# Python 2.7 does not have them.
_O_PATH = getattr(os, "O_PATH", 0o10000000)
_SO_PEERCRED = getattr(socket, "SO_PEERCRED", 17)
_CRED = struct.Struct("3i")


class Listener(object):
    """
    Construct, open, close: one way. One thread at a time.
    """

    def __init__(self, path, access):
        """
        access: one of MODES.
        """
        self.path = path
        self._access = access
        self.socket = None
        # Held for as long as the path is ours: who ends without a word lets
        # go of it, so what is left of him may be replaced.
        self._lock = None

    def open(self):
        """
        Listen. What a dead process has left is replaced. Raises SocketBusy
        and SocketFailed.
        """
        try:
            _make_folder(os.path.dirname(self.path))
            self._lock = _lock(self.path + ".lock")
            if self._lock is None:
                raise errors.SocketBusy(self.path, _server(self.path))
            self._check_place()
            self._bind()
        except EnvironmentError as e:
            self.close()
            raise errors.SocketFailed(self.path, e.strerror or str(e))
        except:  # NOQA: E722 (undoes what was begun, the error goes on)
            self.close()
            raise

    def close(self):
        """
        Listen no more, and remove the socket. Idempotent.
        """
        if self.socket is not None:
            self.socket.close()
            self.socket = None
            try:
                os.unlink(self.path)
            except EnvironmentError as e:
                log.debug("%s: %s", self.path, e)
        if self._lock is not None:
            # The file stays: who waits for it must find the same one.
            os.close(self._lock)
            self._lock = None

    def _check_place(self):
        """
        Do not take the place of a file, or of another program's socket.
        """
        try:
            mode = os.lstat(self.path).st_mode
        except EnvironmentError as e:
            if e.errno == errno.ENOENT:
                return
            raise
        if not stat.S_ISSOCK(mode):
            raise errors.SocketFailed(
                self.path, "there is something else than a socket")
        try:
            with contextlib.closing(connect(self.path)) as connection:
                pid = peer(connection)[0]
        except EnvironmentError as e:
            if e.errno in (errno.ECONNREFUSED, errno.ENOENT):
                return
            # Anything else does not say that nobody is there: a socket of
            # another kind, or one that we may not connect to.
            if e.errno != errno.EAGAIN:
                raise
            # Its queue is full.
            pid = None
        raise errors.SocketBusy(self.path, pid)

    def _bind(self):
        # With its final mode before anybody can find it.
        new = self.path + ".new"
        _remove(new)
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            fcntl.fcntl(made.fileno(), fcntl.F_SETFD, fcntl.FD_CLOEXEC)
            made.setblocking(False)
            made.bind(new)
            _set_mode(new, MODES[self._access])
            made.listen(_BACKLOG)
            os.rename(new, self.path)
        except:  # NOQA: E722 (undoes what was begun, the error goes on)
            made.close()
            _remove(new)
            raise
        self.socket = made


def peer(connection):
    """
    Return (PID, UID) of who is at the other end of a UNIX socket.
    """
    data = connection.getsockopt(
        socket.SOL_SOCKET, _SO_PEERCRED, _CRED.size)
    pid, uid, _ = _CRED.unpack(data)
    return pid, uid


def connect(path):
    """
    Return a socket, not blocking, that is connected to the one at a path.
    Raises EnvironmentError.
    """
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        fcntl.fcntl(made.fileno(), fcntl.F_SETFD, fcntl.FD_CLOEXEC)
        made.setblocking(False)
        made.connect(path)
    except:  # NOQA: E722 (undoes what was begun, the error goes on)
        made.close()
        raise
    return made


def _server(path):
    """
    Return the PID of who listens there, None if nobody does or it may not be
    known.
    """
    try:
        with contextlib.closing(connect(path)) as connection:
            return peer(connection)[0]
    except EnvironmentError as e:
        log.debug("%s: %s", path, e)
        return None


def _make_folder(path):
    try:
        os.mkdir(path)
    except EnvironmentError as e:
        if e.errno != errno.EEXIST:
            raise
    else:
        # Whatever the umask is.
        os.chmod(path, _FOLDER_MODE)


def _lock(path):
    """
    Return a descriptor that holds the lock of this file, or None if another
    process does.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.fcntl(fd, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except EnvironmentError as e:
        os.close(fd)
        if e.errno not in (errno.EAGAIN, errno.EACCES):
            raise
        return None
    return fd


def _set_mode(path, mode):
    """
    chmod() of a socket, and of nothing that has taken its place: whoever owns
    the folder could put a link there to a file that is not his.
    """
    fd = os.open(path, _O_PATH | os.O_NOFOLLOW)
    try:
        if not stat.S_ISSOCK(os.fstat(fd).st_mode):
            raise EnvironmentError(errno.ENOTSOCK, os.strerror(errno.ENOTSOCK))
        os.chmod("/proc/self/fd/%d" % fd, mode)
    finally:
        os.close(fd)


def _remove(path):
    try:
        os.unlink(path)
    except EnvironmentError as e:
        if e.errno != errno.ENOENT:
            raise
