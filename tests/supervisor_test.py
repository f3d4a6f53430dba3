# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import contextlib
import fcntl
import logging
import os
import signal
import threading

import mock

import kit
from threadpool import waiter
from vmsampling import errors
from vmsampling import supervisor


class Job(object):

    grace = kit.PATIENCE

    def __init__(self, prepare, stop=lambda: None, go_on=None):
        self.prepare = prepare
        self.stop = stop
        self.go_on = go_on

    def status_of_signal(self, number):
        return 100 + number


def raising(error):
    def run():
        raise error
    return run


class TestCase(kit.TestCase):

    def setUp(self):
        super(TestCase, self).setUp()
        self.complaints = []
        for number in supervisor.SIGNALS:
            # After a signal, a supervisor leaves its handlers.
            self.addCleanup(signal.signal, number, signal.getsignal(number))

    def run_job(self, *args):
        return supervisor.Supervisor(
            Job(*args), lambda what: self.complaints.append(str(what))).run()


class EndTest(TestCase):

    def test_status(self):
        self.assertEqual(self.run_job(lambda: 7), 7)
        self.assertEqual(self.complaints, [])

    def test_errors_for_the_user(self):
        self.assertEqual(self.run_job(raising(
            errors.ConnectFailed("foo:///", "why"))), 2)
        self.assertEqual(self.run_job(raising(
            errors.WriteFailed("disk full"))), 2)
        self.assertEqual(self.complaints, [
            "cannot connect to libvirt at foo:///: why",
            "cannot write to standard output: disk full"])

    def test_reader_goes_away(self):
        self.assertEqual(self.run_job(raising(errors.OutputClosed("x"))), 0)
        self.assertEqual(self.complaints, [])

    def test_module_is_missing(self):
        self.assertEqual(self.run_job(raising(
            ImportError("No module named libvirt"))), 2)
        self.assertIn("No module named libvirt; install libvirt-python",
                      self.complaints[0])

    def test_bug(self):
        with kit.logs("vmsampling.supervisor") as logs:
            self.assertEqual(self.run_job(raising(ZeroDivisionError())), 2)
        self.assertEqual(len(logs.at(logging.ERROR)), 1)

    def test_handlers_are_restored(self):
        before = [signal.getsignal(n) for n in supervisor.SIGNALS]
        self.run_job(lambda: 0)
        self.assertEqual(before, [signal.getsignal(n)
                                  for n in supervisor.SIGNALS])
        self.assertEqual(signal.set_wakeup_fd(-1), -1)


class GoOnTest(TestCase):
    """
    The second part, on the main thread.
    """

    def go_on(self, part, stop=lambda: None):
        return self.run_job(lambda: None, stop, part)

    def test_status(self):
        self.assertEqual(self.go_on(lambda interrupt: 5), 5)

    def test_main_thread_and_no_other(self):
        def part(interrupt):
            self.assertEqual(set(threading.enumerate()), before)
            self.assertEqual(threading.current_thread().name, "MainThread")
            return 0
        before = set(threading.enumerate())
        self.assertEqual(self.go_on(part), 0)

    def test_errors_for_the_user(self):
        def part(interrupt):
            raise errors.WriteFailed("disk full")
        self.assertEqual(self.go_on(part), 2)
        self.assertEqual(
            self.complaints, ["cannot write to standard output: disk full"])

    def test_woken(self):
        def part(interrupt):
            with kit.Bunch(1, lambda _: interrupt.wake()):
                interrupt.wait()
            return 3
        self.assertEqual(self.go_on(part), 3)

    def test_signal_ends_a_wait(self):
        for number in supervisor.SIGNALS:
            stopped = []

            def part(interrupt):
                os.kill(os.getpid(), number)
                while True:
                    interrupt.wait()
            self.assertEqual(
                self.go_on(part, lambda: stopped.append(1)), 100 + number)
            self.assertEqual(stopped, [1])

    def test_signal_ends_a_wait_for_a_reader(self):
        # The pipe is full, and nobody reads it.
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        self.addCleanup(os.close, writer)
        fcntl.fcntl(writer, fcntl.F_SETFL, os.O_NONBLOCK)
        with self.assertRaises(EnvironmentError):
            while True:
                os.write(writer, b"x" * 4096)

        def part(interrupt):
            # Woken by a round, it goes on waiting.
            interrupt.wake()
            os.kill(os.getpid(), signal.SIGTERM)
            interrupt.wait_writable(writer)
        self.assertEqual(self.go_on(part), 100 + signal.SIGTERM)

    def test_signal_ends_a_wait_for_a_writer(self):
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        self.addCleanup(os.close, writer)

        def part(interrupt):
            interrupt.wake()
            self.assertFalse(interrupt.wait_readable(reader))
            os.write(writer, b"x")
            self.assertTrue(interrupt.wait_readable(reader, kit.PATIENCE))
            os.read(reader, 1)
            os.kill(os.getpid(), signal.SIGTERM)
            while True:
                interrupt.wait_readable(reader)
        self.assertEqual(self.go_on(part), 100 + signal.SIGTERM)

    def test_reader_that_reads(self):
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        self.addCleanup(os.close, writer)

        def part(interrupt):
            interrupt.wake()
            interrupt.wait_writable(writer)
            return 4
        self.assertEqual(self.go_on(part), 4)


