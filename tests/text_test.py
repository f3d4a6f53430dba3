# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import unicodedata

import six

import kit
from vmsampling import text


class CleanTest(kit.TestCase):

    def test_plain(self):
        self.assertEqual(text.clean("vm-01 (test)"), u"vm-01 (test)")

    def test_escape_sequences(self):
        self.assertEqual(text.clean("\x1b[2J\x1b]0;owned\x07"),
                         u"\\x1b[2J\\x1b]0;owned\\x07")

    def test_controls_of_both_ranges(self):
        self.assertEqual(text.clean(u"a\tb\nc\rd\x7f\x9b31m"),
                         u"a\\x09b\\x0ac\\x0dd\\x7f\\x9b31m")

    def test_bidirectional_override(self):
        self.assertEqual(text.clean(u"vm\u202e10"), u"vm\\u202e10")

    def test_invisible_and_line_separators(self):
        self.assertEqual(text.clean(u"a\u200bb\u2028c\ufeff"),
                         u"a\\u200bb\\u2028c\\ufeff")

    def test_letters_of_other_scripts_stay(self):
        for name in (u"Gr\xf6\xdfe", u"\u673a\u5668", u"\u05d0\u05d1"):
            self.assertEqual(text.clean(name), name)

    def test_not_in_the_encoding(self):
        self.assertEqual(text.clean(u"Gr\xf6\u673a", "ascii"),
                         u"Gr\\xf6\\u673a")
        self.assertEqual(text.clean(u"Gr\xf6\u673a", "latin-1"),
                         u"Gr\xf6\\u673a")

    def test_bytes(self):
        self.assertEqual(text.clean(u"Gr\xf6".encode("utf-8")), u"Gr\xf6")
        self.assertEqual(text.clean(b"a\xff\x1b"), u"a\\xff\\x1b")

    def test_undecodable_names_of_python_3(self):
        self.assertEqual(text.clean(u"a\udcff\ud800"), u"a\\xff\\ud800")

    def test_marks_stay_on_their_letter(self):
        self.assertEqual(text.clean(u"e\u0301x"), u"e\u0301x")

    def test_mark_without_a_letter(self):
        self.assertEqual(text.clean(u"\u0301x"), u"\\u0301x")

    def test_heap_of_marks(self):
        shown = text.clean(u"e" + u"\u0301" * 50 + u"x")
        self.assertEqual(sum(1 for char in shown
                             if unicodedata.category(char) == "Mn"), 2)
        self.assertTrue(shown.endswith(u"\\u0301x"))

    def test_no_control_character_gets_through(self):
        for code in list(range(0x3000)) + [0xd800, 0xe000, 0xfeff, 0xffff]:
            for shown in text.clean(six.unichr(code)):
                self.assertNotIn(unicodedata.category(shown)[0], "C")


class WidthTest(kit.TestCase):

    def test_width(self):
        self.assertEqual(text.width(u"abc"), 3)
        self.assertEqual(text.width(u"e\u0301"), 1)
        self.assertEqual(text.width(u"\u673a\u5668"), 4)

    def test_cut_short_enough(self):
        self.assertEqual(text.cut(u"abc", 3), u"abc")

    def test_cut(self):
        self.assertEqual(text.cut(u"abcdef", 4), u"abc\u2026")
        self.assertEqual(text.cut(u"abcdef", 5, "ascii"), u"ab...")

    def test_cut_wide(self):
        # Half a character is none.
        self.assertEqual(text.cut(u"\u673a\u5668\u673a", 4), u"\u673a\u2026")

    def test_cut_to_nothing(self):
        self.assertEqual(text.cut(u"abcdef", 1, "ascii"), u".")
        self.assertEqual(text.cut(u"abcdef", 0), u"")

    def test_pad(self):
        self.assertEqual(text.pad(u"ab", 4), u"ab  ")
        self.assertEqual(text.pad(u"\u673a", 4), u"\u673a  ")
        self.assertEqual(text.pad(u"abc", 2), u"abc")


class UsableTest(kit.TestCase):

    def test_usable(self):
        self.assertEqual(text.usable("utf-8"), "utf-8")
        self.assertEqual(text.usable(None), "ascii")
        self.assertEqual(text.usable("no-such-encoding"), "ascii")
