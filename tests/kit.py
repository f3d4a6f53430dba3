# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What unit tests are made of: virtual time, calls that hang and always let go,
captured logs, and a test case that finds leaked threads and descriptors.

No test needs a real interval. Where real threads hand over to each other a
test waits for the event itself, with a timeout that can only fail.
"""

from __future__ import absolute_import, division, print_function

import contextlib
import heapq
import importlib
import itertools
import logging
import os
import random
import sys
import threading
import time
import unittest

from threadpool import clock as _clock
from threadpool import schedule

# Seconds until a test that waits for another thread gives up. Only a failing
# test waits so long.
PATIENCE = 20.0

# Given by the runner, which prints it; a failing run can be repeated.
SEED = int(os.environ.get("VDSM_SAMPLING_SEED", "0"))


def modern(name):
    """
    Return a module that needs Python 3; on 2.7 skip the tests of whoever
    asks, when it is imported.
    """
    if sys.version_info[0] == 2:
        raise unittest.SkipTest("%s needs Python 3" % name)
    return importlib.import_module(name)


def use_utc(case):
    """
    Have the process live in UTC until this test ends.
    """
    def use(zone):
        os.environ.pop("TZ", None)
        if zone is not None:
            os.environ["TZ"] = zone
        time.tzset()

    case.addCleanup(use, os.environ.get("TZ"))
    use("UTC")


def wait(event, what="event"):
    """
    Wait for a threading.Event that must come.
    """
    event.wait(PATIENCE)
    assert event.is_set(), "gave up waiting for %s" % what


def eventually(condition, what="condition"):
    """
    Wait until condition() is true, which must happen by itself.
    """
    limit = _clock.monotonic() + PATIENCE
    pause = threading.Event()
    while not condition():
        assert _clock.monotonic() < limit, "gave up waiting for %s" % what
        pause.wait(0.001)


def at_rest(take, is_quiet):
    """
    Return whether several pools were quiet at the same time.

    Pools cannot be looked at all at once, and one may hand over to another
    that was looked at before. So they are looked at twice, and no task may
    have ended in between.

    take: returns the state() of each pool. is_quiet: judges such a list.
    """
    first, second = take(), take()
    return is_quiet(first) and is_quiet(second) and (
        [state["completed"] for state in first] ==
        [state["completed"] for state in second])


def rng(*salt):
    """
    A random generator that depends on the seed of this run and on salt.
    """
    return random.Random("%d/%r" % (SEED, salt))


class Scheduler(object):
    """
    A scheduler on virtual time: looks like schedule.Scheduler, has no thread,
    and runs what is due in the thread that calls advance().
    """

    def __init__(self, now=1000.0):
        self.now = now
        self._heap = []
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    def clock(self):
        return self.now

    def schedule(self, delay, call):
        entry = schedule.Call(self.now + delay, call, self)
        with self._lock:
            heapq.heappush(
                self._heap, (entry.deadline, next(self._numbers), entry))
        return entry

    def forget(self):
        """
        Called by entries when they are cancelled.
        """

    @property
    def pending(self):
        """
        Times of the calls to come.
        """
        return sorted(e[0] for e in list(self._heap) if e[2].pending)

    def advance(self, seconds):
        """
        Let time pass, with a stop at each call that is due.
        """
        limit = self.now + seconds
        while True:
            with self._lock:
                if not self._heap or self._heap[0][0] > limit:
                    break
                entry = heapq.heappop(self._heap)[2]
            call = entry.take()
            if call is not None:
                self.now = max(self.now, entry.deadline)
                call()
        self.now = limit


class Waiter(object):
    """
    Looks like waiter.Waiter, and waits in virtual time: a timed wait ends
    when the test calls advance() far enough.
    """

    def __init__(self, now=1000.0):
        self._cond = threading.Condition()
        self._now = now
        # What each thread was told last: a wait is counted from there, since
        # time may have passed after the thread had looked at its clock.
        self._told = threading.local()
        self._woken = False
        # How often wait() returned, and until when it waits now.
        self.wakeups = 0
        self.until = None
        self.asleep = threading.Event()

    def clock(self):
        self._told.now = self._now
        return self._told.now

    def wait(self, timeout=None):
        with self._cond:
            self.until = None if timeout is None else timeout + getattr(
                self._told, "now", self._now)
            self.asleep.set()
            while not self._woken and (
                    self.until is None or self._now < self.until):
                self._cond.wait(PATIENCE)
            self.asleep.clear()
            self._woken = False
            self.wakeups += 1

    def wake(self):
        with self._cond:
            self._woken = True
            self._cond.notify_all()

    def close(self):
        pass

    def advance(self, seconds):
        with self._cond:
            self._now += seconds
            self._cond.notify_all()


class Gate(object):
    """
    A callable that hangs until it is opened.

        with Gate() as gate:
            pool.dispatch(gate)
            gate.wait()         # somebody hangs in it
        # here nobody does, whatever happened
    """

    def __init__(self, result=None, error=None):
        self._result = result
        self._error = error
        self._open = threading.Event()
        self._lock = threading.Lock()
        self._entered = threading.Semaphore(0)
        self.calls = 0
        self.left = 0

    def __call__(self, *args, **kwargs):
        with self._lock:
            self.calls += 1
        self._entered.release()
        # Longer than any test waits for anything else: whoever forgets to
        # open a gate is told by the failure of what waited for it.
        self._open.wait(6 * PATIENCE)
        assert self._open.is_set(), "nobody opened %r" % self
        with self._lock:
            self.left += 1
        if self._error is not None:
            raise self._error
        return self._result

    def wait(self, count=1):
        """
        Wait until count more calls hang in here.
        """
        for _ in range(count):
            limit = _clock.monotonic() + PATIENCE
            while not self._entered.acquire(False):
                assert _clock.monotonic() < limit, "nobody came to %r" % self
                self._open.wait(0.001)

    def open(self):
        self._open.set()

    @property
    def is_open(self):
        return self._open.is_set()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.open()

    def __repr__(self):
        return "<Gate calls=%d left=%d>" % (self.calls, self.left)


class Logs(logging.Handler):
    """
    Collects records, and formats each at once: a message that does not fit
    its arguments fails the test, not the operator's night.
    """

    def __init__(self):
        super(Logs, self).__init__(logging.DEBUG)
        self.records = []

    def emit(self, record):
        self.records.append((record.levelno, record.getMessage()))

    def handleError(self, record):
        raise

    def at(self, level):
        return [message for number, message in list(self.records)
                if number == level]


@contextlib.contextmanager
def logs(name, level=logging.DEBUG):
    """
    Collect what is logged under name, and keep it from other handlers.
    """
    logger = logging.getLogger(name)
    handler = Logs()
    saved = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(level)
    logger.propagate = False
    try:
        yield handler
    finally:
        logger.removeHandler(handler)
        logger.level, logger.propagate = saved[0], saved[1]


class Bunch(object):
    """
    Runs call(number) in count threads at once; errors fail the test.

        with Bunch(4, submit):
            ...
        # all have ended
    """

    def __init__(self, count, call):
        self._call = call
        self._errors = []
        self._go = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(n,), name="bunch/%d" % n)
            for n in range(count)]

    def _run(self, number):
        self._go.wait(PATIENCE)
        try:
            self._call(number)
        except BaseException:
            self._errors.append(sys.exc_info())

    def __enter__(self):
        for thread in self._threads:
            thread.daemon = True
            thread.start()
        self._go.set()
        return self

    def __exit__(self, *exc):
        for thread in self._threads:
            thread.join(6 * PATIENCE)
            assert not thread.is_alive(), "%s did not end" % thread.name
        if self._errors and exc[0] is None:
            raise AssertionError("a thread of the test failed: %r" % (
                self._errors[0][1],))


class TestCase(unittest.TestCase):
    """
    Fails a test that leaves threads or descriptors behind.
    """

    def run(self, result=None):
        self._before = _threads(), _descriptors()
        return super(TestCase, self).run(result)

    def setUp(self):
        super(TestCase, self).setUp()
        # Registered first, so it runs last, after the test's own clean-up.
        self.addCleanup(self._check_leaks)

    def await_threads(self):
        """
        Wait until the threads of this test have ended.
        """
        threads, _ = self._before
        try:
            eventually(lambda: not _threads() - threads)
        except AssertionError:
            self.fail("leaked threads: %r" % sorted(
                thread.name for thread in _threads() - threads))

    def _check_leaks(self):
        _, descriptors = self._before
        self.await_threads()
        try:
            # A thread that is just ending may have the C library load
            # something for that.
            eventually(lambda: not _descriptors() - descriptors)
        except AssertionError:
            self.fail("leaked descriptors: %r" % sorted(
                _descriptors() - descriptors))


def _threads():
    return set(threading.enumerate())


def _descriptors():
    found = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            found.add((name, os.readlink("/proc/self/fd/" + name)))
        except OSError:
            # The descriptor of the listing itself.
            continue
    return found
