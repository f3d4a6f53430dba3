# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
A folder of dumps: written whole or not at all, readable by their owner, and
bounded in number and in bytes.

All of this may hang with the disk, see recorder.py for who waits.
"""

from __future__ import absolute_import, division, print_function

import contextlib
import errno
import logging
import os
import re
import time

log = logging.getLogger("vmsampling.dumps")

MAX_FILES = 20
MAX_BYTES = 256 << 20

_FOLDER_MODE = 0o700
_FILE_MODE = 0o600

# The time of day, and a number for the second one of a second. One that is
# not complete is the newest as long as somebody writes it.
_NAME = re.compile(r"\d{8}T\d{6}Z(-\d+)?\.jsonl\.gz(\.part)?$")


class Folder(object):

    def __init__(self, path):
        self.path = path

    def make(self):
        """
        Make it unless it is there. Raises EnvironmentError if it cannot be
        made or written to.
        """
        try:
            os.mkdir(self.path, _FOLDER_MODE)
        except EnvironmentError as e:
            if e.errno != errno.EEXIST:
                raise
        if not os.access(self.path, os.W_OK | os.X_OK):
            raise EnvironmentError(errno.EACCES, os.strerror(errno.EACCES))

    def write(self, now, parts):
        """
        Write a dump; return its path. The oldest ones make room for it.

        now: seconds since 1970.
        parts: of bytes. Raises EnvironmentError.
        """
        self._make_room(sum(len(part) for part in parts))
        fd, path = self._create(time.strftime(
            "%Y%m%dT%H%M%SZ", time.gmtime(now)))
        try:
            with os.fdopen(fd, "wb") as stream:
                for part in parts:
                    stream.write(part)
                stream.flush()
                os.fsync(stream.fileno())
            final = path[:-len(".part")]
            os.rename(path, final)
        except:  # NOQA: E722 (undoes what was begun, the error goes on)
            os.unlink(path)
            raise
        return final

    def _create(self, stem):
        number = 1
        while True:
            name = stem if number == 1 else "%s-%d" % (stem, number)
            path = os.path.join(self.path, name + ".jsonl.gz")
            number += 1
            if os.path.lexists(path):
                continue
            try:
                return os.open(
                    path + ".part", os.O_WRONLY | os.O_CREAT | os.O_EXCL,
                    _FILE_MODE), path + ".part"
            except EnvironmentError as e:
                if e.errno != errno.EEXIST:
                    raise

    def _make_room(self, size):
        found = sorted(self._files())
        used = sum(entry[-1] for entry in found)
        while found and (len(found) >= MAX_FILES or used + size > MAX_BYTES):
            _, name, gone = found.pop(0)
            used -= gone
            log.info("Removing %s: there is room for %d dumps of %d bytes",
                     name, MAX_FILES, MAX_BYTES)
            with _maybe_gone():
                os.unlink(os.path.join(self.path, name))

    def _files(self):
        """
        Yield (time, name, bytes) of each dump.
        """
        for name in os.listdir(self.path):
            if _NAME.match(name):
                with _maybe_gone():
                    status = os.lstat(os.path.join(self.path, name))
                    yield status.st_mtime, name, status.st_size


@contextlib.contextmanager
def _maybe_gone():
    """
    Another service may make room in the same folder.
    """
    try:
        yield
    except EnvironmentError as e:
        if e.errno != errno.ENOENT:
            raise
