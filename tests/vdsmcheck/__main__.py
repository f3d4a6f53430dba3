# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The command: python -m vdsmcheck CHECKOUT. Exit status 1 if a test is lost.
"""

from __future__ import absolute_import, division, print_function

import argparse
import os
import shutil
import signal
import sys
import tempfile

from threadpool import clock

from vdsmcheck import checkout
from vdsmcheck import errors
from vdsmcheck import interpreter
from vdsmcheck import outcome
from vdsmcheck import trial


def main(argv=None):
    args = parse_args(argv)
    if not args.checkout:
        print("check-vdsm: skipped: no VDSM is given; make check-vdsm "
              "VDSM=<checkout of VDSM>")
        return
    # What was started and made is ended and removed in that case too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("check-vdsm: ended"))
    try:
        good = Check(args).run()
    except errors.Error as e:
        sys.exit("check-vdsm: %s" % e)
    except KeyboardInterrupt:
        sys.exit("check-vdsm: interrupted")
    sys.exit(0 if good else 1)


def parse_args(argv):
    parser = argparse.ArgumentParser(
        prog="check-vdsm", description="Run VDSM's own tests plain, and with "
        "our modules standing in.")
    parser.add_argument("checkout", nargs="?", metavar="CHECKOUT",
                        help="a source tree of VDSM; is only read")
    parser.add_argument("--python", metavar="PATH",
                        help="interpreter for VDSM's tests")
    parser.add_argument("--logs", metavar="DIR", default="check-vdsm.logs",
                        help="where the output of the tests goes "
                        "(%(default)s)")
    parser.add_argument("--module-timeout", metavar="S", type=float,
                        default=600, help="limit of one test module "
                        "(%(default)d s)")
    parser.add_argument("--timeout", metavar="S", type=float, default=2700,
                        help="limit of all of them (%(default)d s)")
    parser.add_argument("--test", metavar="MODULE", action="append",
                        default=[], dest="tests",
                        help="run only this test module; may be repeated")
    return parser.parse_args(argv)


class Check(object):

    def __init__(self, args):
        self._args = args
        self._logs = os.path.abspath(args.logs)
        self._checkout = checkout.Checkout(args.checkout)
        suite = self._checkout.suite
        for name in args.tests:
            if name not in self._checkout.modules:
                raise errors.NoTests(name, self._checkout.modules)
        self._modules = [
            name for name in self._checkout.modules
            if not args.tests or name in args.tests]
        self._python = interpreter.find(suite, args.python)
        self._deadline = clock.monotonic() + args.timeout

    def run(self):
        """
        Return whether no test is lost.
        """
        suite = self._checkout.suite
        print("VDSM: %s, %s, with %s" % (
            suite.name, self._checkout.describe(), self._python))
        if self._checkout.absent:
            print("not in this VDSM:", " ".join(self._checkout.absent))
        folder = tempfile.mkdtemp(prefix="check-vdsm-")
        try:
            plain, ours = self._run_all(folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return self._report(plain, ours)

    def _run_all(self, folder):
        """
        Return two times module -> Result. Both runs of a module follow each
        other, so that they find the machine alike.
        """
        plain, ours = {}, {}
        trials = []
        for name, results, standins in (
                ("plain", plain, None),
                ("standing in", ours, interpreter.STANDINS)):
            # One run may not find what the other has left in its files.
            root = os.path.join(folder, name.replace(" ", "-"))
            self._checkout.copy(root, self._python)
            logs = os.path.join(self._logs, os.path.basename(root))
            trials.append((name, results, trial.Trial(
                root, self._checkout.suite, self._python, logs, standins)))
        for number, module in enumerate(self._modules, 1):
            for name, results, one in trials:
                print("check-vdsm: %d of %d: %s, %s" % (
                    number, len(self._modules), module, name),
                    file=sys.stderr)
                results[module] = self._run_one(one, module)
        for module in self._modules:
            if outcome.Comparison(
                    {module: plain[module]}, {module: ours[module]},
                    self._checkout.suite.exempt).lost:
                print("check-vdsm: again: %s, %s" % (module, name),
                      file=sys.stderr)
                ours[module].try_again(self._run_one(one, module))
        return plain, ours

    def _run_one(self, one, module):
        left = self._deadline - clock.monotonic()
        if left <= 0:
            result = trial.Result()
            result.trouble = "not run: %d s are over" % self._args.timeout
        else:
            result = one.run(module, min(left, self._args.module_timeout))
        if result.trouble:
            print("check-vdsm: %s: %s; see %s" % (
                module, result.trouble, one.log(module)), file=sys.stderr)
        return result

    def _report(self, plain, ours):
        for line in outcome.table(self._modules, plain, ours):
            print(line)
        comparison = outcome.Comparison(
            plain, ours, self._checkout.suite.exempt)
        for line in outcome.differences(comparison):
            print(line)
        print()
        said = set(line for result in ours.values() for line in result.said)
        for line in sorted(said):
            if not line.startswith("info:"):
                print(line)
        missing = self._missing(ours)
        print("check-vdsm: %d lost, %d exempt, logs in %s" % (
            len(comparison.lost), len(comparison.exempted), self._logs))
        return not comparison.lost and not missing

    def _missing(self, ours):
        """
        Return the modules that should have been replaced and were not: such
        a run proves nothing of them.
        """
        loaded = set(
            name for result in ours.values() for name in result.loaded)
        missing = []
        for module, row in sorted(self._checkout.rows.items()):
            if row.loaded_as in loaded:
                print("%s: %s stood in" % (module, row.file))
            elif self._args.tests:
                print("%s: not imported" % module)
            else:
                print("%s: %s did NOT stand in" % (module, row.file))
                missing.append(module)
        return missing


if __name__ == "__main__":
    main()
