# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
One measurement of one candidate. It gets a process of its own, so that none
finds what another has left:

    PYTHONPATH=lib python benchmarks/trial.py MEASURE CANDIDATE OPTIONS

OPTIONS and what is printed are JSON objects. See rows.py for the names.
"""

from __future__ import absolute_import, division, print_function

import importlib
import json
import logging
import os
import sys

# The measures, by module: those that get a candidate that runs, and those
# that get its name.
_WITH_POOL = {
    "dispatch": "tasks", "submit": "tasks", "memory": "tasks",
    "spread": "operations", "burst": "operations", "stuck": "operations",
    "idle": "lifecycle", "fork": "lifecycle",
}
_WITH_NAME = {"exit": "lifecycle", "poll": "polling", "watch": "samplers",
              "simulate": "simulation", "same": "vdsmsame",
              "scraped": "scraping"}


def main():
    measure, candidate, options = sys.argv[1:]
    options = json.loads(options)
    # Nobody reads the log, as if it went to a file.
    logging.getLogger().addHandler(logging.NullHandler())
    if measure == "leave":
        # It is the end of this very program that is measured.
        _module("lifecycle").leave(_pool(candidate, options))
        return
    print(json.dumps(_measure(measure, candidate, options)))
    sys.stdout.flush()
    # Some candidates would never let the interpreter exit.
    os._exit(0)


def _measure(measure, candidate, options):
    if measure == "import":
        _pool(candidate, options)
        return {}
    if measure in _WITH_NAME:
        function = getattr(_module(_WITH_NAME[measure]), measure)
        return function(candidate, options)
    function = getattr(_module(_WITH_POOL[measure]), measure)
    return function(_pool(candidate, options), options)


def _pool(candidate, options):
    if candidate == "nothing":
        return None
    return _module("peers").create(candidate, options)


def _module(name):
    # Not every measure can do with the imports of all the others.
    return importlib.import_module(name)


if __name__ == "__main__":
    main()
