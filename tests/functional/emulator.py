# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
A terminal whose screen can be read, with a shell in it: a tmux of our own.
"""

from __future__ import absolute_import, division, print_function

import os
import subprocess

import tools

# What a user takes for at once, on a busy machine.
PATIENCE = 15.0


class Emulator(object):
    """
    Construct, start, stop.
    """

    def __init__(self, folder, columns=80, rows=24, **environ):
        """
        folder: a host.Folder, which ends what is left.
        """
        # A unique one each, as the keeper's folder is.
        self._socket = os.path.join(folder.path, "tmux-%x" % id(self))
        self._size = columns, rows
        self._environ = dict(
            os.environ, PS1="$ ", LC_ALL="C.UTF-8", SHELL="/bin/sh",
            HOME=folder.path, TMUX_TMPDIR=folder.path)
        for name in ("TMUX", "ENV", "COLUMNS", "LINES"):
            self._environ.pop(name, None)
        self._environ.update(environ)

    def start(self):
        columns, rows = self._size
        self._tmux("new-session", "-d", "-x", str(columns), "-y", str(rows),
                   "/bin/sh")
        self.wait_for("$")

    def stop(self):
        """
        End it and what runs in it; idempotent.
        """
        try:
            self._tmux("kill-server")
        except AssertionError:
            # It has ended with its shell.
            pass

    def type(self, text):
        self._tmux("send-keys", "-l", text)

    def press(self, *keys):
        """
        keys: by tmux' names, such as Enter, F1, Up, C-c.
        """
        self._tmux("send-keys", *keys)

    def run(self, command):
        """
        Have the shell run this.
        """
        self.type(command)
        self.press("Enter")

    def resize(self, columns, rows):
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def lines(self, styles=False):
        """
        Return what is on the screen.

        styles: with the escape sequences that made it so.
        """
        found = self._tmux("capture-pane", "-p", *["-e"] if styles else [])
        return found.split(u"\n")[:-1]

    def text(self):
        return u"\n".join(self.lines())

    def state(self, name):
        """
        Return one of tmux' variables, see FORMATS in tmux(1).
        """
        return self._tmux("display-message", "-p", "#{%s}" % name).strip()

    def wait_for(self, *words, **kwargs):
        """
        Wait until all of these words are on the screen, and none of without;
        return the lines.
        """
        without = kwargs.get("without", ())
        tools.wait_until(
            lambda: self._has(words, without), PATIENCE,
            lambda: "%r, without %r, on the screen:\n%s" % (
                words, without, self.text()))
        return self.lines()

    def _has(self, words, without):
        text = self.text()
        return (all(word in text for word in words) and
                not any(word in text for word in without))

    def _tmux(self, *args):
        command = ["tmux", "-u", "-f", "/dev/null", "-S", self._socket]
        process = subprocess.Popen(
            command + list(args), env=self._environ, close_fds=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        out = process.communicate()[0]
        assert process.returncode == 0, out
        return out.decode("utf-8")
