# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
vdsm-sampler watch
"""

from __future__ import absolute_import, division, print_function

import signal
import sys

from vmsampling import config
from vmsampling import output
from vmsampling import supervisor
from vmsampling.commands import common


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
        self._period = common.period(options)
        self._how_many = None
        if options.rounds is not None:
            self._how_many = config.number(
                "--rounds", options.rounds, 1, whole=True)
        self._serve = options.serve
        self._own = options.own or options.serve
        self._asked = options.period is not None
        self._settings = common.settings(options)
        self._as_json = options.format == "json"
        self._out = output.Output(sys.stdout)
        # None until prepare() gets so far.
        self._watch = None
        # Asked for a dump by SIGUSR1. None: this is no service.
        self._station = None
        self.signals = {signal.SIGUSR1: self._dump}
        # One way.
        self._ending = False

    def prepare(self):
        """
        Thread: the job's.
        """
        # Here, not above: it takes some time, and libvirt may be missing.
        from vmsampling import source
        from vmsampling import station
        from vmsampling import watch
        if self._serve:
            self._station = station.Station(
                self._settings, self._period, must_serve=True)
        self._watch = watch.Watch(
            source.Source(
                self._settings, self._period, self._own, self._asked),
            self._how_many, self._as_json, self._out,
            self._station)
        if not self._ending:
            self._watch.start()
        return None

    def go_on(self, interrupt):
        """
        Thread: the main one, so that watching needs no thread of its own.
        """
        self._watch.run(interrupt)
        return supervisor.OK

    def _dump(self):
        if self._station is not None:
            self._station.dump()

    def stop(self):
        self._ending = True
        if self._watch is not None:
            self._watch.stop()


def add(commands):
    parser = commands.add_parser(
        "watch", help="show all VMs, round after round",
        description="Show all VMs, round after round, until Ctrl-C.")
    common.add_period(parser)
    parser.add_argument(
        "--rounds", metavar="N", help="end after so many rounds")
    common.add_own(parser)
    parser.add_argument(
        "--serve", action="store_true",
        help="be the service: sample, and give the samples to other commands")
    common.add_format(parser)
    common.add_options(parser)
    parser.set_defaults(job=Job)
