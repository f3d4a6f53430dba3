# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Where things lie in VDSM's source tree, and where they are installed.

Our packages become part of what VDSM itself is, where no other program meets
their names. On any other path a package called threadpool, installed by
whomever, could hide ours, or ours the other.
"""

from __future__ import absolute_import, division, print_function

import re

from series import errors
from series import lines
from series import makefiles
from series import messages
from series import python
from series import sources

HEADER = """\
# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""


# What black leaves out, as an expression over several lines.
_EXCLUDED = "extend-exclude = '''\n^/(\n"
_END = ")\n'''\n"


class Layout(object):
    """
    What the steps of the plan ask of a tree. Each method changes files.
    """

    # The folder of the Python packages, and its Makefile's variable for where
    # a package in there is installed.
    top = None
    variable = None
    installed = None
    build_message = None
    # Where the defaults of VDSM's settings are.
    settings = None

    def ask_for_six(self, files):
        """
        Let builds and packages ask for what our modules need.
        """
        raise NotImplementedError

    def text(self, text):
        """
        Return one of our modules as it is in this tree.
        """
        raise NotImplementedError

    def add_test_file(self, files, path, text):
        """
        Add a test, or a module that tests import. path: as in our tree.
        """
        raise NotImplementedError

    def add_to_packages(self, files, package):
        """
        Let the packages of distributions have one more folder.
        """
        raise NotImplementedError

    def keep_as_it_is(self, files, paths):
        """
        Let no formatter change these folders or files: a fix of ours should
        fit them, and one of theirs ours.
        """

    def path_of(self, path):
        """
        Return where one of our files in lib/ goes.
        """
        return "%s/%s" % (self.top, path.partition("/")[2])

    def add_package(self, files, package, modules):
        """
        Add the files of modules: path in our tree -> text; and have them
        built and installed.
        """
        for path in sorted(modules):
            files.add(self.path_of(path), self.text(modules[path]))
        folder = "%s/%s" % (self.top, package)
        names = sorted(path.rpartition("/")[2] for path in modules)
        files.add(folder + "/Makefile.am", self._makefile(package, names))
        files.edit(self.top + "/Makefile.am", makefiles.add_to_list,
                   "SUBDIRS", [package])
        files.edit("configure.ac", makefiles.add_output_files,
                   [folder + "/Makefile"])
        self.add_to_packages(files, package)
        self.keep_as_it_is(files, [folder + "/"])

    def add_module(self, files, path):
        """
        Have a new module of VDSM's built, if its folder has a list.
        """
        folder, _, name = path.rpartition("/")
        makefile = folder + "/Makefile.am"
        names = re.findall(r"^(dist_\w+_PYTHON) = \\\n", files.read(makefile),
                           re.MULTILINE)
        if names:
            files.edit(makefile, makefiles.add_to_list, names[0], [name])

    def _makefile(self, package, names):
        variable = self.variable % package
        return HEADER + (
            "include $(top_srcdir)/build-aux/Makefile.subs\n\n"
            "{0}dir = {1}/{2}\n\n"
            "dist_{0}_PYTHON = \\\n{3}\t$(NULL)\n").format(
                variable, self.installed, package,
                "".join("\t%s \\\n" % name for name in names))

    def _standins(self, text, package):
        # There the stand-ins lie beside the package.
        text, count = re.subn(
            r"^FOLDER = .*$", "FOLDER = os.path.dirname(os.path.dirname(\n"
            "    os.path.abspath(%s.__file__)))" % package,
            text, flags=re.MULTILINE)
        if not count:
            return text
        return python.add_import(text, "import %s" % package)


class Private(Layout):
    """
    Until 4.17: the daemon's own modules are in /usr/share/vdsm, from where
    the daemon runs and nothing else.
    """

    top = "vdsm"
    variable = "vdsm_%s"
    installed = "$(vdsmdir)"
    build_message = messages.BUILD_PYTHON_2
    settings = "lib/vdsm/config.py.in"

    def __init__(self, tests):
        """
        tests: path of each test and of what they need -> what it is about.
        """
        # The tests of VDSM lie in one folder.
        self._names = dict(
            (_stem(path), _camel(group, _stem(path)))
            for path, group in tests.items() if path.endswith("_test.py"))

    def text(self, text):
        return text

    def ask_for_six(self, files):
        files.edit("configure.ac", makefiles.ask_for_python, (2, 7))
        files.edit("configure.ac", makefiles.add_python_modules,
                   ["concurrent.futures", "six"])
        files.edit("vdsm.spec.in", lines.add_below,
                   "BuildRequires: python-netaddr",
                   "BuildRequires: python-netaddr",
                   ["BuildRequires: python-futures",
                    "BuildRequires: python-mock",
                    "BuildRequires: python-six"])
        files.edit("vdsm.spec.in", lines.add_below,
                   "Requires: python-netaddr", "Requires: python-netaddr",
                   ["Requires: python >= 2.7", "Requires: python-futures",
                    "Requires: python-six"])
        if files.has("debian/control"):
            needs = [" python-concurrent.futures,", " python-six,"]
            files.edit("debian/control", lines.add_below,
                       "python-pthreading in Build-Depends",
                       "Build-Depends: .*(?:\n .*,)*\n python-pthreading.*,",
                       [" python-mock,"] + needs)
            files.edit("debian/control", lines.add_below,
                       "python-pyinotify that vdsm depends on",
                       "Package: vdsm\n(?:.+\n)* python-pyinotify,", needs)

    def add_to_packages(self, files, package):
        folder = "%{_datadir}/%{vdsm_name}/" + package
        files.edit("vdsm.spec.in", lines.add_below, "%dir for storage",
                   r"%dir %\{_datadir\}/%\{vdsm_name\}/storage",
                   ["%dir " + folder])
        files.edit("vdsm.spec.in", lines.add_below, "storage/volume.py",
                   r"%\{_datadir\}/%\{vdsm_name\}/storage/volume\.py\*",
                   [folder + "/*.py*"])
        if files.has("debian/vdsm.install"):
            files.edit("debian/vdsm.install", lines.add_below,
                       "storage/volume.py",
                       r"\./usr/share/vdsm/storage/volume\.py",
                       ["./usr/share/vdsm/%s/*.py" % package])

    def add_test_file(self, files, path, text):
        stem = _stem(path)
        is_test = stem in self._names
        name = self._names.get(stem, stem)
        text = sources.with_modules(text, dict(
            (ours, "import %s as %s" % (theirs, ours))
            for ours, theirs in self._names.items()))
        if stem == "standins":
            text = self._standins(text, "threadpool")
        files.add("tests/%s.py" % name, text)
        files.edit("tests/Makefile.am", makefiles.add_to_list,
                   "test_modules" if is_test else "dist_vdsmtests_PYTHON",
                   [name + ".py"])


