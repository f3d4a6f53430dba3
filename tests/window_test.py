# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import kit
from vmsampling import window


class WindowTest(kit.TestCase):

    def setUp(self):
        super(WindowTest, self).setUp()
        self.now = 0.0
        self.window = window.Window(3, lambda: self.now)

    def put(self, *values):
        for value in values:
            self.window.put(value)
            self.now += 1.0

    def test_ends(self):
        self.put("a")
        self.assertEqual(self.window.ends(), (None, None, None))
        self.put("b", "c")
        self.assertEqual(self.window.ends(), ("a", "c", 2.0))
        self.put("d")
        self.assertEqual(self.window.ends(), ("b", "d", 2.0))

    def test_one_failure_is_tolerated(self):
        self.put("a", "b")
        self.window.fail()
        self.put("c")
        self.window.fail()
        self.assertEqual(self.window.ends(), ("a", "c", 2.0))

    def test_old_values_are_not_told_for_ever(self):
        self.put("a", "b")
        self.window.fail()
        self.window.fail()
        self.assertEqual(self.window.ends(), (None, None, None))

    def test_threads(self):
        # A reader never sees more values than there may be, nor one end
        # without the other.
        def put(_number):
            for value in range(500):
                self.window.put(value)

        def read(_number):
            for _ in range(500):
                self.assertIn(self.window.ends().count(None), (0, 3))
        with kit.Bunch(2, put), kit.Bunch(2, read):
            pass
