# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import fcntl
import io
import os
import signal
import struct
import termios

import kit
from vmsampling import errors
from vmsampling import spans
from vmsampling import supervisor
from vmsampling import terminal

LINE = [(u"a\u673a", spans.PLAIN), (u"b", spans.STUCK)]


class Described(object):
    """
    Looks like curses.
    """

    def __init__(self, colours=8, missing=()):
        self._colours = colours
        self._missing = missing

    def tigetnum(self, name):
        return self._colours

    def tigetstr(self, name):
        if name in self._missing:
            return None
        return b"<" + name.encode("ascii") + b"$<5/>>"

    def tparm(self, code, *args):
        return code.replace(
            b"$", b" " + b" ".join(b"%d" % arg if str is not bytes else
                                   str(arg) for arg in args) + b"$")


class TestCase(kit.TestCase):

    def setUp(self):
        super(TestCase, self).setUp()
        self.master, slave = os.openpty()
        self.addCleanup(os.close, self.master)
        self.stream = io.open(slave, "r+b", buffering=0)
        self.addCleanup(self.stream.close)
        fcntl.fcntl(self.master, fcntl.F_SETFL, os.O_NONBLOCK)
        self.resize(24, 80)
        self.interrupt = supervisor.Interrupt()
        self.addCleanup(self.interrupt.close)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, columns, 0, 0))

    def make(self, described=None, **environ):
        environ.setdefault("TERM", "xterm")
        made = terminal.Terminal(
            self.stream, self.stream, environ,
            lambda fd, term: described or Described())
        # What a standard stream would say.
        made._out.encoding = "utf-8"
        return made

    def written(self):
        found = b""
        while True:
            try:
                found += os.read(self.master, 65536)
            except EnvironmentError:
                return found.decode("utf-8")

    def modes(self):
        return termios.tcgetattr(self.stream.fileno())


class UseTest(TestCase):

    def test_given_back(self):
        before = self.modes()
        made = self.make()
        with made.use(self.interrupt):
            self.assertEqual(self.written(), u"<smcup><smkx><civis>")
            self.assertFalse(self.modes()[3] & (
                termios.ICANON | termios.ECHO))
            # Ctrl-C stays a signal.
            self.assertTrue(self.modes()[3] & termios.ISIG)
        self.assertEqual(self.written(), u"<sgr0><cnorm><rmkx><rmcup>")
        self.assertEqual(self.modes(), before)

    def test_given_back_after_an_error(self):
        before = self.modes()
        handlers = [signal.getsignal(n) for n in (signal.SIGWINCH,
                                                  signal.SIGCONT)]
        made = self.make()
        with self.assertRaises(ZeroDivisionError):
            with made.use(self.interrupt):
                raise ZeroDivisionError()
        self.assertIn(u"<rmcup>", self.written())
        self.assertEqual(self.modes(), before)
        self.assertEqual(handlers, [signal.getsignal(n) for n in (
            signal.SIGWINCH, signal.SIGCONT)])

    def test_given_back_while_the_terminal_hangs(self):
        before = self.modes()
        made = self.make()
        with self.assertRaises(supervisor.Interrupted):
            with made.use(self.interrupt):
                made._out.wait = self.fill
                made.draw([LINE])
        self.assertEqual(self.modes(), before)
        self.assertFalse(fcntl.fcntl(
            self.stream.fileno(), fcntl.F_GETFL) & os.O_NONBLOCK)

    def fill(self, fd):
        """
        Nobody reads what is drawn, and there is a signal.
        """
        flags = fcntl.fcntl(fd, fcntl.F_GETFL)
        fcntl.fcntl(fd, fcntl.F_SETFL, flags | os.O_NONBLOCK)
        with self.assertRaises(EnvironmentError):
            while True:
                os.write(fd, b"x" * 4096)
        fcntl.fcntl(fd, fcntl.F_SETFL, flags)
        self.interrupt.received.append(signal.SIGTERM)
        self.interrupt.wake()
        self.interrupt.wait_writable(fd)

    def test_without_another_screen(self):
        made = self.make(Described(missing=("smcup", "rmcup")))
        with made.use(self.interrupt):
            pass
        self.assertTrue(self.written().endswith(u"<cup 23 0>\r\n"))

    def test_no_terminal(self):
        with open(os.devnull, "r+b") as null:
            for streams in ((null, self.stream), (self.stream, null)):
                with self.assertRaises(errors.NoTerminal):
                    terminal.Terminal(*streams)

    def test_closed(self):
        with self.assertRaises(errors.NoTerminal):
            terminal.Terminal(None, self.stream, {"TERM": "xterm"})

    def test_terminals_that_cannot(self):
        for name in ("cup", "el", "clear"):
            with self.assertRaises(errors.NoTerminal) as raised:
                self.make(Described(missing=(name,)), TERM="dumb")
            self.assertIn("TERM=dumb", str(raised.exception))
            self.assertIn("vdsm-sampler watch", str(raised.exception))

    def test_unknown_terminal(self):
        with self.assertRaises(errors.NoTerminal) as raised:
            terminal.Terminal(
                self.stream, self.stream, {"TERM": "no-such-terminal"})
        self.assertIn("no-such-terminal", str(raised.exception))


