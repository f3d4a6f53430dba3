# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import io
import os
import re
import shutil
import sys
import tempfile

import kit
from vmsampling import config
from vmsampling import strangers

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DROP_IN = os.path.join(
    ROOT, "contrib", "vdsm.conf.d", "50_vdsm_sampler.conf")


class ConfigDocTest(kit.TestCase):

    def setUp(self):
        super(ConfigDocTest, self).setUp()
        self.addCleanup(sys.path.remove, os.path.join(ROOT, "build-aux"))
        sys.path.append(os.path.join(ROOT, "build-aux"))
        import config_doc
        self.made = config_doc

    def read(self, path):
        with io.open(path, encoding="ascii") as stream:
            return stream.read()

    def check(self, path, made):
        self.assertTrue(self.read(path) == made, "%s is old: make config-doc" %
                        os.path.relpath(path, ROOT))

    def test_manual_is_up_to_date(self):
        self.check(self.made.MANUAL, self.made.manual())

    def test_example_is_up_to_date(self):
        self.check(self.made.EXAMPLE, self.made.example())

    def test_manual_has_all_keys(self):
        manual = self.read(self.made.MANUAL)
        for key in config.ALL:
            self.assertIn("\n.B %s = " % key.name, manual)
            self.assertIn("\n.SS [%s]\n" % key.section, manual)

    def test_example_is_the_defaults(self):
        lines = self.read(self.made.EXAMPLE).splitlines()
        self.assertLessEqual(max(map(len, lines)), 79)
        path = os.path.join(self.folder(), "my.conf")
        with io.open(path, "w") as stream:
            stream.write(u"\n".join(
                line[1:] if re.match("#[a-z]", line) else line
                for line in lines))
        self.assertEqual(config.load([path]), config.load([]))
        self.assertEqual(
            set(name for section in config.parse(path).sections()
                for name in config.parse(path).options(section)),
            set(key.name for key in config.ALL))
        # As it is installed, it says nothing.
        self.assertEqual(config._texts([self.made.EXAMPLE]), {})

    def folder(self):
        path = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, path)
        return path

    def test_drop_in(self):
        self.assertEqual(config.load([DROP_IN]), config.load([]))
        self.assertEqual(
            config.value(config.POOL, [DROP_IN]), config.STAND_IN)
        self.assertEqual(strangers.find([DROP_IN]), [])
