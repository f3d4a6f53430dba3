# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What else is in the module that stands in for VDSM's executor: errors, Task
and TaskQueue.
"""

from __future__ import absolute_import, division, print_function

import contextlib
import sys
import types

import kit
import standins


class ResourceExhausted(Exception):
    """
    Looks like VDSM's since 4.20.
    """

    def __init__(self, reason=None, **kwargs):
        super(ResourceExhausted, self).__init__(reason, kwargs)
        self.reason = reason
        self.context = kwargs


@contextlib.contextmanager
def vdsm(**names):
    """
    A package vdsm of which there is vdsm.common.exception, with these names.
    """
    modules = {}
    for name in ("vdsm", "vdsm.common", "vdsm.common.exception"):
        modules[name] = types.ModuleType(str(name))
    modules["vdsm"].common = modules["vdsm.common"]
    modules["vdsm.common"].exception = modules["vdsm.common.exception"]
    vars(modules["vdsm.common.exception"]).update(names)
    saved = dict((name, sys.modules[name])
                 for name in modules if name in sys.modules)
    sys.modules.update(modules)
    try:
        yield
    finally:
        for name in modules:
            del sys.modules[name]
        sys.modules.update(saved)


class TestErrors(kit.TestCase):
    """
    What is raised is what the VDSM that is there raises.
    """

    def refused(self, module):
        queue = module.TaskQueue("jsonrpc", 0)
        try:
            queue.put(len)
        except Exception as e:
            return e

    def test_since_4_20(self):
        with vdsm(ResourceExhausted=ResourceExhausted):
            module = standins.load("vdsm.executor")
        error = self.refused(module)
        self.assertIs(type(error), ResourceExhausted)
        self.assertEqual(error.context,
                         {"resource": "jsonrpc", "current_tasks": 0})
        self.assertFalse(hasattr(module, "TooManyTasks"))

    def test_early_4_20(self):
        # There is such a module, but not this error.
        with vdsm():
            module = standins.load("vdsm.executor")
        self.assertIs(type(self.refused(module)), module.TooManyTasks)

    def test_until_4_19(self):
        module = standins.load("vdsm.executor")
        error = self.refused(module)
        self.assertIs(type(error), module.TooManyTasks)
        self.assertEqual(str(error), "jsonrpc: Too many tasks (0)")
        # As VDSM's tests raise it.
        module.TooManyTasks()


class TestTask(kit.TestCase):

    def setUp(self):
        super(TestTask, self).setUp()
        self.module = standins.load("vdsm.executor")

    def test_duration(self):
        task = self.module.Task(lambda: None, None)
        self.assertIs(task.duration, 0)
        now = [5.0]
        task.clock = lambda: now[0]
        task()
        now[0] = 7.5
        self.assertEqual(task.duration, 2.5)

    def test_raises(self):
        with self.assertRaises(ZeroDivisionError):
            self.module.Task(lambda: 1 / 0, None)()

    def test_repr(self):
        for discard, start in ((True, "<Task discardable <built-in"),
                               (False, "<Task <built-in")):
            text = repr(self.module.Task(len, 5, discard))
            self.assertTrue(text.startswith(start), text)


class TestTaskQueue(kit.TestCase):

    def setUp(self):
        super(TestTaskQueue, self).setUp()
        self.module = standins.load("vdsm.executor")

    def test_order_and_bound(self):
        queue = self.module.TaskQueue("http-server", 2)
        queue.put(1)
        queue.put(2)
        with self.assertRaises(self.module.TooManyTasks):
            queue.put(3)
        self.assertEqual([queue.get(), queue.get()], [1, 2])

    def test_clear(self):
        queue = self.module.TaskQueue("http-server", 2)
        queue.put(1)
        queue.clear()
        queue.put(2)
        self.assertEqual(queue.get(), 2)

    def test_get_waits(self):
        queue = self.module.TaskQueue("http-server", 10)
        got = []
        with kit.Bunch(2, lambda _: got.append(queue.get())):
            for number in range(2):
                queue.put(number)
        self.assertEqual(sorted(got), [0, 1])

    def test_without_a_name(self):
        # Until 4.20.
        queue = self.module.TaskQueue(sys.maxsize)
        queue.put(1)
        self.assertIn("tasks(1)", repr(queue))
