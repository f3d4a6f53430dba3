# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Standard output, as a file descriptor.

Python's own stream has a buffer with a lock. A thread that waits in it, for
a pager that nobody reads, would keep the interpreter from exiting, and what
a broken pipe leaves in it is reported with a traceback at exit.
"""

from __future__ import absolute_import, division, print_function

import errno
import fcntl
import json
import locale
import os
import select
import struct
import sys
import termios

from vmsampling import errors
from vmsampling import text

# What a pipe takes at once if poll() says that it takes anything (PIPE_BUF).
_CHUNK = select.PIPE_BUF if hasattr(select, "PIPE_BUF") else 4096

_CLEAR = u"\x1b[H\x1b[2J"
_HOME = u"\x1b[H"
_CLEAR_LINE = u"\x1b[K"
_CLEAR_BELOW = u"\x1b[J"


def json_line(data):
    """
    Return plain data as one line of JSON, in ASCII only.

    JSON has no word for NaN and the infinities: they become null.
    """
    try:
        return _encode(data)
    except (TypeError, ValueError):
        # Copying takes more than twice as long as encoding, and hardly any
        # data has what the encoder refuses.
        return _encode(_plain(data))


class Output(object):

    def __init__(self, stream, environ=os.environ):
        try:
            self._fd = stream.fileno()
            os.fstat(self._fd)
        except (AttributeError, ValueError, EnvironmentError):
            # Python 3 has None for a stream that was closed before the
            # start; libvirt's socket may have its number by now.
            raise errors.WriteFailed("it is closed")
        self._environ = environ
        # Python 2.7 knows the encoding of a terminal only.
        self.encoding = text.usable(getattr(stream, "encoding", None) or
                                    locale.getpreferredencoding(False))
        # On anything but a terminal that understands them, escape sequences
        # are dirt.
        self.in_place = (os.isatty(self._fd) and
                         environ.get("TERM", "dumb") != "dumb")
        self._drawn = False
        # Called with the descriptor before each write; returns when it will
        # not block. May be replaced by something that a signal ends.
        self.wait = lambda fd: None

    def size(self):
        """
        Return the columns and lines to fill. None means: without limit.
        """
        columns = lines = 0
        if self.in_place:
            lines, columns = _terminal_size(self._fd)
        asked = self._environ.get("COLUMNS", "")
        if asked.isdigit() and int(asked) > 0:
            columns = int(asked)
        if self.in_place and columns > 1:
            # A cursor behind the last column is still on it: to clear the
            # rest of the line would take the last character away.
            columns -= 1
        return columns or None, lines or None

    def show(self, lines):
        """
        Write lines: over those before them on a terminal, else below.
        """
        if self.in_place:
            # The last line has no line break: it could scroll the screen.
            what = u"\n".join(line + _CLEAR_LINE for line in lines)
            what = (_HOME if self._drawn else _CLEAR) + what + _CLEAR_BELOW
        else:
            what = u"".join(line + u"\n" for line in lines)
            what = (u"\n" if self._drawn else u"") + what
        self._drawn = True
        self.write(what)

    def write(self, what):
        """
        Write all of this text. Blocks as long as its reader does, but for
        what wait() raises.
        """
        data = what.encode(self.encoding, "backslashreplace")
        while data:
            self.wait(self._fd)
            try:
                data = data[os.write(self._fd, data[:_CHUNK]):]
            except EnvironmentError as e:
                self._wait_or_raise(e)

    def close(self):
        """
        Leave the cursor below what was drawn.
        """
        if self._drawn and self.in_place:
            self._drawn = False
            self.write(u"\n")

    def _wait_or_raise(self, error):
        if error.errno == errno.EPIPE:
            raise errors.OutputClosed(error.strerror)
        if error.errno == errno.EAGAIN:
            # Somebody else made the terminal non-blocking.
            select.select([], [self._fd], [])
        elif error.errno != errno.EINTR:
            raise errors.WriteFailed(error.strerror)


def _terminal_size(fd):
    """
    Return lines and columns, zeros if the terminal does not know.
    """
    try:
        answer = fcntl.ioctl(fd, termios.TIOCGWINSZ, b"\0" * 8)
    except EnvironmentError:
        return 0, 0
    return struct.unpack("HHHH", answer)[:2]


def _encode(data):
    return json.dumps(data, sort_keys=True, allow_nan=False)


def _plain(data):
    if isinstance(data, dict):
        return dict((_plain(k), _plain(v)) for k, v in data.items())
    if isinstance(data, (list, tuple)):
        return [_plain(value) for value in data]
    if isinstance(data, float) and not abs(data) <= sys.float_info.max:
        return None
    if isinstance(data, bytes):
        # Python 2.7's strings; libvirt's are UTF-8 unless a name is not.
        return data.decode("utf-8", "replace")
    return data
