# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
vdsm-sampler check
"""

from __future__ import absolute_import, division, print_function

import sys

from vmsampling import config
from vmsampling import output
from vmsampling import supervisor
from vmsampling import table
from vmsampling.commands import common

# The exit status if something is to be changed; others are the supervisor's.
WANTING = 1


class Job(object):
    """
    vdsm-sampler check
    """
    # As for "stuck".
    grace = 0
    status_of_signal = staticmethod(lambda number: 128 + number)

    def __init__(self, options):
        self._settings = common.settings(options)
        self._files = config.files(options.config)
        self._as_json = options.format == "json"
        self._out = output.Output(sys.stdout)

    def prepare(self):
        """
        All of it; thread: the job's.
        """
        from vmsampling import check
        report = check.take(self._settings, self._files)
        common.write_report(report, table.findings, self._as_json, self._out)
        check.raise_if_bad(report)
        return supervisor.OK if report["verdict"] == "ok" else WANTING

    def stop(self):
        pass


def add(commands):
    parser = commands.add_parser(
        "check", help="tell what this host allows, and what to change",
        description="Tell what this host allows, and what to change. No VM "
        "is asked anything. The exit status is 1 if something is to be "
        "changed, 2 if sampling does not work.")
    common.add_format(parser)
    common.add_options(parser)
    parser.set_defaults(job=Job)
