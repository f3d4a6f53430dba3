# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
vdsm-sampler exporter
"""

from __future__ import absolute_import, division, print_function

import logging
import signal
import sys

from vmsampling import config
from vmsampling import errors
from vmsampling import supervisor
from vmsampling import vocabulary
from vmsampling.commands import common

# What prometheus_client and the web server need.
_PYTHON = (3, 6)


class Job(object):
    """
    vdsm-sampler exporter
    """
    # As for "watch".
    grace = 0.6

    status_of_signal = staticmethod(lambda number: supervisor.OK)

    def __init__(self, options):
        self._settings = common.settings(options, listen=options.listen,
                                         names=options.names)
        self._period = common.period(
            options, self._settings["vm_sample_interval"])
        # None until prepare() gets so far.
        self._exporter = None
        # One way.
        self._ending = False
        self.signals = {signal.SIGUSR1: self._dump}

    def prepare(self):
        """
        Thread: the job's.
        """
        _require()
        from vmsampling import exporter
        self._exporter = exporter.Exporter(self._settings, self._period)
        if not self._ending:
            self._exporter.start()
        return None

    def go_on(self, interrupt):
        """
        Thread: the main one.
        """
        self._exporter.run(interrupt)
        return supervisor.OK

    def stop(self):
        self._ending = True
        if self._exporter is not None:
            self._exporter.stop()

    def _dump(self):
        if self._exporter is not None:
            self._exporter.dump()


def _require():
    """
    Raise Unavailable if this Python cannot do it.
    """
    if sys.version_info < _PYTHON:
        raise errors.Unavailable(
            "the exporter", "Python %d.%d or later" % _PYTHON)
    try:
        import prometheus_client  # NOQA: F401 (only whether it is there)
    except ImportError:
        raise errors.Unavailable(
            "the exporter", "prometheus_client (python3-prometheus-client) "
            "for " + sys.executable)


def add(commands):
    parser = commands.add_parser(
        "exporter", help="serve metrics to Prometheus",
        description="Sample all VMs, and serve what is known of them to "
        "Prometheus and to other commands, until a signal comes.")
    parser.add_argument(
        "--listen", metavar="ADDRESS", help="where to serve: like "
        "127.0.0.1:9177, [::1]:9177, or :9177 for all addresses of this host "
        "(default: [exporter] listen, or %s)" % config.key("listen").default)
    common.add_period(parser, "[vars] vm_sample_interval, or %g" % config.key(
        "vm_sample_interval").default)
    parser.add_argument(
        "--names", metavar="WHOSE", help="whose names the metrics have: %s "
        "(default: [exporter] names, or %s)" % (
            " or ".join(vocabulary.NAMES), config.key("names").default))
    common.add_options(parser)
    # A service tells its log what happens.
    parser.set_defaults(job=Job, level=logging.INFO)
