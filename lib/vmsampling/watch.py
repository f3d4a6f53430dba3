# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The command's main job: sample the VMs of a host and show every round.
"""

from __future__ import absolute_import, division, print_function

from vmsampling import errors
from vmsampling import output
from vmsampling import table

# The sampler ends in this time, whatever hangs, so that a signal ends the
# whole command within a second.
STOP_TIMEOUT = 0.5
_STATION_TIMEOUT = 0.1


class Watch(object):

    def __init__(self, rounds, how_many, as_json, out, station=None):
        """
        rounds: a source.Source, or what looks like it.
        how_many: of them to show, None: go on until stop().
        out: an output.Output.
        station: a station.Station for the sampler of these rounds, if any.
        """
        self._rounds = rounds
        self._how_many = how_many
        self._out = out
        self._station = station
        self._show = self._show_json if as_json else self._show_table
        self._interrupt = None

    def start(self):
        """
        Connect and begin. May hang until stop(). Raises ConnectFailed,
        SocketBusy and SocketFailed.
        """
        self._rounds.start()
        if self._station is not None:
            try:
                self._station.start(self._rounds.sampler)
            except errors.Error:
                self.stop()
                raise

    def run(self, interrupt):
        """
        Show the rounds. Raises Interrupted, and what Output raises.

        interrupt: a supervisor.Interrupt.
        """
        self._interrupt = interrupt
        self._out.wait = interrupt.wait_writable
        self._rounds.add_listener(interrupt.wake)
        try:
            self._watch()
            self._out.close()
        finally:
            self.stop()

    def stop(self):
        """
        Make start() return soon, and end what it began. Thread: any.
        """
        if self._station is not None:
            self._station.stop(_STATION_TIMEOUT)
        self._rounds.stop(STOP_TIMEOUT)

    def _watch(self):
        shown = 0
        while shown != self._how_many:
            # Each settled round wakes us, or the signal that ends us.
            while not self._rounds.wait(0):
                self._interrupt.wait()
            # One that is slower than the rounds misses some.
            self._show(self._rounds.snapshot())
            shown += 1

    def _show_json(self, snapshot):
        self._out.write(output.json_line(snapshot) + u"\n")

    def _show_table(self, snapshot):
        columns, rows = self._out.size()
        self._out.show(table.lines(
            snapshot, snapshot["period"], columns, rows, self._out.encoding))
