# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The command: VDSM's statistics threads of June 2014, unmodified, over real
VMs, as they are and with our modules standing in.
"""

from __future__ import absolute_import, division, print_function

import argparse
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

# Of the tests, see the program.
import host  # pylint: disable=import-error
import tools  # pylint: disable=import-error
from vdsmcheck import checkout  # pylint: disable=import-error
from vdsmcheck import errors  # pylint: disable=import-error
from vdsmcheck import interpreter  # pylint: disable=import-error
from vdsmcheck import trial  # pylint: disable=import-error

import faulthost
import machine
from threadpool import clock

_HERE = os.path.dirname(os.path.abspath(__file__))
_ROOT = os.path.dirname(_HERE)

# All intervals while VMs hang, in seconds; what it costs is measured with
# VDSM's own, of which the shortest is as long. And the age below which a VM is
# fresh.
_INTERVAL = 2
_FRESH = 2 * _INTERVAL

# Seconds between two looks; until all VMs are fresh; until it answers.
_PAUSE = 0.5
_START = 30.0
_ANSWER = 15.0

# Seconds for which it is measured what sampling costs: half of the longest
# interval, and two of the others.
_MEASURED = 30.0

_CANDIDATES = ("plain", "ours")
_FAULTS = ("tenth", "storage")

_COST = "  %-8s%10s%12s%12s%16s"
_FAULT = "  %-8s%15s%12s%10s%18s"


class TrialFailed(Exception):
    """
    Its text says why.
    """


def main():
    args = _parse()
    if not args.checkout:
        print("vdsm2014: skipped: no VDSM is given; make benchmark-vdsm2014 "
              "VDSM=<checkout of VDSM of June 2014, or of 4.16>")
        return 0
    scratch = tempfile.mkdtemp()
    try:
        _run(args, scratch)
    except KeyboardInterrupt:
        print("\nInterrupted; what is missing above was not measured.")
    except (errors.Error, TrialFailed, host.HostError,
            unittest.SkipTest) as e:
        machine.progress("")
        print("Not measured: %s" % e)
        return 1
    finally:
        shutil.rmtree(scratch)
    return 0


def _parse():
    parser = argparse.ArgumentParser(
        prog="vdsm2014", description="Have VDSM's statistics threads of June "
        "2014 sample real VMs, plain and with our modules standing in.")
    parser.add_argument("checkout", nargs="?", metavar="CHECKOUT",
                        help="a source tree of that VDSM; is only read")
    parser.add_argument("--python", metavar="PATH",
                        help="interpreter for it, of 2.7")
    parser.add_argument("--vms", type=int, default=60, help="(%(default)s)")
    parser.add_argument(
        "--more", type=int, default=200,
        help="what sampling costs is measured with so many VMs too; 0: not "
        "(%(default)s)")
    parser.add_argument(
        "--hold", type=float, default=40.0,
        help="seconds of each fault; 0: none (%(default)g)")
    return parser.parse_args()


def _run(args, scratch):
    source = checkout.Checkout(args.checkout)
    python = interpreter.find(source.suite, args.python)
    root = os.path.join(scratch, "vdsm")
    source.copy(root, python)
    make = _Maker(source.suite, root, python, scratch)
    print("\n".join((
        machine.describe(), "VDSM: " + source.describe(),
        "Ten functions of each VM, all on one connection. Fresh: statsAge "
        "below %d s." % _FRESH)))
    vms = faulthost.FaultHost(args.vms)
    try:
        machine.progress("starting %d VMs" % args.vms)
        vms.start()
        _cost(vms, make)
        for name, fault in vms.faults():
            if name in _FAULTS and args.hold:
                _hold(vms, make, fault, args.hold)
    finally:
        machine.progress("")
        vms.stop()
    if args.more:
        vms = faulthost.FaultHost(args.more)
        try:
            machine.progress("starting %d VMs" % args.more)
            vms.start()
            _cost(vms, make)
        finally:
            machine.progress("")
            vms.stop()


def _cost(vms, make):
    print("\n%d VMs, none of which hangs; intervals of 2, 15 and 60 s" %
          len(vms.names))
    print(_COST % ("", "threads", "CPU, %", "RSS, MiB", "fresh, worst"))
    for name in _CANDIDATES:
        vms.restart()
        made = make(vms, name, None)
        try:
            # VDSM's threads all begin with all functions.
            machine.progress("%s begins" % name)
            _watch(made, _START)
            first, began = made.look(), clock.monotonic()
            looks = _watch(made, _MEASURED)
            used = looks[-1]["cpu"] - first["cpu"]
            machine.progress("")
            print(_COST % (
                name, max(look["threads"] for look in looks),
                "%.1f" % (100 * used / (clock.monotonic() - began)),
                "%.1f" % (looks[-1]["resident"] / 2.0 ** 20),
                _worst(looks, vms.names)))
        finally:
            made.end()
        sys.stdout.flush()


def _hold(vms, make, fault, seconds):
    print("\n%s; all intervals 2 s" % fault.title)
    print(_FAULT % ("", "healthy fresh", "hit fresh", "threads",
                    "all fresh after"))
    healthy = sorted(set(vms.names).difference(fault.hit))
    for name in _CANDIDATES:
        vms.restart()
        made = make(vms, name, _INTERVAL)
        try:
            _wait_fresh(made, vms.names)
            before = made.look()["threads"]
            try:
                fault.begin()
                machine.progress("%s, %s: for %g s" % (
                    fault.title, name, seconds))
                looks = _watch(made, seconds)
            finally:
                fault.end()
            after = _recovery(made, vms.names)
            machine.progress("")
            print(_FAULT % (
                name, _worst(looks, healthy), _worst(looks, fault.hit),
                "%d..%d" % (before, max(look["threads"] for look in looks)),
                after))
        finally:
            made.end()
        sys.stdout.flush()


def _watch(made, seconds):
    looks = []
    limit = clock.monotonic() + seconds
    while clock.monotonic() < limit:
        looks.append(made.look())
        time.sleep(_PAUSE)
    return looks


def _fresh(look, names):
    return [name for name in names if 0 <= look["ages"][name] < _FRESH]


def _worst(looks, names):
    return "%d of %d" % (
        min(len(_fresh(look, names)) for look in looks), len(names))


def _wait_fresh(made, names, seconds=_START):
    began = clock.monotonic()
    while True:
        look, took = made.look(), clock.monotonic() - began
        if len(_fresh(look, names)) == look["samples"] == len(names):
            return took
        if took > seconds:
            raise TrialFailed("%d of %d VMs are fresh after %g s" % (
                len(_fresh(look, names)), len(names), seconds))
        time.sleep(_PAUSE)


def _recovery(made, names):
    try:
        return "%.1f s" % _wait_fresh(made, names, _ANSWER)
    except TrialFailed:
        return "not"


class _Maker(object):
    """
    Makes trials with one copy of VDSM.
    """

    def __init__(self, suite, root, python, scratch):
        self._python = python
        self._scratch = scratch
        self._environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1")
        self._environment.pop("VDSM_CHECK_STANDINS", None)
        self._environment["VDSM_CHECK_RECORD"] = os.path.join(
            scratch, "record")
        self._environment["PYTHONPATH"] = os.pathsep.join(
            [trial.INSIDE] +
            [os.path.join(root, folder) for folder in suite.path] +
            [os.path.join(_ROOT, "tests")])

    def __call__(self, vms, name, interval):
        """
        interval: of all functions, in seconds; None: VDSM's own.
        """
        environment = dict(self._environment)
        if name == "ours":
            environment["VDSM_CHECK_STANDINS"] = os.path.join(_ROOT, "vdsm")
        conf = os.path.join(self._scratch, "vdsm.conf")
        with open(conf, "w") as f:
            f.write("[sampling]\nconnect = %s\n" % vms.uri)
        options = {"uri": vms.uri, "interval": interval, "conf": conf,
                   "disks": vms.disks()}
        return _Trial(
            [self._python, os.path.join(_HERE, "vdsm2014trial.py"),
             json.dumps(options)], environment,
            os.path.join(self._scratch, name + ".log"))


class _Trial(object):

    def __init__(self, command, environment, log):
        self._log = log
        with open(log, "w") as stderr:
            self._process = subprocess.Popen(
                command, env=environment, stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=stderr, close_fds=True,
                preexec_fn=os.setsid)

    def look(self):
        """
        Return what it says, see vdsm2014trial.py. Raises TrialFailed.
        """
        try:
            self._process.stdin.write(b"\n")
            self._process.stdin.flush()
        except EnvironmentError:
            # It has ended: see below.
            pass
        stdout = self._process.stdout
        if not select.select([stdout], [], [], _ANSWER)[0]:
            raise TrialFailed("it did not answer")
        line = stdout.readline()
        if not line:
            raise TrialFailed(tools.tail(self._log, 3) or "it ended")
        return json.loads(line.decode("utf-8"))

    def end(self):
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except EnvironmentError:
            # All of it has ended.
            pass
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            try:
                pipe.close()
            except EnvironmentError:
                # What was not written is not missed.
                pass
