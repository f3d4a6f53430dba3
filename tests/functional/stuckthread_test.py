# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The pool against threads that are really stuck, in real time.
"""

from __future__ import absolute_import, division, print_function

import errno
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading

from threadpool import clock
from threadpool import errors
from threadpool import executor

import kit
import stuckthreads

WORKERS = 2
MAX_WORKERS = 4
TIMEOUT = 0.3
STUCK_AFTER = 0.3

# How much later than it should something may be noticed on a busy machine.
GRACE = 1.0


class PoolTest(kit.TestCase):

    def setUp(self):
        super(PoolTest, self).setUp()
        self.threads_before = count_threads()
        self.reports = []
        self.pool = executor.Executor(
            "real", workers=WORKERS, max_workers=MAX_WORKERS,
            timeout=TIMEOUT, stuck_after=STUCK_AFTER,
            on_stuck=self.reports.append)
        self.pool.start()
        self.addCleanup(self.pool.stop, timeout=GRACE)

    def eventually(self, **expected):
        def reached():
            state = self.pool.state()
            return all(state[key] == expected[key] for key in expected)
        kit.eventually(reached, "%r, now %r" % (expected, self.pool))


class DetectTest(PoolTest):
    """
    Each kind is found late, then stuck, in its time; it holds one thread
    while others work on; and when it is let go all is as before.
    """

    def test_uninterruptible(self):
        kernel, since = self.check(stuckthreads.Uninterruptible())
        self.assertEqual(kernel["state"], "D")
        self.assertEqual(kernel["wchan"], "kernel_clone")
        self.assertEqual(kernel["syscall_name"], "clone")
        self.assert_idle(since)

    def test_pipe(self):
        stuck = stuckthreads.PipeRead()
        kernel, since = self.check(stuck)
        self.assertEqual(kernel["state"], "S")
        self.assertIn("pipe_read", kernel["wchan"])
        self.assertEqual(kernel["syscall_name"], "read")
        self.assertEqual(kernel["file"], stuck.file)
        self.assert_idle(since)

    def test_lock(self):
        kernel, since = self.check(stuckthreads.HeldLock())
        self.assertEqual(kernel["state"], "S")
        self.assertIn("futex", kernel["wchan"])
        self.assertEqual(kernel["syscall_name"], "futex")
        self.assertNotIn("file", kernel)
        self.assert_idle(since)

    def test_loop(self):
        _, since = self.check(stuckthreads.Loop())
        # At a single look it may wait for the interpreter lock; but it
        # works, and that shows.
        self.assertGreater(since["ticks"], 0)

    def assert_idle(self, since):
        self.assertEqual((since["ticks"], since["switches"]), (0, 0))

    def check(self, stuck):
        """
        Returns what the kernel said, and what was done between two looks.
        """
        with kit.logs("threadpool") as logs, stuck:
            started = clock.monotonic()
            self.pool.dispatch(stuck, key="vm")
            stuck.wait()
            self.check_times(started)
            self.check_others()
            first, second = self.look(), self.look()
            self.check_entry(first)
            stuck.release()
            self.check_recovery()
        self.check_reports(logs)
        return first["kernel"], second["since"]

    def check_times(self, started):
        for field, after in (("late", TIMEOUT),
                             ("stuck", TIMEOUT + STUCK_AFTER)):
            self.eventually(**{field: 1})
            elapsed = clock.monotonic() - started
            self.assertGreaterEqual(elapsed, after)
            self.assertLess(elapsed, after + GRACE)

    def check_others(self):
        state = self.pool.state()
        self.assertEqual(state["threads"], WORKERS + 1)
        self.assertEqual(state["free"], WORKERS)
        with self.assertRaises(errors.KeyBusy):
            self.pool.dispatch(check_nothing, key="vm")
        fs = [self.pool.submit(pow, 2, n) for n in range(100)]
        self.assertEqual([f.result(kit.PATIENCE) for f in fs],
                         [2 ** n for n in range(100)])

    def look(self):
        # Apart by more than a clock tick.
        threading.Event().wait(0.2)
        entry, = self.pool.stuck()
        return entry

    def check_entry(self, entry):
        self.assertEqual(entry["key"], "vm")
        self.assertTrue(entry["stuck"])
        self.assertGreater(entry["late"], STUCK_AFTER)
        self.assertGreater(entry["seconds"], TIMEOUT + STUCK_AFTER)
        self.assertTrue(entry["thread"].startswith("real/"))
        self.assertTrue(os.path.exists(
            "/proc/self/task/%d" % entry["native_id"]))
        self.assertIn("in _block", entry["stack"][-1])
        self.assertIn("stuckthreads.py", entry["stack"][-1])

    def check_recovery(self):
        self.eventually(threads=WORKERS, free=WORKERS, late=0, stuck=0)
        # One more is the pool's timer. There may be less: the kernel may have
        # counted threads of an earlier test that were still ending.
        kit.eventually(
            lambda: count_threads() <= self.threads_before + WORKERS + 1,
            "the thread count to be back")
        self.assertEqual(self.pool.stuck(), [])
        done = threading.Event()
        self.pool.dispatch(done.set, key="vm")
        kit.wait(done)

    def check_reports(self, logs):
        kit.eventually(lambda: self.reports)
        report, = self.reports
        self.assertEqual(report["key"], "vm")
        self.assertTrue(report["stuck"])
        reported = [m for _, m in logs.records if "stuck for" in m]
        self.assertEqual(len(reported), 1, reported)
        self.assertIn("in _block", reported[0])


class DepletionTest(PoolTest):

    def test_all_stuck(self):
        calls = [stuckthreads.PipeRead() for _ in range(MAX_WORKERS)]
        try:
            for number, call in enumerate(calls):
                self.pool.dispatch(call, key=number)
                call.wait()
                self.eventually(late=number + 1)
            with self.assertRaises(errors.PoolStuck) as caught:
                self.pool.dispatch(check_nothing)
            self.assertEqual(sorted(t[0] for t in caught.exception.tasks),
                             list(range(MAX_WORKERS)))
            calls[0].release()
            self.eventually(late=MAX_WORKERS - 1)
            future = self.pool.submit(pow, 2, 5)
            self.assertEqual(future.result(kit.PATIENCE), 32)
        finally:
            for call in calls:
                call.__exit__(None, None, None)
        self.eventually(threads=WORKERS, late=0)

    def test_future(self):
        with stuckthreads.PipeRead() as stuck:
            future = self.pool.submit(stuck)
            with self.assertRaises(errors.TaskStuck):
                future.result(kit.PATIENCE)
            stuck.release()
            self.eventually(late=0, dropped=1)

    def test_stop_returns(self):
        for timeout in 0, 0.2:
            pool = executor.Executor("stopped", workers=1, max_workers=2)
            pool.start()
            with stuckthreads.Uninterruptible() as stuck:
                pool.dispatch(stuck, key="vm")
                stuck.wait()
                started = clock.monotonic()
                left, = pool.stop(timeout=timeout)
                self.assertLess(clock.monotonic() - started,
                                timeout + GRACE)
                self.assertEqual(left["key"], "vm")


class Program(object):
    """
    A program of its own, which has started a pool and has a stuck call.
    """

    PREFIX = textwrap.dedent("""\
        import logging, os, sys, threading
        import stuckthreads
        from threadpool import errors, executor
        logging.getLogger("threadpool").addHandler(logging.NullHandler())
        """)

    STUCK = textwrap.dedent("""\
        pool = executor.Executor("program", workers=2, timeout={timeout},
                                 stuck_after=0)
        pool.start()
        stuck = stuckthreads.{kind}()
        pool.dispatch(stuck)
        stuck.wait()
        """)

    def __init__(self, code, kind=None, timeout=60):
        stuck = "" if kind is None else self.STUCK.format(
            kind=kind, timeout=timeout)
        self._code = self.PREFIX + stuck + textwrap.dedent(code)

    def run(self):
        """
        Returns (seconds, exit status, all that it printed).
        """
        with tempfile.TemporaryFile() as output:
            started = clock.monotonic()
            # On 3.12 and later os.fork() warns of our threads.
            process = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-c", self._code],
                env=dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)),
                stdout=output, stderr=subprocess.STDOUT, preexec_fn=os.setsid)
            killer = threading.Timer(kit.PATIENCE, process.kill)
            killer.start()
            try:
                status = process.wait()
                elapsed = clock.monotonic() - started
            finally:
                killer.cancel()
                killer.join()
                kill_group(process.pid)
            output.seek(0)
            return elapsed, status, output.read().decode("utf-8")


class ExitTest(kit.TestCase):
    """
    Interpreter exit waits for nothing.
    """

    RUNS = 5

    # Over a program that only imports. What we promise is 0.1 s; what fails
    # a test has to allow for a machine that does other things.
    LIMIT = 2.0

    def test_exit(self):
        empty = self.median(Program(""))
        for kind, end in (
                ("Uninterruptible", ""),
                ("HeldLock", ""),
                ("Loop", ""),
                ("PipeRead", ""),
                ("PipeRead", "pool.stop(wait=False)"),
                ("PipeRead", "pool.shutdown(wait=False)")):
            seconds = self.median(Program(end, kind)) - empty
            # Test runners keep stdout to themselves.
            print("exit with a stuck %s, %s: %+.3f s" % (
                kind, end or "never stopped", seconds), file=sys.stderr)
            self.assertLess(seconds, self.LIMIT)

    def test_exit_when_reported(self):
        # The timer thread and an errand have run by then.
        code = """
            while not pool.state()["stuck"]:
                threading.Event().wait(0.01)
            """
        seconds, status, output = Program(code, "PipeRead", 0.05).run()
        self.assertEqual((status, output), (0, ""))
        self.assertLess(seconds, GRACE + self.LIMIT)

    def test_submit_at_exit(self):
        # Exit handlers run while the pool does.
        code = """
            import atexit

            @atexit.register
            def submit():
                sys.stdout.write("%d" % pool.submit(pow, 2, 5).result(5))
            """
        _, status, output = Program(code, "PipeRead").run()
        self.assertEqual((status, output), (0, "32"))

    def median(self, program):
        seconds = []
        for _ in range(self.RUNS):
            elapsed, status, output = program.run()
            self.assertEqual((status, output), (0, ""))
            seconds.append(elapsed)
        return sorted(seconds)[self.RUNS // 2]


class ForkTest(kit.TestCase):

    def test_fork(self):
        # In the child the pool says at once that it does not run, and a new
        # one works; in the parent nothing changed.
        code = """
            def refused(call):
                try:
                    call()
                except errors.NotRunning:
                    return
                raise AssertionError("%r was not refused" % call)

            pid = os.fork()
            if pid == 0:
                refused(lambda: pool.dispatch(len))
                refused(lambda: pool.submit(len, ()))
                assert pool.stuck() == [], pool.stuck()
                assert pool.state()["threads"] == 0, pool.state()
                assert pool.stop() == []
                pool = executor.Executor("child")
                pool.start()
                assert pool.submit(pow, 2, 5).result(5) == 32
                assert pool.stop() == []
                sys.exit(7)
            status = os.waitpid(pid, 0)[1]
            assert os.WEXITSTATUS(status) == 7, status
            assert pool.submit(pow, 2, 5).result(5) == 32
            assert pool.state()["running"]
            stuck.release()
            assert pool.stop() == []
            """
        for kind in ("Uninterruptible", "PipeRead"):
            seconds, status, output = Program(code, kind).run()
            self.assertEqual((status, output), (0, ""))
            self.assertLess(seconds, 5 + GRACE)


def kill_group(pid):
    """
    End what a program left behind: what an uninterruptible call waits for.
    """
    try:
        os.killpg(pid, signal.SIGKILL)
    except OSError as e:
        if e.errno != errno.ESRCH:
            raise


def count_threads():
    return len(os.listdir("/proc/self/task"))


def check_nothing():
    """
    A task for which it is enough to be accepted or refused.
    """
