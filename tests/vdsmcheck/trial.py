# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
One test module of VDSM in a process of its own.
"""

from __future__ import absolute_import, division, print_function

import json
import os
import re
import signal
import subprocess
import threading

from threadpool import clock

HERE = os.path.dirname(os.path.abspath(__file__))
INSIDE = os.path.join(HERE, "inside")

# In the names of tests that are made of arguments. It differs from run to run.
_ADDRESS = re.compile(" at 0x[0-9a-f]+")


class Result(object):
    """
    How a module went.

    tests: name -> (outcome, why), as inside/record.py has them; a test that
        was under way when the process ended has failed.
    trouble: None, or why not all of it has run to its end, for people.
    loaded: names of the modules that are ours.
    said: what the finder of the stand-ins had to say.
    unsteady: name -> (outcome, why), of what passed at a second try only.
    seconds: of the whole process.
    """

    def __init__(self, seconds=0):
        self.tests = {}
        self.trouble = None
        self.loaded = []
        self.said = []
        self.unsteady = {}
        self.seconds = seconds

    def try_again(self, second):
        """
        Take over what has passed in that Result and not in this one: tests
        about time fail now and then on a busy machine.
        """
        for test, found in second.tests.items():
            first = self.tests.get(test, ("not run", ""))
            if found[0] == "passed" and first[0] != "passed":
                self.unsteady[test] = first
                self.tests[test] = found
        self.trouble = self.trouble and second.trouble

    def count(self, outcome):
        return sum(1 for found, _ in self.tests.values() if found == outcome)


class Trial(object):
    """
    root: of a copy of VDSM.
    python: interpreter.
    standins: folder of ours, where they stand in; None for a plain VDSM.
    folder: for logs and scratch files, is made.
    """

    def __init__(self, root, suite, python, folder, standins=None):
        self._root = root
        self._suite = suite
        self._python = python
        self._standins = standins
        self._folder = folder
        self._bin = os.path.join(folder, "bin")
        if not os.path.isdir(self._bin):
            os.makedirs(self._bin)
        # Tests start "python", which is to be of VDSM's time too.
        wrapper = os.path.join(self._bin, "python")
        with open(wrapper, "w") as f:
            f.write('#!/bin/sh\nexec "%s" "$@"\n' % python)
        os.chmod(wrapper, 0o755)

    def log(self, module):
        return os.path.join(self._folder, module.replace("/", ".") + ".log")

    def run(self, module, limit):
        """
        Return the Result. The process, with all that it has started, is
        killed after limit seconds.
        """
        record = self.log(module)[:-len(".log")] + ".record"
        environment = self._environment(module)
        environment["VDSM_CHECK_RECORD"] = record
        open(record, "w").close()
        started = clock.monotonic()
        with open(self.log(module), "w") as log:
            status, killed = _run(
                self._command(module), limit, env=environment,
                cwd=os.path.join(self._root, "tests"),
                stdout=log, stderr=subprocess.STDOUT)
        result = Result(clock.monotonic() - started)
        with open(record) as f:
            under_way, finished = _read(f, result)
        if killed:
            result.trouble = "killed after %d s, %s" % (
                limit, "in " + under_way if under_way else
                "when its tests had ended" if finished else "between tests")
        elif not finished:
            result.trouble = "ended with status %d, %s" % (
                status, "in " + under_way if under_way else "too early")
        elif not result.tests:
            result.trouble = "ran no test"
        if under_way:
            result.tests[_name(under_way, result.tests)] = (
                "failed", result.trouble)
        return result

    def _command(self, module):
        names = {"inside": INSIDE, "module": module,
                 "scratch": os.path.join(self._folder, "scratch")}
        return [self._python] + [
            word.format(**names) for word in self._suite.command]

    def _environment(self, module):
        path = [INSIDE] + [
            os.path.join(self._root, folder) for folder in self._suite.path]
        environment = dict(
            os.environ, PYTHONPATH=os.pathsep.join(path),
            PATH=self._bin + os.pathsep + os.environ.get("PATH", os.defpath))
        environment.update(self._suite.environment)
        for name, value in (
                ("VDSM_CHECK_STANDINS", self._standins),
                ("VDSM_CHECK_SLOW", module in self._suite.slow and "1")):
            environment.pop(name, None)
            if value:
                environment[name] = value
        return environment


def _run(command, limit, **settings):
    """
    Return (exit status, whether it was killed).
    """
    with open(os.devnull) as nothing:
        process = subprocess.Popen(
            command, stdin=nothing, preexec_fn=os.setsid, **settings)
    killed = threading.Event()

    def kill():
        killed.set()
        _kill_group(process.pid)

    timer = threading.Timer(limit, kill)
    timer.daemon = True
    timer.start()
    try:
        status = process.wait()
    finally:
        timer.cancel()
        # Also what the tests have left behind.
        _kill_group(process.pid)
    return status, killed.is_set()


def _kill_group(pid):
    try:
        os.killpg(pid, signal.SIGKILL)
    except OSError:
        # Nothing is left of it.
        pass


def _read(lines, result):
    """
    Return the name of the test that was under way, and whether the end of
    the tests was recorded.
    """
    under_way = None
    finished = False
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            # The process was killed while it wrote.
            break
        if "start" in entry:
            under_way = _ADDRESS.sub("", _printable(entry["start"]))
        elif "outcome" in entry:
            result.tests[_name(under_way, result.tests)] = (
                str(entry["outcome"]), _printable(entry["why"]))
            under_way = None
        elif "said" in entry:
            result.said.append(_printable(entry["said"]))
        else:
            finished = True
            result.loaded = entry["loaded"]
    return under_way, finished


def _name(test, tests):
    """
    Return the name under which a test is kept: tests whose arguments differ
    by their address only are counted.
    """
    name = test
    count = 1
    while name in tests:
        count += 1
        name = "%s #%d" % (test, count)
    return name


def _printable(text):
    """
    Return a str that any terminal takes, on both Pythons.
    """
    return str(text.encode("ascii", "backslashreplace").decode("ascii"))
