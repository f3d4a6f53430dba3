# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import collections

import kit
from vmsampling import linklog

Sample = collections.namedtuple("Sample", "operstate speed duplex")

UP = Sample("up", 1000, "full")
DOWN = Sample("down", 1000, "full")


class LinkLogTest(kit.TestCase):

    def test_interface(self):
        self.assertEqual(linklog.interface(UP),
                         "operstate:up speed:1000 duplex:full")
        self.assertEqual(linklog.interface(DOWN, UP), "operstate:down")
        self.assertEqual(linklog.interface(UP, UP), "")

    def test_host(self):
        self.assertEqual(
            linklog.host({"b": UP, "a": DOWN}, True),
            "recent_client:True, "
            "a:(operstate:down speed:1000 duplex:full), "
            "b:(operstate:up speed:1000 duplex:full)")

    def test_nothing_new(self):
        self.assertEqual(linklog.host({"a": UP}, True, {"a": UP}, True), "")

    def test_what_is_new(self):
        self.assertEqual(
            linklog.host({"a": DOWN, "new": UP}, False,
                         {"a": UP, "old": UP}, True),
            "recent_client:False, a:(operstate:down), "
            "new new:(operstate:up speed:1000 duplex:full), "
            "dropped old:(operstate:up speed:1000 duplex:full)")
