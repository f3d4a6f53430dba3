# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The rules and the dashboard ask for metrics that there are: a wrong name is no
error for Prometheus, and the alert never fires.
"""

from __future__ import absolute_import, division, print_function

import io
import os
import re

import dashboard
import kit
from vmsampling import vocabulary

RULES = os.path.join(
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
    "contrib", "prometheus", "vdsm-sampling.rules.yml")

# Prometheus' own.
FOREIGN = {"up", "scrape_duration_seconds", "ALERTS"}

# A recorded name has colons, and a metric's name in it.
RECORDED = re.compile(r"\w+:\w+:\w+")


def known():
    """
    Return {name: row} of all metrics in either vocabulary.
    """
    found = {}
    for name in vocabulary.NAMES:
        names = vocabulary.named(name)
        for row in names.fields + names.vms + names.paths:
            found[row.name] = row
    return found


def rules():
    """
    Return the text of the rules without comments.
    """
    with io.open(RULES, encoding="utf-8") as stream:
        return re.sub(r"(?m)^ *#.*\n", "", stream.read())


class NamesTest(kit.TestCase):

    def test_rules(self):
        text = rules()
        recorded = set(re.findall(r"record: (.*)", text))
        self.assertEqual(set(RECORDED.findall(text)), recorded)
        self.check(dashboard.metrics(RECORDED.sub("", text)))

    def test_dashboard(self):
        for title, expression in dashboard.expressions():
            self.check(dashboard.metrics(expression), title)
        for name, expression, _ in dashboard.variables():
            self.check(dashboard.metrics(expression), name)

    def check(self, names, where=None):
        self.assertTrue(names, where)
        self.assertEqual(
            sorted(names - set(known()) - FOREIGN), [], where)
