# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Writes what is made of the table of the settings, into the source tree:

    PYTHONPATH=lib python build-aux/config_doc.py
"""

from __future__ import absolute_import, division, print_function

import io
import os
import textwrap

from vmsampling import config

_HERE = os.path.dirname(os.path.abspath(__file__))
_ROOT = os.path.dirname(_HERE)

MANUAL = os.path.join(_ROOT, "doc", "vdsm-sampler.conf.5")
EXAMPLE = os.path.join(_ROOT, "init", "vdsm-sampler.conf")

_HEAD = """\
# Settings of vdsm-sampler, see vdsm-sampler.conf(5). What VDSM's files say is
# read before, and this file wins. "vdsm-sampler check" tells what is wrong.
#
# Each line that is commented out has the default.
"""


def manual():
    """
    Return the manual page.
    """
    with io.open(os.path.join(_HERE, "config_doc.5"),
                 encoding="ascii") as stream:
        template = stream.read()
    lines = []
    for section, keys in _sections():
        lines.append(u".SS [%s]" % section)
        for key in keys:
            lines += [u".TP", u".B %s" % _roff(_line(key)),
                      _sentence(_roff(key.meaning))]
            if _range(key):
                lines += [u".br", _sentence(_roff(_range(key)))]
    return template.replace(u"@KEYS@\n", u"\n".join(lines) + u"\n")


def example():
    """
    Return the file that is installed.
    """
    lines = [_HEAD]
    for section, keys in _sections():
        lines.append(u"[%s]" % section)
        for key in keys:
            words = _sentence(key.meaning)
            if _range(key):
                words += " " + _sentence(_range(key))
            lines += [u"", textwrap.fill(
                words, 79, initial_indent="# ", subsequent_indent="# ",
                break_on_hyphens=False), u"#" + _line(key).rstrip()]
        lines.append(u"")
    return u"\n".join(lines[:-1]) + u"\n"


def _sections():
    """
    Return (name, keys) of each, in the order of the table.
    """
    names = []
    for key in config.ALL:
        if key.section not in names:
            names.append(key.section)
    return [(name, [key for key in config.ALL if key.section == name])
            for name in names]


def _line(key):
    return u"%s = %s" % (key.name, _number(key.default))


def _range(key):
    """
    Return what it may be, empty where the meaning says it.
    """
    if key.choices:
        return u"one of " + u", ".join(key.choices)
    if key.low is None:
        return u""
    return u"from %s to %s%s" % (
        _number(key.low), _number(key.high),
        {"s": u" seconds"}.get(key.unit, u""))


def _number(value):
    return value if isinstance(value, str) else u"%.10g" % value


def _sentence(words):
    return words[:1].upper() + words[1:].rstrip(u".") + u"."


def _roff(words):
    return words.replace(u"\\", u"\\e").replace(u"-", u"\\-").replace(
        u"'", u"\\(cq")


if __name__ == "__main__":
    for path, made in ((MANUAL, manual()), (EXAMPLE, example())):
        with io.open(path, "w", encoding="ascii") as out:
            out.write(made)
