# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What stands in for what in VDSM, and how that is found out.
"""

from __future__ import absolute_import, division, print_function

import os
import subprocess
import sys

import doublevdsm
import kit
import standins
from compat import vdsm


class TestDefinitions(kit.TestCase):

    def test_functions_methods_and_classes(self):
        self.assertEqual(vdsm.definitions(
            "def f(a, b=(1, 2), *args, **kwargs):\n"
            "    pass\n"
            "class C(object):\n"
            "    def g(self): pass\n"
            "class D: pass\n"), {
                "f": ("a", "b", "*args", "**kwargs"),
                "C": {"g": ()},
                "D": {},
            })

    def test_arguments_over_lines(self):
        self.assertEqual(vdsm.definitions(
            "def f(\n"
            "    a={'k': [1, 2]},  # a, b\n"
            "    *, b: int = 3,\n"
            ") -> int:\n"
            "    pass\n"), {"f": ("a", "b")})

    def test_strings_and_comments_are_no_code(self):
        self.assertEqual(vdsm.definitions(
            "# don't\n"
            "'''\n"
            "def f(): \\''' \n"
            "'''\n"
            "x = 'a\\'\"'  # def g():\n"
            '"""\n'
            "class E: it's\n"
            '"""\n'
            "def h(a=',)', b='#'): pass\n"), {"h": ("a", "b")})

    def test_what_follows_a_class_is_not_in_it(self):
        self.assertEqual(vdsm.definitions(
            "class C(\n"
            "        object\n"
            "):\n"
            "    def f(self): pass\n"
            "if True:\n"
            "    def g(self): pass\n"), {"C": {"f": ()}})

    def test_the_other_pythons_source(self):
        found = vdsm.definitions(doublevdsm.POOL_2014)
        self.assertEqual(
            sorted(found), ["ThreadPool", "WorkerThread", "_private"])
        self.assertEqual(found["ThreadPool"]["queueTask"],
                         ("id", "task", "args", "taskCallback"))

    def test_broken_source(self):
        for text in ("", "def f(", "class", "'''", "def f(a, (b", ")"):
            vdsm.definitions(text)


