# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
A job that a signal ends at once, whatever the job is in.

A job has two parts. The first one may hang: it opens a connection to a
libvirtd that does not answer, or makes a call that never returns. It runs in
a thread of its own, while the main thread waits for a signal or for its end.
The second one runs in the main thread and waits for nothing but through an
Interrupt, which a signal ends.

A job has these:

prepare()   the first part; returns the exit status, or None to go on
go_on(interrupt)    the second part; returns the exit status. A signal raises
            Interrupted in its wait
stop()      makes prepare() return soon, and undoes what it did; called by the
            main thread, maybe after go_on()
grace       seconds that it has for that
status_of_signal(number)    the exit status when a signal has ended it

and it may have

signals     {number of another signal: function}, which is called on the main
            thread in between anything, so it must not block or raise
"""

from __future__ import absolute_import, division, print_function

import contextlib
import logging
import signal
import sys

from threadpool import clock
from threadpool import threads
from threadpool import waiter
from vmsampling import errors

log = logging.getLogger("vmsampling.supervisor")

OK = 0
FAILED = 2

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(Exception):
    """
    A signal has arrived, and the job is to end.
    """


class Interrupt(object):
    """
    What the main thread waits with.
    """

    def __init__(self):
        self._waiter = waiter.Waiter()
        # Numbers of the signals that have arrived, put there by their
        # handlers, on the main thread.
        self.received = []

    def wake(self):
        """
        End the current wait, or the next one. Thread: any.
        """
        self._waiter.wake()

    def wait(self, timeout=None):
        """
        Wait until wake() is called or a signal arrives, at most timeout
        seconds. Raises Interrupted.
        """
        if not self.received:
            self._waiter.wait(timeout)
        self._check()

    def wait_readable(self, fd, timeout=None):
        """
        As wait(), but ends also when something can be read from fd, or it
        has come to its end; true then. Raises Interrupted.
        """
        readable = (not self.received and
                    self._waiter.wait_readable(fd, timeout))
        self._check()
        return readable

    def rest(self, timeout):
        """
        As wait(), but for what is left to do after a signal.
        """
        self._waiter.wait(timeout)

    def wait_writable(self, fd):
        """
        Wait until something can be written to fd. Raises Interrupted.
        """
        while not self._waiter.wait_writable(fd):
            self._check()
        self._check()

    def close(self):
        self._waiter.close()

    @contextlib.contextmanager
    def signals(self, others):
        """
        Take the signals; they wake the current wait, and the next one.

        others: {number: function} of those that end nothing.
        """
        with _signals(self._waiter.wakeup_fd, self.received, others):
            yield

    def _check(self):
        if self.received:
            raise Interrupted()


class Supervisor(object):
    """
    Runs one job.
    """

    def __init__(self, job, complain):
        """
        complain: called with what went wrong, an error or text.
        """
        self._job = job
        self._complain = complain
        self._interrupt = Interrupt()
        self._thread = threads.create(self._prepare, "job")
        # Set by the job's thread, in this order. The second one is one way.
        self._status = FAILED
        self._ended = False
        # One way: what fails from now on fails because we end it.
        self._ending = False

    def run(self):
        """
        Run the job and return the exit status. Thread: the main one.
        """
        interrupt = self._interrupt
        with interrupt.signals(getattr(self._job, "signals", {})):
            try:
                status = self._run()
            except Interrupted:
                number = interrupt.received[0]
                log.debug("signal %d", number)
                self._end()
                status = self._job.status_of_signal(number)
        if self._ended:
            self._thread.join()
            interrupt.close()
        return status

    def _run(self):
        self._thread.start()
        while not self._ended:
            self._interrupt.wait()
        # It has nothing left to do but to wake us.
        self._thread.join()
        if self._status is None:
            self._status = self._guard(
                lambda: self._job.go_on(self._interrupt))
        return self._status

    def _end(self):
        self._ending = True
        deadline = clock.monotonic() + self._job.grace
        self._job.stop()
        while not self._ended and clock.monotonic() < deadline:
            # Not wait(): the signal has been seen.
            self._interrupt.rest(deadline - clock.monotonic())

    def _prepare(self):
        """
        Thread: the job's.
        """
        try:
            self._status = self._guard(self._job.prepare)
        finally:
            self._ended = True
            self._interrupt.wake()

    def _guard(self, part):
        """
        Run a part of the job; what it raises becomes a line for the user and
        an exit status. Interrupted goes on.
        """
        try:
            return part()
        except Interrupted:
            raise
        except errors.OutputClosed:
            return OK
        except errors.Error as e:
            self._fail(e)
        except ImportError as e:
            self._fail("%s; install libvirt-python for %s" % (
                e, sys.executable))
        except Exception:
            if not self._ending:
                log.exception("this is a bug of vdsm-sampler")
        return FAILED

    def _fail(self, reason):
        if not self._ending:
            self._complain(reason)


@contextlib.contextmanager
def _signals(wakeup_fd, received, others):
    """
    Collect the numbers of signals in a list; others, {number: function}, call
    their function.

    Without the descriptor, a signal that arrives between a look at the list
    and the wait after it would be served when that wait ends: never.
    """
    def receive(number, _frame):
        received.append(number)

    saved_fd = signal.set_wakeup_fd(wakeup_fd)
    saved = [(number, signal.signal(number, receive)) for number in SIGNALS]
    for number, call in others.items():
        saved.append((number, signal.signal(
            number, lambda _number, _frame, call=call: call())))
        # They end nothing, so no system call of any thread either.
        signal.siginterrupt(number, False)
    try:
        yield
    finally:
        # Once there was a signal the process ends: a second Ctrl-C must not
        # find Python's handler, which would show a traceback.
        for number, handler in [] if received else saved:
            signal.signal(number, handler)
        signal.set_wakeup_fd(saved_fd)
