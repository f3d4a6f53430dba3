# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What VDSM's build makes of its *.in files, made without Autotools: the values
are read from configure.ac and build-aux/Makefile.subs of the checkout itself.
"""

from __future__ import absolute_import, division, print_function

import io
import os
import re
import sys

# What configure starts from when VDSM is built into a package.
_PREFIXES = {
    "prefix": "/usr",
    "exec_prefix": "/usr",
    "bindir": "/usr/bin",
    "sysconfdir": "/etc",
    "localstatedir": "/var",
    "libexecdir": "/usr/libexec",
    "datarootdir": "/usr/share",
}

# Only what Python imports: the rest is for the host.
_SUFFIX = ".py.in"

_PROGRAM = re.compile(
    r"AC_PATH_PROG\(\[(\w+)\], *\[([^]]*)\], *\[([^]]*)\]\)")
_VARIABLE = re.compile(r"AC_SUBST\(\[(\w+)\], *\[([^]]*)\]\)")
_DEFAULT = re.compile(r"\[(\w+)=\"([^\"]*)\"\]")
_ALIAS = re.compile(r"s,\[@\](\w+)\[@\],\$\((\w+)\),g")
_REFERENCE = re.compile(r"\$[{(]?(\w+)[})]?")
_MARK = re.compile(r"@(\w+)@")


def make(root, python=sys.executable):
    """
    Make each Python file of which there is a template, unless it is there,
    for that interpreter. A mark without a value stays as it is.
    """
    known = values(root, python)
    for folder, _, names in os.walk(root):
        for name in names:
            if name.endswith(_SUFFIX):
                _make_one(os.path.join(folder, name), known)


def values(root, python):
    """
    Return what configure would put in the place of each name.
    """
    configure = _read(os.path.join(root, "configure.ac"))
    known = dict(_PREFIXES)
    known["PYTHON"] = python
    known["top_srcdir"] = root
    # Of the two, the default of an option comes last.
    for pattern in (_VARIABLE, _DEFAULT):
        for name, value in pattern.findall(configure):
            known.setdefault(name, value.strip("'\""))
    for name, program, default in _PROGRAM.findall(configure):
        known[name] = _find(program) or default
    subs = os.path.join(root, "build-aux", "Makefile.subs")
    for alias, name in _ALIAS.findall(_read(subs)):
        if name in known:
            known[alias] = known[name]
    return dict((name, _expand(value, known)) for name, value in known.items())


def _expand(value, known):
    # References are not deep, and a name that refers to itself ends here.
    for _ in range(8):
        expanded = _REFERENCE.sub(
            lambda match: known.get(match.group(1), match.group(0)), value)
        if expanded == value:
            break
        value = expanded
    return value


def _find(program):
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        path = os.path.join(folder, program)
        if os.access(path, os.X_OK):
            return path
    return None


def _make_one(template, known):
    path = template[:-len(".in")]
    if os.path.exists(path):
        return
    text = _MARK.sub(
        lambda match: known.get(match.group(1), match.group(0)),
        _read(template))
    with io.open(path, "w", encoding="utf-8") as f:
        f.write(text)


def _read(path):
    try:
        with io.open(path, encoding="utf-8") as f:
            return f.read()
    except IOError:
        # Not every version of VDSM has each of these files.
        return u""
