# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import os
import resource
import shutil
import tempfile

import kit
from vmsampling import rounds
from vmsampling import selffigures
from vmsampling import version


class FiguresTest(kit.TestCase):

    def setUp(self):
        super(FiguresTest, self).setUp()
        self.scheduler = kit.Scheduler(now=100.0)
        self.begun = []
        self.rounds = rounds.Rounds(2.0, self.scheduler, self.begun.append)
        self.addCleanup(self.rounds.stop)

    def describe(self, wall=5000.0, **kwargs):
        return selffigures.Figures(self.rounds, **kwargs).describe(wall)

    def test_this_process(self):
        found = self.describe()
        self.assertEqual(found["version"], version.read())
        with open("/proc/self/statm") as stream:
            pages = int(stream.read().split()[1])
        self.assertAlmostEqual(
            found["resident_bytes"] / os.sysconf("SC_PAGE_SIZE") / pages, 1.0,
            delta=0.2)
        seconds = [sum(resource.getrusage(resource.RUSAGE_SELF)[:2]),
                   self.describe()["cpu_seconds"],
                   sum(resource.getrusage(resource.RUSAGE_SELF)[:2])]
        self.assertEqual(seconds, sorted(seconds))

    def test_before_the_first_round(self):
        found = self.describe()
        self.assertEqual((found["late"], found["settled"]), (None, None))

    def test_rounds(self):
        self.rounds.start()
        self.scheduler.advance(0.5)
        self.begun[0].leave()
        self.scheduler.advance(1.0)
        found = self.describe()
        self.assertEqual((found["late"], found["settled"]), (0.0, 4999.0))

    def test_no_statm(self):
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        self.assertIsNone(self.describe(proc=folder)["resident_bytes"])
        os.mkdir(folder + "/self")
        for content in ("", "1", "1 x"):
            with open(folder + "/self/statm", "w") as stream:
                stream.write(content)
            self.assertIsNone(self.describe(proc=folder)["resident_bytes"])
