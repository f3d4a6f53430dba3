# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The example configurations of Prometheus and Alertmanager: what is copied from
them works as it is.
"""

from __future__ import absolute_import, division, print_function

import glob
import io
import os
import re
import shutil
import tempfile

import kit
import tools

CONTRIB = os.path.join(
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "contrib")
ALERTMANAGER = os.path.join(CONTRIB, "alertmanager", "alertmanager.yml")


class PrometheusTest(kit.TestCase):

    def setUp(self):
        super(PrometheusTest, self).setUp()
        tools.require_programs("promtool")
        folder = tempfile.mkdtemp(prefix="vdsm-sampling-")
        self.addCleanup(shutil.rmtree, folder)
        self.folder = os.path.join(folder, "prometheus")
        shutil.copytree(os.path.join(CONTRIB, "prometheus"), self.folder)
        # Only that they exist is checked.
        os.mkdir(os.path.join(self.folder, "tls"))
        for name in ("ca.pem", "client.pem", "client.key"):
            open(os.path.join(self.folder, "tls", name), "w").close()

    def check(self, path):
        status, out, err = tools.run(
            [tools.find_program("promtool"), "check", "config", path], 60)
        self.assertEqual(status, 0, out + err)
        return out + err

    def test_each(self):
        paths = sorted(glob.glob(os.path.join(self.folder, "*.yml")))
        names = [os.path.basename(path) for path in paths]
        names.remove("vdsm-sampling.rules.yml")
        self.assertIn("prometheus.yml", names)
        for name in names:
            said = self.check(os.path.join(self.folder, name))
            # Such as a file of hosts that is not found.
            self.assertNotIn("WARNING", said)

    def test_job_is_the_one_of_the_rules(self):
        for name in ("prometheus.yml", "prometheus-tls.yml",
                     "prometheus-site.yml"):
            with io.open(os.path.join(self.folder, name),
                         encoding="utf-8") as stream:
                self.assertIn("- job_name: vdsm-sampler\n", stream.read())

    def test_alerts_are_sent_on(self):
        for path in glob.glob(os.path.join(self.folder, "prometheus*.yml")):
            with io.open(path, encoding="utf-8") as stream:
                text = stream.read()
            # Who has no rules asks those who have: prometheus-central.yml.
            self.assertEqual("\nrule_files:" in text,
                             "\nalerting:" in text, path)


class AlertmanagerTest(kit.TestCase):

    def amtool(self, *arguments):
        tools.require_programs("amtool")
        status, out, err = tools.run(
            [tools.find_program("amtool")] + list(arguments), 30)
        self.assertEqual(status, 0, out + err)
        return out

    def route(self, **labels):
        return self.amtool(
            "config", "routes", "test", "--config.file=" + ALERTMANAGER,
            *["%s=%s" % pair for pair in labels.items()]).strip()

    def test_check(self):
        self.assertIn("SUCCESS", self.amtool("check-config", ALERTMANAGER))

    def test_routes(self):
        self.assertEqual(self.route(severity="critical"), "pager")
        self.assertEqual(self.route(severity="warning"), "mail")
        self.assertEqual(self.route(alertname="SomebodyElses"), "mail")

    def test_knows_alerts_that_exist(self):
        with io.open(ALERTMANAGER, encoding="utf-8") as stream:
            texts = re.findall(r'alertname=~?"(.*?)"', stream.read())
        with io.open(os.path.join(CONTRIB, "prometheus",
                                  "vdsm-sampling.rules.yml"),
                     encoding="utf-8") as stream:
            alerts = re.findall(r"alert: (\w+)", stream.read())
        self.assertGreater(len(texts), 5)
        for text in texts:
            for pattern in text.split("|"):
                self.assertTrue(any(
                    re.match(pattern + "$", name) for name in alerts),
                    pattern)
