# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What make check-vdsm makes of two runs.
"""

from __future__ import absolute_import, division, print_function

import kit
from vdsmcheck import outcome
from vdsmcheck import trial


class TestComparison(kit.TestCase):

    def compare(self, plain, ours, exempt=()):
        results = []
        for tests in (plain, ours):
            result = trial.Result()
            for test, found in tests.items():
                result.tests[test] = (found, "")
            results.append({"m": result})
        return outcome.Comparison(
            results[0], results[1], dict.fromkeys(exempt, "why"))

    def test_lost(self):
        for after in ("failed", "skipped"):
            found = self.compare({"t": "passed"}, {"t": after})
            self.assertEqual(found.lost, [("t", "passed", after, "")])
        found = self.compare({"t": "passed"}, {})
        self.assertEqual(found.lost, [("t", "passed", "not run", "")])

    def test_not_lost(self):
        for before, after in (
                ("failed", "failed"), ("failed", "skipped"),
                ("skipped", "failed"), ("passed", "passed")):
            found = self.compare({"t": before}, {"t": after})
            self.assertEqual(found.lost, [])

    def test_gained(self):
        found = self.compare({"t": "failed"}, {"t": "passed"})
        self.assertEqual(found.gained, [("t", "failed", "passed", "")])

    def test_needless_exemption(self):
        found = self.compare({"t": "passed"}, {"t": "passed"}, ["t", "other"])
        self.assertEqual(found.needless, ["t"])
        for both in ("failed", "skipped"):
            self.assertEqual(
                self.compare({"t": both}, {"t": both}, ["t"]).needless, [])
        self.assertIn("Exempt without need: t",
                      list(outcome.differences(found)))

    def test_trouble_at_the_end(self):
        plain, ours = trial.Result(), trial.Result()
        ours.trouble = "killed"
        found = outcome.Comparison({"m": plain}, {"m": ours}, {})
        self.assertEqual(found.lost, [("m", "ended", "killed", "")])
        self.assertEqual(found.troubled, [])
        plain.trouble = "crashed"
        found = outcome.Comparison({"m": plain}, {"m": ours}, {})
        self.assertEqual(found.lost, [])
        self.assertEqual(found.troubled, [("m", "crashed", "killed", "")])
