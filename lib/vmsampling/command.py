# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The command vdsm-sampler: its options, and what it says where.
"""

from __future__ import absolute_import, division, print_function

import argparse
import contextlib
import io
import locale
import logging
import os
import sys

from vmsampling import config
from vmsampling import errors
from vmsampling import output
from vmsampling import supervisor
from vmsampling import table
from vmsampling import text

NAME = "vdsm-sampler"

# Of "stuck", and of "check"; the others are the supervisor's.
FOUND_STUCK = 1
FOUND_WANTING = 1

WATCH_PERIOD = 2.0

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
    except errors.Error as e:
        return _fail(e)
    except SystemExit as e:
        # argparse, after --help and --version.
        return e.code


class _WatchJob(object):
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
        self._period = WATCH_PERIOD
        if options.period is not None:
            self._period = config.number(
                "--period", options.period, limits.low, limits.high)
        self._rounds = None
        if options.rounds is not None:
            self._rounds = config.number(
                "--rounds", options.rounds, 1, whole=True)
        self._settings = _settings(options)
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


class _StuckJob(object):
    """
    vdsm-sampler stuck
    """
    # It leaves nothing behind.
    grace = 0

    # A look that was broken off must not seem to have found nothing.
    status_of_signal = staticmethod(lambda number: 128 + number)

    def __init__(self, options):
        self._settings = _settings(options)
        self._probe = options.probe
        self._as_json = options.format == "json"
        self._out = output.Output(sys.stdout)

    def prepare(self):
        """
        All of it; thread: the job's.
        """
        from vmsampling import look
        report = look.Look(self._settings, self._probe).take()
        status = FOUND_STUCK if report["stuck"] else supervisor.OK
        _write_report(report, table.verdict, self._as_json, self._out)
        return status

    def stop(self):
        pass


class _CheckJob(object):
    """
    vdsm-sampler check
    """
    # As for "stuck".
    grace = 0
    status_of_signal = staticmethod(lambda number: 128 + number)

    def __init__(self, options):
        self._settings = _settings(options)
        self._files = config.files(options.config)
        self._as_json = options.format == "json"
        self._out = output.Output(sys.stdout)

    def prepare(self):
        """
        All of it; thread: the job's.
        """
        from vmsampling import check
        report = check.take(self._settings, self._files)
        _write_report(report, table.findings, self._as_json, self._out)
        check.raise_if_bad(report)
        return supervisor.OK if report["verdict"] == "ok" else FOUND_WANTING

    def stop(self):
        pass


def _write_report(report, lines, as_json, out):
    """
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


def _settings(options):
    given = {}
    if options.connect is not None:
        given["connect"] = ("--connect", options.connect)
    return config.load(options.config, given)


class _Parser(argparse.ArgumentParser):

    def error(self, message):
        raise errors.BadUsage(message)


class _Version(argparse.Action):
    """
    argparse's own prints on stderr on Python 2.7.
    """

    def __call__(self, parser, namespace, values, option_string=None):
        print("%s %s" % (NAME, _version()))
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
    _add_watch(commands)
    _add_stuck(commands)
    _add_check(commands)
    return parser.parse_args(argv)


def _add_watch(commands):
    parser = commands.add_parser(
        "watch", help="show all VMs, round after round",
        description="Show all VMs, round after round, until Ctrl-C.")
    parser.add_argument(
        "--period", metavar="SECONDS",
        help="time between two rounds (default: %g)" % WATCH_PERIOD)
    parser.add_argument(
        "--rounds", metavar="N", help="end after so many rounds")
    _add_common(parser)
    parser.set_defaults(job=_WatchJob)


def _add_stuck(commands):
    parser = commands.add_parser(
        "stuck", help="look once for stuck VMs",
        description="Look once for stuck VMs. The exit status is 1 if there "
        "are any.")
    parser.add_argument(
        "--probe", action="store_true",
        help="ask each VM, too: a call to a stuck one hangs in libvirtd "
        "until that VM answers or ends")
    _add_common(parser)
    parser.set_defaults(job=_StuckJob)


def _add_check(commands):
    parser = commands.add_parser(
        "check", help="tell what this host allows, and what to change",
        description="Tell what this host allows, and what to change. No VM "
        "is asked anything. The exit status is 1 if something is to be "
        "changed, 2 if sampling does not work.")
    _add_common(parser)
    parser.set_defaults(job=_CheckJob)


def _add_common(parser):
    parser.add_argument(
        "--connect", metavar="URI", help="libvirt to use (default: "
        "[sampling] connect, or %s)" % config.key("connect").default)
    parser.add_argument(
        "--format", choices=("table", "json"), default="table",
        help="for people, or one JSON object a line")
    parser.add_argument(
        "--config", metavar="FILE", action="append",
        help="read this instead of %s and its drop-ins; may be repeated, "
        "the last one wins" % config.MAIN_FILE)
    parser.add_argument(
        "-v", "--verbose", dest="level", action="store_const",
        const=logging.INFO, default=logging.ERROR,
        help="log what happens on stderr")
    parser.add_argument(
        "--debug", dest="level", action="store_const", const=logging.DEBUG,
        help="log everything on stderr")


def _version():
    # Installed, the file is beside the packages; in the source tree it is
    # one folder up.
    packages = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for folder in (packages, os.path.dirname(packages)):
        try:
            with io.open(os.path.join(folder, "VERSION")) as stream:
                return stream.read().strip()
        except EnvironmentError:
            continue
    return "(unknown version)"


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
    root = logging.getLogger()
    saved = root.level
    root.addHandler(handler)
    root.setLevel(level)
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
