# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import errno
import fcntl
import json
import os
import pty
import struct
import sys
import termios

import mock

import kit
from vmsampling import errors
from vmsampling import output


class Stream(object):
    """
    Looks like sys.stdout.
    """

    def __init__(self, fd, encoding="utf-8"):
        self._fd = fd
        self.encoding = encoding

    def fileno(self):
        return self._fd


class TestCase(kit.TestCase):

    def pipe(self, **kwargs):
        self.reader, self.writer = os.pipe()
        self.addCleanup(os.close, self.reader)
        self.addCleanup(os.close, self.writer)
        return output.Output(Stream(self.writer, **kwargs), environ={})

    def terminal(self, environ):
        self.reader, self.writer = pty.openpty()
        self.addCleanup(os.close, self.reader)
        self.addCleanup(os.close, self.writer)
        # No translation of line breaks.
        mode = termios.tcgetattr(self.writer)
        mode[1] &= ~termios.OPOST
        termios.tcsetattr(self.writer, termios.TCSANOW, mode)
        return output.Output(Stream(self.writer), environ=environ)

    def read(self):
        return os.read(self.reader, 65536).decode("utf-8")


class PipeTest(TestCase):

    def test_rounds_follow_each_other(self):
        out = self.pipe()
        out.show([u"a", u"b"])
        out.show([u"c"])
        out.close()
        self.assertEqual(self.read(), u"a\nb\n\nc\n")

    def test_encoding(self):
        self.pipe(encoding="latin-1").write(u"\xf6\n")
        self.assertEqual(os.read(self.reader, 10), b"\xf6\n")

    def test_encoding_that_lacks_a_character(self):
        self.pipe(encoding="ascii").write(u"\xf6\n")
        self.assertEqual(self.read(), u"\\xf6\n")

    def test_encoding_of_the_locale(self):
        # Python 2.7 knows none for a pipe.
        with mock.patch("locale.getpreferredencoding",
                        return_value="ANSI_X3.4-1968"):
            out = self.pipe(encoding=None)
        out.write(u"\xf6")
        self.assertEqual(self.read(), u"\\xf6")

    def test_size(self):
        self.assertEqual(self.pipe().size(), (None, None))

    def test_asked_for_columns(self):
        out = output.Output(Stream(sys.__stderr__.fileno()),
                            environ={"COLUMNS": "60"})
        self.assertEqual(out.size()[0], 60)

    def test_nonsense_in_the_environment(self):
        for columns in ("0", "-1", "x", ""):
            self.pipe()
            out = output.Output(Stream(self.writer),
                                environ={"COLUMNS": columns})
            self.assertEqual(out.size(), (None, None))

    def test_more_than_a_pipe_holds(self):
        out = self.pipe()
        fcntl.fcntl(self.writer, fcntl.F_SETFL, os.O_NONBLOCK)
        with kit.Bunch(1, lambda number: out.write(u"x" * 1000000)):
            size = 0
            while size < 1000000:
                size += len(os.read(self.reader, 65536))
        self.assertEqual(size, 1000000)


class FailureTest(TestCase):

    def test_reader_has_gone(self):
        reader, writer = os.pipe()
        self.addCleanup(os.close, writer)
        out = output.Output(Stream(writer), environ={})
        os.close(reader)
        with self.assertRaises(errors.OutputClosed):
            out.write(u"x")

    def test_full_disk(self):
        out = self.pipe()
        with mock.patch("os.write", side_effect=OSError(
                errno.ENOSPC, "No space left on device")):
            with self.assertRaises(errors.WriteFailed) as caught:
                out.write(u"x")
        self.assertEqual(str(caught.exception), "cannot write to standard "
                         "output: No space left on device")

    def test_signal_during_a_write(self):
        out = self.pipe()
        with mock.patch("os.write", side_effect=[
                OSError(errno.EINTR, "Interrupted"), 1, 2]) as write:
            out.write(u"abc")
        self.assertEqual([args[0][1] for args in write.call_args_list],
                         [b"abc", b"abc", b"bc"])

    def test_closed_before_the_start(self):
        reader, writer = os.pipe()
        os.close(reader)
        os.close(writer)
        for stream in (None, Stream(writer)):
            with self.assertRaises(errors.WriteFailed) as caught:
                output.Output(stream)
            self.assertEqual(str(caught.exception),
                             "cannot write to standard output: it is closed")


class TerminalTest(TestCase):

    def test_redrawn_in_place(self):
        out = self.terminal({"TERM": "xterm"})
        self.assertTrue(out.in_place)
        out.show([u"a", u"b"])
        self.assertEqual(self.read(),
                         u"\x1b[H\x1b[2Ja\x1b[K\nb\x1b[K\x1b[J")
        out.show([u"c"])
        self.assertEqual(self.read(), u"\x1b[Hc\x1b[K\x1b[J")
        out.close()
        self.assertEqual(self.read(), u"\n")

    def test_nothing_drawn(self):
        out = self.terminal({"TERM": "xterm"})
        out.close()
        out.write(u"end")
        self.assertEqual(self.read(), u"end")

    def test_terminal_without_cursor(self):
        for environ in ({}, {"TERM": "dumb"}):
            out = self.terminal(environ)
            out.show([u"a"])
            self.assertEqual(self.read(), u"a\n")
            self.assertEqual(out.size(), (None, None))

    def test_size(self):
        out = self.terminal({"TERM": "xterm"})
        self.assertEqual(out.size(), (None, None))
        fcntl.ioctl(self.writer, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 24, 80, 0, 0))
        self.assertEqual(out.size(), (79, 24))


class JsonTest(kit.TestCase):

    def test_one_line_sorted(self):
        self.assertEqual(output.json_line({"b": [1, 2.5], "a": "x\n"}),
                         '{"a": "x\\n", "b": [1, 2.5]}')

    def test_never_nan(self):
        line = output.json_line(
            {"a": float("nan"), "b": [float("inf")], "c": -float("inf")})
        self.assertEqual(line, '{"a": null, "b": [null], "c": null}')

    def test_copies_only_what_the_encoder_refuses(self):
        copied = []
        self.addCleanup(setattr, output, "_plain", output._plain)
        output._plain = lambda data: copied.append(data) or {}
        self.assertEqual(output.json_line({"a": [1.5, None, True]}),
                         '{"a": [1.5, null, true]}')
        self.assertEqual(copied, [])
        for refused in (float("nan"), b"\xff"):
            output.json_line({"a": [{"b": refused}]})
            self.assertEqual(copied.pop(), {"a": [{"b": refused}]})

    def test_ascii_only(self):
        line = output.json_line({u"\xf6": u"\u673a\x1b\x9b"})
        self.assertEqual(line, '{"\\u00f6": "\\u673a\\u001b\\u009b"}')

    def test_bytes(self):
        self.assertEqual(json.loads(output.json_line({b"a": b"x\xff"})),
                         {u"a": u"x\ufffd"})

    def test_whole_numbers_stay_whole(self):
        self.assertEqual(output.json_line({"a": 2 ** 63}),
                         '{"a": %d}' % 2 ** 63)
