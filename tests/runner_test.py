# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import unittest

import kit

RUNNER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "runner.py")


class RunnerTest(kit.TestCase):

    def setUp(self):
        super(RunnerTest, self).setUp()
        self.folder = tempfile.mkdtemp(prefix="runner_test.")
        self.addCleanup(shutil.rmtree, self.folder)

    def run_tests(self, body, *options, **env):
        """Runs the body of a test class, returns (status, out, err)."""
        path = os.path.join(self.folder, "sample_test.py")
        with open(path, "w") as f:
            f.write("import os, threading, unittest\n\n"
                    "class SampleTest(unittest.TestCase):\n")
            f.write(textwrap.dedent(body).replace("\n", "\n    "))
        runner = subprocess.Popen(
            [sys.executable, RUNNER] + list(options) + [path],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            universal_newlines=True, env=dict(os.environ, **env))
        out, err = runner.communicate()
        return runner.returncode, out, err

    def test_counts(self):
        status, out, _ = self.run_tests("""
            def test_passed(self):
                print("output of a test")
            def test_also_passed(self):
                pass
            def test_failed(self):
                self.fail("on purpose")
            def test_error(self):
                raise ValueError("on purpose")
            def test_skipped(self):
                self.skipTest("on purpose")
            """)
        self.assertEqual(1, status)
        self.assertEqual("TOTAL passed=2 failed=2 skipped=1",
                         out.splitlines()[-1])

    @unittest.skipIf(sys.version_info[0] == 2, "2.7 has no faulthandler")
    def test_interpreter_that_hangs(self):
        # A call that keeps the interpreter lock: no watchdog in Python runs.
        status, _, err = self.run_tests("""
            def test_hangs(self):
                import ctypes
                ctypes.PyDLL(None).sleep(60)
            """, "--test-timeout=0.5")
        self.assertEqual(1, status)
        self.assertIn("in test_hangs", err)

    def test_success(self):
        status, out, _ = self.run_tests("""
            def test_passed(self):
                pass
            """)
        self.assertEqual(0, status)
        self.assertEqual("TOTAL passed=1 failed=0 skipped=0",
                         out.splitlines()[-1])

    def test_skip_of_a_class_says_why(self):
        status, out, err = self.run_tests("""
            @classmethod
            def setUpClass(cls):
                raise unittest.SkipTest("no QEMU here")
            def test_passed(self):
                pass
            """)
        self.assertEqual(0, status)
        self.assertIn("no QEMU here", err)
        self.assertEqual("TOTAL passed=0 failed=0 skipped=1",
                         out.splitlines()[-1])

    def test_hung_test_is_shown_and_killed(self):
        err = self.run_hung("--test-timeout=0.1")
        self.assertIn("runner: test_hung", err)
        self.assertIn("threading.Event().wait()", err)

    def test_hung_run_is_shown_and_killed(self):
        # It may be too short for the test to begin.
        err = self.run_hung("--timeout=0.1")
        self.assertIn("runner: the test run has hung", err)
        self.assertIn("MainThread", err)

    def run_hung(self, option):
        status, _, err = self.run_tests("""
            def test_hung(self):
                threading.Event().wait()
            """, option)
        self.assertEqual(3, status)
        return err

    def test_own_timeout_of_a_test(self):
        # The run's limit is there in case that the test's does not work.
        status, _, err = self.run_tests("""
            def test_hung(self):
                threading.Event().wait()
            test_hung.timeout = 0
            """, "--test-timeout=1000", "--timeout=30")
        self.assertEqual(3, status)
        self.assertIn("runner: test_hung", err)

    def test_own_timeout_of_a_class(self):
        status, _, err = self.run_tests("""
            timeout = 0
            def test_hung(self):
                threading.Event().wait()
            """, "--test-timeout=1000", "--timeout=30")
        self.assertEqual(3, status)
        self.assertIn("runner: test_hung", err)

    def test_thread_left_behind_does_not_hang_the_end(self):
        status, out, err = self.run_tests("""
            def test_leak(self):
                thread = threading.Thread(target=threading.Event().wait)
                thread.daemon = False
                thread.start()
            """, "--end-timeout=0.1")
        self.assertEqual(3, status)
        self.assertIn("the end of the test run has hung", err)

    def test_seed_is_printed_and_handed_on(self):
        status, _, err = self.run_tests("""
            def test_seed(self):
                self.assertEqual("42", os.environ["VDSM_SAMPLING_SEED"])
            """, VDSM_SAMPLING_SEED="42")
        self.assertEqual(0, status, err)
        self.assertIn("VDSM_SAMPLING_SEED=42", err)

    def test_fresh_seed(self):
        status, _, err = self.run_tests("""
            def test_seed(self):
                self.assertTrue(int(os.environ["VDSM_SAMPLING_SEED"]) >= 0)
            """)
        self.assertEqual(0, status, err)

    def test_unknown_file(self):
        status, _, err = self.run_tests("", "tests/no_such_test.py")
        self.assertNotEqual(0, status)
        self.assertIn("no_such_test", err)
