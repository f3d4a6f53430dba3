# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The command's live view: samples, draws, and does what the keys say.
"""

from __future__ import absolute_import, division, print_function

import socket
import sys

from threadpool import clock as _clock
from vmsampling import heldlog
from vmsampling import screen
from vmsampling import text
from vmsampling import topview
from vmsampling import trends

# The sampling ends in this time, whatever hangs, so that a signal ends the
# whole command within a second.
STOP_TIMEOUT = 0.5

# Ages grow also while there is no new round; seconds.
_TICK = 1.0


class Top(object):

    def __init__(self, rounds, uri, terminal):
        """
        rounds: a source.Source, or what looks like it.
        uri: libvirt's, for people.
        terminal: a terminal.Terminal.
        """
        self._rounds = rounds
        self._where = u"%s  %s" % (
            text.clean(socket.gethostname()), text.clean(uri))
        self._terminal = terminal
        self._screen = screen.Screen(terminal.encoding)
        self._trends = trends.Trends()

    def start(self):
        """
        Connect and begin. May hang until stop(). Raises ConnectFailed.
        """
        self._rounds.start()

    def run(self, interrupt):
        """
        Show the rounds until the user has enough. Raises Interrupted, and
        what Terminal raises. Thread: the main one.

        interrupt: a supervisor.Interrupt.
        """
        self._rounds.add_listener(interrupt.wake)
        try:
            with heldlog.held(_is_terminal(sys.stderr)), \
                    self._terminal.use(interrupt):
                self._run()
        finally:
            self._rounds.stop(STOP_TIMEOUT)

    def stop(self):
        """
        Make start() return soon. Thread: any.
        """
        self._rounds.stop(STOP_TIMEOUT)

    def _run(self):
        due = 0.0
        asked = None
        while asked != screen.QUIT:
            if self._rounds.wait(0) or _clock.monotonic() >= due:
                self._take()
                due = _clock.monotonic() + _TICK
            columns, rows = self._terminal.size()
            self._terminal.draw(self._screen.draw(rows, columns))
            asked = self._read(max(due - _clock.monotonic(), 0.0))

    def _take(self):
        snapshot = self._rounds.snapshot()
        self._trends.add(snapshot)
        self._screen.show(topview.Figures(
            snapshot, self._trends.of, snapshot["period"], self._where))

    def _read(self, timeout):
        """
        Do what the next keys say; return QUIT if one of them is for that.
        """
        for key in self._terminal.read(timeout):
            asked = self._screen.press(key)
            if asked == screen.QUIT:
                return asked
            if asked == screen.SUSPEND:
                self._terminal.suspend()
            elif asked == screen.REDRAW:
                self._terminal.forget()
        return None


def _is_terminal(stream):
    try:
        return stream.isatty()
    except (AttributeError, ValueError, EnvironmentError):
        # It is closed, or none.
        return False
