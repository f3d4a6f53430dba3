# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What the commands share.
"""

from __future__ import absolute_import, division, print_function

import logging

from vmsampling import config
from vmsampling import errors
from vmsampling import output

# Seconds between two rounds that a person looks at.
PERIOD = 2.0


def settings(options, **more):
    """
    Return the settings, as config.load() does.

    more: what other options say, by the names of keys; None: nothing.
    """
    given = dict(more, connect=options.connect)
    return config.load(options.config, dict(
        (name, ("--" + name, text)) for name, text in given.items()
        if text is not None))


def period(options, default=PERIOD):
    """
    Return the seconds between two rounds: what --period says, or the default.
    Raises errors.BadValue.
    """
    if options.period is None:
        return default
    limits = config.key("vm_sample_interval")
    return config.number("--period", options.period, limits.low, limits.high)


def write_report(report, lines, as_json, out):
    """
    Write it as JSON, or as lines for people.

    lines: called with the report and an encoding.
    """
    try:
        if as_json:
            out.write(output.json_line(report) + u"\n")
        else:
            out.write(u"".join(
                line + u"\n" for line in lines(report, out.encoding)))
    except errors.OutputClosed:
        # Nobody reads the report, but the status was asked for.
        pass


def add_format(parser):
    """
    Add the option of commands that print something.
    """
    parser.add_argument(
        "--format", choices=("table", "json"), default="table",
        help="for people, or one JSON object a line")


def add_period(parser, default="%g, or that of the service if one runs" %
               PERIOD):
    """
    Add the option of commands that sample, or read from who does.
    """
    parser.add_argument(
        "--period", metavar="SECONDS",
        help="time between two rounds (default: %s)" % default)


def add_own(parser):
    """
    Add the option of commands that read from a service.
    """
    parser.add_argument(
        "--own", action="store_true",
        help="do not read from a service that samples this libvirt already")


def add_options(parser):
    """
    Add the options of commands that have to do with libvirt.
    """
    parser.add_argument(
        "--connect", metavar="URI", help="libvirt to use (default: "
        "[sampling] connect, or %s)" % config.key("connect").default)
    parser.add_argument(
        "--config", metavar="FILE", action="append",
        help="read this instead of VDSM's files and %s; may be repeated, the "
        "last one wins" % config.OWN_FILE)
    add_verbosity(parser)


def add_verbosity(parser):
    """
    Add the options that say what is logged.
    """
    parser.add_argument(
        "-v", "--verbose", dest="level", action="store_const",
        const=logging.INFO, default=logging.ERROR,
        help="log what happens on stderr")
    parser.add_argument(
        "--debug", dest="level", action="store_const", const=logging.DEBUG,
        help="log everything on stderr")
