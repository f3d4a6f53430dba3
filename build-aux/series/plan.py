# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The steps of a series, in order: each leaves a tree in which all works.

First the packages, lowest layer first, then what is built on them, one module
of VDSM at a time. Only modules that something imports come along, so our own
command and daemon stay here. A test comes with the package that it is about,
and what it imports from beside it comes with the first that needs it.
"""

from __future__ import absolute_import, division, print_function

import collections
import re

from compat import vdsm as table
from series import messages
from series import python
from series import settings
from series import sources as _sources

Step = collections.namedtuple("Step", "message apply")

# Files, and what the names of their tests begin with. In this order: those
# that need less first.
STANDINS = (
    ("storage/threadPool.py", "vdsm_threadpool"),
    ("executor.py", "vdsm_executor"),
    ("virt/sampling.py", "vdsm_sampling"),
    ("virt/bulkstats.py", "vdsm_bulkstats"),
)

# Unit tests of what comes along that stay here.
STAYS = frozenset("tests/%s_test.py" % name for name in (
    # Needs the tests of the interpreter itself, which few have installed.
    "cpython",
    # Need minutes, or libvirt's test driver; what they find is ours to mend.
    "stress", "sampler_real",
    # About our manual.
    "manual",
    # About other VDSMs than the one at hand, too.
    "vdsm_executor_parts",
))

# Doubles of VDSM's modules: tests that need them are for where there is no
# VDSM.
_DOUBLES = frozenset(("tests/doublevdsm.py", "tests/vdsmhost.py"))

# All tests need it.
_KIT = "tests/kit.py"


class Plan(object):
    """
    What to do with a tree in which these rows of the table fit.
    """

    def __init__(self, sources, rows, layout, keys):
        """
        layout: a class of layouts.
        keys: (section, name, default, meaning) of each setting of ours.
        """
        self._sources = sources
        self._rows = dict((row.file, row) for row in rows)
        self._keys = keys
        self._modules = sources.needed_by(
            "vdsm/" + file for file in self._rows)
        self._modules.update(self._of_pool())
        self._tests = self._find_tests()
        self.layout = layout(
            dict((path, "vdsm" if "/" in (group or "") else group)
                 for path, group in self._tests.items()))
        self._given = set()

    def steps(self):
        """
        Yield each Step: its message, and apply(files).
        """
        yield Step(self.layout.build_message, self.layout.ask_for_six)
        done = set()
        for file, _ in STANDINS:
            if file not in self._rows:
                continue
            for package in self._packages_for(file):
                if package not in done:
                    done.add(package)
                    for step in self._package(package):
                        yield step
            yield Step(messages.STANDINS[file],
                       lambda files, file=file: self._standin(files, file))

    def _of_pool(self):
        # All of the pool, which is of use for more than what we change.
        return self._sources.needed_by(
            self._sources.modules("compat", ["futures"]) +
            self._sources.modules("threadpool"))

    def _packages_for(self, file):
        needed = set(map(_sources.package_of, self._sources.needed_by(
            ["vdsm/" + file])))
        needed.update(("compat", "threadpool"))
        return [p for p in _sources.PACKAGES if p in needed]

    def _package(self, package):
        if package == "vmsampling":
            yield Step(messages.SETTINGS, self._add_settings)
        yield Step(messages.PACKAGES[package],
                   lambda files: self._add_package(files, package))

    def _add_package(self, files, package):
        self.layout.add_package(files, package, dict(
            (path, self._sources.read(path)) for path in self._modules
            if _sources.package_of(path) == package))
        self._add_tests(files, package)

    def _add_settings(self, files):
        for section in sorted(set(key[0] for key in self._keys)):
            files.edit(self.layout.settings, settings.add_keys, section,
                       [key[1:] for key in self._keys if key[0] == section])

    def _standin(self, files, file):
        row = self._rows[file]
        path = table.checkout_path(row.loaded_as)
        text = self.layout.text(self._sources.read("vdsm/" + file))
        if row.names is None:
            files.replace(path, text)
        else:
            files.add(path, text)
            self.layout.add_module(files, path)
            self._take_from(files, row)
        self.layout.keep_as_it_is(files, [path])
        self._add_tests(files, file)

    def _take_from(self, files, row):
        """
        Have a class of VDSM's module be ours, which falls back on VDSM's. The
        tests of VDSM's remain what they are.
        """
        path = table.checkout_path(row.module)
        module = row.module.rpartition(".")[2]
        package, _, ours = row.loaded_as.rpartition(".")
        files.edit(path, python.add_import,
                   "from %s import %s" % (package, ours))
        for name in sorted(row.names):
            aside = "Builtin" + name
            files.edit(path, python.put_before, name, aside, [
                "class %s(%s.%s):" % (name, ours, row.names[name]),
                "    builtin = " + aside])
            for test in files.below("tests", "_test.py"):
                if "%s.%s" % (module, name) in files.read(test):
                    files.edit(test, _renamed, module, name, aside)

    def _find_tests(self):
        """
        Return the tests that come along, and what they import from beside
        them: path -> group, the package or stand-in that it comes with.
        """
        found = {}
        for path in self._sources.tests():
            needed = self._sources.needed_by([path]) - set([path])
            beside = set(p for p in needed if p.startswith("tests/"))
            group = self._group(path, needed)
            if (group is not None and path not in STAYS and
                    not beside & _DOUBLES and
                    # Otherwise it is about our own tree.
                    set(self._sources.imports(path)) - set([_KIT]) and
                    needed - beside <= self._modules):
                found.update(dict.fromkeys(beside - set(found), None))
                found[path] = group
        return found

    def _group(self, path, needed):
        name = path.partition("/")[2]
        if name.startswith("vdsm_"):
            groups = [file for file, start in STANDINS
                      if file in self._rows and name.startswith(start)]
        else:
            packages = set(map(_sources.package_of, needed))
            groups = [p for p in reversed(_sources.PACKAGES) if p in packages]
        return groups[0] if groups else None

    def _add_tests(self, files, group):
        for path in sorted(self._tests):
            if self._tests[path] == group:
                needed = self._sources.needed_by([path])
                for other in sorted(needed & set(self._tests) - self._given):
                    self._given.add(other)
                    self.layout.add_test_file(
                        files, other, self._sources.read(other))


def _renamed(text, module, name, aside):
    return re.sub(r"\b%s\.%s\b" % (module, name),
                  "%s.%s" % (module, aside), text)
