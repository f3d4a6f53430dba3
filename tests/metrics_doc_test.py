# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import io
import os
import sys

import kit
from vmsampling import vocabulary

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class MetricsDocTest(kit.TestCase):

    def setUp(self):
        super(MetricsDocTest, self).setUp()
        self.addCleanup(sys.path.remove, os.path.join(ROOT, "build-aux"))
        sys.path.append(os.path.join(ROOT, "build-aux"))
        with io.open(os.path.join(ROOT, "doc", "metrics.md")) as stream:
            self.found = stream.read()

    def test_is_up_to_date(self):
        import metrics_doc
        # Nobody wants to read both.
        self.assertTrue(metrics_doc.text() == self.found,
                        "doc/metrics.md is old: make metrics-doc")

    def test_is_whole(self):
        for name in vocabulary.NAMES:
            words = vocabulary.named(name)
            for metric in words.fields + words.vms + words.paths:
                row = "\n| %s | %s | " % (metric.name, metric.type)
                self.assertTrue(row in self.found, row)
