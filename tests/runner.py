# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Runs the tests with nose (pynose from Python 3.10):

    runner.py [OPTION...] [unit|functional|packages|FILE...]

FILE is relative to the source tree and may name a part, as nose has it:
tests/foo_test.py:Class.test_name. Without names, all tests are run but those
of packages.

A test that hangs would hang whoever waits for it. So one test, and all of
them together, have a time limit (a test or its class can set its own by an
attribute "timeout", in seconds). When it is over, the stacks of all threads
are printed and this process is ended; no clean-up runs then.

The last line is for programs:

    TOTAL passed=12 failed=0 skipped=1
"""

from __future__ import absolute_import, division, print_function

import argparse
import gc
import glob
import os
import random
import signal
import sys
import threading
import time
import traceback

try:
    import faulthandler
except ImportError:
    # Python 2.7.
    faulthandler = None

try:
    import nose
    import nose.config
    import nose.plugins
    import nose.plugins.manager
except ImportError:
    sys.exit("runner: %s has no nose: run ./bootstrap, or build-aux/"
             "test-python, or pip install pynose (nose before Python 3.10)"
             % sys.executable)

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
KINDS = {"unit": ["tests"],
         "functional": ["tests/functional"],
         "packages": ["tests/packages"],
         "all": ["tests", "tests/functional"]}
HUNG = 3  # Our exit status after a time limit.

# Seconds by which a limit may be overdrawn, before it is taken that no Python
# thread runs any more, the watchdog neither: the interpreter itself hangs.
GRACE = 15


def main():
    args = parse_args()
    # A shell's background job ignores SIGINT, and would hand that on to the
    # programs that tests start and interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    set_path()
    seed = set_seed()
    print("runner: Python %s, VDSM_SAMPLING_SEED=%s"
          % (sys.version.split()[0], seed), file=sys.stderr)
    watchdog = Watchdog(args)
    watchdog.start()
    # The user's own nose settings and plugins stay out of it.
    config = nose.config.Config(
        env={}, plugins=nose.plugins.manager.BuiltinPluginManager())
    # nose takes any name with "_test" in it for a test, helpers included.
    options = ["--verbosity=2", "--exe", "--match=^test"]
    good = nose.run(
        argv=["nosetests"] + options + find_tests(args.names),
        config=config,
        addplugins=[Reporter(watchdog)])
    watchdog.finish()
    sys.exit(0 if good else 1)


def parse_args():
    parser = argparse.ArgumentParser(
        description="Run the tests of vdsm-sampling.")
    parser.add_argument("--timeout", type=float, metavar="S", default=1500,
                        help="limit of the whole run (%(default)s s)")
    parser.add_argument("--test-timeout", type=float, metavar="S", default=120,
                        help="limit of one test (%(default)s s)")
    parser.add_argument("--end-timeout", type=float, metavar="S", default=30,
                        help="limit of ending after that (%(default)s s)")
    parser.add_argument("names", nargs="*", default=["all"],
                        help="unit, functional, packages, or "
                             "FILE[:Class[.test_name]]")
    return parser.parse_args()


def find_tests(names):
    tests = []
    for name in names:
        if name in KINDS:
            for folder in KINDS[name]:
                tests += sorted(
                    glob.glob(os.path.join(ROOT, folder, "*_test.py")))
        else:
            tests.append(os.path.join(ROOT, name))
    return tests or sys.exit("runner: no tests found")


def set_path():
    """For us, and for the Pythons that tests start."""
    path = [os.path.join(ROOT, folder)
            for folder in ("lib", "tests", "tests/functional",
                           "tests/packages", "build-aux")]
    sys.path[:0] = path
    if os.environ.get("PYTHONPATH"):
        path.append(os.environ["PYTHONPATH"])
    os.environ["PYTHONPATH"] = os.pathsep.join(path)


def set_seed():
    """Tests take their random numbers from this, through kit."""
    return os.environ.setdefault(
        "VDSM_SAMPLING_SEED", str(random.SystemRandom().randrange(10 ** 6)))


def monotonic():
    # Not the project's own clock: that is what is being tested.
    return os.times()[4]


class Watchdog(threading.Thread):
    """
    Ends the process when a time limit is over.

    It looks at the clock, since the locks of a program that hangs are not to
    be trusted.
    """

    def __init__(self, args):
        super(Watchdog, self).__init__(name="watchdog")
        self.daemon = True
        self._test_timeout = args.test_timeout
        self._end_timeout = args.end_timeout
        self._interval = min(
            1.0, args.timeout, args.test_timeout, args.end_timeout)
        # (monotonic time, what hangs then); written by the main thread only.
        self._run = (monotonic() + args.timeout, "the test run")
        self._test = None

    def run(self):
        while True:
            time.sleep(self._interval)
            for limit in (self._run, self._test):
                if limit is not None and monotonic() > limit[0]:
                    self._kill(limit[1])

    def test_started(self, test):
        timeout = getattr(test_method(test), "timeout", None)
        if timeout is None:
            timeout = getattr(test.test, "timeout", self._test_timeout)
        self._test = (monotonic() + timeout, str(test))
        if faulthandler is not None:
            # By a thread of C, which needs no interpreter. It exits with 1.
            faulthandler.dump_traceback_later(
                timeout + max(2, min(GRACE, timeout)), exit=True,
                file=sys.__stderr__)

    def test_stopped(self):
        self._test = None
        if faulthandler is not None:
            faulthandler.cancel_dump_traceback_later()

    def finish(self):
        """The tests are done: threads that they left must not keep us."""
        self._run = (monotonic() + self._end_timeout,
                     "the end of the test run")

    def _kill(self, what):
        # A test may have put something in the place of sys.stderr.
        out = sys.__stderr__
        out.write("\nrunner: %s has hung; its threads:\n" % what)
        # See evidence._Frames of lib/threadpool.
        gc.disable()
        for ident, frame in sorted(sys._current_frames().items()):
            out.write("\n%s\n%s" % (thread_name(ident), "".join(
                traceback.format_stack(frame))))
        out.flush()
        os._exit(HUNG)


def test_method(test):
    return getattr(test.test, getattr(test.test, "_testMethodName", ""), None)


def thread_name(ident):
    # threading.enumerate() would take a lock that may be what hangs.
    thread = threading._active.get(ident)
    return "Thread %s %s" % (ident, thread.name if thread else "(unknown)")


class Reporter(nose.plugins.Plugin):
    """Tells the watchdog of each test, and counts."""

    enabled = True
    name = "reporter"
    # Before nose's own plugins, which may keep a result for themselves.
    score = 10000

    def __init__(self, watchdog):
        super(Reporter, self).__init__()
        self._watchdog = watchdog
        self._passed = 0

    def options(self, parser, env):
        """Nothing to choose."""

    def configure(self, options, conf):
        """Nothing to choose."""

    def describeTest(self, test):
        # The name leads to the test, the docstring does not.
        return str(test)

    def startTest(self, test):
        self._watchdog.test_started(test)

    def stopTest(self, test):
        self._watchdog.test_stopped()

    def addSuccess(self, test):
        self._passed += 1

    def finalize(self, result):
        skipped = sum(len(tests) for tests, _, is_failure
                      in result.errorClasses.values() if not is_failure)
        # nose puts something of its own in the place of sys.stdout. A test may
        # have left a line there that has no end.
        sys.__stdout__.write("\nTOTAL passed=%d failed=%d skipped=%d\n" % (
            self._passed, len(result.failures) + len(result.errors), skipped))
        sys.__stdout__.flush()


if __name__ == "__main__":
    main()
