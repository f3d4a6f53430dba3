# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import kit
from vmsampling import hostline

GIB = 1024 ** 3


def pressure(value):
    return dict((name, {"some": value, "full": 77.0})
                for name in ("cpu", "io", "memory"))


def host(busy, load, used, total, waited):
    return {
        "age": 0.5, "load": [load] * 3, "pressure": pressure(1.0),
        "rates": {"busy": busy, "pressure": pressure(waited)},
        "memory": {"total": total * GIB, "available": (total - used) * GIB}}


class LineTest(kit.TestCase):

    def check(self, found, expected, patience=4.0):
        self.assertEqual(hostline.line(found, patience), expected)

    def test_all(self):
        self.check(host(23.44, 0.5, 1.25, 23.5, 0.06),
                   u"host  CPU% 23  load 0.50 0.50 0.50  MEM 1.2/23.5G  "
                   u"PSI% cpu 0.1 mem 0.1 io 0.1")

    def test_unknown(self):
        self.check({"age": 0.5, "rates": {}},
                   u"host  CPU% -  load - - -  MEM -/-G")
        # The first round has no rates yet.
        self.check({"age": 0.5, "rates": {}, "pressure": {"cpu": {}}},
                   u"host  CPU% -  load - - -  MEM -/-G  "
                   u"PSI% cpu - mem - io -")

    def test_fits_into_a_terminal(self):
        for values in ((100.0, 999.4, 1023.0, 1024.0, 100.0),
                       (9.94, 12.345, 99.94, 999.94, 9.94),
                       (99.96, 99.996, 9.996, 99.96, 99.96),
                       (0.0, 0.0, 0.0, 1.0, 0.0)):
            found = hostline.line(host(*values), 4.0)
            self.assertLessEqual(len(found), 80, found)

    def test_old(self):
        found = dict(host(50.0, 1.0, 1, 2, 0.0), age=12.3)
        self.assertTrue(hostline.line(found, 4.0).startswith(
            u"host  12 s ago: CPU% 50  load"))
        self.assertTrue(hostline.line(found, 12.4).startswith(
            u"host  CPU% 50"))
