# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The rules for Prometheus: that it takes them, that they do what their own tests
say, and that each alert tells whoever is woken by it what to do.
"""

from __future__ import absolute_import, division, print_function

import glob
import io
import os
import re

import kit
import tools

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDER = os.path.join(ROOT, "contrib", "prometheus")
RULES = os.path.join(FOLDER, "vdsm-sampling.rules.yml")
TESTS = sorted(glob.glob(os.path.join(FOLDER, "tests", "*.yml")))

# No parser of YAML is at hand on all Pythons. What the file may look like is
# promtool's to judge; here its alerts are cut out.
ALERT = re.compile(r"^  - alert: (\w+)\n(.*?)(?=^  - |^- |\Z)",
                   re.MULTILINE | re.DOTALL)


def read(*names):
    with io.open(os.path.join(ROOT, *names), encoding="utf-8") as stream:
        return stream.read()


def alerts():
    return dict(ALERT.findall(read(RULES)))


def runbook():
    """
    The part of it that is about alerts.
    """
    text = read("doc", "operations.md")
    return re.search(r"^## Alerts\n(.*?)^## ", text,
                     re.MULTILINE | re.DOTALL).group(1)


class PromtoolTest(kit.TestCase):

    def setUp(self):
        super(PromtoolTest, self).setUp()
        tools.require_programs("promtool")

    def promtool(self, *arguments):
        status, out, err = tools.run(
            [tools.find_program("promtool")] + list(arguments), 60)
        self.assertEqual(status, 0, out + err)
        return out

    def test_check(self):
        self.assertIn("SUCCESS", self.promtool("check", "rules", RULES))

    def test_rules(self):
        out = self.promtool("test", "rules", *TESTS)
        self.assertEqual(out.count("SUCCESS"), len(TESTS))


class AlertsTest(kit.TestCase):

    def test_all_are_found(self):
        self.assertEqual(len(alerts()), read(RULES).count("alert: "))
        self.assertIn("VMStuck", alerts())

    def test_each_is_tested(self):
        tests = "".join(read(path) for path in TESTS)
        for name in alerts():
            self.assertIn('alertname="%s"' % name, tests)

    def test_each_tells_what_it_means(self):
        for name, text in alerts().items():
            for part in ("summary", "description"):
                self.assertIn("      %s: " % part, text, name)
            self.assertTrue(
                re.search(r"severity: (critical|warning)$", text,
                          re.MULTILINE), name)

    def test_each_has_a_section_in_the_runbook(self):
        sections = re.findall(r"^### (.*)$", runbook(), re.MULTILINE)
        self.assertEqual(sorted(sections), sorted(alerts()))
        for name, text in alerts().items():
            self.assertIn("      runbook: doc/operations.md#%s\n" %
                          name.lower(), text)

    def test_table_in_the_runbook(self):
        rows = re.findall(r"^\| (\w+) \| (critical|warning) \|",
                          runbook(), re.MULTILINE)
        self.assertEqual(rows, [
            (name, re.search(r"severity: (\w+)", text).group(1))
            for name, text in ALERT.findall(read(RULES))])
