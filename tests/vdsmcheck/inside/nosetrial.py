# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Runs VDSM's testrunner.py on nose, and records how each test ends.
"""

from __future__ import absolute_import, division, print_function

import runpy
import sys
import traceback

# VDSM's runner does this first, and pthreading refuses it once threading has
# been imported, as it is by nose.
import pthreading

pthreading.monkey_patch()
pthreading.monkey_patch = lambda: None

import unittest  # noqa: E402

import nose.core  # noqa: E402
import nose.plugins  # noqa: E402

import record  # noqa: E402


class Recorder(nose.plugins.Plugin):

    name = "vdsm-check"
    score = 10000

    def __init__(self):
        super(Recorder, self).__init__()
        self._record = record.Record()

    def options(self, parser, env):
        pass

    def configure(self, options, conf):
        self.enabled = True

    def startTest(self, test):
        self._record.start(test.id())

    def addError(self, test, err):
        if issubclass(err[0], unittest.SkipTest):
            self._record.phase(record.SKIPPED, str(err[1]))
        else:
            self.addFailure(test, err)

    def addFailure(self, test, err):
        line = traceback.format_exception_only(err[0], err[1])[-1]
        self._record.phase(record.FAILED, line.strip())

    def stopTest(self, test):
        self._record.stop()

    def finalize(self, result):
        self._record.finish()


class Manager(nose.core.DefaultPluginManager):

    def loadPlugins(self):
        super(Manager, self).loadPlugins()
        self.addPlugin(Recorder())


if __name__ == "__main__":
    nose.core.DefaultPluginManager = Manager
    sys.argv[0] = "testrunner.py"
    # As for a program in the current folder.
    sys.path[0] = ""
    runpy.run_path("testrunner.py", run_name="__main__")
