# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Where and of what figures were taken, and telling people that it goes on.
"""

from __future__ import absolute_import, division, print_function

import multiprocessing
import os
import platform
import subprocess
import sys
import time


def describe():
    """
    The time, the Python and the machine, in one line.
    """
    return "%s, Python %s, %d x %s, load average %.2f" % (
        time.strftime("%Y-%m-%d %H:%M"), platform.python_version(),
        multiprocessing.cpu_count(), _cpu_model(), os.getloadavg()[0])


def commit(folder):
    """
    What a checkout is of.
    """
    git = subprocess.Popen(
        ["git", "log", "-1", "--format=%h of %cd", "--date=short"],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, _ = git.communicate()
    return out.decode("ascii", "replace").strip() or "of an unknown commit"


def progress(text):
    """
    Say on a terminal what is under way; "" removes it.
    """
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K" + text)
    elif text:
        sys.stderr.write(text + "\n")
    sys.stderr.flush()


def _cpu_model():
    with open("/proc/cpuinfo") as f:
        for line in f:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()
