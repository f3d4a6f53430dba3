# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
A terminal that is drawn on, and whose keys are read.

Of curses only the description of terminals is used. Its own drawing writes to
the terminal until that takes all of it, and no signal gets through meanwhile:
over a connection that hangs, nobody could end the program or get the terminal
back. Here each write waits for the terminal and for a signal.
"""

from __future__ import absolute_import, division, print_function

import contextlib
import errno
import fcntl
import os
import re
import signal
import termios

from threadpool import clock as _clock
from vmsampling import errors
from vmsampling import keys
from vmsampling import output
from vmsampling import spans

# Seconds after which an escape that nothing follows is a key.
_ESCAPE = 0.05

# Besides those that the supervisor takes.
_ENDING = (signal.SIGHUP, signal.SIGQUIT)

# Columns and lines of a terminal that does not know.
_USUAL = (79, 24)

# For terminals of a time when they needed a rest.
_PADDING = re.compile(u"\\$<[^>]*>")

_RED, _YELLOW = 1, 3

# What styles are made of: names of terminfo, or numbers of colours.
_STYLES = {
    spans.TITLE: ("rev",),
    spans.SORTED: ("bold",),
    spans.WARNING: ("bold", _YELLOW),
    spans.STUCK: ("bold", _RED),
    spans.SELECTED: ("rev",),
    spans.SELECTED_STUCK: ("bold", "rev", _RED),
    spans.DIM: ("dim",),
    spans.STRONG: ("bold",),
}


class Terminal(object):
    """
    Thread: the main one, since it has to do with signals.
    """

    def __init__(self, stdin, stdout, environ=os.environ, describe=None):
        """
        describe: returns what looks like curses for a file descriptor; for
            tests.

        Raises NoTerminal, and WriteFailed.
        """
        # COLUMNS is of the time when the shell was started; this window may
        # have another size at any moment.
        environ = dict((name, value) for name, value in environ.items()
                       if name != "COLUMNS")
        self._out = output.Output(stdout, environ)
        self._in = _descriptor(stdin)
        self._fd = stdout.fileno()
        for fd, name in ((self._in, "input"), (self._fd, "output")):
            if fd is None or not os.isatty(fd):
                raise errors.NoTerminal("standard %s is no terminal" % name)
        term = environ.get("TERM", "")
        self._codes = _Codes((describe or _described)(self._fd, term), term)
        self._decoder = keys.Decoder(self._out.encoding)
        # Until when the rest of a key must come. None: there is none.
        self._until = None
        # As the terminal was found. None: it is left alone.
        self._saved = None
        # What each line shows, and for which size. None: nobody knows.
        self._drawn = None
        self._size = None
        # Set by a signal: somebody may have changed the terminal.
        self._resumed = False
        self._interrupt = None

    @property
    def encoding(self):
        return self._out.encoding

    @contextlib.contextmanager
    def use(self, interrupt):
        """
        Have the terminal; it is given back whatever happens.

        interrupt: a supervisor.Interrupt.
        """
        self._interrupt = interrupt
        self._out.wait = interrupt.wait_writable
        with self._signals():
            self._saved = termios.tcgetattr(self._in)
            try:
                self._enter()
                yield
            finally:
                self._leave()

    def size(self):
        """
        Return the columns and lines that may be drawn.
        """
        columns, lines = self._out.size()
        return columns or _USUAL[0], lines or _USUAL[1]

    def draw(self, lines):
        """
        Show these lines; only what has changed is written. Raises
        Interrupted, and what Output raises.
        """
        if self._resumed:
            self._resumed = False
            self._enter()
        size = self.size()
        found = []
        if self._drawn is None or self._size != size:
            found.append(self._codes.get("clear"))
            self._drawn = [u""] * size[1]
            self._size = size
        for number, line in enumerate(lines[:size[1]]):
            text = self._codes.text(line)
            if text != self._drawn[number]:
                self._drawn[number] = text
                found.append(self._codes.at(number) + text +
                             self._codes.get("el"))
        if found:
            self._out.write(u"".join(found))

    def forget(self):
        """
        Draw everything anew the next time.
        """
        self._drawn = None

    def read(self, timeout):
        """
        Return the keys that were pressed; an empty list after timeout
        seconds, a wake-up, or when the window has got another size. Raises
        Interrupted, and OutputClosed if the terminal has gone.
        """
        if self._until is not None:
            timeout = min(timeout, self._until - _clock.monotonic())
        if self._interrupt.wait_readable(self._in, timeout):
            found = self._decoder.feed(self._read())
            self._until = (_clock.monotonic() + _ESCAPE
                           if self._decoder.pending else None)
            return found
        if self._until is not None and _clock.monotonic() >= self._until:
            self._until = None
            return self._decoder.flush()
        return []

    def suspend(self):
        """
        Give the terminal back and stop, as Ctrl-Z does elsewhere; returns
        when somebody lets the process go on.
        """
        self._leave()
        os.kill(0, signal.SIGTSTP)
        self._resumed = True

    def _read(self):
        try:
            data = os.read(self._in, 4096)
        except EnvironmentError as e:
            if e.errno in (errno.EAGAIN, errno.EINTR):
                return b""
            data = b""
        if not data:
            raise errors.OutputClosed("the terminal has gone")
        return data

    @contextlib.contextmanager
    def _signals(self):
        """
        Have these signals wake the wait for keys, or end it: what ends a
        process otherwise would leave the terminal as it is.
        """
        def resume(number, frame):
            self._resumed = True

        def end(number, frame):
            self._interrupt.received.append(number)

        handlers = [(signal.SIGWINCH, lambda number, frame: None),
                    (signal.SIGCONT, resume)]
        handlers += [(number, end) for number in _ENDING
                     if signal.getsignal(number) != signal.SIG_IGN]
        saved = [(number, signal.signal(number, handler))
                 for number, handler in handlers]
        try:
            yield
        finally:
            for number, handler in saved:
                signal.signal(number, handler)

    def _enter(self):
        wanted = [list(part) if isinstance(part, list) else part
                  for part in self._saved]
        # No line is collected, nothing typed is shown, and no key stops the
        # output.
        wanted[0] &= ~termios.IXON
        wanted[3] &= ~(termios.ICANON | termios.ECHO)
        characters = wanted[6]
        characters[termios.VMIN], characters[termios.VTIME] = 1, 0
        # These would leave the terminal as it is; Ctrl-C stays a signal.
        for key in (termios.VSUSP, termios.VQUIT):
            characters[key] = b"\0"
        termios.tcsetattr(self._in, termios.TCSANOW, wanted)
        self._drawn = None
        self._out.write(u"".join(
            self._codes.get(name) for name in ("smcup", "smkx", "civis")))

    def _leave(self):
        """
        Never waits for the terminal: it may hang.
        """
        codes = [self._codes.get(name)
                 for name in ("sgr0", "cnorm", "rmkx", "rmcup")]
        if not codes[-1]:
            # There is no screen behind this one: the next line follows.
            codes.append(self._codes.at(self.size()[1] - 1) + u"\n")
        _write_now(self._fd, u"".join(codes).encode("latin-1"))
        try:
            termios.tcsetattr(self._in, termios.TCSANOW, self._saved)
        except termios.error:
            # It has gone.
            pass


class _Codes(object):
    """
    What makes a terminal do something.
    """

    def __init__(self, described, term):
        """
        described: looks like curses.
        term: the name of the terminal.
        """
        self._described = described
        self._found = {}
        for name in ("cup", "el", "clear"):
            if not self.get(name):
                raise errors.NoTerminal("TERM=%s has no cursor" % term)
        colours = described.tigetnum("colors") >= 8
        self._styles = dict(
            (style, u"".join(self._part(part, colours) for part in parts))
            for style, parts in _STYLES.items())

    def get(self, name):
        """
        Return this one of terminfo's, empty if there is none.
        """
        if name not in self._found:
            self._found[name] = _text(self._described.tigetstr(name))
        return self._found[name]

    def at(self, line):
        """
        Return what moves the cursor to the begin of a line.
        """
        return _text(self._described.tparm(
            self._described.tigetstr("cup"), line, 0))

    def text(self, line):
        """
        Return what shows the spans of a line.
        """
        found = []
        for part, style in line:
            code = self._styles.get(style)
            if code:
                found += [code, part, self.get("sgr0")]
            else:
                found.append(part)
        return u"".join(found)

    def _part(self, part, colours):
        if part in (_YELLOW, _RED):
            if not colours or not self.get("setaf"):
                return u""
            return _text(self._described.tparm(
                self._described.tigetstr("setaf"), part))
        return self.get(part)


def _described(fd, term):
    """
    Return curses, which knows this terminal from now on.
    """
    try:
        import curses
    except ImportError as e:
        raise errors.NoTerminal("%s in this Python" % e)
    try:
        curses.setupterm(term, fd)
    except curses.error:
        raise errors.NoTerminal("TERM=%s is not known here" % term)
    return curses


def _text(code):
    # It is ASCII; 8-bit controls would be of this encoding.
    return _PADDING.sub(u"", (code or b"").decode("latin-1"))


def _descriptor(stream):
    try:
        return stream.fileno()
    except (AttributeError, ValueError, EnvironmentError):
        return None


def _write_now(fd, data):
    """
    Write as much of this as the terminal takes at once.
    """
    flags = fcntl.fcntl(fd, fcntl.F_GETFL)
    # Also for all who share the terminal, so not for long.
    fcntl.fcntl(fd, fcntl.F_SETFL, flags | os.O_NONBLOCK)
    try:
        os.write(fd, data)
    except EnvironmentError:
        pass
    finally:
        fcntl.fcntl(fd, fcntl.F_SETFL, flags)
