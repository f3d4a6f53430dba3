# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import functools
import gc
import weakref

import kit
from compat import futures
from threadpool import task as _task


class Callable(object):

    def __call__(self):
        return 5

    def __repr__(self):
        return "<Callable>"


class Unprintable(Callable):

    def __repr__(self):
        raise ValueError("no repr")


class TestDescribe(kit.TestCase):

    def test_names(self):
        self.assertIn("test_names", _task.describe(
            functools.partial(functools.partial(self.test_names, 1), 2)))
        self.assertEqual(_task.describe(len), "len" if hasattr(
            len, "__qualname__") else repr(len))
        self.assertEqual(_task.describe(Callable()), "<Callable>")

    def test_failing_repr(self):
        with kit.logs("threadpool.task") as logs:
            name = _task.describe(Unprintable())
        self.assertIn("Unprintable object", name)
        self.assertEqual(len(logs.records), 1)

    def test_task_repr_in_every_state(self):
        for task in (_task.Task(Callable(), None),
                     _task.Task(Callable(), 5, key="vm"),
                     _task.Submission(
                         Callable(), (), {}, 5, None, None, 1000)):
            repr(task)
            task.begin(1000)
            repr(task)


class TestSubmission(kit.TestCase):

    def submission(self, call=Callable(), timeout=5):
        return _task.Submission(call, (), {}, timeout, None, None, 1000)

    def run_and_finish(self, task, deliver=None):
        task.begin(1001)
        task.run()
        task.finish(deliver)

    def test_deadline_counts_from_submission(self):
        task = self.submission()
        task.begin(1004)
        self.assertEqual(task.deadline, 1005)

    def test_future_hook_is_called_by_this_python(self):
        # Future._invoke_callbacks is not public; if a Python renames it,
        # this fails, and callbacks would run on the scheduler's thread.
        for error in (None, ValueError("bad")):
            task = self.submission()
            future = task.future
            seen, delivered = [], []
            future.add_done_callback(seen.append)
            task.begin(1001)
            future.finish(5, error, delivered.append)
            self.assertTrue(future.done())
            self.assertEqual(seen, [])
            delivered[0]()
            self.assertEqual(seen, [future])

    def test_waiters_wake_before_callbacks_run(self):
        task = self.submission()
        future = task.future
        future.add_done_callback(lambda f: None)
        self.run_and_finish(task, lambda call: None)
        self.assertEqual(future.result(0), 5)
        self.assertEqual(futures.wait([future], 0).done, set([future]))

    def test_without_callbacks_nothing_is_delivered(self):
        task = self.submission()
        delivered = []
        self.run_and_finish(task, delivered.append)
        self.assertEqual(delivered, [])

    def test_cancelled_does_not_run(self):
        with kit.Gate() as gate:
            task = self.submission(gate)
            future = task.future
            future.cancel()
            task.begin(1001)
            task.run()
            self.assertEqual(gate.calls, 0)
        self.assertTrue(future.cancelled())
        self.assertIsNone(task.future)

    def test_beyond_cancel_before_it_is_published(self):
        # Or the check and the worker would both start the future.
        task = self.submission()
        future = task.future
        task.begin(1001)
        self.assertFalse(future.cancel())
        task.fail(ValueError("late"), None)
        task.run()
        self.assertIsInstance(future.exception(0), ValueError)

    def test_fail_loses_against_cancel(self):
        task = self.submission()
        task.future.cancel()
        task.fail(ValueError(), None)
        self.assertTrue(task.future.cancelled())

    def test_keeps_nothing_of_an_error(self):
        class Thing(Callable):
            def __call__(self):
                raise ValueError("bad")
        thing = Thing()
        ref = weakref.ref(thing)
        task = self.submission(thing)
        future = task.future
        self.run_and_finish(task)
        self.assertIsInstance(future.exception(0), ValueError)
        del task, future, thing
        gc.collect()
        self.assertIsNone(ref())
