# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import logging

import kit
from vmsampling import heldlog


class HeldTest(kit.TestCase):

    def setUp(self):
        super(HeldTest, self).setUp()
        self.seen = kit.Logs()
        root = logging.getLogger()
        saved = list(root.handlers), root.level
        root.handlers[:] = [self.seen]
        root.setLevel(logging.WARNING)
        self.addCleanup(self.restore, *saved)

    def restore(self, handlers, level):
        root = logging.getLogger()
        root.handlers[:] = handlers
        root.setLevel(level)

    def test_terminal(self):
        with heldlog.held(True):
            logging.getLogger("a").warning("one %d", 1)
            logging.getLogger("a").info("too quiet")
            self.assertEqual(self.seen.records, [])
        self.assertEqual(self.seen.at(logging.WARNING), ["one 1"])
        logging.getLogger("a").warning("two")
        self.assertEqual(len(self.seen.records), 2)

    def test_file(self):
        with heldlog.held(False):
            logging.getLogger("a").warning("one")
            self.assertEqual(len(self.seen.records), 1)

    def test_error(self):
        with self.assertRaises(ZeroDivisionError):
            with heldlog.held(True):
                logging.getLogger("a").warning("one")
                raise ZeroDivisionError()
        self.assertEqual(len(self.seen.records), 1)

    def test_bounded(self):
        with heldlog.held(True):
            for n in range(1000):
                logging.getLogger("a").warning("%d", n)
        self.assertEqual(len(self.seen.records), 500)
        self.assertEqual(self.seen.at(logging.WARNING)[-1], "999")
