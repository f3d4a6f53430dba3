# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Bounds that keep the code readable, checked over all Python sources. What
grows beyond them is split; a new entry in ALLOWED needs a reason beside it.
"""

from __future__ import absolute_import, division, print_function

import ast
import io
import os

import kit

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDERS = ("lib", "vdsm", "tests", "benchmarks", "build-aux")

FILE_LINES = 500
CLASS_LINES = 250
CLASS_METHODS = 15
FUNCTION_LINES = 50
ARGUMENTS = 8
NESTING = 4

HEADER = """\
# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later
"""
FUTURE = ("from __future__ import "
          "absolute_import, division, print_function\n")

# The wall clock jumps and a sleep waits for nothing, so intervals are taken
# from clock.monotonic and threads wait for events.
ALLOWED = {
    # People and programs are told the time of day.
    "lib/vmsampling/check.py": ["time.time"],
    "lib/vmsampling/look.py": ["time.time"],
    "lib/vmsampling/overview.py": ["time.time"],
    "lib/vmsampling/recorder.py": ["time.time"],
    # VDSM asks for these times.
    "vdsm/virt/sampling.py": ["time.time"],
    "tests/vdsm_hoststats_test.py": ["time.time"],
    "tests/vdsm_sampling_test.py": ["time.time"],
    # The watchdog trusts no lock.
    "tests/runner.py": ["time.sleep"],
}
# Real time is what these are about.
ALLOWED_BELOW = ("tests/functional/", "benchmarks/")

BLOCKS = tuple(getattr(ast, name) for name in (
    "For", "While", "If", "With", "Try", "TryExcept", "TryFinally")
    if hasattr(ast, name))


class Source(object):

    def __init__(self, path):
        self.path = path
        with io.open(os.path.join(ROOT, path), encoding="utf-8") as f:
            self.text = f.read()
        # Bytes, since 2.7 takes no declared encoding in unicode text.
        self.tree = ast.parse(self.text.encode("utf-8"), path)

    def nodes(self, *kinds):
        return (n for n in ast.walk(self.tree) if isinstance(n, kinds))

    def at(self, node, what):
        return "%s:%d: %s" % (self.path, node.lineno, what)


class TreeTest(kit.TestCase):

    def check(self, find):
        """Calls find(source), which yields what is wrong there."""
        wrong = [line for source in sources() for line in find(source)]
        if wrong:
            self.fail("\n".join(["too much for this tree:"] + wrong))

    def test_sources_are_found(self):
        self.assertIn("tests/tree_test.py", [s.path for s in sources()])

    def test_headers(self):
        def find(source):
            if not source.text.startswith(HEADER):
                yield "%s: no licence header" % source.path
            if has_code(source.tree) and FUTURE not in source.text:
                yield "%s: no line %r" % (source.path, FUTURE)
        self.check(find)

    def test_files_are_short(self):
        def find(source):
            lines = len(source.text.splitlines())
            if lines > FILE_LINES:
                yield "%s: %d lines" % (source.path, lines)
        self.check(find)

    def test_classes_are_small(self):
        def find(source):
            for node in source.nodes(ast.ClassDef):
                methods = [n for n in node.body
                           if isinstance(n, ast.FunctionDef)]
                # A test class may have as many tests as there are cases.
                if is_test_class(node):
                    continue
                if length(node) > CLASS_LINES:
                    yield source.at(node, "%s has %d lines" % (
                        node.name, length(node)))
                if len(methods) > CLASS_METHODS:
                    yield source.at(node, "%s has %d methods" % (
                        node.name, len(methods)))
        self.check(find)

    def test_functions_are_short(self):
        def find(source):
            for node in source.nodes(ast.FunctionDef):
                if length(node) > FUNCTION_LINES:
                    yield source.at(node, "%s has %d lines" % (
                        node.name, length(node)))
        self.check(find)

    def test_functions_are_flat(self):
        def find(source):
            for node in source.nodes(ast.FunctionDef):
                if nesting(node.body) > NESTING:
                    yield source.at(node, "%s is nested %d deep" % (
                        node.name, nesting(node.body)))
        self.check(find)

    def test_functions_have_few_arguments(self):
        def find(source):
            for node in source.nodes(ast.FunctionDef):
                if len(arguments(node)) > ARGUMENTS:
                    yield source.at(node, "%s has %d arguments" % (
                        node.name, len(arguments(node))))
        self.check(find)

    def test_bare_except_raises(self):
        def find(source):
            for node in source.nodes(ast.ExceptHandler):
                if node.type is None and not any(
                        isinstance(n, ast.Raise) for n in ast.walk(node)):
                    yield source.at(node, "bare except without raise")
        self.check(find)

    def test_wall_clock_and_sleep_are_rare(self):
        def find(source):
            if source.path.startswith(ALLOWED_BELOW):
                return
            for node in source.nodes(ast.Attribute, ast.ImportFrom):
                used = use_of_time(node)
                if used and used not in ALLOWED.get(source.path, ()):
                    yield source.at(node, used)
        self.check(find)

    def test_test_classes_look_for_leaks(self):
        def find(source):
            for node in source.nodes(ast.ClassDef):
                if (source.path != "tests/kit.py" and
                        "unittest.TestCase" in map(dotted, node.bases)):
                    yield source.at(
                        node, "%s is no kit.TestCase" % node.name)
        self.check(find)


# Read once: to parse them all takes a second.
_sources = []


def sources():
    if not _sources:
        _sources.extend(read())
    return _sources


def read():
    for folder in FOLDERS:
        for parent, _, names in os.walk(os.path.join(ROOT, folder)):
            for name in sorted(names):
                if name.endswith(".py"):
                    yield Source(os.path.relpath(
                        os.path.join(parent, name), ROOT))


def has_code(tree):
    """More than a docstring."""
    return any(not isinstance(node, ast.Expr) for node in tree.body)


def length(node):
    """Lines of a function or class; there is no end_lineno before 3.8."""
    return max(n.lineno for n in ast.walk(node)
               if hasattr(n, "lineno")) - node.lineno + 1


def nesting(body):
    """How many blocks lie within each other."""
    return max([0] + [depth(node) for node in body])


def depth(node):
    if not isinstance(node, BLOCKS):
        return 0
    bodies = [node.body, getattr(node, "orelse", []),
              getattr(node, "finalbody", [])]
    bodies += [handler.body for handler in getattr(node, "handlers", [])]
    # For the parser an elif, and on 2.7 try-except-finally and "with a, b",
    # are one block within another.
    inner = continued(node)
    return max([depth(n) for n in inner] +
               [1 + nesting(body) for body in bodies if body != inner])


def continued(node):
    """The only node of a body that a reader takes for a part of this one."""
    if isinstance(node, ast.If):
        body, kind = node.orelse, "If"
    elif type(node).__name__ == "TryFinally":
        body, kind = node.body, "TryExcept"
    elif isinstance(node, ast.With) and not hasattr(node, "items"):
        body, kind = node.body, "With"
    else:
        return []
    return body if [type(n).__name__ for n in body] == [kind] else []


def arguments(node):
    args = node.args.args + getattr(node.args, "kwonlyargs", [])
    names = [getattr(a, "arg", getattr(a, "id", None)) for a in args]
    return [n for n in names if n not in ("self", "cls")]


def use_of_time(node):
    """Such as "time.sleep" where it is used or imported, else None."""
    if isinstance(node, ast.ImportFrom):
        names = ["%s.%s" % (node.module, n.name) for n in node.names]
    else:
        names = [dotted(node)]
    for name in ("time.time", "time.sleep"):
        if name in names:
            return name
    return None


def is_test_class(node):
    return any(isinstance(n, ast.FunctionDef) and n.name.startswith("test")
               for n in node.body)


def dotted(node):
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return "%s.%s" % (dotted(node.value), node.attr)
    return None
