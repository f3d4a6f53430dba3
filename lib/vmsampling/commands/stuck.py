# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
vdsm-sampler stuck
"""

from __future__ import absolute_import, division, print_function

import sys

from vmsampling import hearsay
from vmsampling import output
from vmsampling import supervisor
from vmsampling import table
from vmsampling.commands import common

# The exit status if VMs are stuck; others are the supervisor's.
FOUND = 1


class Job(object):
    """
    vdsm-sampler stuck
    """
    # It leaves nothing behind.
    grace = 0

    # A look that was broken off must not seem to have found nothing.
    status_of_signal = staticmethod(lambda number: 128 + number)

    def __init__(self, options):
        self._settings = common.settings(options)
        self._probe = options.probe
        # What a service knows is what it has asked itself.
        self._own = options.own or options.probe
        self._as_json = options.format == "json"
        self._out = output.Output(sys.stdout)

    def prepare(self):
        """
        All of it; thread: the job's.
        """
        report = None if self._own else hearsay.take(self._settings)
        if report is None:
            from vmsampling import look
            report = look.Look(self._settings, self._probe).take()
        status = FOUND if report["stuck"] else supervisor.OK
        common.write_report(report, table.verdict, self._as_json, self._out)
        return status

    def stop(self):
        pass


def add(commands):
    parser = commands.add_parser(
        "stuck", help="look once for stuck VMs",
        description="Look once for stuck VMs. The exit status is 1 if there "
        "are any.")
    parser.add_argument(
        "--probe", action="store_true",
        help="ask each VM, too: a call to a stuck one hangs in libvirtd "
        "until that VM answers or ends")
    common.add_own(parser)
    common.add_format(parser)
    common.add_options(parser)
    parser.set_defaults(job=Job)
