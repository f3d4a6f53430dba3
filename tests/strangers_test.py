# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import config_test
import mock
from vmsampling import config
from vmsampling import errors
from vmsampling import strangers


class StrangersTest(config_test.FolderTestCase):

    def find(self, *lines):
        self.path = self.write("my.conf", *lines)
        return [(where.replace(self.path + ": ", ""), meant)
                for where, meant in strangers.find([self.path])]

    def test_nothing(self):
        self.assertEqual(strangers.find([]), [])
        self.assertEqual(self.find("[sampling]", "workers = 3", "POOL = x",
                                   "[exporter]", "listen = :80"), [])

    def test_misspelt(self):
        self.assertEqual(
            self.find("[sampling]", "workerz = 3", "maxhung = 3",
                      "[exporter]", "colour = red"),
            [("[sampling] workerz", "[sampling] workers"),
             ("[sampling] maxhung", "[sampling] max_hung"),
             ("[exporter] colour", None)])

    def test_wrong_section(self):
        self.assertEqual(self.find("[sampling]", "listen = :80"),
                         [("[sampling] listen", "[exporter] listen")])

    def test_those_of_vdsm(self):
        self.assertEqual(self.find(
            "[DEFAULT]", "anything = 1", "[vars]", "ssl = true", "[sampling]",
            "enable = true", "periodic_workers = 4", "[irs]", "workerz = 1"),
            [])

    def test_own_file(self):
        with mock.patch.object(
                config, "OWN_FILE", self.write("my.conf")):
            self.assertEqual(
                self.find("[Sampling]", "workers = 3", "[nonsense]", "[vars]",
                          "vm_sample_intervall = 3"),
                [("[Sampling]", "[sampling]"), ("[nonsense]", None),
                 ("[vars] vm_sample_intervall", "[vars] vm_sample_interval")])

    def test_order_of_files(self):
        first = self.write("1", "[sampling]", "a = 1")
        second = self.write("2", "[sampling]", "b = 1")
        self.assertEqual(
            [found.where for found in strangers.find([first, second])],
            [first + ": [sampling] a", second + ": [sampling] b"])

    def test_unreadable(self):
        with self.assertRaises(errors.BadFile):
            strangers.find([self.folder])
