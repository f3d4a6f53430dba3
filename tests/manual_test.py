# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The manual page: that it tells of all that a snapshot has.
"""

from __future__ import absolute_import, division, print_function

import io
import os
import re

import kit
import sampler_test

PAGE = os.path.join(
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
    "doc", "vdsm-sampler.8")


def chapter(title):
    with io.open(PAGE, encoding="utf-8") as stream:
        return re.search(r"^\.SH %s\n(.*?)^\.SH" % title, stream.read(),
                         re.MULTILINE | re.DOTALL).group(1)


class JsonTest(sampler_test.TestCase):

    def test_each_field_is_told_of(self):
        self.start("a")
        kit.eventually(self.quiet)
        snapshot = self.sampler.snapshot()
        vm = self.vm("a")
        told = re.findall(r"[a-z_]+", chapter("JSON"))
        for names in (snapshot, vm, vm["age"], snapshot["sampler"],
                      snapshot["budget"]):
            missing = sorted(set(names).difference(told))
            self.assertEqual(missing, [])
