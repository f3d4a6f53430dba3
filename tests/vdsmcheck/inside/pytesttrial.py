# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
A plugin of pytest that records how each test ends.
"""

from __future__ import absolute_import, division, print_function

import os
import sys

import record

_record = record.Record()


def pytest_collection_modifyitems(config, items):
    # The only switch of VDSM for this that works without its own runner.
    validation = sys.modules.get("testValidation")
    if validation and os.environ.get("VDSM_CHECK_SLOW"):
        validation.SlowTestsPlugin.enabled = True
        validation.StressTestsPlugin.enabled = True


def pytest_collectreport(report):
    if report.failed:
        _record.start(report.nodeid)
        _record.phase(record.FAILED, _last_line(report))
        _record.stop()


def pytest_runtest_logstart(nodeid, location):
    _record.start(nodeid)


def pytest_runtest_logreport(report):
    # An expected failure is reported as skipped.
    _record.phase(report.outcome, _last_line(report))


def pytest_runtest_logfinish(nodeid, location):
    _record.stop()


def pytest_sessionfinish(session, exitstatus):
    _record.finish()


def _last_line(report):
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash:
        return crash.message.strip().split("\n")[0]
    if isinstance(report.longrepr, tuple):
        return report.longrepr[-1]
    return report.longreprtext.strip().split("\n")[-1]
