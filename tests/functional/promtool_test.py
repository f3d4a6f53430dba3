# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What Prometheus itself thinks of our metrics.
"""

from __future__ import absolute_import, division, print_function

import subprocess

import kit
import metricscase
import tools
from vmsampling import vocabulary

setup_module = metricscase.setup_module

# Names that others gave.
ACCEPTED = frozenset((
    'libvirt_domain_memory_stats_used_percent use base unit "ratio" '
    'instead of "percent"',))


class PromtoolTest(kit.TestCase):

    def setUp(self):
        super(PromtoolTest, self).setUp()
        tools.require("promtool")

    def test_check_metrics(self):
        from vmsampling import scrape
        for names in vocabulary.NAMES:
            for snapshot in ({}, metricscase.full()):
                body = scrape.Scrape(
                    lambda: snapshot, {"names": names}).render("")[1]
                self.assertEqual(self.complaints(body), [])

    def test_it_would_complain(self):
        self.assertNotEqual(self.complaints(b"oops 1 2 3\n"), [])

    def complaints(self, body):
        process = subprocess.Popen(
            [tools.find_program("promtool"), "check", "metrics"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        output, _ = process.communicate(body)
        return [line for line in output.decode("utf-8").splitlines()
                if line not in ACCEPTED]
