# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
CPython's own tests of concurrent.futures, run against our pool and our
futures, where the interpreter ships them.

They take more than half a minute, for they sleep.
"""

from __future__ import absolute_import, division, print_function

import importlib
import logging
import sys
import types
import unittest

import concurrent.futures
from concurrent.futures import _base

from compat import futures
from threadpool import task

import kit
import stdpool

_EXIT = ("Interpreter exit waits for nothing, so that it cannot hang: daemon "
         "threads with work under way or pending just end. Whoever wants "
         "work to be finished says shutdown(). See functional tests.")

_EAGER = ("All workers start with the pool, and none while it works but to "
          "replace a late one: dispatch() never pays for a thread, and can "
          "never fail for want of one.")

_OWNED = ("A pool lives until it is stopped, not until nobody refers to it: "
          "its owner stops it. A garbage collector that stops threads would "
          "do so at any time, on any thread.")

# The deliberate differences between ThreadPoolExecutor and our pool: each test
# that does not apply, and why. Every other test must pass.
DIFFERENCES = {
    "test_interpreter_shutdown": _EXIT,
    "test_submit_after_interpreter_shutdown": _EXIT,
    "test_hang_gh83386": _EXIT,
    "test_hang_issue39205": _EXIT,
    "test_cancel_futures_wait_false": _EXIT,
    "test_threads_terminate": _EAGER,
    "test_idle_thread_reuse": _EAGER,
    "test_cancel_futures": (
        _EAGER + " So submit() does not wait for a thread to begin, and 50 "
        "calls of it may be over before any worker woke up: then all are "
        "cancelled, where the test expects one to have run."),
    "test_del_shutdown": _OWNED,
    "test_thread_names_assigned": _OWNED + " Names are POOL/NUMBER.",
    "test_thread_names_default": _OWNED + " Each pool has a name.",
}

if sys.version_info[:2] in ((3, 7), (3, 8)):
    DIFFERENCES["test_submit_keyword"] = (
        "These take the function as submit(fn=...), too; before and after "
        "them that is a TypeError, as it is here.")

# Classes that are left out as a whole: a worker here has no initializer,
# since a replaced worker would need it too, and it might hang. What a call
# needs, such as a connection, it borrows for itself.
_LEFT_OUT = "Initializer"

_PACKAGE = "test.test_concurrent_futures"

# Of the package that it is on new Pythons; on older ones it is one module.
_MODULES = ("util", "executor", "test_thread_pool", "test_shutdown",
            "test_wait", "test_as_completed", "test_future")


class OurPool(kit.TestCase):
    """
    Mixed into each class, ahead of CPython's.
    """

    executor_type = stdpool.ThreadPoolExecutor

    def setUp(self):
        super(OurPool, self).setUp()
        # Some look for log messages on stderr, where they go when nobody
        # handles them; test runners do.
        root = logging.getLogger()
        handlers, root.handlers = root.handlers, []
        self.addCleanup(setattr, root, "handlers", handlers)

    def tearDown(self):
        stdpool.close_all()
        super(OurPool, self).tearDown()


def _import_tests():
    """
    Import CPython's modules so that they make futures of our class.
    """
    _base.Future = task.Future
    try:
        first = importlib.import_module(_PACKAGE)
        # Or each test says how long it took.
        importlib.import_module("test.support").verbose = False
        if not hasattr(first, "__path__"):
            return [first]
        return [importlib.import_module(_PACKAGE + "." + name)
                for name in _MODULES]
    finally:
        _base.Future = concurrent.futures.Future


def _substitute():
    """
    Return what the tests take for concurrent.futures: ours.
    """
    module = types.ModuleType("futures")
    for name in futures.__all__:
        setattr(module, name, getattr(futures, name))
    module.Future = task.Future
    module.ThreadPoolExecutor = stdpool.ThreadPoolExecutor
    module.ProcessPoolExecutor = concurrent.futures.ProcessPoolExecutor
    return module


def _refuse(*args, **kwargs):
    raise AssertionError(
        "this test runs a program with the standard executor: it says nothing "
        "of ours; list it, or run the like of it")


def _nothing(self):
    """
    Does nothing.
    """


def _skipped(name, reason):
    def test(self):
        raise unittest.SkipTest(reason)
    test.__name__ = name
    return test


def _adapt(cls):
    """
    Return CPython's class cls of tests with our pool.
    """
    body = {"__module__": __name__}
    for name, reason in DIFFERENCES.items():
        if hasattr(cls, name):
            body[name] = _skipped(name, reason)
    return type(cls.__name__, (OurPool, cls), body)


def _build():
    """
    Return {name: class} of all that CPython tests on threads.
    """
    classes = {}
    ours = _substitute()
    for module in _import_tests():
        module.futures = ours
        module.assert_python_ok = _refuse
        if hasattr(module, "BaseTestCase"):
            # Its own search for leaked threads counts those that ended but
            # were not garbage-collected yet. Ours is in kit.
            module.BaseTestCase.setUp = module.BaseTestCase.tearDown = _nothing
        for name, cls in vars(module).items():
            if (isinstance(cls, type) and
                    issubclass(cls, unittest.TestCase) and
                    name.startswith(("ThreadPool", "FutureTest")) and
                    _LEFT_OUT not in name):
                classes[name] = _adapt(cls)
    return classes


try:
    _classes = _build()
except (ImportError, unittest.SkipTest) as e:
    _classes = {}
    _missing = "this Python ships no tests of concurrent.futures: %s" % e
else:
    _missing = None
    globals().update(_classes)


class ShippedTest(kit.TestCase):

    def test_all_kinds(self):
        if _missing is not None:
            self.skipTest(_missing)
        # Five classes: pool, shutdown, wait, as_completed, futures.
        self.assertEqual(len(_classes), 5, sorted(_classes))
