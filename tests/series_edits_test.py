# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The edits of VDSM's files that the patch series is made of.
"""

from __future__ import absolute_import, division, print_function

import kit
from series import errors
from series import lines
from series import makefiles
from series import python
from series import settings
from series import sources


class EditTest(kit.TestCase):

    def refused(self, what, edit, *args):
        with self.assertRaises(errors.NotFound) as caught:
            edit(*args)
        self.assertIn(what, str(caught.exception))
        self.assertNotIn("\n", str(caught.exception))


class MakefileListTest(EditTest):

    def add(self, text, *names):
        return makefiles.add_to_list(text, "LIST", names)

    def test_lines_in_order(self):
        self.assertEqual(
            self.add("LIST = \\\n\ta.py \\\n\tc.py \\\n\t$(NULL)\n\n"
                     "X = 1\n", "d.py", "b.py"),
            "LIST = \\\n\ta.py \\\n\tb.py \\\n\tc.py \\\n\td.py \\\n"
            "\t$(NULL)\n\nX = 1\n")

    def test_order_without_case(self):
        self.assertEqual(
            self.add("LIST = \\\n\taB.py \\\n\tAPI.py \\\n\t$(NULL)\n",
                     "ad.py"),
            "LIST = \\\n\taB.py \\\n\tad.py \\\n\tAPI.py \\\n\t$(NULL)\n")

    def test_lines_without_null(self):
        self.assertEqual(
            self.add("LIST = \\\n\ta.py \\\n\tb.py\n", "c.py"),
            "LIST = \\\n\ta.py \\\n\tb.py \\\n\tc.py\n")

    def test_lines_in_no_order(self):
        self.assertEqual(
            self.add("LIST = \\\n\tb \\\n\ta \\\n\tz \\\n\t$(NULL)\n", "c"),
            "LIST = \\\n\tb \\\n\ta \\\n\tc \\\n\tz \\\n\t$(NULL)\n")

    def test_words(self):
        self.assertEqual(self.add("LIST = a c\n", "b"), "LIST = a b c\n")

    def test_words_on_two_lines(self):
        self.assertEqual(self.add("LIST=z a \\\n\t y\nX=1\n", "b", "c"),
                         "LIST=z a \\\n\t y b c\nX=1\n")

    def test_another_variable(self):
        self.assertEqual(self.add("MY_LIST = a\nLIST = b\n", "c"),
                         "MY_LIST = a\nLIST = b c\n")

    def test_no_such_list(self):
        self.refused("no list LIST", self.add, "LISTS = a\n", "b")

    def test_already_there(self):
        self.refused("LIST has b already", self.add, "LIST = a b\n", "b")

    def test_new_list(self):
        self.assertEqual(
            makefiles.add_list("A = 1\n\nB = 2\n", "L", ["x", "y"], "B"),
            "A = 1\n\nL = x y\n\nB = 2\n")
        self.refused("no list B", makefiles.add_list, "A = 1\n", "L", [], "B")


class ConfigureTest(EditTest):

    def test_output_files(self):
        before = ("AC_OUTPUT([\n\tMakefile\n\tb/Makefile\n])\n"
                  "AC_OUTPUT([\n\tx\n])\n")
        self.assertEqual(
            makefiles.add_output_files(before, ["a/Makefile", "c/Makefile"]),
            "AC_OUTPUT([\n\tMakefile\n\ta/Makefile\n\tb/Makefile\n"
            "\tc/Makefile\n])\nAC_OUTPUT([\n\tx\n])\n")

    def test_no_output_files(self):
        self.refused("AC_OUTPUT", makefiles.add_output_files,
                     "AC_OUTPUT([\n\tx\n])\n", ["a"])

    def test_python_modules(self):
        self.assertEqual(
            makefiles.add_python_modules(
                "AX_PYTHON_MODULE([a], [fatal])\n"
                "AX_PYTHON_MODULE([z], [fatal])\n\n", ["six"]),
            "AX_PYTHON_MODULE([a], [fatal])\n"
            "AX_PYTHON_MODULE([six], [fatal])\n"
            "AX_PYTHON_MODULE([z], [fatal])\n\n")
        self.refused("no AX_PYTHON_MODULE",
                     makefiles.add_python_modules, "", ["six"])

    def test_python_version(self):
        ask = makefiles.ask_for_python
        self.assertEqual(ask("AM_PATH_PYTHON([2.6])\n", (2, 7)),
                         "AM_PATH_PYTHON([2.7])\n")
        for newer in ("AM_PATH_PYTHON([2.7])\n", "AM_PATH_PYTHON([3])\n"):
            self.assertEqual(ask(newer, (2, 7)), newer)
        self.refused("AM_PATH_PYTHON", ask, "AM_PATH_PYTHON\n", (2, 7))


class LinesTest(EditTest):

    def test_below(self):
        self.assertEqual(
            lines.add_below("x\n%files\na 1\nb\n", "a",
                            "%files\n(?:.+\n)*?(a) \\d", [r"\1 2"]),
            "x\n%files\na 1\na 2\nb\n")

    def test_not_there(self):
        self.refused("no place", lines.add_below, "ab\n", "place", "a", ["c"])

    def test_already_there(self):
        self.refused("the line c already",
                     lines.add_below, "a\nb\nc\n", "place", "a", ["c"])


class SettingsTest(EditTest):

    head = "parameters = [\n    ('a', [\n\n        ('x', '1', None),\n"
    tail = "    ]),\n]\n\nprint 'not for Python 3'\n"

    def add(self, text, section="a", meaning="What it is."):
        return settings.add_keys(text, section, [("key", "1", meaning)])

    def parse(self, text):
        names = {}
        exec(text.partition("\n\nprint")[0], names)
        return dict((section, [key[0] for key in keys])
                    for section, keys in names["parameters"])

    def test_old_section(self):
        text = self.add(self.head + self.tail)
        self.assertEqual(
            text, self.head + "\n        ('key', '1',\n"
            "            'What it is.'),\n" + self.tail)
        self.assertEqual(self.parse(text), {"a": ["x", "key"]})

    def test_empty_line_at_the_end_of_a_section(self):
        self.assertEqual(
            self.add(self.head + "\n" + self.tail),
            self.head + "\n        ('key', '1',\n"
            "            'What it is.'),\n\n" + self.tail)

    def test_new_section(self):
        text = self.add(self.head + self.tail, "b")
        self.assertEqual(self.parse(text), {"a": ["x"], "b": ["key"]})
        self.assertIn("\n\n    # Section: [b]\n    ('b', [\n", text)

    def test_long_and_quoted(self):
        text = self.add(self.head + self.tail, meaning="it's " * 40)
        self.assertLess(max(map(len, text.splitlines())), 80)
        names = {}
        exec(text.partition("\n\nprint")[0], names)
        self.assertEqual(
            names["parameters"][0][1][1][2], ("it's " * 40).strip())

    def test_no_table(self):
        self.refused("parameters", self.add, "params = []\n")

    def test_already_there(self):
        self.refused("[a] has a key key already",
                     self.add, self.head + "        ('key', '2', None),\n" +
                     self.tail)


MODULE = """\
# Header.

