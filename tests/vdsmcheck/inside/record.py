# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Tells make check-vdsm how each test ended, line by line in the file that the
environment names, so that a killed run has told what it was at.

Comes before VDSM's first statement: imports neither threading nor logging.
"""

from __future__ import absolute_import, division, print_function

import json
import os
import sys

# What a test ended with; the worst of its phases counts.
PASSED = "passed"
SKIPPED = "skipped"
FAILED = "failed"

_WORST = (PASSED, SKIPPED, FAILED)


def write(**entry):
    with open(os.environ["VDSM_CHECK_RECORD"], "a") as f:
        f.write(json.dumps(entry) + "\n")


class Record(object):

    def __init__(self):
        self._outcome = PASSED
        self._why = ""

    def start(self, test):
        """
        Until stop(), this test is under way.
        """
        self._outcome, self._why = PASSED, ""
        write(start=test)

    def phase(self, outcome, why=""):
        """
        A test's preparation, itself, and its cleaning up, in any order.
        """
        if _WORST.index(outcome) > _WORST.index(self._outcome):
            self._outcome = outcome
            self._why = why.strip().split("\n")[0]

    def stop(self):
        write(outcome=self._outcome, why=self._why)

    def finish(self):
        """
        All have run; what of ours was in use by then?
        """
        ours = sys.modules["sitecustomize"].standins
        loaded = []
        for name, module in sorted(sys.modules.items()):
            path = getattr(module, "__file__", None) or ""
            if ours and path.startswith(ours + os.sep):
                loaded.append(name)
        write(loaded=loaded)
