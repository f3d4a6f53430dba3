# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import kit
from vmsampling import sparkline


class DrawTest(kit.TestCase):

    def test_levels(self):
        self.assertEqual(sparkline.draw(list(range(8)), 8, 8),
                         u"\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588")

    def test_ascii(self):
        self.assertEqual(
            sparkline.draw(list(range(8)), 8, 8, "ascii"), u"_.:=+*%#")

    def test_last_values_on_the_right(self):
        self.assertEqual(sparkline.draw([8, 0, 8], 2, 8, "ascii"), u"_#")
        self.assertEqual(sparkline.draw([8], 3, 8, "ascii"), u"  #")

    def test_greater_than_top(self):
        self.assertEqual(sparkline.draw([0, 50, 100], 3, 8, "ascii"), u"_+#")

    def test_unknown_is_a_gap(self):
        self.assertEqual(
            sparkline.draw([8, None, float("nan"), 0], 4, 8, "ascii"), u"#  _")

    def test_nothing(self):
        self.assertEqual(sparkline.draw([], 4, 8), u"    ")
        self.assertEqual(sparkline.draw([1, 2], 0, 8), u"")
        self.assertEqual(sparkline.draw([0, -1], 2, 0, "ascii"), u"__")
