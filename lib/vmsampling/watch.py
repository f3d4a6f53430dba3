# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The command's main job: sample the VMs of a host and show every round.
"""

from __future__ import absolute_import, division, print_function

from vmsampling import output
from vmsampling import sampler
from vmsampling import table

# The sampler ends in this time, whatever hangs, so that a signal ends the
# whole command within a second.
STOP_TIMEOUT = 0.5


class Watch(object):

    def __init__(self, settings, period, rounds, as_json, out):
        """
        rounds: how many to show, None: go on until stop().
        out: an output.Output.
        """
        self._period = period
        self._rounds = rounds
        self._out = out
        self._show = self._show_json if as_json else self._show_table
        self._sampler = sampler.Sampler(
            connect=settings["connect"], period=period,
            workers=settings["workers"], max_hung=settings["max_hung"],
            timeout=settings["timeout"], stuck_after=settings["stuck_after"],
            storage_period=settings["storage_period"],
            metadata=settings["metadata"])
        self._interrupt = None

    def start(self):
        """
        Connect and begin. May hang until stop(). Raises ConnectFailed.
        """
        self._sampler.start()

    def run(self, interrupt):
        """
        Show the rounds. Raises Interrupted, and what Output raises.

        interrupt: a supervisor.Interrupt.
        """
        self._interrupt = interrupt
        self._out.wait = interrupt.wait_writable
        self._sampler.add_listener(interrupt.wake)
        try:
            self._watch()
            self._out.close()
        finally:
            self._sampler.stop(STOP_TIMEOUT)

    def stop(self):
        """
        Make start() return soon. Thread: any.
        """
        self._sampler.stop(STOP_TIMEOUT)

    def _watch(self):
        number = 1
        shown = 0
        while shown != self._rounds:
            # Each settled round wakes us, or the signal that ends us.
            while not self._sampler.wait_round(number, timeout=0):
                self._interrupt.wait()
            snapshot = self._sampler.snapshot()
            self._show(snapshot)
            shown += 1
            # A reader of ours that is slower than the rounds misses some.
            number = max(number, snapshot["round"]) + 1

    def _show_json(self, snapshot):
        self._out.write(output.json_line(snapshot) + u"\n")

    def _show_table(self, snapshot):
        columns, rows = self._out.size()
        self._out.show(table.lines(
            snapshot, self._period, columns, rows, self._out.encoding))
