# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The command vdsm-sampler: what it says where. What it can do has modules of its
own, see commands.
"""

from __future__ import absolute_import, division, print_function

import argparse
import contextlib
import locale
import logging
import sys

from vmsampling import errors
from vmsampling import output
from vmsampling import supervisor
from vmsampling import text
from vmsampling import version
from vmsampling.commands import check
from vmsampling.commands import exporter
from vmsampling.commands import replay
from vmsampling.commands import stuck
from vmsampling.commands import top
from vmsampling.commands import watch

NAME = "vdsm-sampler"

_LOG_FORMAT = "%(asctime)s %(levelname)s %(threadName)s [%(name)s] %(message)s"


def main(argv=None):
    """
    Run the command and return its exit status. Thread: the main one.
    """
    _set_locale()
    try:
        options = _parse(sys.argv[1:] if argv is None else argv)
        with _logging(options.level):
            return supervisor.Supervisor(options.job(options), _fail).run()
    except errors.OutputClosed:
        # Who read --help or --version has gone, which is no mistake.
        return supervisor.OK
    except errors.Error as e:
        return _fail(e)
    except SystemExit as e:
        # argparse, after --help and --version.
        return e.code


class _Parser(argparse.ArgumentParser):

    def print_help(self, file=None):
        output.Output(sys.stdout).write(self.format_help())

    def error(self, message):
        raise errors.BadUsage(message)


class _Version(argparse.Action):
    """
    argparse's own prints on stderr on Python 2.7.
    """

    def __call__(self, parser, namespace, values, option_string=None):
        output.Output(sys.stdout).write(u"%s %s\n" % (
            NAME, version.read() or u"(unknown version)"))
        parser.exit()


def _parse(argv):
    parser = _Parser(
        prog=NAME, description="Sample the VMs of a libvirt host, whatever "
        "hangs there.")
    parser.add_argument("--version", action=_Version, nargs=0,
                        help="show the version and exit")
    # Python 2.7 insists on a command by itself.
    commands = parser.add_subparsers(metavar="COMMAND", dest="command")
    commands.required = True
    for module in (watch, top, stuck, check, exporter, replay):
        module.add(commands)
    return parser.parse_args(argv)


class _Formatter(logging.Formatter):
    """
    Records may quote what strangers wrote.
    """

    def format(self, record):
        return _printable(super(_Formatter, self).format(record))


@contextlib.contextmanager
def _logging(level):
    handler = logging.StreamHandler()
    handler.setFormatter(_Formatter(_LOG_FORMAT))
    handler.setLevel(level)
    root = logging.getLogger()
    saved = root.level
    root.addHandler(handler)
    # A flight recorder wants them, too.
    root.setLevel(min(level, logging.WARNING))
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(saved)


def _set_locale():
    """
    Learn which characters the terminal has. Python 3 does it by itself.
    """
    if str is bytes:
        try:
            locale.setlocale(locale.LC_CTYPE, "")
        except locale.Error:
            # There is no such locale: then it has ASCII.
            pass


def _fail(reason):
    line = "%s: %s\n" % (NAME, " ".join(str(reason).split()))
    try:
        sys.stderr.write(_printable(line))
        sys.stderr.flush()
    except (AttributeError, ValueError, EnvironmentError):
        # There is nobody to tell, but for the exit status.
        pass
    return supervisor.FAILED


def _printable(lines):
    """
    Return text for stderr, as str of this Python.
    """
    encoding = text.usable(getattr(sys.stderr, "encoding", None) or
                           locale.getpreferredencoding(False))
    cleaned = u"\n".join(text.clean(line, encoding)
                         for line in lines.split("\n"))
    return cleaned.encode(encoding) if str is bytes else cleaned
