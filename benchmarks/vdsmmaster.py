# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The command: VDSM's own periodic operation, executor, monitor and cache sample
real VMs, some of which begin to hang; as they are, and with ours standing in.
"""

from __future__ import absolute_import, division, print_function

import argparse
import sys
import time
import unittest

# Of the functional tests, see faultbench.py.
import host  # pylint: disable=import-error

import faultbench
import faulthost
import machine
from threadpool import clock

# As they are called in samplers.py, and here.
_CANDIDATES = (("VDSM", "as it is"), ("stand-in", "with ours"))

_FAULTS = ("tenth", "storage")

# Seconds between two looks, not a part of the period.
_PAUSE = 0.7

# Looks at the threads that are shown: of each fault, at equal times.
_SHOWN = 5

# VMs that two processors have time to ask in a second.
_VMS_A_SECOND = 50

# Seconds until figures are taken, which the first rounds would spoil, and for
# which they are.
_WARM_UP = 10.0
_SECONDS = 30.0

# Seconds for the comparison.
_COMPARISON = 90.0


def main():
    args = _parse()
    problem = faultbench.vdsm_problem(args.vdsm)
    if problem is not None:
        print("Not measured: %s" % problem)
        return 1
    print(machine.describe())
    print("VDSM " + machine.commit(args.vdsm))
    try:
        for number, vms in enumerate(args.vms):
            with _Hosted(vms) as hosted:
                if number == 0:
                    _compare(hosted, args)
                    _hang(hosted, args)
                _cost(hosted, args)
    except KeyboardInterrupt:
        print("\nInterrupted; what is missing above was not measured.")
    except (host.HostError, unittest.SkipTest) as e:
        print("\nNot measured: %s" % e)
        return 1
    finally:
        machine.progress("")
    return 0


def _parse():
    parser = argparse.ArgumentParser(
        prog="vdsm", description="Measure VDSM's sampling as it is, and with "
        "ours standing in.", epilog="A full run takes some 12 minutes.")
    parser.add_argument("--vdsm", metavar="LIB", required=True,
                        help="the folder lib of a VDSM checkout")
    parser.add_argument(
        "--vms", type=int, nargs="+", default=[60, 200], help="numbers of "
        "VMs; with the first of them VMs are made to hang (60 200)")
    parser.add_argument("--hold", type=float, default=40.0,
                        help="seconds of each fault (%(default)g)")
    args = parser.parse_args()
    if min(args.vms) < 10 or args.hold < 10:
        parser.error("at least 10 VMs and 10 seconds are needed")
    return args


class _Hosted(object):

    def __init__(self, vms):
        self._vms = vms

    def __enter__(self):
        machine.progress("starting %d VMs" % self._vms)
        self._host = faulthost.FaultHost(self._vms)
        try:
            self._host.start()
        except:  # NOQA: E722 (removes what was begun, the error goes on)
            self._host.stop()
            raise
        return self._host

    def __exit__(self, *exc_info):
        self._host.stop()


def _compare(vms, args):
    """
    Show where what VDSM makes of our samples is something else than what it
    makes of its own.
    """
    machine.progress("comparing")
    trial = faultbench.Trial(vms, "stand-in", args.vdsm, measure="same")
    try:
        found = trial.read(_COMPARISON)
    finally:
        trial.end()
    print("\nThe same VMs by VDSM's bulk call and by ours: %d VMs, %d fields "
          "of libvirt's,\n%d entries made of them by vmstats.produce()" % (
              found["vms"], found["fields"], found["entries"]))
    for name in sorted(found["differ"]):
        print("  %s: %s" % (name, found["differ"][name]))
    print("  %d differ" % len(found["differ"]))


def _hang(vms, args):
    for name, fault in vms.faults():
        if name not in _FAULTS:
            continue
        print("\n%s, for %g s. One sample each %g s." % (
            fault.title, args.hold, faultbench.PERIOD))
        print("  %-10s %-22s %-8s %s" % (
            "VDSM", "healthy VMs < %g s" % faultbench.PROMISE, "looks",
            "threads before and after 0 to %g s; all fresh after" % args.hold))
        for candidate, title in _CANDIDATES:
            machine.progress("%s, %s" % (fault.title, title))
            print("  %-10s %s" % (title, _try(vms, fault, candidate, args)))
            sys.stdout.flush()


def _try(vms, fault, candidate, args):
    vms.restart()
    trial = faultbench.Trial(vms, candidate, args.vdsm)
    try:
        faultbench.wait_fresh(trial, vms.names, faultbench.START)
        before = trial.look().threads
        try:
            fault.begin()
            looks = _looks(trial, args.hold)
        finally:
            fault.end()
        after = faultbench.recovery(trial, vms.names)
    except faultbench.TrialFailed as e:
        return "not measured: %s" % e
    finally:
        trial.end()
    healthy = set(vms.names) - set(fault.hit)
    fresh = min(faultbench.fresh(
        look, healthy, "monitor", faultbench.PROMISE) for look in looks)
    shown = [looks[(len(looks) - 1) * n // (_SHOWN - 1)].threads
             for n in range(_SHOWN)]
    return "%-22s %-8d %d, %s; %s" % (
        "%d of %d at the worst" % (fresh, len(healthy)), len(looks), before,
        " ".join("%d" % threads for threads in shown),
        "not in time" if after == float("inf") else "%.1f s" % after)


def _looks(trial, seconds):
    begin = clock.monotonic()
    looks = []
    while clock.monotonic() - begin < seconds:
        looks.append(trial.look())
        time.sleep(_PAUSE)
    return looks


def _cost(vms, args):
    count = len(vms.names)
    period = max(faultbench.PERIOD, count / _VMS_A_SECOND)
    print("\n%d VMs, one sample each %g s, none hangs" % (count, period))
    for candidate, title in _CANDIDATES:
        machine.progress("%d VMs, %s" % (count, title))
        vms.restart()
        trial = faultbench.Trial(vms, candidate, args.vdsm, period)
        try:
            faultbench.wait_fresh(trial, vms.names, faultbench.START)
            time.sleep(_WARM_UP)
            first = trial.look()
            time.sleep(_SECONDS)
            last = trial.look()
        except faultbench.TrialFailed as e:
            print("  %-10s not measured: %s" % (title, e))
            continue
        finally:
            trial.end()
        print("  %-10s %d threads, CPU %.2f %%, RSS %.1f MiB" % (
            title, last.threads, 100 * (last.cpu - first.cpu) / _SECONDS,
            last.memory / 1024 ** 2))
        sys.stdout.flush()
