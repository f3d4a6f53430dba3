# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The command: runs the trials in turn, and prints what they have found.
"""

from __future__ import absolute_import, division, print_function

import argparse
import contextlib
import json
import multiprocessing
import os
import platform
import subprocess
import sys
import time
import unittest

import figures
import rows
from threadpool import clock

_HERE = os.path.dirname(os.path.abspath(__file__))
_TREE = os.path.dirname(_HERE)
_LIB = os.path.join(_TREE, "lib")

_VMS = 20

# Seconds that any trial may take beside those that it is asked for.
_LIMIT = 120.0


class TrialFailed(Exception):
    """
    Its text is what the trial said last.
    """


def main():
    args = _parse()
    options = {"tasks": args.tasks, "seconds": args.seconds}
    problem = "see --vdsm"
    if args.vdsm:
        options["vdsm"] = os.path.abspath(args.vdsm)
        problem = _problem_with_vdsm(options)
    left_out = ["VDSM"] if problem else []
    print("\n".join(_describe(args, problem)))
    lines = []
    try:
        for row in rows.ROWS + (rows.SAMPLER,):
            if row.name in args.rows:
                lines += _measure(row, args.runs, options, left_out)
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
        "--runs", type=int, default=5, help="of each trial (%(default)s)")
    parser.add_argument(
        "--rows", default=",".join(rows.NAMES),
        help="which, separated by commas (%(default)s)")
    parser.add_argument(
        "--tasks", type=int, default=100000, help="of one trial (%(default)s)")
    parser.add_argument(
        "--seconds", type=float, default=10.0,
        help="of one trial of operations or sampling (%(default)s)")
    args = parser.parse_args()
    args.rows = args.rows.split(",")
    unknown = set(args.rows) - set(rows.NAMES)
    if unknown:
        parser.error("no such row: %s; there are %s" % (
            ", ".join(sorted(unknown)), ", ".join(rows.NAMES)))
    if args.runs < 1 or args.tasks < 100 or args.seconds < 4:
        parser.error("at least 1 run, 100 tasks and 4 seconds are needed")
    if args.vdsm and not os.path.exists(
            os.path.join(args.vdsm, "vdsm/executor.py")):
        parser.error("%s has no vdsm/executor.py" % args.vdsm)
    return args


def _measure(row, runs, options, left_out):
    """
    Measure one row, print its figures, and return its lines of the summary.
    """
    try:
        with _surroundings(row) as more:
            samples = _sample(row, runs, dict(options, **more), left_out)
    except (TrialFailed, unittest.SkipTest) as e:
        _progress("")
        print("\n%s: not measured: %s" % (row.name, e))
        return ["%-10snot measured" % row.name]
    _progress("")
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
        _progress("%s: run %d of %d" % (row.name, number, runs))
        # In turn, so that other load of the machine hits all alike.
        for name in row.candidates:
            if name not in left_out:
                _add(samples.setdefault(name, {}),
                     _try(row.name, name, options))
    return samples


def _add(samples, result):
    for key, value in result.items():
        samples.setdefault(key, []).append(value)


@contextlib.contextmanager
def _surroundings(row):
    """
    Give what a row needs beside the candidates, as options of its trials.
    """
    if row is not rows.SAMPLER:
        yield {}
        return
    sys.path += [os.path.join(_TREE, "tests/functional")]
    # Of the tests; not every machine can run it.
    import host  # pylint: disable=import-error
    _progress("sampler: starting %d VMs" % _VMS)
    vms = host.Host(_VMS)
    try:
        vms.start()
        yield {"uri": vms.uri, "vms": _VMS}
    except host.HostError as e:
        raise TrialFailed(str(e))
    finally:
        vms.stop()


def _try(measure, candidate, options):
    """
    Return what one trial found.
    """
    if measure == rows.SAMPLER.name:
        measure = "poll"
    trial = subprocess.Popen(
        [sys.executable, os.path.join(_HERE, "trial.py"), measure, candidate,
         json.dumps(options)],
        env=dict(os.environ, PYTHONPATH=_LIB), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE)
    limit = clock.monotonic() + options["seconds"] + _LIMIT
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
    lines = ["%s, Python %s, %d x %s, load average %.2f" % (
        time.strftime("%Y-%m-%d %H:%M"), platform.python_version(),
        multiprocessing.cpu_count(), _cpu_model(), os.getloadavg()[0])]
    lines.append("VDSM is left out: " + problem if problem else
                 "VDSM " + _commit(args.vdsm))
    lines.append("Medians of %d runs [least..most], each in a process of its "
                 "own, candidates in turn;" % args.runs)
    lines.append("%d tasks, %g seconds of operations. TPE: "
                 "ThreadPoolExecutor. slack: ours," %
                 (args.tasks, args.seconds))
    lines.append("operations with a slack of 50 ms. bare: a thread that "
                 "sleeps and calls, no pool.")
    lines.append("bulk: one call for all VMs, in the summary as TPE.")
    return lines


def _cpu_model():
    with open("/proc/cpuinfo") as f:
        for line in f:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def _commit(folder):
    git = subprocess.Popen(
        ["git", "log", "-1", "--format=%h of %cd", "--date=short"],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, _ = git.communicate()
    return out.decode("ascii", "replace").strip() or "of an unknown commit"


def _progress(text):
    """
    Say on a terminal what is under way; "" removes it.
    """
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K" + text)
    elif text:
        sys.stderr.write(text + "\n")
    sys.stderr.flush()
