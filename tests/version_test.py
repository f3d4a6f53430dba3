# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import mock
import six

import kit
from vmsampling import version


class VersionTest(kit.TestCase):

    def test_read(self):
        six.assertRegex(self, version.read(), r"\A[0-9]+\.[0-9.]+\Z")

    def test_not_to_be_found(self):
        with mock.patch.object(version.io, "open", side_effect=IOError):
            self.assertIsNone(version.read())
