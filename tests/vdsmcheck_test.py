# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
make check-vdsm on a checkout that is made here: it has VDSM's folders, doubles
of its modules, and two test modules.
"""

from __future__ import absolute_import, division, print_function

import contextlib
import io
import os
import re
import shutil
import sys
import tempfile
import threading
import unittest

import mock

import doublevdsm
import kit
from vdsmcheck import __main__ as command
from vdsmcheck import checkout
from vdsmcheck import errors
from vdsmcheck import interpreter
from vdsmcheck import suites
from vdsmcheck import templates
from vdsmcheck import trial

# Each Python runs the tests of VDSMs of its time.
PYTHON2 = sys.version_info[0] == 2
if PYTHON2:
    SUITE = suites.VDSM_2014
    MODULE = "storage.threadPool"
    SOURCE = doublevdsm.POOL_2014
    FOLDER = "vdsm/storage"
    FIRST, SECOND = "samplingTests.py", "storageMailboxTests.py"
else:
    SUITE = suites.VDSM_MASTER
    MODULE = "vdsm.storage.threadPool"
    SOURCE = doublevdsm.POOL_TODAY
    FOLDER = "lib/vdsm/storage"
    FIRST, SECOND = "storage/threadpool_test.py", "storage/mailbox_test.py"

# build-aux/test-python installs no pytest for these: the last one that they
# can run would need a dozen pinned packages. 2.7 needs none.
with_pytest = unittest.skipIf(
    (3,) <= sys.version_info < (3, 10), "there is no pytest for this Python")

CONFIGURE = """\
AC_ARG_WITH(
    [qemu-user],
    ,
    [with_qemu_user="qemu"]
)
AC_SUBST([QEMUUSER], ["${with_qemu_user}"])
AC_SUBST([vdsmlogdir], ['${localstatedir}/log/vdsm'])
AC_SUBST([vdsmbackupdir], ['${vdsmlogdir}/backup'])
AC_PATH_PROG([SH_PATH], [sh], [/nowhere/sh])
AC_PATH_PROG([GONE_PATH], [vdsm-no-such-program], [/sbin/gone])
"""
SUBS = """\
PATHSUBST = sed \\
\t-e "s,[@]BACKUPDIR[@],$(vdsmbackupdir),g"
"""
TEMPLATE = """\
user = '@QEMUUSER@'
backup = '@BACKUPDIR@'
gone = '@GONE_PATH@'
other = '@OTHER@'
"""
# VDSM's runner of its time, as far as it matters here.
RUNNER = """\
import sys
import nose.config
import nose.core
sys.argv.remove("--local-modules")
config = nose.config.Config(plugins=nose.core.DefaultPluginManager())
sys.exit(not nose.core.run(config=config, argv=sys.argv))
"""
SAME = """\
import unittest

class Same(unittest.TestCase):

    def test_passes(self):
        from %s import ThreadPool
        self.assertTrue(ThreadPool)

    def test_fails(self):
        self.fail("as ever")

    def test_skips(self):
        self.skipTest("not today")
""" % MODULE
PLAIN_ONLY = """\
import unittest
from %s import ThreadPool

class Plain(unittest.TestCase):

    def test_whose(self):
        self.assertEqual(ThreadPool.whose, "VDSM's")
