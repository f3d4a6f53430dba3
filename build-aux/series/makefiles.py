# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Edits of Makefile.am and configure.ac: text in, text out. They raise NotFound.
"""

from __future__ import absolute_import, division, print_function

import re

from series import errors

_VARIABLE = r"^%s[ \t]*\+?=[ \t]*(?P<value>(?:[^\n]*\\\n)*[^\n]*)"
_END = "$(NULL)"


def add_to_list(text, variable, names):
    """
    Add words to the value of a variable, in order where the words that are
    there are in order.
    """
    match = re.search(_VARIABLE % re.escape(variable), text, re.MULTILINE)
    if match is None:
        raise errors.NotFound("no list %s" % variable)
    value = match.group("value")
    words = [word for word in value.replace("\\\n", " ").split()
             if word != _END]
    for name in names:
        if name in words:
            raise errors.NotFound("%s has %s already" % (variable, name))
    if value.startswith("\\\n"):
        value = _add_lines(value, names)
    else:
        value = _add_words(value, words, names)
    return text[:match.start("value")] + value + text[match.end("value"):]


def add_list(text, variable, words, before):
    """
    Add a variable, above the line that starts the variable before.
    """
    match = re.search(_VARIABLE % re.escape(before), text, re.MULTILINE)
    if match is None:
        raise errors.NotFound("no list %s" % before)
    return "%s%s = %s\n\n%s" % (
        text[:match.start()], variable, " ".join(words), text[match.start():])


def add_output_files(text, names):
    """
    Add files that configure makes: to the AC_OUTPUT or AC_CONFIG_FILES with
    the Makefiles.
    """
    match = re.search(r"^(?:AC_OUTPUT|AC_CONFIG_FILES)\(\[\n(?P<lines>"
                      r"(?:[ \t]+[^\n]+\n)*?[ \t]+Makefile\n"
                      r"(?:[ \t]+[^\n]+\n)*)\]", text, re.MULTILINE)
    if match is None:
        raise errors.NotFound("no list of Makefiles in AC_OUTPUT")
    lines = match.group("lines").splitlines(True)
    indent = re.match(r"\s*", lines[0]).group()
    for name in names:
        _place(lines, indent + name + "\n")
    return (text[:match.start("lines")] + "".join(lines) +
            text[match.end("lines"):])


def add_python_modules(text, names):
    """
    Add modules without which configure stops, where it looks for any.
    """
    matches = list(re.finditer(
        r"^AX_PYTHON_MODULE\(\[[^\n]*\n", text, re.MULTILINE))
    if not matches:
        raise errors.NotFound("no AX_PYTHON_MODULE")
    start, end = matches[0].start(), matches[-1].end()
    lines = text[start:end].splitlines(True)
    for name in names:
        _place(lines, "AX_PYTHON_MODULE([%s], [fatal])\n" % name)
    return text[:start] + "".join(lines) + text[end:]


def ask_for_python(text, least):
    """
    Let configure take no Python older than least: a tuple.
    """
    match = re.search(
        r"^AM_PATH_PYTHON\(\[([0-9.]+)\]", text, re.MULTILINE)
    if match is None:
        raise errors.NotFound("no AM_PATH_PYTHON with a version")
    if tuple(int(n) for n in match.group(1).split(".")) >= least:
        return text
    return (text[:match.start(1)] + ".".join(map(str, least)) +
            text[match.end(1):])


def _add_lines(value, names):
    # "\\\n\tname \\\n\tname \\\n\t$(NULL)", the last line perhaps missing.
    lines = value.split("\n")[1:]
    indent = re.match(r"\s*", lines[0]).group()
    ended = lines[-1].strip() == _END
    entries = [line.rstrip("\\ \t") for line in
               (lines[:-1] if ended else lines)]
    for name in names:
        _place(entries, indent + name)
    if ended:
        return "\\\n" + "".join(
            entry + " \\\n" for entry in entries) + lines[-1]
    return "\\\n" + " \\\n".join(entries)


def _add_words(value, words, names):
    lines = value.split("\n")
    if len(lines) == 1 and words == sorted(words):
        for name in names:
            _place(words, name)
        return " ".join(words)
    return " ".join([value] + list(names))


def _place(entries, new):
    """
    Insert new where it keeps the order; at the end where there is none.
    """
    def key(entry):
        return entry.strip()

    for order in (key, lambda entry: key(entry).lower()):
        if list(map(order, entries)) == sorted(map(order, entries)):
            at = len([e for e in entries if order(e) < order(new)])
            entries.insert(at, new)
            return
    later = [i for i, e in enumerate(entries) if key(e) > key(new)]
    entries.insert(later[0] if later else len(entries), new)
