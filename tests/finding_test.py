# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import kit
from vmsampling import finding


class FindingTest(kit.TestCase):

    def test_worst(self):
        ok, warn, bad = (finding.ok("a", "b"), finding.warn("a", "b", "c"),
                         finding.bad("a", "b", "c"))
        self.assertEqual(finding.worst([ok, ok]), "ok")
        self.assertEqual(finding.worst([ok, warn, ok]), "warn")
        self.assertEqual(finding.worst([bad, ok, warn]), "bad")

    def test_names(self):
        self.assertEqual(finding.names([]), "")
        self.assertEqual(finding.names("abcde"), "a, b, c, d, e")
        self.assertEqual(finding.names(iter("abcdefg")),
                         "a, b, c, d, e and 2 more")
