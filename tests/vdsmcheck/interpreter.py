# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The Python that runs VDSM's tests: of VDSM's time, with what they import.
"""

from __future__ import absolute_import, division, print_function

import os
import subprocess
import sys

from vdsmcheck import errors

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
# What stands in for VDSM's modules, and what that rests on.
STANDINS = os.path.join(ROOT, "vdsm")


def find(suite, chosen=None):
    """
    Return the path of an interpreter: the one that the user has chosen, or
    else ours, or else the one of the build for that Python (.ci/run).

    Raises errors.NoPython.
    """
    candidates = [chosen] if chosen else _candidates(suite)
    for candidate in candidates:
        if candidate and _fits(candidate, suite):
            return candidate
    advice = suite.advice
    if chosen:
        advice = "%s is not one, or lacks some" % chosen
    raise errors.NoPython(suite.python, suite.imports, advice)


def _candidates(suite):
    build = os.path.join(ROOT, "build", suite.python)
    return [sys.executable, os.path.join(build, "python", "bin", "python")]


def _fits(python, suite):
    program = "import sys; assert sys.version.startswith(%r); import %s" % (
        suite.python, ", ".join(suite.imports))
    environment = dict(os.environ)
    environment.pop("PYTHONPATH", None)
    try:
        process = subprocess.Popen(
            [python, "-c", program], env=environment,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except OSError:
        return False
    process.communicate()
    return process.returncode == 0
