# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
vdsm-sampler replay
"""

from __future__ import absolute_import, division, print_function

import io
import sys

from vmsampling import config
from vmsampling import errors
from vmsampling import output
from vmsampling import supervisor
from vmsampling.commands import common

_STDIN = "-"
_SPEEDS = 0.01, 1000.0


class Job(object):
    """
    vdsm-sampler replay
    """
    # It leaves nothing behind.
    grace = 0

    # As for "watch".
    status_of_signal = staticmethod(lambda number: supervisor.OK)

    def __init__(self, options):
        from vmsampling import playback
        self._path = options.file
        how_many = speed = None
        if options.rounds is not None:
            how_many = config.number("--rounds", options.rounds, 1,
                                     whole=True)
        if options.speed is not None:
            speed = config.number("--speed", options.speed, *_SPEEDS)
        out = output.Output(sys.stdout)
        if speed is None:
            # All of it stays readable.
            out.in_place = False
        self._read = playback.read
        self._playback = playback.Playback(
            out, options.format == "json", how_many, speed,
            playback.Span(options.since, options.until))

    def prepare(self):
        """
        All of it; thread: the job's, since a file may hang.
        """
        path = self._path
        if path == _STDIN:
            path = "standard input"
        try:
            if self._path == _STDIN:
                stream = io.open(sys.stdin.fileno(), "rb", closefd=False)
            else:
                stream = io.open(path, "rb")
        except EnvironmentError as e:
            raise errors.BadFile(path, "cannot be read: %s" % e.strerror)
        except (AttributeError, ValueError):
            # Python 3 has None for a stream that was closed before the start.
            raise errors.BadFile(path, "cannot be read: it is closed")
        with stream:
            if not self._playback.run(self._read(path, stream)):
                raise errors.BadFile(path, "there is no round to show")
        return supervisor.OK

    def stop(self):
        self._playback.stop()


def add(commands):
    parser = commands.add_parser(
        "replay", help="show what a service or watch has recorded",
        description="Show a dump of a service, or what watch --format json "
        "wrote, round after round, with what happened between them.")
    parser.add_argument(
        "file", metavar="FILE",
        help="compressed by gzip or not; -: standard input")
    parser.add_argument(
        "--from", metavar="TIME", dest="since",
        help="begin there: HH:MM, HH:MM:SS, or YYYY-MM-DD HH:MM:SS")
    parser.add_argument("--until", metavar="TIME", help="end there")
    parser.add_argument(
        "--rounds", metavar="N", help="end after so many rounds")
    parser.add_argument(
        "--speed", metavar="X", help="show it as it happened, X times as fast "
        "(default: all at once, one below the other)")
    common.add_format(parser)
    common.add_verbosity(parser)
    parser.set_defaults(job=Job)