class SignalTest(TestCase):

    def check(self, number, error=None):
        """
        The signal comes while the job hangs, and stop() lets it go.
        """
        with kit.Gate(error=error) as gate:
            def run():
                os.kill(os.getpid(), number)
                gate()

            self.assertEqual(self.run_job(run, gate.open), 100 + number)
            self.assertEqual(gate.left, 1)
        self.assertEqual(self.complaints, [])

    def test_sigterm(self):
        self.check(signal.SIGTERM)

    def test_ctrl_c(self):
        self.check(signal.SIGINT)

    def test_what_fails_because_it_ends(self):
        with kit.logs("vmsampling.supervisor") as logs:
            for error in (ZeroDivisionError(), ImportError("x"),
                          errors.ConnectFailed("a", "b"),
                          errors.OutputClosed("x")):
                self.check(signal.SIGTERM, error)
        self.assertEqual(logs.at(logging.ERROR), [])

    def test_second_signal(self):
        with kit.Gate() as gate:
            def run():
                os.kill(os.getpid(), signal.SIGINT)
                gate()

            def stop():
                os.kill(os.getpid(), signal.SIGTERM)
                gate.open()

            self.assertEqual(self.run_job(run, stop), 100 + signal.SIGINT)

    def test_handlers_stay_after_a_signal(self):
        # A second Ctrl-C during exit must find no default handler.
        before = signal.getsignal(signal.SIGINT)
        self.check(signal.SIGINT)
        handler = signal.getsignal(signal.SIGINT)
        self.assertNotIn(handler, (before, signal.default_int_handler,
                                   signal.SIG_DFL))
        handler(signal.SIGINT, None)

    def test_signal_between_look_and_wait(self):
        # The main thread has seen that there was none, and goes to wait.
        class Late(waiter.Waiter):

            def wait(self, timeout=None):
                if not pending:
                    pending.append(1)
                    os.kill(os.getpid(), signal.SIGTERM)
                super(Late, self).wait(timeout)

        pending = []
        with kit.Gate() as gate, mock.patch.object(
                supervisor.waiter, "Waiter", Late):
            self.assertEqual(self.run_job(gate, gate.open),
                             100 + signal.SIGTERM)

    def test_signal_that_ends_nothing(self):
        before = signal.getsignal(signal.SIGUSR1)
        told = threading.Event()

        def run():
            os.kill(os.getpid(), signal.SIGUSR1)
            kit.wait(told)
            return 7

        with mock.patch.object(
                Job, "signals", {signal.SIGUSR1: told.set}, create=True):
            with mock.patch.object(
                    signal, "siginterrupt", wraps=signal.siginterrupt) as call:
                self.assertEqual(self.run_job(run), 7)
        call.assert_called_once_with(signal.SIGUSR1, False)
        self.assertEqual(signal.getsignal(signal.SIGUSR1), before)

    def test_job_that_cannot_end(self):
        with kit.Gate() as gate, self.kept_wakeups():
            def run():
                os.kill(os.getpid(), signal.SIGTERM)
                gate()

            with mock.patch.object(Job, "grace", 0.01):
                self.assertEqual(self.run_job(run), 100 + signal.SIGTERM)
            self.assertEqual(gate.left, 0)
            gate.open()

    @contextlib.contextmanager
    def kept_wakeups(self):
        """
        Close the descriptors that are left to a job which goes on. In real
        life the process ends then.
        """
        wakeup = waiter.Waiter()
        with mock.patch.object(supervisor.waiter, "Waiter", lambda: wakeup):
            yield
        kit.eventually(lambda: "job" not in [
            thread.name for thread in threading.enumerate()])
        wakeup.close()
