# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Our own files: what they import, and what their imports are called in VDSM.
"""

from __future__ import absolute_import, division, print_function

import ast
import io
import os
import re

# Those that come along. Lower ones first: none imports from one to its right.
PACKAGES = ("compat", "threadpool", "vmsampling")


class Sources(object):
    """
    A source tree of this project: a git checkout or a release.
    """

    def __init__(self, root):
        self._root = root
        # path -> the paths that it imports.
        self._imports = {}

    def read(self, path):
        with io.open(os.path.join(self._root, path), encoding="utf-8",
                     newline="") as f:
            return f.read()

    def has(self, path):
        return os.path.isfile(os.path.join(self._root, path))

    def modules(self, package, names=None):
        """
        Return the paths of the modules of a package, or of some.
        """
        if names is None:
            names = [name[:-len(".py")] for name in os.listdir(
                os.path.join(self._root, "lib", package))
                if name.endswith(".py")]
        return ["lib/%s/%s.py" % (package, name) for name in sorted(names)]

    def tests(self):
        """
        Return the paths of the unit tests.
        """
        names = os.listdir(os.path.join(self._root, "tests"))
        return ["tests/" + name for name in sorted(names)
                if name.endswith("_test.py")]

    def needed_by(self, paths):
        """
        Return a set of paths: paths, and whatever of ours they import,
        directly or not.
        """
        found = set()
        left = list(paths)
        while left:
            path = left.pop()
            if path not in found:
                found.add(path)
                left += self.imports(path)
        return found

    def imports(self, path):
        """
        Return the paths of what a file of ours imports of ours.
        """
        if path not in self._imports:
            self._imports[path] = list(self._imported_by(path))
        return self._imports[path]

    def _imported_by(self, path):
        for node in ast.walk(ast.parse(self.read(path).encode("utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module] + [node.module + "." + alias.name
                                         for alias in node.names]
            else:
                continue
            for name in names:
                for path in self._paths_of(name):
                    yield path

    def _paths_of(self, name):
        parts = name.split(".")
        if os.path.isdir(os.path.join(self._root, "lib", parts[0])):
            package = "lib/%s/__init__.py" % parts[0]
            path = "lib/" + "/".join(parts) + ".py"
            return [p for p in (package, path) if self.has(p)]
        path = "tests/%s.py" % name
        return [path] if self.has(path) else []


def package_of(path):
    """
    Return the package that a path lies in: vmsampling, ..., tests, or vdsm.
    """
    first, second = path.split("/")[:2]
    return second if first == "lib" else first


def with_prefix(text, prefix):
    """
    Return a module's text with our packages imported from the package
    prefix. What is said in strings and comments changes too: there are
    programs in the strings of tests.
    """
    packages = "|".join(PACKAGES)
    text = re.sub(r"\bfrom (%s)\b(?=[\w.]* import )" % packages,
                  r"from %s.\1" % prefix, text)
    return re.sub(r"\bimport (%s)\b(?![\w.])" % packages,
                  r"from %s import \1" % prefix, text)


def with_modules(text, called):
    """
    Return a test's text with the modules beside it imported as they are
    called there: called maps a name to what stands for "import name".
    """
    def line(match):
        return called.get(match.group(1), match.group())
    return re.sub(r"^import (\w+)$", line, text, flags=re.MULTILINE)
