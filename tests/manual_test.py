# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import os

import kit
from vmsampling import config


class ManualTest(kit.TestCase):

    def test_table_in_the_manual(self):
        path = os.path.join(os.path.dirname(os.path.dirname(
            os.path.abspath(__file__))), "doc", "vdsm-sampler.8")
        with open(path) as manual:
            rows = [line.split("\t") for line in manual if "\t" in line]
        found = [row[:3] for row in rows][1:]
        self.assertEqual(found, [[
            key.name, ("%s %s" % (self.number(key.default), key.unit)).strip(),
            "" if key.low is None else "%s\\-%s" % (
                self.number(key.low), self.number(key.high))]
            for key in config.ALL])

    def number(self, value):
        return (value.replace("-", "\\-") if isinstance(value, str)
                else "%.10g" % value)
