# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The command: each sampler in turn watches the same VMs, some of which begin
to hang, and is looked at until they go on.
"""

from __future__ import absolute_import, division, print_function

import argparse
import collections
import json
import os
import select
import signal
import subprocess
import sys
import time
import unittest

# Of the functional tests, as faulthost's; not every machine can run them.
import host  # pylint: disable=import-error
import tools  # pylint: disable=import-error

import faulthost
import machine
import samplers
from threadpool import clock

_HERE = os.path.dirname(os.path.abspath(__file__))
_LIB = os.path.join(os.path.dirname(_HERE), "lib")

PERIOD = 2.0

# Seconds up to which a VM counts as fresh: for all, and by the promise that
# is ours.
_FRESH = 3 * PERIOD
PROMISE = 2 * PERIOD

# Seconds between two looks. Not a part of the period, so that they wander
# through it.
_PAUSE = 1.3

# Seconds for the first samples of all VMs, for an answer to a look, for the
# samples after the fault, and for a sampler's end.
START = 40.0
_ANSWER = 15.0
_RECOVERY = 15.0
_END = 5.0

_FAULTS = ("tenth", "third", "storage")

# What a sampler showed at a look: {VM: {tier: age}}, number of threads, CPU
# seconds and resident bytes of its process.
Look = collections.namedtuple("Look", "ages threads cpu memory")

_LINE = "  %-10s%12s%12s%12s%12s%10s%10s%11s%10s"
_HEADERS = (
    _LINE % ("", "healthy VMs", "fresh", "hit VMs", "fresh", "threads",
             "another", "frozen", "all fresh"),
    _LINE % ("", "< %g s" % _FRESH, "< %g s" % PROMISE, "host tier",
             "monitor", "", "client, s", "by asking", "after, s"),
)


class TrialFailed(Exception):
    """
    Its text says why.
    """


def main():
    args = _parse()
    left_out = _left_out(args)
    print("\n".join(_describe(args, left_out)))
    vms = faulthost.FaultHost(args.vms)
    try:
        machine.progress("starting %d VMs" % args.vms)
        vms.start()
        for name, fault in vms.faults():
            if name in args.faults:
                _measure(vms, fault, args, left_out)
    except KeyboardInterrupt:
        machine.progress("")
        print("\nInterrupted; what is missing above was not measured.")
    except (host.HostError, unittest.SkipTest) as e:
        machine.progress("")
        print("\nNot measured: %s" % e)
        return 1
    finally:
        machine.progress("")
        vms.stop()


def _parse():
    names = [row[0] for row in samplers.CANDIDATES]
    parser = argparse.ArgumentParser(
        prog="faults", description="Have real VMs hang, and show which "
        "samplers keep the others fresh.", epilog="Debian's packages "
        "collectd-core and prometheus-libvirt-exporter bring two of them. A "
        "full run takes some 25 minutes.")
    parser.add_argument(
        "--vdsm", metavar="LIB", help="the folder lib of a VDSM checkout, "
        "whose sampling is measured too")
    parser.add_argument(
        "--vms", type=int, default=60, help="(%(default)s)")
    parser.add_argument(
        "--hold", type=float, default=40.0,
        help="seconds of each fault (%(default)g)")
    parser.add_argument(
        "--faults", default=",".join(_FAULTS), help="which, separated by "
        "commas: a tenth, or a third, of the QEMUs is stopped; or the storage "
        "of a third of the VMs hangs (%(default)s)")
    parser.add_argument(
        "--samplers", default=",".join(names),
        help="which, separated by commas (%(default)s)")
    args = parser.parse_args()
    args.faults = _choice(parser, args.faults, _FAULTS, "fault")
    args.samplers = _choice(parser, args.samplers, names, "sampler")
    if args.vms < 10 or args.hold < 2 * _FRESH:
        parser.error("at least 10 VMs and %g seconds are needed" % (
            2 * _FRESH))
    return args


def _choice(parser, text, known, what):
    chosen = text.split(",")
    for name in chosen:
        if name not in known:
            parser.error("no such %s: %s; there are %s" % (
                what, name, ", ".join(known)))
    return chosen


def _left_out(args):
    """
    Return {name of the sampler: why it cannot be measured}.
    """
    found = {}
    for name, _, program, package in samplers.CANDIDATES:
        if program and tools.find_program(program) is None:
            found[name] = "apt-get install --no-install-recommends " + package
    problem = vdsm_problem(args.vdsm)
    if problem is not None:
        found["VDSM"] = found["stand-in"] = problem
    return dict((name, found[name]) for name in found
                if name in args.samplers)


def vdsm_problem(lib):
    """
    Return why VDSM cannot be measured, or None.
    """
    if not lib:
        return "see --vdsm"
    if not os.path.exists(os.path.join(lib, "vdsm/virt/sampling.py")):
        return "%s has no vdsm/virt/sampling.py" % lib
    return None


def _describe(args, left_out):
    lines = [machine.describe()]
    if args.vdsm and "VDSM" not in left_out:
        lines.append("VDSM " + machine.commit(args.vdsm))
    for name in sorted(left_out):
        lines.append("%s is left out: %s" % (name, left_out[name]))
    lines += [
        "One sample of each VM every %g s, faults of %g s; at the worst look, "
        "one each %g s." % (PERIOD, args.hold, _PAUSE),
        "Each sampler in turn, with a libvirtd just started. no look: ours, "
        "when /proc is not",
        "looked at before a VM is asked. bulk: one call for all VMs each "
        "period. another client:",
        "virsh domstats of a healthy VM, longest time. frozen by asking: "
        "QEMUs that hang since",
        "they were asked to look at their disks."]
    return lines


def _measure(vms, fault, args, left_out):
    print("\n".join(("", fault.title) + _HEADERS))
    for name in args.samplers:
        if name in left_out:
            continue
        try:
            line = _line(name, fault, _try(vms, fault, name, args))
        except (TrialFailed, AssertionError) as e:
            line = "  %-10snot measured: %s" % (name, e)
        machine.progress("")
        print(line)
        sys.stdout.flush()


def _try(vms, fault, name, args):
    """
    Return (looks before the fault, those while it holds, seconds of each
    question of another client, frozen VMs, seconds until all are fresh).
    """
    def progress(what):
        machine.progress("%s, %s: %s" % (fault.title, name, what))

    progress("begins")
    vms.restart()
    trial = Trial(vms, name, args.vdsm)
    try:
        wait_fresh(trial, vms.names, START)
        before = [trial.look()]
        try:
            fault.begin()
            progress("for %g s" % args.hold)
            looks, asked = _watch(vms, fault, trial, args.hold)
            frozen = fault.frozen()
        finally:
            fault.end()
        progress("goes on")
        return before, looks, asked, frozen, recovery(trial, vms.names)
    finally:
        trial.end()


def _watch(vms, fault, trial, seconds):
    begin = clock.monotonic()
    healthy = [name for name in vms.names if name not in fault.hit]
    looks, asked = [], []
    while clock.monotonic() - begin < seconds:
        asked.append(vms.ask_as_another(healthy[len(asked) % len(healthy)]))
        looks.append(trial.look())
        time.sleep(_PAUSE)
    return looks, asked


def wait_fresh(trial, names, seconds):
    """
    Wait until all VMs have samples that are younger than this call; return
    how long it took.
    """
    begin = clock.monotonic()
    while True:
        look, took = trial.look(), clock.monotonic() - begin
        if fresh(look, names, "monitor", min(took, _FRESH)) == len(names):
            return took
        if took > seconds:
            raise TrialFailed(
                "%d of %d VMs were sampled in %g s" % (
                    fresh(look, names, "monitor", _FRESH), len(names),
                    seconds))
        time.sleep(0.1)


def recovery(trial, names):
    try:
        return wait_fresh(trial, names, _RECOVERY)
    except TrialFailed:
        return float("inf")


def fresh(look, names, tier, limit):
    ages = [look.ages.get(name, {}).get(tier) for name in names]
    return sum(1 for age in ages if age is not None and age < limit)


def _line(name, fault, found):
    before, looks, asked, frozen, recovery = found
    names = set(before[0].ages)
    healthy = names - set(fault.hit)

    def worst(vms, tier, limit):
        return "%d of %d" % (
            min(fresh(look, vms, tier, limit) for look in looks), len(vms))

    has_tiers = "host" in before[0].ages[fault.hit[0]]
    return _LINE % (
        name, worst(healthy, "monitor", _FRESH),
        worst(healthy, "monitor", PROMISE),
        worst(fault.hit, "host", _FRESH) if has_tiers else "-",
        worst(fault.hit, "monitor", _FRESH),
        "%d..%d" % (before[0].threads, max(look.threads for look in looks)),
        _seconds(max(asked), "none"), frozen, _seconds(recovery, "not"))


def _seconds(value, never):
    return never if value == float("inf") else "%.2f" % value


class Trial(object):
    """
    A sampler in a process of its own, see samplers.watch().
    """

    _number = 0

    def __init__(self, vms, name, vdsm, period=PERIOD, measure="watch"):
        """
        vdsm: as the command line has it, or None.
        """
        Trial._number += 1
        folder = vms.make_folder("trial%d" % Trial._number)
        program = samplers.program(name)
        options = {
            "uri": vms.uri, "period": period, "folder": folder,
            "vdsm": vdsm and os.path.abspath(vdsm),
            "program": program and tools.find_program(program)}
        self._log = os.path.join(folder, "stderr")
        with open(self._log, "w") as log:
            # A group of its own, to end its children with it. The VMs'
            # keeper ends all of it if we are killed: it knows it by the URI.
            self._process = subprocess.Popen(
                [sys.executable, os.path.join(_HERE, "trial.py"), measure,
                 name, json.dumps(options)],
                env=dict(os.environ, PYTHONPATH=_LIB),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                close_fds=True, preexec_fn=os.setsid)

    def look(self):
        """
        Return a Look. Raises TrialFailed.
        """
        try:
            self._process.stdin.write(b"\n")
            self._process.stdin.flush()
        except EnvironmentError:
            # It has ended: see below.
            pass
        return Look(**self.read())

    def read(self, seconds=_ANSWER):
        """
        Return what it prints next. Raises TrialFailed.
        """
        stdout = self._process.stdout
        if not select.select([stdout], [], [], seconds)[0]:
            raise TrialFailed("it did not answer")
        line = stdout.readline()
        if not line:
            raise TrialFailed(tools.tail(self._log, 1) or "it ended")
        return json.loads(line.decode("utf-8"))

    def end(self):
        limit = clock.monotonic() + _END
        try:
            self._process.stdin.close()
        except EnvironmentError:
            pass
        while self._process.poll() is None and clock.monotonic() < limit:
            time.sleep(0.05)
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except EnvironmentError:
            # All of it has ended.
            pass
        self._process.wait()
        self._process.stdout.close()
