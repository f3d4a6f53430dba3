# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import kit
import snapshots
from vmsampling import spans
from vmsampling import text

LINE = [(u"abc", spans.PLAIN), (u"\u673a\u5668", spans.STUCK)]


class LineTest(kit.TestCase):

    def test_width(self):
        self.assertEqual(spans.width(LINE), 7)
        self.assertEqual(spans.width([]), 0)

    def test_cut(self):
        self.assertEqual(spans.cut(LINE, 7), LINE)
        self.assertEqual(spans.cut(LINE, 6), [
            (u"abc", spans.PLAIN), (u"\u673a\u2026", spans.STUCK)])
        self.assertEqual(spans.plain(spans.cut(LINE, 2)), u"a\u2026")
        for columns in range(9):
            self.assertLessEqual(
                spans.width(spans.cut(LINE, columns)), columns)

    def test_pad(self):
        self.assertEqual(spans.width(spans.pad(LINE, 20)), 20)
        self.assertEqual(spans.pad(LINE, 5), LINE)

    def test_restyled(self):
        self.assertEqual(spans.restyled(LINE, spans.DIM), [
            (u"abc\u673a\u5668", spans.DIM)])


class FoldTest(kit.TestCase):

    def test_words(self):
        self.assertEqual(spans.fold(u"x: ", u"one two three", 10, u"   "), [
            u"x: one two", u"   three"])

    def test_long_word(self):
        self.assertEqual(spans.fold(u"", u"abcdefgh ij", 5, u" "), [
            u"abcde", u" fgh", u" ij"])

    def test_any(self):
        rng = kit.rng("fold")
        for _ in range(300):
            words = text.clean(snapshots.name(rng))
            columns = rng.randrange(2, 30)
            lines = spans.fold(u"", words, columns, u" " * rng.randrange(9))
            for line in lines:
                self.assertLessEqual(text.width(line), columns)
            self.assertEqual(u"".join(lines).replace(u" ", u""),
                             words.replace(u" ", u""))