class TestChoice(kit.TestCase):

    def choose(self, module, source, *changes):
        for old, new in changes:
            self.assertIn(old, source)
            source = source.replace(old, new)
        return vdsm.choose(module, source)

    def test_june_2014(self):
        found = list(vdsm.survey(doublevdsm.JUNE_2014.get))
        self.assertEqual(
            [(module, row.file, row.names) for module, row, _ in found],
            [("storage.threadPool", "storage/threadPool.py", None),
             ("virt.sampling", "virt/sampling.py", None)])

    def test_today(self):
        found = list(vdsm.survey(doublevdsm.TODAY.get))
        self.assertEqual(
            [(module, row.file, row.names) for module, row, _ in found],
            [("vdsm.executor", "executor.py", None),
             ("vdsm.storage.threadPool", "storage/threadPool.py", None),
             ("vdsm.virt.sampling", "virt/bulkstats.py",
              {"VMBulkstatsMonitor": "VMBulkstatsMonitor"})])

    def test_links_instead_of_names_of_interfaces(self):
        # What 4.16.1 changed.
        row, _ = self.choose(
            "virt.sampling", doublevdsm.SAMPLING_2014,
            ("class BaseSample(TimedSample):\n"
             "    def __init__(self, pid, ifids):\n", "if True:\n    if 1:\n"),
            ("def __init__(self, ifid):",
             "def to_connlog(self): pass\n"
             "    def connlog_diff(self, other): pass\n"
             "    def __init__(self, link):"),
            ("def __init__(self, pid, ifids):",
             "def to_connlog(self): pass\n"
             "    def connlog_diff(self, other): pass\n"
             "    def __init__(self, pid):"))
        self.assertEqual(row.versions, "4.16.1 to 4.16.38")

    def test_one_method_more(self):
        # VDSM may call it: 4.17.0 did with this one.
        row, why = self.choose(
            "virt.sampling", doublevdsm.SAMPLING_2014,
            ("    def getStats(self):",
             "    def getLastSample(self):\n        pass\n\n"
             "    def getStats(self):"))
        self.assertIsNone(row)
        self.assertIn("there is a AdvancedStatsFunction.getLastSample", why)
        self.assertIn("until 4.16.0", why)

    def test_another_argument(self):
        row, why = self.choose(
            "vdsm.storage.threadPool", doublevdsm.POOL_TODAY,
            ("task, args=None)", "task, timeout, args=None)"))
        self.assertIsNone(row)
        self.assertEqual(
            why, "nearest is VDSM since 4.40, but ThreadPool.queueTask takes "
            "(id, task, timeout, args), not (id, task, args)")

    def test_a_name_more_or_less(self):
        for old, new, word in (
                ("class WorkerThread", "class Helper", "a Helper"),
                ("class ThreadPool", "class _ThreadPool", "no ThreadPool"),
                ("class ThreadPool", "def ThreadPool(a): pass\nclass _P",
                 "ThreadPool is of another kind")):
            row, why = self.choose("vdsm.storage.threadPool",
                                   doublevdsm.POOL_TODAY, (old, new))
            self.assertIsNone(row)
            self.assertIn(word, why)

    def test_private_names_may_differ(self):
        row, _ = self.choose(
            "vdsm.storage.threadPool", doublevdsm.POOL_TODAY,
            ("_task_started", "_task_begun"))
        self.assertIsNotNone(row)

    def test_beside_a_replaced_class_anything_may_differ(self):
        row, _ = self.choose(
            "vdsm.virt.sampling", doublevdsm.SAMPLING_TODAY,
            ("class HostMonitor", "class OtherMonitor"))
        self.assertIsNotNone(row)

    def test_several_differences_are_counted(self):
        row, why = vdsm.choose("vdsm.storage.threadPool", "")
        self.assertIsNone(row)
        self.assertEqual(
            why, "nearest is VDSM 4.19 to 4.30, but there is no ThreadPool")
        row, why = self.choose(
            "vdsm.storage.threadPool", doublevdsm.POOL_TODAY,
            ("args=None", "arg=None"), ("waitForThreads", "wait"))
        self.assertIn("(and 1 more)", why)

    def test_a_checkout(self):
        self.assertEqual(vdsm.checkout_path("storage.threadPool"),
                         "vdsm/storage/threadPool.py")
        self.assertEqual(vdsm.checkout_path("vdsm.storage.threadPool"),
                         "lib/vdsm/storage/threadPool.py")


class TestRows(kit.TestCase):

    def test_no_two_rows_fit_the_same(self):
        needs = [(row.module, row.needs) for row in vdsm.ROWS]
        for number, one in enumerate(needs):
            self.assertNotIn(one, needs[number + 1:])

    def test_modules_beside_vdsms(self):
        for row in vdsm.ROWS:
            if row.names is None:
                self.assertEqual(row.loaded_as, row.module)
            else:
                self.assertNotIn(row.loaded_as, vdsm.MODULES)
                self.assertTrue(row.loaded_as.endswith("virt.bulkstats"))

    def test_repr(self):
        self.assertEqual(
            repr(vdsm.rows("storage.threadPool")[0]),
            "<Row storage/threadPool.py: storage.threadPool "
            "in VDSM until 4.18>")

    def test_loads_no_thread(self):
        # pthreading refuses to replace locks of modules that are loaded.
        lib = os.path.join(standins.ROOT, "lib")
        code = ("import sys; sys.path.append(sys.argv[1]);"
                "before = set(sys.modules);"
                "import compat.vdsm;"
                "print(' '.join(sorted(set(sys.modules) - before)))")
        loaded = subprocess.check_output([sys.executable, "-c", code, lib])
        loaded = loaded.decode().split()
        self.assertIn("compat.vdsm", loaded)
        for module in "thread", "threading", "Queue", "queue", "logging":
            self.assertNotIn(module, loaded)
