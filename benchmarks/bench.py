# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The command: runs the trials in turn, and prints what they have found.
"""

from __future__ import absolute_import, division, print_function

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import figures
import machine
import rows
from threadpool import clock

_HERE = os.path.dirname(os.path.abspath(__file__))
_TREE = os.path.dirname(_HERE)
_LIB = os.path.join(_TREE, "lib")

# Of what is drawn by chance.
_SEED = 20261124

# Seconds that any trial may take beside those that it is asked for.
_LIMIT = 120.0


class TrialFailed(Exception):
    """
    Its text is what the trial said last.
    """


def main():
    args = _parse()
    options = {"tasks": args.tasks}
    problem = "see --vdsm"
    if args.vdsm:
        options["vdsm"] = os.path.abspath(args.vdsm)
        problem = _problem_with_vdsm(options)
    left_out = ["VDSM", "standin"] if problem else []
    print("\n".join(_describe(args, problem)))
    lines = []
    try:
        for row in rows.ROWS:
            if row.name in args.rows:
                lines += _measure(row, args, options, left_out)
    except KeyboardInterrupt:
        print("Interrupted; the rows up to here:")
    print("\n".join(["", figures.header()] + lines))


def _parse():
    parser = argparse.ArgumentParser(
        prog="run", description="Measure the pool beside its peers, and the "
        "sampler beside one bulk call, with this Python.")
    parser.add_argument(
        "--vdsm", metavar="LIB", help="the folder lib of a VDSM checkout, "
        "whose pool is measured too")
    parser.add_argument(
        "--runs", type=int, help="of each trial (5; simulated: 1)")
    parser.add_argument(
        "--rows", default=",".join(rows.USUAL),
        help="which, separated by commas (%%(default)s); there are also %s, "
        "which take minutes, and 5 GB of memory for the 200 VMs of scale" %
        " and ".join(sorted(set(rows.NAMES) - set(rows.USUAL))))
    parser.add_argument(
        "--tasks", type=int, default=100000, help="of one trial (%(default)s)")
    parser.add_argument(
        "--seconds", type=float,
        help="of one trial of operations or sampling (10; simulated: 60)")
    parser.add_argument(
        "--vms", type=int, help="how many are sampled (60; scale: 200; "
        "simulated: 10000)")
    args = parser.parse_args()
    args.rows = args.rows.split(",")
    unknown = set(args.rows) - set(rows.NAMES)
    if unknown:
        parser.error("no such row: %s; there are %s" % (
            ", ".join(sorted(unknown)), ", ".join(rows.NAMES)))
    for what, least in (("runs", 1), ("tasks", 100), ("seconds", 4),
                        ("vms", 4)):
        value = getattr(args, what)
        if value is not None and value < least:
            parser.error("at least %d %s are needed" % (
                least, what.replace("vms", "VMs")))
    if args.vdsm and not os.path.exists(
            os.path.join(args.vdsm, "vdsm/executor.py")):
        parser.error("%s has no vdsm/executor.py" % args.vdsm)
    return args


def _measure(row, args, options, left_out):
    """
    Measure one row, print its figures, and return its lines of the summary.
    """
    options = dict(options, vms=args.vms or row.setting.vms,
                   seconds=args.seconds or row.setting.seconds)
    try:
        with _surroundings(row, options) as more:
            samples = _sample(row, args.runs or row.setting.runs,
                              dict(options, **more), left_out)
    except (TrialFailed, unittest.SkipTest) as e:
        machine.progress("")
        print("\n%s: not measured: %s" % (row.name, e))
        return ["%-10snot measured" % row.name]
    machine.progress("")
    print("\n" + "\n".join(figures.details(row, samples)))
    print("  (load average at the end: %.2f)" % os.getloadavg()[0])
    sys.stdout.flush()
    return figures.summary(row, samples)


def _sample(row, runs, options, left_out):
    """
    Return what the runs found: by candidate, then by the key of the metric;
    lists.
    """
    samples = {}
    for number in range(1, runs + 1):
        # In turn, so that other load of the machine hits all alike.
        for name in row.candidates:
            if name in left_out:
                continue
            machine.progress("%s: run %d of %d, %s" % (
                row.name, number, runs, name))
            _add(samples.setdefault(name, {}),
                 _try(row.measure, name, options))
    return samples


def _add(samples, result):
    for key, value in result.items():
        samples.setdefault(key, []).append(value)


@contextlib.contextmanager
def _surroundings(row, options):
    """
    Give what a row needs beside the candidates, as options of its trials.
    """
    if row.setting.needs == rows.REAL_VMS:
        with _real_vms(row, options["vms"]) as uri:
            yield {"uri": uri}
    elif row.setting.needs == rows.FOLDER:
        folder = tempfile.mkdtemp(prefix="vdsm-sampling-")
        try:
            yield {"folder": folder, "seed": _SEED}
        finally:
            shutil.rmtree(folder)
    else:
        yield {}


@contextlib.contextmanager
def _real_vms(row, count):
    sys.path += [os.path.join(_TREE, "tests/functional")]
    # Of the tests; not every machine can run it.
    import host  # pylint: disable=import-error
    machine.progress("%s: starting %d VMs" % (row.name, count))
    vms = host.Host(count)
    try:
        vms.start()
        yield vms.uri
    except host.HostError as e:
        raise TrialFailed(str(e))
    finally:
        vms.stop()


def _try(measure, candidate, options):
    """
    Return what one trial found.
    """
    trial = subprocess.Popen(
        [sys.executable, os.path.join(_HERE, "trial.py"), measure, candidate,
         json.dumps(options)],
        env=dict(os.environ, PYTHONPATH=_LIB), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE)
    limit = clock.monotonic() + options.get("seconds", 0) + _LIMIT
    try:
        while trial.poll() is None and clock.monotonic() < limit:
            time.sleep(0.05)
        if trial.poll() is None:
            raise TrialFailed("%s did not end" % candidate)
    finally:
        if trial.poll() is None:
            trial.kill()
    out, err = trial.communicate()
    if trial.returncode != 0:
        text = err.decode("utf-8", "replace").strip().splitlines()
        raise TrialFailed("%s: %s" % (
            candidate, text[-1] if text else "it was killed"))
    return json.loads(out.decode("ascii"))


def _problem_with_vdsm(options):
    try:
        _try("import", "VDSM", options)
    except TrialFailed as e:
        return str(e)


def _describe(args, problem):
    """
    The machine, and how it is measured.
    """
    lines = [machine.describe()]
    lines.append("VDSM is left out: " + problem if problem else
                 "VDSM " + machine.commit(args.vdsm))
    lines.append("Medians [least..most] of runs, each in a process of its "
                 "own, candidates in turn;")
    lines.append("%d tasks. TPE: ThreadPoolExecutor. slack: ours, operations "
                 "with a slack of" % args.tasks)
    lines.append("50 ms. bare: a thread that sleeps and calls, no pool. bulk: "
                 "one call for all VMs,")
    lines.append("in the summary as TPE. no look: ours, when /proc is not "
                 "looked at first.")
    lines.append("standin: VDSM with our pool in the place of its executor.")
    return lines
