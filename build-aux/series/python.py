# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Edits of VDSM's Python modules: text in, text out. They raise NotFound.
"""

from __future__ import absolute_import, division, print_function

import ast
import re

from series import errors


def put_before(text, name, aside, lines):
    """
    Call the class name aside from now on, and add lines, of what has its name
    now, below it.
    """
    module = Module(text)
    statement = module.defining(name)
    places = [(n.lineno, n.col_offset) for n in ast.walk(statement.node)
              if isinstance(n, ast.Name) and n.id == name]
    changed = text.splitlines(True)
    # Below its decorators.
    head = re.compile(r"class %s\b" % name)
    at = [number for number in range(statement.start, statement.end)
          if head.match(changed[number])][0]
    changed[at] = head.sub("class " + aside, changed[at], count=1)
    for number, column in sorted(places, reverse=True):
        line = changed[number - 1]
        changed[number - 1] = (
            line[:column] + aside + line[column + len(name):])
    changed.insert(statement.end, "\n\n" + "".join(
        line + "\n" for line in lines))
    return "".join(changed)


def add_import(text, line):
    """
    Add a line of the form "from package import name" where it belongs among
    those that are there.
    """
    module = Module(text)
    imports = [s for s in module.statements if s.is_import and
               not s.source.startswith("from __future__")]
    if not imports:
        raise errors.NotFound("no imports")
    if line in (s.source.rstrip("\n") for s in imports):
        raise errors.NotFound("it has %s already" % line)
    same = [s for s in imports if s.source.split(".")[0].split()[:2] ==
            line.split(".")[0].split()[:2]]
    smaller = [s for s in same if s.source < line]
    after = (smaller or same[:1] or imports)[-1]
    lines = text.splitlines(True)
    # Above the first of those that it belongs to, else below one.
    at = after.start if same and not smaller else after.end
    return "".join(lines[:at] + [line + "\n"] + lines[at:])


class Module(object):

    def __init__(self, text):
        lines = text.splitlines(True)
        try:
            # Bytes, since 2.7 takes no declared encoding in unicode text.
            body = ast.parse(text.encode("utf-8")).body
        except SyntaxError as e:
            raise errors.NotFound("line %s: this Python cannot read it: %s" % (
                e.lineno, e.msg))
        starts = [_first_line(node) - 1 for node in body]
        ends = starts[1:] + [len(lines)]
        self.statements = [
            Statement(node, start, end, lines)
            for node, start, end in zip(body, starts, ends)]

    def defining(self, name):
        """
        Return the statement of this class.
        """
        for statement in self.statements:
            if getattr(statement.node, "name", None) == name and isinstance(
                    statement.node, ast.ClassDef):
                return statement
        raise errors.NotFound("it has no class %s" % name)


class Statement(object):
    """
    A statement of a module: the lines [start, end).
    """

    def __init__(self, node, start, end, lines):
        # What lies before the next one: comments, and empty lines.
        while end > start + 1 and (
                not lines[end - 1].strip() or lines[end - 1].startswith("#")):
            end -= 1
        self.node = node
        self.start = start
        self.end = end
        self.source = "".join(lines[start:end])
        self.is_import = isinstance(node, (ast.Import, ast.ImportFrom))


def _first_line(node):
    # There is no end_lineno before 3.8, and a decorator comes first.
    decorators = getattr(node, "decorator_list", [])
    return min([node.lineno] + [d.lineno for d in decorators])