""" % MODULE
WHOSE = ("storageMailboxTests.Plain.test_whose" if PYTHON2
         else "storage/mailbox_test.py::Plain::test_whose")


class Tree(object):
    """
    A folder, and texts in it.
    """

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="vdsm-check-test-")

    def add(self, name, text=u""):
        path = os.path.join(self.path, name)
        if not os.path.isdir(os.path.dirname(path)):
            os.makedirs(os.path.dirname(path))
        with io.open(path, "w", encoding="utf-8") as f:
            f.write(u"%s" % text)

    def contents(self):
        found = {}
        for folder, _, names in os.walk(self.path):
            for name in names:
                with open(os.path.join(folder, name), "rb") as f:
                    found[os.path.join(folder, name)] = f.read()
        return found


class CheckTestCase(kit.TestCase):

    def setUp(self):
        super(CheckTestCase, self).setUp()
        self.tree = Tree()
        self.addCleanup(shutil.rmtree, self.tree.path)
        self.logs = tempfile.mkdtemp(prefix="vdsm-check-logs-")
        self.addCleanup(shutil.rmtree, self.logs)

    def make_vdsm(self):
        self.tree.add("configure.ac", CONFIGURE)
        self.tree.add("build-aux/Makefile.subs", SUBS)
        self.tree.add("lib/vdsm/constants.py.in", TEMPLATE)
        for folder in set(("lib/vdsm", FOLDER)):
            self.tree.add(folder + "/__init__.py")
        self.tree.add(FOLDER + "/threadPool.py", SOURCE)
        self.tree.add("tests/testrunner.py", RUNNER)
        self.tree.add("tests/" + FIRST, SAME)
        self.tree.add("tests/" + SECOND, SAME)

    def check(self, *args):
        """
        Return (exit status or sentence, what was printed).
        """
        argv = list(args) + ["--logs", self.logs, "--python", sys.executable]
        with captured() as output:
            try:
                command.main(argv)
                status = 0
            except SystemExit as e:
                status = e.code
        return status, output.getvalue()


@contextlib.contextmanager
def captured():
    output = io.StringIO() if not PYTHON2 else io.BytesIO()
    with mock.patch.object(sys, "stdout", output):
        with mock.patch.object(sys, "stderr", output):
            yield output


@with_pytest
class TestCheck(CheckTestCase):

    def test_no_checkout_is_a_skip(self):
        status, output = self.check()
        self.assertEqual(status, 0)
        self.assertIn("skipped", output)
        self.assertIn("VDSM=", output)

    def test_nothing_lost(self):
        self.make_vdsm()
        before = self.tree.contents()
        status, output = self.check(self.tree.path)
        self.assertEqual(status, 0, output)
        self.assertEqual(self.tree.contents(), before)
        row = r"(?m)^%s +1 +1 +1 +[\d.]+ +1 +1 +1 +[\d.]+$"
        for module in (FIRST, SECOND):
            self.assertTrue(re.search(row % re.escape(module), output), output)
        self.assertIn("storage/threadPool.py stood in", output)
        self.assertIn("not in this VDSM: ", output)
        self.assertIn("0 lost", output)

    def test_lost_test(self):
        self.make_vdsm()
        self.tree.add("tests/" + SECOND, PLAIN_ONLY)
        status, output = self.check(self.tree.path)
        self.assertEqual(status, 1, output)
        self.assertIn("Lost with ours:\n  %s: passed, now failed" % WHOSE,
                      output)
        self.assertIn("whose", output)

    def test_exempt_test(self):
        self.make_vdsm()
        self.tree.add("tests/" + SECOND, PLAIN_ONLY)
        with mock.patch.dict(SUITE.exempt, {WHOSE: "It is ours."}):
            status, output = self.check(self.tree.path)
        self.assertEqual(status, 0, output)
        self.assertIn("It is ours.", output)
        self.assertIn("0 lost, 1 exempt", output)

    def test_test_that_is_lost_only_once(self):
        self.make_vdsm()
        self.tree.add("tests/" + SECOND, PLAIN_ONLY + """
    def test_once(self):
        if getattr(ThreadPool, "whose", "") != "VDSM's":
            with open(%r, "a") as f:
                f.write("x")
                self.assertGreater(f.tell(), 1)
