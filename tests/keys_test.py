# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import kit
from vmsampling import keys


class DecoderTest(kit.TestCase):

    def decode(self, data, encoding="utf-8"):
        return keys.Decoder(encoding).feed(data)

    def test_characters(self):
        self.assertEqual(self.decode(b"jG /\x0c\x1a\r\x7f"), [
            "j", "G", "space", "/", "ctrl-l", "ctrl-z", "enter", "backspace"])

    def test_wide_characters(self):
        self.assertEqual(self.decode(b"\xe6\x9c\xba"), [u"\u673a"])

    def test_character_in_parts(self):
        decoder = keys.Decoder("utf-8")
        self.assertEqual(decoder.feed(b"\xe6\x9c"), [])
        self.assertFalse(decoder.pending)
        self.assertEqual(decoder.feed(b"\xbaq"), [u"\u673a", "q"])

    def test_not_of_the_encoding(self):
        self.assertEqual(self.decode(b"\xffq", "ascii"), [u"\ufffd", "q"])

    def test_sequences(self):
        self.assertEqual(self.decode(b"\x1b[A\x1bOB\x1b[5~\x1bOP\x1b[[A"), [
            "up", "down", "pageup", "f1", "f1"])

    def test_all_sequences_are_whole(self):
        for sequence, name in keys._SEQUENCES.items():
            self.assertEqual(self.decode(sequence.encode("ascii")), [name])

    def test_sequence_in_parts(self):
        for sequence in (b"\x1b[21~", b"\x1b[[A", b"\x1bOS"):
            decoder = keys.Decoder("utf-8")
            for n in range(len(sequence) - 1):
                self.assertEqual(decoder.feed(sequence[n:n + 1]), [])
                self.assertTrue(decoder.pending)
            self.assertEqual(len(decoder.feed(sequence[-1:])), 1)
            self.assertFalse(decoder.pending)

    def test_unknown_sequences_do_nothing(self):
        # Ctrl-Up, a mouse, F12, an answer of the terminal.
        self.assertEqual(
            self.decode(b"\x1b[1;5A\x1b[<0;1;1M\x1b[24~\x1b[?1;2cq"), ["q"])

    def test_escape(self):
        decoder = keys.Decoder("utf-8")
        self.assertEqual(decoder.feed(b"\x1b"), [])
        self.assertTrue(decoder.pending)
        self.assertEqual(decoder.flush(), ["esc"])
        self.assertFalse(decoder.pending)
        self.assertEqual(decoder.flush(), [])

    def test_escape_and_more(self):
        self.assertEqual(self.decode(b"\x1b\x1b[A"), ["esc", "up"])
        self.assertEqual(self.decode(b"\x1bq"), ["esc", "q"])

    def test_half_a_sequence_is_no_key(self):
        decoder = keys.Decoder("utf-8")
        decoder.feed(b"\x1b[1")
        self.assertEqual(decoder.flush(), [])

    def test_endless_sequence(self):
        decoder = keys.Decoder("utf-8")
        for _ in range(100):
            decoder.feed(b"\x1b[" + b"0" * 100)
            self.assertLess(len(decoder._rest), 200)
        self.assertEqual(decoder.feed(b"~q")[-1], "q")

    def test_anything(self):
        rng = kit.rng("keys")
        letters = bytearray(b"\x1b\x1b[[O;~Aq0\n\xe6\x00")
        for _ in range(300):
            decoder = keys.Decoder(rng.choice(["utf-8", "ascii", "latin-1"]))
            for _ in range(5):
                decoder.feed(bytes(bytearray(
                    rng.choice(letters) for _ in range(rng.randrange(20)))))
            decoder.flush()
            # Whatever there was, it is over.
            self.assertEqual(decoder.feed(b"q"), ["q"])


class BindingsTest(kit.TestCase):

    def test_no_key_does_two_things(self):
        for bindings in (keys.LIST, keys.PAGE):
            names = [key for binding in bindings for key in binding.keys]
            self.assertEqual(len(names), len(set(names)))

    def test_all_can_be_typed(self):
        typed = set(keys._SEQUENCES.values()) | set(
            keys._CHARACTERS.values()) | {"esc"}
        for binding in keys.LIST + keys.PAGE:
            for key in binding.keys:
                self.assertTrue(key in typed or len(key) == 1 or
                                key.startswith("ctrl-"), key)

    def test_shown(self):
        self.assertEqual([keys.shown(key) for key in ("f1", "ctrl-l", "q")],
                         [u"F1", u"Ctrl-L", u"q"])
