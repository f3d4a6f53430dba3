# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What concurrent.futures lacks on Python 2.7 (backport 3.1 to 3.4) and 3.6 to
3.8, with the semantics of 3.9. Import compat.futures, not this.

The private names of concurrent.futures that are used here may be relied upon:
these versions get no more changes.

Still different on 2.7: timeouts of as_completed() and map() are measured on
the wall clock there.
"""

from __future__ import absolute_import, division, print_function

import functools
import itertools
import os
import sys
import threading

from concurrent import futures
from concurrent.futures import _base
from six.moves import queue

# 3.6 has no such class, and the backport does not show the one it has.
BrokenExecutor = getattr(_base, "BrokenExecutor", None)
if BrokenExecutor is None:
    class BrokenExecutor(RuntimeError):
        """
        Raised when an executor failed so that it cannot work any more.
        """


def wait(fs, timeout=None, return_when=futures.ALL_COMPLETED):
    """
    As concurrent.futures.wait(), which takes any iterable since 3.9 only.
    """
    return futures.wait(set(fs), timeout, return_when)


class Executor(futures.Executor):
    """
    Base of executors that accept shutdown(cancel_futures=True).
    """

    def shutdown(self, wait=True, cancel_futures=False):
        """
        Does nothing; for subclasses to override.
        """


if sys.version_info >= (3, 8):
    Future = futures.Future
    InvalidStateError = futures.InvalidStateError
else:
    class InvalidStateError(_base.Error):
        """
        Raised when a future that is done is given another outcome.
        """

    class Future(futures.Future):
        """
        A future that is done once: the older ones take a second outcome in
        silence and run their callbacks again.
        """

        def add_done_callback(self, fn):
            try:
                super(Future, self).add_done_callback(fn)
            except Exception:
                # Only fn() can fail here, called at once on a future that is
                # done. Called later, its errors are logged; so log this too.
                _base.LOGGER.exception(
                    "exception calling callback for %r", self)

        def set_result(self, result):
            self._finish(result, None, None)

        def set_exception(self, exception):
            self._finish(None, exception, None)

        if hasattr(futures.Future, "set_exception_info"):
            def set_exception_info(self, exception, traceback):
                self._finish(None, exception, traceback)

        def _finish(self, result, exception, traceback):
            # Test and change under one hold of the lock, callbacks after it:
            # so the parent's setters, which do both, are of no use here.
            with self._condition:
                state = self._state
                if state not in (_base.CANCELLED, _base.CANCELLED_AND_NOTIFIED,
                                 _base.FINISHED):
                    self._result = result
                    self._exception = exception
                    self._traceback = traceback  # Read by the backport only.
                    self._state = _base.FINISHED
                    for waiter in self._waiters:
                        if exception is None:
                            waiter.add_result(self)
                        else:
                            waiter.add_exception(self)
                    self._condition.notify_all()
                    state = None
            if state is not None:
                # The repr takes the lock, and VDSM's is not re-entrant
                # (pthreading).
                raise InvalidStateError("{0}: {1!r}".format(state, self))
            self._invoke_callbacks()


class ThreadPoolExecutor(futures.ThreadPoolExecutor, Executor):
    """
    A ThreadPoolExecutor with the constructor, submit() and shutdown() of 3.9.
    """

    def __init__(self, max_workers=None, thread_name_prefix="",
                 initializer=None, initargs=()):
        if max_workers is None:
            cpus = os.sysconf("SC_NPROCESSORS_ONLN")
            max_workers = min(32, max(cpus, 1) + 4)
        super(ThreadPoolExecutor, self).__init__(max_workers)
        if initializer is not None and not callable(initializer):
            raise TypeError("initializer must be a callable")
        self._initialize = functools.partial(initializer or _nothing,
                                             *initargs)
        # Names and initializers are given to a thread by its first task, as
        # not every version that we stand on can give them to the thread.
        self._prefix = thread_name_prefix
        self._number = itertools.count()
        # Attribute "started" is set in threads that are ready to run tasks.
        self._thread = threading.local()
        # Why no task will run any more, or False. 3.7 and later look at it in
        # submit(); we look again in the worker, as the initializer may fail
        # at any time after that.
        self._broken = False

    def submit(*args, **kwargs):  # pylint: disable=no-self-argument
        """
        As concurrent.futures'. Its two own arguments have no names, so that
        fn may take any keyword.
        """
        if len(args) < 2:
            raise TypeError("submit expected at least 1 positional argument, "
                            "got {0}".format(len(args) - 1))
        self, fn = args[:2]
        if self._broken:
            raise BrokenExecutor(self._broken)
        call = functools.partial(self._run, fn, args[2:], kwargs)
        future = super(ThreadPoolExecutor, self).submit(call)
        # The parent makes futures of its own class. Nobody but the worker
        # has seen this one yet, and it gives it but one outcome.
        future.__class__ = Future
        return future

    def shutdown(self, wait=True, cancel_futures=False):
        if cancel_futures:
            with self._shutdown_lock:
                self._shutdown = True
                self._cancel_pending()
        super(ThreadPoolExecutor, self).shutdown(wait)

    def _cancel_pending(self):
        while True:
            try:
                item = self._work_queue.get_nowait()
            except queue.Empty:
                return
            if item is not None:
                item.future.cancel()

    def _run(self, fn, args, kwargs):
        """
        Thread: a worker.
        """
        if not self._broken and not hasattr(self._thread, "started"):
            self._start_thread()
        if self._broken:
            raise BrokenExecutor(self._broken)
        return fn(*args, **kwargs)

    def _start_thread(self):
        """
        Thread: a worker, before its first task.
        """
        if self._prefix:
            threading.current_thread().name = "{0}_{1}".format(
                self._prefix, next(self._number))
        try:
            self._initialize()
        except BaseException:
            _base.LOGGER.critical("Exception in initializer:", exc_info=True)
            self._broken = ("A thread initializer failed, the thread pool is "
                            "not usable anymore")
        self._thread.started = True


def _nothing():
    """
    The initializer of who needs none.
    """
