# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The dashboard has the shape that Grafana imports. That its queries find
something is tested in functional/prometheus_test.py.
"""

from __future__ import absolute_import, division, print_function

import itertools
import re

import dashboard
import kit

# Of Grafana's grid.
COLUMNS = 24

# What Prometheus and Grafana call a variable.
VARIABLE = re.compile(r"\$\{?(\w+)\}?")
OF_GRAFANA = {"__rate_interval"}


class ShapeTest(kit.TestCase):

    def setUp(self):
        super(ShapeTest, self).setUp()
        self.found = dashboard.load()

    def test_can_be_imported_anywhere(self):
        # An ID belongs to one Grafana, the UID to the dashboard.
        self.assertIsNone(self.found["id"])
        self.assertEqual(self.found["uid"], "vdsm-sampling")
        self.assertGreaterEqual(self.found["schemaVersion"], 30)
        for name in ("title", "tags", "time", "refresh", "annotations"):
            self.assertTrue(self.found[name], name)

    def test_panels(self):
        ids = [panel["id"] for panel in self.found["panels"]]
        self.assertEqual(len(ids), len(set(ids)))
        titles = [panel["title"] for panel in self.found["panels"]]
        self.assertEqual(len(titles), len(set(titles)))
        for panel in dashboard.panels():
            self.check_panel(panel)

    def check_panel(self, panel):
        self.assertIn(panel["type"], ("timeseries", "stat", "table"))
        self.check_source(panel)
        self.assertTrue(panel["targets"], panel["title"])
        for name in ("fieldConfig", "options", "description"):
            self.assertIn(name, panel, panel["title"])
        self.assertEqual(
            set(panel["fieldConfig"]), {"defaults", "overrides"})
        references = [target["refId"] for target in panel["targets"]]
        self.assertEqual(len(references), len(set(references)))
        for target in panel["targets"]:
            self.check_source(target)
            self.assertTrue(target["expr"])
            self.assertNotEqual(
                target.get("range", False), target.get("instant", False))

    def check_source(self, item):
        """
        None but the one that is chosen above.
        """
        self.assertEqual(item["datasource"], {
            "type": "prometheus", "uid": "${datasource}"})

    def test_grid(self):
        taken = {}
        for panel in self.found["panels"]:
            grid = panel["gridPos"]
            self.assertGreaterEqual(min(grid["w"], grid["h"]), 1)
            self.assertLessEqual(grid["x"] + grid["w"], COLUMNS)
            for place in itertools.product(
                    range(grid["x"], grid["x"] + grid["w"]),
                    range(grid["y"], grid["y"] + grid["h"])):
                self.assertNotIn(place, taken, panel["title"])
                taken[place] = panel["title"]

    def test_rows_are_open(self):
        # Those of a closed row would be inside of it.
        for panel in self.found["panels"]:
            if panel["type"] == "row":
                self.assertFalse(panel["collapsed"])
                self.assertEqual(panel["panels"], [])

    def test_variables(self):
        found = self.found["templating"]["list"]
        names = [one["name"] for one in found]
        self.assertEqual(names, ["datasource", "instance", "domain"])
        self.assertEqual(found[0]["type"], "datasource")
        self.assertEqual(
            [name for name, _, _ in dashboard.variables()], names[1:])
        used = set()
        for panel in dashboard.panels():
            for target in panel["targets"]:
                used.update(VARIABLE.findall(target["expr"]))
        self.assertEqual(used, {"instance", "domain"} | OF_GRAFANA)

    def test_queries_ask_for_our_job(self):
        # The tests run them for all hosts and VMs.
        for title, expression in dashboard.expressions():
            self.assertNotIn("$", expression, title)
            self.assertIn('job="vdsm-sampler"', expression, title)
            self.assertTrue(dashboard.metrics(expression), title)
