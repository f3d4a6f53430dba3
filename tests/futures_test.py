# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import concurrent.futures
import functools
import os
import subprocess
import sys
import threading

import compat
from compat import futures

import kit

LIB = os.path.dirname(os.path.dirname(os.path.abspath(compat.__file__)))


def python(code):
    """
    Run code in an interpreter of its own; returns (status, output).
    """
    path = os.pathsep.join([LIB, os.environ.get("PYTHONPATH", "")])
    process = subprocess.Popen(
        [sys.executable, "-c", code], env=dict(os.environ, PYTHONPATH=path),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = process.communicate()[0].decode("utf-8")
    return process.returncode, output


class ModuleTest(kit.TestCase):

    def test_all_names(self):
        for name in futures.__all__:
            self.assertTrue(hasattr(futures, name), name)

    def test_new_python_is_left_alone(self):
        if sys.version_info < (3, 9):
            self.skipTest("this Python is not new")
        for name in futures.__all__:
            self.assertIs(
                getattr(futures, name), getattr(concurrent.futures, name))

    def test_families(self):
        # Whoever catches or checks for the standard classes finds ours.
        for name in ("Executor", "Future", "ThreadPoolExecutor"):
            self.assertTrue(issubclass(
                getattr(futures, name), getattr(concurrent.futures, name)))
        self.assertTrue(
            issubclass(futures.ThreadPoolExecutor, futures.Executor))
        self.assertTrue(issubclass(futures.BrokenExecutor, RuntimeError))
        self.assertFalse(issubclass(futures.InvalidStateError, RuntimeError))

    def test_missing_package(self):
        status, output = python(
            "import sys; sys.modules['concurrent'] = None\n"
            "from compat import futures")
        self.assertEqual(status, 1)
        error = output.splitlines()[-1]
        self.assertIn("ImportError", error)
        self.assertIn("pip install futures", error)
        self.assertIn("python2-futures", error)

    def test_import_starts_no_thread(self):
        status, output = python(
            "import threading; from compat import futures\n"
            "print(threading.active_count())")
        self.assertEqual((status, output), (0, "1\n"))


class FutureTest(kit.TestCase):

    def setUp(self):
        super(FutureTest, self).setUp()
        self.future = futures.Future()
        self.calls = []
        self.future.add_done_callback(self.calls.append)

    def check_refused(self, state):
        for setter, value in [(self.future.set_result, "late"),
                              (self.future.set_exception, OSError("late"))]:
            with self.assertRaises(futures.InvalidStateError) as caught:
                setter(value)
            self.assertIn(state, str(caught.exception))
            self.assertIn("Future at", str(caught.exception))
        self.assertEqual(self.calls, [self.future])

    def test_result_is_final(self):
        self.future.set_result("first")
        self.check_refused("FINISHED")
        self.assertEqual(self.future.result(0), "first")
        self.assertIs(self.future.exception(0), None)

    def test_exception_is_final(self):
        error = ValueError("first")
        self.future.set_exception(error)
        self.check_refused("FINISHED")
        self.assertIs(self.future.exception(0), error)
        with self.assertRaises(ValueError):
            self.future.result(0)

    def test_cancel_is_final(self):
        self.assertTrue(self.future.cancel())
        self.check_refused("CANCELLED")
        self.assertFalse(self.future.set_running_or_notify_cancel())
        self.check_refused("CANCELLED_AND_NOTIFIED")
        self.assertTrue(self.future.cancelled())

    def test_result_is_final_with_the_locks_of_vdsm(self):
        if sys.version_info[0] > 2:
            self.skipTest("pthreading is for Python 2")
        self.future._condition = threading.Condition(threading.Lock())
        self.future.set_result("first")
        self.check_refused("FINISHED")

    def test_running(self):
        self.assertTrue(self.future.set_running_or_notify_cancel())
        self.assertFalse(self.future.cancel())
        self.future.set_result(1)
        self.check_refused("FINISHED")

    def test_traceback_of_backport(self):
        if not hasattr(concurrent.futures.Future, "set_exception_info"):
            self.skipTest("exceptions have their traceback here")
        try:
            raise ValueError("first")
        except ValueError:
            error, traceback = sys.exc_info()[1:]
        self.future.set_exception_info(error, traceback)
        self.assertEqual(
            self.future.exception_info(0), (error, traceback))
        with self.assertRaises(futures.InvalidStateError):
            self.future.set_exception_info(error, traceback)
        self.assertEqual(self.calls, [self.future])

    def test_callbacks_run_without_the_lock(self):
        other = []

        def look_from_other_thread(future):
            with kit.Bunch(1, lambda number: other.append(future.done())):
                pass

        self.future.add_done_callback(look_from_other_thread)
        self.future.set_result(1)
        self.assertEqual(other, [True])

    def test_failing_callback(self):
        def fail(future):
            raise ValueError("callback")

        with kit.logs("concurrent.futures") as logs:
            self.future.add_done_callback(fail)
            self.future.set_result(1)
            # The same error, now that the callback is called at once.
            self.future.add_done_callback(fail)
        self.assertEqual(len(logs.records), 2)
        for _, message in logs.records:
            self.assertIn("exception calling callback", message)

    def test_subclass_hook(self):
        # The pool's futures deliver their callbacks through this method.
        class Deaf(futures.Future):
            def _invoke_callbacks(self):
                calls.append("invoked")

        calls = []
        future = Deaf()
        future.add_done_callback(calls.append)
        future.set_result(1)
        self.assertEqual(calls, ["invoked"])


class WaitTest(kit.TestCase):

    def test_both_families(self):
        ours = futures.Future()
        theirs = concurrent.futures.Future()
        ours.set_result(1)
        done, pending = futures.wait([ours, theirs], 0)
        self.assertEqual((done, pending), (set([ours]), set([theirs])))
        theirs.set_exception(ValueError())
        for function in futures.wait, concurrent.futures.wait:
            self.assertEqual(function([ours, theirs]).done,
                             set([ours, theirs]))
        for function in futures.as_completed, concurrent.futures.as_completed:
            self.assertEqual(set(function([ours, theirs])),
                             set([ours, theirs]))

    def test_wakes_waiters(self):
        for finish in (lambda future: future.set_result(1),
                       lambda future: future.set_exception(ValueError())):
            for until in (futures.FIRST_COMPLETED, futures.FIRST_EXCEPTION,
                          futures.ALL_COMPLETED):
                future = futures.Future()
                call = functools.partial(self.finish_watched, future, finish)
                with kit.Bunch(1, call):
                    done, _ = futures.wait([future], kit.PATIENCE, until)
                self.assertEqual(done, set([future]))

    def finish_watched(self, future, finish, number):
        kit.eventually(lambda: future._waiters, "a waiter")
        finish(future)

    def test_any_iterable(self):
        done = futures.Future()
        done.set_result(1)
        pending = futures.Future()
        fs = [done, pending, done, pending]
        self.assertEqual(futures.wait(iter(fs), 0),
                         (set([done]), set([pending])))
        self.assertEqual(futures.wait(fs, timeout=0,
                                      return_when=futures.FIRST_COMPLETED),
                         (set([done]), set([pending])))
        self.assertEqual(list(futures.as_completed(iter([done, done]))),
                         [done])

    def test_timeout(self):
        pending = futures.Future()
        with self.assertRaises(futures.TimeoutError):
            list(futures.as_completed([pending], 0))
        with self.assertRaises(futures.TimeoutError):
            pending.result(0)


class ThreadPoolTest(kit.TestCase):

    def pool(self, *args, **kwargs):
        pool = futures.ThreadPoolExecutor(*args, **kwargs)
        self.addCleanup(pool.shutdown)
        return pool

    def test_submit(self):
        pool = self.pool(1)
        self.assertEqual(pool.submit(pow, 2, 5).result(kit.PATIENCE), 32)
        future = pool.submit(divmod, 1, 0)
        with self.assertRaises(ZeroDivisionError):
            future.result(kit.PATIENCE)
        self.assertEqual(list(pool.map(pow, [2, 3], [5, 2])), [32, 9])

    def test_submit_takes_any_keyword(self):
        pool = self.pool(1)
        future = pool.submit(lambda *a, **k: (a, k), 1, self=2, fn=3)
        self.assertEqual(future.result(kit.PATIENCE),
                         ((1,), {"self": 2, "fn": 3}))
        with self.assertRaises(TypeError):
            pool.submit()
        with self.assertRaises(TypeError):
            pool.submit(fn=pow)

    def test_futures_are_ours(self):
        with kit.Gate() as gate:
            future = self.pool(1).submit(gate)
            self.assertIs(type(future), futures.Future)
        futures.wait([future], kit.PATIENCE)
        with self.assertRaises(futures.InvalidStateError):
            future.set_result(2)

    def test_max_workers(self):
        for number in 0, -1:
            with self.assertRaises(ValueError):
                futures.ThreadPoolExecutor(number)
        pool = self.pool()
        self.assertGreaterEqual(pool._max_workers, 5)
        self.assertLessEqual(pool._max_workers, 32)

    def test_thread_names(self):
        def name(n):
            hurdle.release()
            kit.wait(both)
            return threading.current_thread().name

        hurdle = threading.Semaphore(0)
        both = threading.Event()
        pool = self.pool(2, thread_name_prefix="special")
        fs = [pool.submit(name, n) for n in range(2)]
        for _ in fs:
            hurdle.acquire()
        both.set()
        self.assertEqual(sorted(f.result(kit.PATIENCE) for f in fs),
                         ["special_0", "special_1"])

    def test_initializer(self):
        started = []
        pool = self.pool(1, initializer=started.append, initargs=("now",))
        for _ in range(2):
            future = pool.submit(list, started)
            self.assertEqual(future.result(kit.PATIENCE), ["now"])
        with self.assertRaises(TypeError):
            futures.ThreadPoolExecutor(1, initializer="not callable")

    def test_failing_initializer(self):
        with kit.logs("concurrent.futures") as logs:
            with kit.Gate(error=ValueError()) as gate:
                pool = self.pool(1, initializer=gate)
                fs = [pool.submit(pow, 2, n) for n in range(3)]
            for future in fs:
                with self.assertRaises(futures.BrokenExecutor):
                    future.result(kit.PATIENCE)
            kit.eventually(lambda: pool._broken)
            with self.assertRaises(futures.BrokenExecutor):
                pool.submit(pow, 2, 5)
        self.assertEqual([message for _, message in logs.records],
                         ["Exception in initializer:"])
        self.assertEqual(gate.calls, 1)

    def test_shutdown_finishes_work(self):
        with kit.Gate(result="done") as gate:
            pool = self.pool(1)
            fs = [pool.submit(gate) for _ in range(3)]
            pool.shutdown(wait=False)
        self.assertEqual([f.result(kit.PATIENCE) for f in fs], ["done"] * 3)
        with self.assertRaises(RuntimeError):
            pool.submit(gate)

    def test_shutdown_cancels_pending(self):
        with kit.Gate(result="done") as gate:
            pool = self.pool(1)
            running = pool.submit(gate)
            gate.wait()
            pending = [pool.submit(gate) for _ in range(3)]
            pool.shutdown(wait=False, cancel_futures=True)
            for future in pending:
                self.assertTrue(future.cancelled())
            with self.assertRaises(RuntimeError):
                pool.submit(gate)
        self.assertEqual(running.result(kit.PATIENCE), "done")
        pool.shutdown(cancel_futures=True)
        self.assertEqual(gate.calls, 1)

    def test_idle_threads_end_with_the_pool(self):
        pool = futures.ThreadPoolExecutor(1)
        thread = pool.submit(threading.current_thread).result(kit.PATIENCE)
        del pool
        thread.join(kit.PATIENCE)
        self.assertFalse(thread.is_alive())


class BaseExecutorTest(kit.TestCase):

    def test_subclass_without_shutdown(self):
        class Inline(futures.Executor):
            def submit(self, fn, *args, **kwargs):
                future = futures.Future()
                future.set_result(fn(*args, **kwargs))
                return future

        with Inline() as pool:
            self.assertEqual(list(pool.map(abs, [-1, -2])), [1, 2])
        pool.shutdown(wait=True, cancel_futures=True)