""" % (self.logs + "/tries"))
        with mock.patch.dict(SUITE.exempt, {WHOSE: "It is ours."}):
            status, output = self.check(self.tree.path)
        self.assertEqual(status, 0, output)
        self.assertIn("again: " + SECOND, output)
        self.assertIn("Lost with ours, but not at a second try:\n  %s: "
                      "passed, now failed" % WHOSE.replace("whose", "once"),
                      output)

    def test_module_that_cannot_be_imported(self):
        self.make_vdsm()
        self.tree.add("tests/" + SECOND, "import %s as pool\n"
                      "assert pool.ThreadPool.whose\n%s" % (MODULE, SAME))
        status, output = self.check(self.tree.path)
        self.assertEqual(status, 1, output)
        self.assertIn("passed, now not run", output)

    def test_nothing_stands_in(self):
        self.make_vdsm()
        for module in (FIRST, SECOND):
            self.tree.add("tests/" + module, "def test():\n    pass\n")
        status, output = self.check(self.tree.path)
        self.assertEqual(status, 1, output)
        self.assertIn("did NOT stand in", output)

    def test_one_module(self):
        self.make_vdsm()
        status, output = self.check(self.tree.path, "--test", FIRST)
        self.assertEqual(status, 0, output)
        self.assertIn("1 of 1", output)
        status, output = self.check(self.tree.path, "--test", "x.py")
        self.assertIn("x.py is not among the test modules", status)

    def test_no_time_left(self):
        self.make_vdsm()
        status, output = self.check(self.tree.path, "--timeout", "0")
        self.assertEqual(status, 1, output)
        self.assertIn("not run: 0 s are over", output)


class TestCheckout(CheckTestCase):

    def test_no_vdsm(self):
        status, _ = self.check(self.tree.path)
        self.assertEqual(
            status, "check-vdsm: %s is no source tree of VDSM: it has no "
            "configure.ac" % self.tree.path)

    def test_unknown_vdsm(self):
        self.make_vdsm()
        self.tree.add(FOLDER + "/threadPool.py", "class Pool: pass\n")
        status, _ = self.check(self.tree.path)
        self.assertIn("is a VDSM that is not known here", status)
        self.assertIn("there is no ThreadPool", status)
        self.assertNotIn("\n", status)

    def test_no_list_of_its_tests(self):
        self.make_vdsm()
        os.remove(os.path.join(self.tree.path, "tests", FIRST))
        status, _ = self.check(self.tree.path)
        self.assertIn("no list of the tests of this VDSM, only of", status)

    def test_uncommitted_changes_are_copied(self):
        self.make_vdsm()
        self.tree.add(".git/index", "x")
        self.tree.add("lib/vdsm/new.py", "new = 1\n")
        target = os.path.join(self.logs, "copy")
        checkout.Checkout(self.tree.path).copy(target, "/python")
        self.assertTrue(os.path.exists(target + "/lib/vdsm/new.py"))
        self.assertFalse(os.path.exists(target + "/.git"))
        self.assertTrue(os.path.exists(target + "/lib/vdsm/constants.py"))

    def test_copy_that_fails(self):
        self.make_vdsm()
        os.mkfifo(self.tree.path + "/fifo")
        with self.assertRaises(errors.NotCopied) as raised:
            checkout.Checkout(self.tree.path).copy(
                self.logs + "/copy", "/python")
        self.assertIn("is a named pipe", str(raised.exception))
        with self.assertRaises(errors.NotCopied) as raised:
            checkout.Checkout(self.tree.path).copy(self.logs, "/python")
        self.assertIn("exists", str(raised.exception))


class TestTemplates(CheckTestCase):

    def test_values(self):
        self.make_vdsm()
        templates.make(self.tree.path, "/python")
        made = {}
        with open(self.tree.path + "/lib/vdsm/constants.py") as f:
            exec(f.read(), made)
        self.assertEqual(made["user"], "qemu")
        self.assertEqual(made["backup"], "/var/log/vdsm/backup")
        self.assertEqual(made["gone"], "/sbin/gone")
        self.assertEqual(made["other"], "@OTHER@")

    def test_what_is_built_stays(self):
        self.make_vdsm()
        self.tree.add("lib/vdsm/constants.py", "built = 1\n")
        templates.make(self.tree.path, "/python")
        with open(self.tree.path + "/lib/vdsm/constants.py") as f:
            self.assertEqual(f.read(), "built = 1\n")

    def test_programs_are_found(self):
        self.make_vdsm()
        found = templates.values(self.tree.path, "/python")["SH_PATH"]
        self.assertTrue(os.access(found, os.X_OK), found)


class Timer(threading.Thread):
    """
    In the place of threading.Timer: calls when a condition has become true.
    """

    def __init__(self, condition, call):
        super(Timer, self).__init__()
        self._condition = condition
        self._call = call

    def run(self):
        kit.eventually(self._condition, "what the limit is for")
        self._call()

    def cancel(self):
        self.join()


class TestTrial(CheckTestCase):
    """
    A suite whose test module is a program in the command line.
    """

    def run_program(self, program, killed_after=None):
        """
        The time is over when that is the last of the record.
        """
        suite = suites.Suite(
            path=(), environment={}, command=("-c", program))
        os.mkdir(self.tree.path + "/tests")
        one = trial.Trial(self.tree.path, suite, sys.executable, self.logs)
        if killed_after is None:
            return one.run("module.py", kit.PATIENCE)

        def is_over():
            with open(self.logs + "/module.py.record") as f:
                return f.read().endswith(killed_after + "\n")

        with mock.patch.object(trial.threading, "Timer") as timer:
            timer.side_effect = lambda limit, call: Timer(is_over, call)
            return one.run("module.py", 3)

    def test_hung_module_is_killed(self):
        result = self.run_program(
            "import record, signal, subprocess\n"
            "record = record.Record()\n"
            "record.start('one')\n"
            "record.stop()\n"
            "record.start('two')\n"
            "subprocess.Popen(['sleep', '1000'])\n"
            "signal.pause()\n", killed_after='{"start": "two"}')
        self.assertEqual(result.trouble, "killed after 3 s, in two")
        self.assertEqual(result.tests["one"], ("passed", ""))
        self.assertEqual(result.tests["two"], ("failed", result.trouble))

    def test_process_that_does_not_end(self):
        result = self.run_program(
            "import record, signal\n"
            "record = record.Record()\n"
            "record.start('one')\n"
            "record.stop()\n"
            "record.finish()\n"
            "signal.pause()\n", killed_after='{"loaded": []}')
        self.assertEqual(
            result.trouble, "killed after 3 s, when its tests had ended")

    def test_crash(self):
        result = self.run_program(
            "import os, record, signal\n"
            "record.Record().start('one')\n"
            "os.kill(os.getpid(), signal.SIGSEGV)\n")
        self.assertEqual(result.trouble, "ended with status -11, in one")

    def test_no_tests(self):
        result = self.run_program(
            "import record\n"
            "record.Record().finish()\n")
        self.assertEqual(result.trouble, "ran no test")

    def test_worst_phase_counts(self):
        result = self.run_program(
            "import record\n"
            "record = record.Record()\n"
            "record.start('one')\n"
            "record.phase('skipped', 'a')\n"
            "record.phase('failed', 'b')\n"
            "record.phase('passed', 'c')\n"
            "record.stop()\n"
            "record.finish()\n")
        self.assertEqual(result.tests, {"one": ("failed", "b")})

    def test_addresses_are_no_names(self):
        result = self.run_program(
            "import record\n"
            "record = record.Record()\n"
            "for address in 'af':\n"
            "    record.start('t(<f at 0x%s>)' % address)\n"
            "    record.stop()\n"
            "record.start('t(<f at 0x12>)')\n")
        self.assertEqual(
            sorted(result.tests), ["t(<f>)", "t(<f>) #2", "t(<f>) #3"])
        self.assertEqual(result.trouble, "ended with status 0, in t(<f>)")

    def test_second_try(self):
        first, second = trial.Result(), trial.Result()
        first.trouble = "killed"
        first.tests = {"a": ("failed", "1"), "b": ("passed", ""),
                       "c": ("failed", "2")}
        second.tests = {"a": ("passed", ""), "b": ("failed", "3"),
                        "c": ("failed", "4"), "d": ("passed", "")}
        first.try_again(second)
        self.assertEqual(first.tests, {
            "a": ("passed", ""), "b": ("passed", ""), "c": ("failed", "2"),
            "d": ("passed", "")})
        self.assertEqual(first.unsteady, {
            "a": ("failed", "1"), "d": ("not run", "")})
        self.assertEqual(first.trouble, None)


class TestInterpreter(kit.TestCase):

    @with_pytest
    def test_ours_fits(self):
        self.assertEqual(interpreter.find(SUITE, sys.executable),
                         sys.executable)

    def test_chosen_one_does_not(self):
        with self.assertRaises(errors.NoPython) as raised:
            interpreter.find(SUITE, "/nowhere/python")
        self.assertIn("/nowhere/python is not one", str(raised.exception))

    def test_none_here(self):
        suite = suites.Suite(python="1.5", imports=("six",), advice="make one")
        with self.assertRaises(errors.NoPython) as raised:
            interpreter.find(suite)
        self.assertIn("need Python 1.5 with six: make one",
                      str(raised.exception))
