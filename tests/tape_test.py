# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import zlib

import kit
from vmsampling import tape


class TapeTest(kit.TestCase):

    def setUp(self):
        super(TapeTest, self).setUp()
        self.now = 1000.0

    def tape(self, max_bytes=10000):
        return tape.Tape(300.0, max_bytes, lambda: self.now)

    def lines(self, a_tape):
        return [zlib.decompress(data, 31) for _, _, _, data in a_tape.kept()]

    def test_order(self):
        made = self.tape()
        for line in (b"1\n", b"2\n"):
            made.put(line)
            self.now += 1
        self.assertEqual(self.lines(made), [b"1\n", b"2\n"])
        self.assertEqual([entry[:3] for entry in made.kept()],
                         [(1000.0, 0, 0), (1001.0, 0, 1)])

    def test_time(self):
        made = self.tape()
        for number in range(10):
            made.put(b"%d" % number if str is not bytes else str(number))
            self.now += 100
        self.assertEqual(self.lines(made), [b"6", b"7", b"8", b"9"])

    def test_bytes(self):
        made = self.tape(max_bytes=300)
        noise = kit.rng("tape")
        for _ in range(50):
            made.put(bytes(bytearray(
                noise.randrange(256) for _ in range(50))))
            self.assertEqual(
                made.size, sum(len(entry[-1]) for entry in made.kept()))
            self.assertLessEqual(made.size, 300)
        self.assertGreater(len(made.kept()), 2)

    def test_one_that_is_too_large(self):
        made = self.tape(max_bytes=10)
        made.put(b"1")
        made.put(b"22")
        self.assertEqual(self.lines(made), [b"22"])