class Public(Layout):
    """
    Since 4.18: all is in the package vdsm, also for vdsm-tool and others that
    run from elsewhere; and nothing in it may need modules outside.
    """

    top = "lib/vdsm"
    variable = "vdsm%s"
    installed = "$(vdsmpylibdir)"
    build_message = messages.BUILD
    settings = "lib/vdsm/common/config.py.in"
    tests = "tests/sampling/"

    def __init__(self, tests):
        self._called = dict(
            (_stem(path), "from . import " + _stem(path)) for path in tests)
        # No Python 2 has to be served there.
        self._called["mock"] = "from unittest import mock"

    def text(self, text):
        return sources.with_prefix(text, "vdsm")

    def ask_for_six(self, files):
        files.edit("vdsm.spec.in", lines.add_below,
                   "Requires for vdsm-common in %package python",
                   r"%package python\n(?:[^%\n].*\n)*"
                   r"(?P<tag>Requires: +)%\{name\}-common.*",
                   [r"\g<tag>python3-six"])

    def add_to_packages(self, files, package):
        files.edit("vdsm.spec.in", lines.add_below,
                   "taskset.py in %files python",
                   r"%files python\n(?:.+\n)*"
                   r"(?P<site>%\{\w+\}/%\{vdsm_name\})/taskset\.py\*?",
                   [r"\g<site>/%s/" % package])

    def add_test_file(self, files, path, text):
        name = path.rpartition("/")[2]
        if not files.has(self.tests + "__init__.py"):
            files.add(self.tests + "__init__.py", HEADER.rstrip("\n") + "\n")
            files.edit("tests/Makefile.am", makefiles.add_list,
                       "sampling_modules", ["sampling/*_test.py"],
                       "test_modules")
            files.edit("tests/Makefile.am", lines.add_below,
                       "run_modules with common_modules",
                       r"run_modules\s*\+= \$\(common_modules\)",
                       ["run_modules += $(sampling_modules)"])
            self.keep_as_it_is(files, [self.tests])
        text = sources.with_modules(self.text(text), self._called)
        if name == "standins.py":
            text = self._standins(text, "vdsm.threadpool")
        files.add(self.tests + name, text)

    def keep_as_it_is(self, files, paths):
        if files.has("pyproject.toml"):
            files.edit("pyproject.toml", _exclude, paths)


def check_untouched(path, files):
    """
    Raise UnknownTree for a tree that has taken a series before.
    """
    for layout in (Private, Public):
        folder = layout.top + "/threadpool"
        if files.has(folder):
            raise errors.UnknownTree(
                path, "there is %s already, from a series before" % folder)


def choose(path, modules, files):
    """
    Return the class of layouts for the tree at path, which has these modules
    of the table. Raises UnknownTree.
    """
    private = [name for name in modules if not name.startswith("vdsm.")]
    public = [name for name in modules if name.startswith("vdsm.")]
    if private and public:
        raise errors.UnknownTree(
            path, "%s and %s are installed in different places, and our "
            "packages can be only in one" % (private[0], public[0]))
    if private:
        return Private
    if not re.search(r"^AM_PATH_PYTHON\(\[3", files.read("configure.ac"),
                     re.MULTILINE):
        raise errors.UnknownTree(
            path, "its configure.ac does not ask for Python 3")
    return Public


def _stem(path):
    return path.rpartition("/")[2][:-len(".py")]


def _camel(group, stem):
    words = stem.split("_")[:-1]
    if words[0] == group:
        words = words[1:]
    return group + "".join(word.capitalize() for word in words) + "Tests"


def _exclude(text, paths):
    """
    Add to what black leaves out, if the tree is formatted by it.
    """
    if "[tool.black]" not in text:
        return text
    if _EXCLUDED not in text:
        if "extend-exclude" in text:
            raise errors.NotFound("it has an extend-exclude already")
        text = lines.add_below(
            text, "table of black", r"\[tool\.black\]",
            (_EXCLUDED + _END).splitlines())
    start = text.index(_EXCLUDED) + len(_EXCLUDED)
    entries = text[start:text.index(_END, start)]
    for path in paths:
        entries += "%s%s%s\n" % (
            "  | " if entries else "    ", path.replace(".", r"\."),
            "" if path.endswith("/") else "$")
    return text[:start] + entries + text[text.index(_END, start):]