class DrawTest(TestCase):

    def draw(self, made, *frames):
        """
        Return what is written for the last one.
        """
        with made.use(self.interrupt):
            for lines in frames:
                self.written()
                made.draw(lines)
            return self.written()

    def test_all(self):
        self.assertEqual(
            self.draw(self.make(), [LINE, [(u"c", spans.TITLE)]]),
            u"<clear><cup 0 0>a\u673a<bold><setaf 1>b<sgr0><el>"
            u"<cup 1 0><rev>c<sgr0><el>")

    def test_no_colours(self):
        self.assertIn(u"a\u673a<bold>b<sgr0>", self.draw(
            self.make(Described(colours=-1)), [LINE]))

    def test_only_what_has_changed(self):
        self.assertEqual(self.draw(
            self.make(), [LINE, [(u"c", spans.PLAIN)]],
            [LINE, [(u"d", spans.PLAIN)]]), u"<cup 1 0>d<el>")
        self.assertEqual(self.draw(self.make(), [LINE], [LINE]), u"")

    def test_line_becomes_empty(self):
        self.assertEqual(
            self.draw(self.make(), [LINE], [[]]), u"<cup 0 0><el>")

    def test_other_size(self):
        made = self.make(COLUMNS="300")
        self.assertEqual(made.size(), (79, 24))
        with made.use(self.interrupt):
            made.draw([LINE] * 24)
            self.written()
            self.resize(2, 20)
            self.assertEqual(made.size(), (19, 2))
            # Made before anybody noticed.
            made.draw([LINE] * 24)
            found = self.written()
        self.assertTrue(found.startswith(u"<clear>"))
        self.assertEqual(found.count(u"<cup"), 2)

    def test_terminal_without_a_size(self):
        self.resize(0, 0)
        self.assertEqual(self.make().size(), (79, 24))

    def test_forgotten(self):
        made = self.make()
        with made.use(self.interrupt):
            made.draw([LINE])
            self.written()
            made.forget()
            made.draw([LINE])
            self.assertTrue(self.written().startswith(u"<clear>"))

    def test_resumed(self):
        made = self.make()
        with made.use(self.interrupt), self.interrupt.signals({}):
            made.draw([LINE])
            self.written()
            # As a shell does before.
            termios.tcsetattr(
                self.stream.fileno(), termios.TCSANOW, made._saved)
            os.kill(os.getpid(), signal.SIGCONT)
            self.assertEqual(made.read(kit.PATIENCE), [])
            made.draw([LINE])
            self.assertTrue(self.written().startswith(
                u"<smcup><smkx><civis><clear>"))
            self.assertFalse(self.modes()[3] & termios.ICANON)


class ReadTest(TestCase):

    def test_keys(self):
        made = self.make()
        with made.use(self.interrupt):
            os.write(self.master, b"j\x1b[A")
            self.assertEqual(made.read(kit.PATIENCE), ["j", "up"])
            self.assertEqual(made.read(0), [])

    def test_escape(self):
        made = self.make()
        with made.use(self.interrupt):
            os.write(self.master, b"\x1b")
            self.assertEqual(made.read(kit.PATIENCE), [])
            self.interrupt.wake()
            self.assertEqual(made.read(kit.PATIENCE), [])
            self.assertEqual(made.read(kit.PATIENCE), ["esc"])

    def test_sequence_in_parts(self):
        made = self.make()
        with made.use(self.interrupt):
            os.write(self.master, b"\x1b")
            self.assertEqual(made.read(kit.PATIENCE), [])
            os.write(self.master, b"[B")
            self.assertEqual(made.read(kit.PATIENCE), ["down"])

    def test_window_changes(self):
        made = self.make()
        with made.use(self.interrupt), self.interrupt.signals({}):
            os.kill(os.getpid(), signal.SIGWINCH)
            self.assertEqual(made.read(kit.PATIENCE), [])

    def test_signal(self):
        made = self.make()
        saved = [signal.getsignal(n) for n in supervisor.SIGNALS]
        try:
            with self.assertRaises(supervisor.Interrupted):
                with made.use(self.interrupt), self.interrupt.signals({}):
                    os.kill(os.getpid(), signal.SIGTERM)
                    while True:
                        made.read(kit.PATIENCE)
        finally:
            for number, handler in zip(supervisor.SIGNALS, saved):
                signal.signal(number, handler)

    def test_signals_that_end_others(self):
        for number in (signal.SIGHUP, signal.SIGQUIT):
            made = self.make()
            with self.assertRaises(supervisor.Interrupted):
                with made.use(self.interrupt), self.interrupt.signals({}):
                    os.kill(os.getpid(), number)
                    while True:
                        made.read(kit.PATIENCE)
            self.assertEqual(self.interrupt.received, [number])
            self.assertIn(u"<rmcup>", self.written())
            del self.interrupt.received[:]

    def test_ignored_hangup(self):
        saved = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        self.addCleanup(signal.signal, signal.SIGHUP, saved)
        made = self.make()
        with made.use(self.interrupt), self.interrupt.signals({}):
            os.kill(os.getpid(), signal.SIGHUP)
            self.assertEqual(made.read(0), [])

    def test_terminal_has_gone(self):
        master, slave = os.openpty()
        with io.open(slave, "r+b", buffering=0) as stream:
            made = terminal.Terminal(
                stream, stream, {"TERM": "xterm"},
                lambda fd, term: Described())
            with self.assertRaises(errors.OutputClosed):
                with made.use(self.interrupt):
                    os.close(master)
                    made.read(kit.PATIENCE)
