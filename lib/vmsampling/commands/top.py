# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
vdsm-sampler top
"""

from __future__ import absolute_import, division, print_function

import signal
import sys

from vmsampling import supervisor
from vmsampling import terminal
from vmsampling.commands import common


class Job(object):
    """
    vdsm-sampler top
    """
    # As for "watch".
    grace = 0.6

    # For those that record, and may be meant.
    signals = {signal.SIGUSR1: lambda: None}

    def __init__(self, options):
        self._period = common.period(options)
        self._asked = options.period is not None
        self._own = options.own
        self._settings = common.settings(options)
        self._terminal = terminal.Terminal(sys.stdin, sys.stdout)
        # None until prepare() gets so far.
        self._top = None
        # One way.
        self._ending = False

    @staticmethod
    def status_of_signal(number):
        # Ctrl-C is a way to leave.
        return supervisor.OK if number == signal.SIGINT else 128 + number

    def prepare(self):
        """
        Thread: the job's.
        """
        # Here, not above: it takes some time, and libvirt may be missing.
        from vmsampling import source
        from vmsampling import top
        self._top = top.Top(
            source.Source(
                self._settings, self._period, self._own, self._asked),
            self._settings["connect"], self._terminal)
        if not self._ending:
            self._top.start()
        return None

    def go_on(self, interrupt):
        """
        Thread: the main one, which has the terminal.
        """
        self._top.run(interrupt)
        return supervisor.OK

    def stop(self):
        self._ending = True
        if self._top is not None:
            self._top.stop()


def add(commands):
    parser = commands.add_parser(
        "top", help="show all VMs on the whole screen, live",
        description="Show all VMs on the whole screen, live: those that are "
        "stuck on top. \"h\" lists the keys, \"q\" ends it.")
    common.add_period(parser)
    common.add_own(parser)
    common.add_options(parser)
    parser.set_defaults(job=Job)
