# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import gzip
import io

import mock

import kit
from vmsampling import pages


def packed(data):
    stream = io.BytesIO()
    with gzip.GzipFile(fileobj=stream, mode="wb") as out:
        out.write(data)
    return stream.getvalue()


class PagesTest(kit.TestCase):

    def lines(self, data, at_once=1 << 16):
        stream = io.BytesIO(data)
        return list(pages.lines(
            lambda size: stream.read(min(size, at_once))))

    def test_lines(self):
        for data, found in ((b"", []), (b"\n", [b""]), (b"a", [b"a"]),
                            (b"a\nbc\n", [b"a", b"bc"]),
                            (b"a\n\nb", [b"a", b"", b"b"])):
            for at_once in (1, 2, 1000):
                self.assertEqual(self.lines(data, at_once), found)
                if data:
                    self.assertEqual(
                        self.lines(packed(data), at_once), found)

    def test_several_files_in_one(self):
        data = packed(b"a\nb") + packed(b"") + packed(b"c\n")
        for at_once in (1, 7, 1000):
            self.assertEqual(self.lines(data, at_once), [b"a", b"bc"])

    def test_much(self):
        lines = [b"x" * 1000] * 1000
        self.assertEqual(self.lines(packed(b"\n".join(lines))), lines)

    def test_broken(self):
        data = packed(b"abc\n")
        for broken in (data[:12] + b"xxxxxxxx", data + b"garbage"):
            with self.assertRaises(ValueError) as caught:
                self.lines(broken)
            self.assertIn("broken", str(caught.exception))

    def test_cut_off(self):
        data = packed(b"abc\n" * 100)[:-9]
        if str is bytes:
            self.lines(data)
            return
        with self.assertRaises(ValueError) as caught:
            self.lines(data)
        self.assertIn("end too early", str(caught.exception))

    def test_endless_line(self):
        bomb = packed(b"x" * 10000000)
        with mock.patch.object(pages, "_MAX_LINE", 100000):
            with self.assertRaises(ValueError):
                self.lines(bomb)
