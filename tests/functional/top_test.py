# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The live view as its user meets it: in a terminal, on real VMs.
"""

from __future__ import absolute_import, division, print_function

import fcntl
import os
import re
import signal
import subprocess
import sys
import termios
import time

import six
from six.moves import shlex_quote

import emulator
import host
import kit
import tools
import vmsampling
from threadpool import clock

VMS = host.Host(vms=6)

LIB = os.path.dirname(os.path.dirname(os.path.abspath(vmsampling.__file__)))

# Ctrl-C is not for the script, which tells the status.
_SCRIPT = """\
trap : INT
PYTHONPATH={path} {python} -c "import sys; from vmsampling import command; \
sys.exit(command.main())" top --config {config} --connect '{uri}' --period 1
echo "status $?"
"""

AT_ONCE = 1.0


def setUpModule():
    tools.require("tmux")
    VMS.start()


def tearDownModule():
    VMS.stop()


class TestCase(kit.TestCase):

    def setUp(self):
        super(TestCase, self).setUp()
        path = os.pathsep.join([LIB, os.environ.get("PYTHONPATH", "")])
        # No configuration of the machine must get into the tests.
        self.script = VMS.folder.write("top.sh", _SCRIPT.format(
            path=shlex_quote(path), python=shlex_quote(sys.executable),
            config=VMS.folder.write("empty.conf", ""), uri=VMS.uri))

    def start(self, *words, **kwargs):
        """
        Return an emulator in which top runs and shows these words.

        before: variables for the shell to set for it.
        """
        before = kwargs.pop("before", "")
        self.screen = emulator.Emulator(VMS.folder, **kwargs)
        self.addCleanup(self.screen.stop)
        self.screen.start()
        self.screen.run("stty -g")
        self.modes = self.find_modes()
        self.screen.run("clear; %s sh %s" % (before, self.script))
        self.screen.wait_for(*words or ("fresh 6/6",))
        return self.screen

    def find_modes(self):
        """
        Return what stty says: one long word with colons.
        """
        found = []
        tools.wait_until(
            lambda: found.extend(re.findall(
                r"(?:[0-9a-f]+:){20,}[0-9a-f]+",
                self.screen.text().replace("\n", ""))) or found,
            emulator.PATIENCE, self.screen.text)
        return found[-1]

    def check_clean(self, status):
        """
        Top has ended, and the terminal is as before.
        """
        lines = self.screen.wait_for("status %d" % status)
        self.assertNotIn("NAME", "\n".join(lines))
        self.assertEqual(self.screen.state("alternate_on"), "0")
        self.assertEqual(self.screen.state("cursor_flag"), "1")
        self.assertEqual(self.screen.state("keypad_cursor_flag"), "0")
        self.screen.run("stty -g")
        self.assertEqual(self.find_modes(), self.modes)

    def names(self):
        """
        Return the VMs in the order in which they are shown.
        """
        return [line.split()[0] for line in self.screen.lines()
                if re.match(r"vm\d\d +(?:running|stuck \d+)", line)]

    def wait_names(self, names):
        tools.wait_until(lambda: self.names() == names, emulator.PATIENCE,
                         lambda: "%r in %s" % (names, self.screen.text()))

    def pid(self):
        """
        PID of top.
        """
        pane = int(self.screen.state("pane_pid"))
        return descendants(pane)[-1]

    def freeze(self, name):
        self.addCleanup(VMS.thaw, name)
        VMS.freeze(name)


def descendants(pid):
    found = []
    with open("/proc/%d/task/%d/children" % (pid, pid)) as stream:
        for child in map(int, stream.read().split()):
            found += [child] + descendants(child)
    return found


class KeysTest(TestCase):

    def test_sort_filter_details_help_pause_and_quit(self):
        screen = self.start()
        self.assertEqual(screen.state("alternate_on"), "1")
        screen.press("<", "<", "<", "<")
        screen.wait_for("sorted by name")
        names = ["vm%02d" % n for n in range(1, 7)]
        self.wait_names(names)
        screen.press("R")
        self.wait_names(names[::-1])
        screen.press("/")
        screen.type("VM03")
        self.wait_names(["vm03"])
        screen.press("Enter")
        screen.wait_for("shown 1", "F1 help", without=["Enter keeps"])
        screen.press("Enter")
        lines = screen.wait_for("UUID", "ages", "Disks", "vda")
        self.assertTrue(lines[0].startswith("vm03  running"))
        screen.press("End")
        screen.wait_for("vcpu.current")
        screen.press("Escape")
        screen.wait_for("shown 1")
        screen.press("Escape")
        self.wait_names(names[::-1])
        screen.press("F1")
        screen.wait_for("All VMs", "PgDn")
        screen.press("q", "p")
        before = screen.wait_for("PAUSED", "NAME")
        # Two rounds later.
        time.sleep(2)
        self.assertEqual(screen.lines(), before)
        screen.press("p")
        screen.wait_for("fresh", without=[before[0]])
        screen.press("q")
        self.check_clean(0)

    def test_to_the_shell_and_back(self):
        screen = self.start()
        screen.press("C-z")
        screen.wait_for("Stopped", without=["NAME"])
        self.assertEqual(screen.state("alternate_on"), "0")
        screen.run("fg")
        screen.wait_for("NAME", "fresh 6/6")
        self.assertEqual(screen.state("alternate_on"), "1")
        screen.press("C-c")
        self.check_clean(0)


class SizeTest(TestCase):

    def test_resize(self):
        screen = self.start(columns=80, rows=24)
        lines = screen.wait_for("NAME", "F1 help")
        self.assertEqual(len(lines), 24)
        self.assertIn("q quit", lines[-1])
        screen.resize(132, 43)
        lines = screen.wait_for("STEAL", "DISK")
        self.assertEqual(len(lines), 43)
        self.assertIn("q quit", lines[-1])
        screen.resize(40, 10)
        screen.wait_for("STATE", without=["STEAL"])
        # The host has a line if psutil is there.
        self.assertGreaterEqual(len(self.names()), 5)
        screen.resize(20, 5)
        screen.wait_for("NAME", without=["STATE"])
        screen.resize(80, 24)
        screen.wait_for("vm06", "F1 help")
        screen.press("F10")
        self.check_clean(0)

    def test_terminal_without_block_characters(self):
        screen = self.start(PYTHONIOENCODING="ascii")
        screen.wait_for("NAME", "_")
        screen.press("t")
        "\n".join(screen.wait_for("DISK")).encode("ascii")


class StuckTest(TestCase):

    def test_stuck_vm_is_on_top_with_duration(self):
        screen = self.start()
        self.freeze("vm04")
        screen.wait_for("stuck 1 ", "is stopped: all threads in state T")
        self.assertEqual(self.names()[0], "vm04")
        lines = screen.wait_for("vm04 stuck for 4.")
        row = [line for line in lines if line.startswith("vm04")][-1]
        six.assertRegex(self, row, r"^vm04 +stuck \ds ")
        coloured = [line for line in screen.lines(styles=True)
                    if "vm04" in line]
        self.assertIn("\x1b[31", coloured[0].replace("\x1b[1m", ""))
        screen.press("Home", "Enter")
        screen.wait_for("vm04  running", "Stuck", "waits in")
        screen.press("q")
        VMS.thaw("vm04")
        screen.wait_for("stuck 0 ", "fresh 6/6")
        screen.press("q")
        self.check_clean(0)

    def test_sigterm_while_libvirtd_and_a_vm_hang(self):
        screen = self.start()
        pid = self.pid()
        self.freeze("vm01")
        VMS.libvirtd.suspend()
        self.addCleanup(VMS.libvirtd.resume)
        screen.wait_for("libvirt does not answer")
        begin = clock.monotonic()
        os.kill(pid, signal.SIGTERM)
        tools.wait_until(lambda: not os.path.exists("/proc/%d" % pid),
                         AT_ONCE, "top ends", pause=0.01)
        self.assertLess(clock.monotonic() - begin, AT_ONCE)
        self.check_clean(143)


class HungTerminalTest(TestCase):
    """
    As over an ssh connection that does not go on: nobody reads what is drawn.
    """

    def test_sigterm(self):
        master, slave = os.openpty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, slave)
        before = termios.tcgetattr(slave)
        top = subprocess.Popen(
            ["sh", "-c", ". " + self.script], stdin=slave, stdout=slave,
            stderr=subprocess.PIPE, close_fds=True,
            env=dict(os.environ, TERM="xterm"))
        self.addCleanup(top.stderr.close)
        # Each "h" draws or removes a page, until the terminal is full.
        tools.wait_until(lambda: self.is_full(master, slave), 30,
                         "the terminal is full", pause=0)
        pid = descendants(top.pid)[-1]
        begin = clock.monotonic()
        os.kill(pid, signal.SIGTERM)
        tools.wait_until(lambda: not os.path.exists("/proc/%d" % pid),
                         AT_ONCE, "top ends", pause=0.01)
        self.assertLess(clock.monotonic() - begin, AT_ONCE)
        self.assertEqual(termios.tcgetattr(slave), before)
        # What comes after it waits for the terminal.
        top.kill()
        top.wait()
        self.assertEqual(top.stderr.read(), b"")

    def is_full(self, master, slave):
        os.write(master, b"h")
        time.sleep(0.05)
        if not waiting(slave):
            return False
        time.sleep(1)
        return waiting(slave) and not termios.tcgetattr(slave)[3] & (
            termios.ICANON)


def waiting(fd):
    """
    Whether there are keys that nobody has read.
    """
    return any(bytearray(fcntl.ioctl(fd, termios.FIONREAD, b"\0" * 4)))


class ComplaintTest(TestCase):

    def test_terminals_that_cannot(self):
        screen = self.start("TERM=dumb ", "nothing can be drawn", "status 2",
                            before="TERM=dumb")
        screen.run("clear; TERM=no-such-terminal sh " + self.script)
        screen.wait_for("TERM=no-such-terminal ", "status 2")
