# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import libvirt

import fakelibvirt
import kit
from vmsampling import domain
from vmsampling import job


class Sight(object):

    def __init__(self):
        self.stamp = None
        self.words = None
        self.reads = 0

    def job_stamp(self, name):
        assert name == "a"
        return self.stamp

    def job(self, name):
        self.reads += 1
        return self.words


class FileTest(kit.TestCase):

    def setUp(self):
        super(FileTest, self).setUp()
        self.sight = Sight()
        self.domain = domain.Domain("u", 1, "a")
        self.file = job.File(self.sight, self.domain)

    def look(self, stamp, words):
        self.sight.stamp, self.sight.words = stamp, words
        self.file.look()
        return self.domain.job.long

    def test_read_only_when_it_is_new(self):
        self.assertIsNone(self.look(1, None))
        self.assertIs(self.domain.job.has_progress, False)
        self.assertIsNone(self.look(1, "not looked at"))
        self.assertEqual(self.look(2, "migration out"), "migration out")
        self.assertIs(self.domain.job.has_progress, True)
        self.assertEqual(self.look(2, "x"), "migration out")
        self.assertEqual(self.sight.reads, 2)

    def test_file_that_cannot_be_read(self):
        self.assertIsNone(self.look(None, "x"))
        self.assertIsNone(self.domain.job.has_progress)
        self.look(1, "save")
        self.assertIsNone(self.look(None, "x"))
        self.assertEqual(self.look(1, "save"), "save")

    def test_incoming_migration_tells_no_progress(self):
        self.look(1, "modify, migration in")
        self.assertIs(self.domain.job.has_progress, False)


class ErrorTest(kit.TestCase):

    def holder(self, message, code=libvirt.VIR_ERR_OPERATION_TIMEOUT):
        found = job.Job()
        found.see_error(fakelibvirt.Error(code, message))
        return found.holder(None)

    def test_held_by(self):
        self.assertEqual(self.holder("x (held by monitor=a)"), "a")
        self.assertEqual(self.holder("x (held by agent=b)"), "b")
        self.assertEqual(
            self.holder("x (gehalten von monitor=a agent=b)"), "a, b")

    def test_others(self):
        self.assertIsNone(self.holder("cannot acquire state change lock"))
        self.assertIsNone(self.holder(
            "monitor=a", libvirt.VIR_ERR_INTERNAL_ERROR))