import b
import c
from a.x import X, Y
from a.y import Z


@c.decorated
class Theirs(object):
    log = b.getLogger("Theirs")

    def __init__(self):
        super(Theirs, self).__init__(Theirs, Y)
    # Done.


# About what follows.


def make():
    return Theirs(X, Z)
"""


class PythonTest(EditTest):

    def test_class_put_before_another(self):
        text = python.put_before(MODULE, "Theirs", "Builtin", [
            "class Theirs(Ours):", "    builtin = Builtin"])
        self.assertIn('''
@c.decorated
class Builtin(object):
    log = b.getLogger("Theirs")

    def __init__(self):
        super(Builtin, self).__init__(Builtin, Y)
    # Done.


class Theirs(Ours):
    builtin = Builtin


# About what follows.


def make():
    return Theirs(X, Z)
''', text)

    def test_last_class(self):
        text = MODULE.partition("\n\n# About")[0]
        self.assertTrue(python.put_before(
            text, "Theirs", "Builtin", ["class Theirs(Ours):", "    pass"]
        ).endswith("    # Done.\n\n\nclass Theirs(Ours):\n    pass\n"))

    def test_no_such_class(self):
        self.refused("no class make", python.put_before,
                     MODULE, "make", "made", [])

    def test_code_of_another_python(self):
        self.refused("line 2: this Python cannot read it",
                     python.put_before, "a = 1\na = = 2\n", "A", "B", [])

    def test_import(self):
        for line, below in (
                ("from a.xy import W", "from a.x import X, Y"),
                ("from a.z import W", "from a.y import Z"),
                ("from q import W", "from a.y import Z")):
            text = python.add_import(MODULE, line)
            self.assertIn("%s\n%s\n" % (below, line), text)
            self.assertEqual(text.replace(line + "\n", ""), MODULE)

    def test_first_import_of_its_package(self):
        self.assertIn("import c\nfrom a.a import W\nfrom a.x import",
                      python.add_import(MODULE, "from a.a import W"))

    def test_no_imports(self):
        self.refused("no imports", python.add_import,
                     "from __future__ import division\n", "import a")

    def test_already_there(self):
        self.refused("already", python.add_import, MODULE,
                     "from a.y import Z")


class RenameTest(EditTest):

    def test_prefix(self):
        for before, after in (
                ("from threadpool import a", "from v.threadpool import a"),
                ("from compat.b import X", "from v.compat.b import X"),
                ("    import vmsampling", "    from v import vmsampling"),
                ("'import compat'", "'from v import compat'"),
                ("from threadpools import x", "from threadpools import x"),
                ("import compatible", "import compatible"),
                ("logging.getLogger('threadpool.x')",
                 "logging.getLogger('threadpool.x')"),
                ("of it: from threadpool, or", "of it: from threadpool, or")):
            self.assertEqual(sources.with_prefix(before, "v"), after)

    def test_modules(self):
        self.assertEqual(
            sources.with_modules("import kit\nimport kits\nx = 'import kit'\n",
                                 {"kit": "from . import kit"}),
            "from . import kit\nimport kits\nx = 'import kit'\n")
