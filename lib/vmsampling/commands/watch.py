# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
vdsm-sampler watch
"""

from __future__ import absolute_import, division, print_function

import sys

from vmsampling import config
from vmsampling import output
from vmsampling import supervisor
from vmsampling.commands import common

PERIOD = 2.0


class Job(object):
    """
    vdsm-sampler watch
    """
    # A signal ends the command in less than a second, and this is what is
    # left of it for a connection that is being opened.
    grace = 0.6

    # Nothing else ends it, so a signal is its regular end.
    status_of_signal = staticmethod(lambda number: supervisor.OK)

    def __init__(self, options):
        limits = config.key("vm_sample_interval")
        self._period = PERIOD
        if options.period is not None:
            self._period = config.number(
                "--period", options.period, limits.low, limits.high)
        self._rounds = None
        if options.rounds is not None:
            self._rounds = config.number(
                "--rounds", options.rounds, 1, whole=True)
        self._settings = common.settings(options)
        self._as_json = options.format == "json"
        self._out = output.Output(sys.stdout)
        # None until prepare() gets so far.
        self._watch = None
        # One way.
        self._ending = False

    def prepare(self):
        """
        Thread: the job's.
        """
        # Here, not above: it takes some time, and libvirt may be missing.
        from vmsampling import watch
        self._watch = watch.Watch(self._settings, self._period, self._rounds,
                                  self._as_json, self._out)
        if not self._ending:
            self._watch.start()
        return None

    def go_on(self, interrupt):
        """
        Thread: the main one, so that watching needs no thread of its own.
        """
        self._watch.run(interrupt)
        return supervisor.OK

    def stop(self):
        self._ending = True
        if self._watch is not None:
            self._watch.stop()


def add(commands):
    parser = commands.add_parser(
        "watch", help="show all VMs, round after round",
        description="Show all VMs, round after round, until Ctrl-C.")
    parser.add_argument(
        "--period", metavar="SECONDS",
        help="time between two rounds (default: %g)" % PERIOD)
    parser.add_argument(
        "--rounds", metavar="N", help="end after so many rounds")
    common.add_format(parser)
    common.add_options(parser)
    parser.set_defaults(job=Job)
