# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Adds keys to the table in VDSM's config.py.in: text in, text out. It is not
parsed: the older ones are no Python that a newer Python could parse.
"""

from __future__ import absolute_import, division, print_function

import re
import textwrap

from series import errors

# Columns that the text of a key may take.
_WIDTH = 79

_SECTION = (r"^(?P<indent> +)\('%s', \[[ \t]*\n"
            r"(?P<body>(?:.*\n)*?)"
            r"(?P<end>(?P=indent)\]\),[ \t]*\n)")
_TABLE_END = r"^parameters = \[[ \t]*\n(?:.*\n)*?(?P<end>\][ \t]*\n)"


def add_keys(text, section, keys):
    """
    Add keys, (name, default, meaning), to a section, which is added where it
    is missing. Raises NotFound.
    """
    match = re.search(_SECTION % re.escape(section), text, re.MULTILINE)
    if match is None:
        return _add_section(text, section, keys)
    for name, _, _ in keys:
        if re.search(r"\('%s'," % re.escape(name), match.group("body")):
            raise errors.NotFound("[%s] has a key %s already" % (
                section, name))
    added = "".join("\n" + key for key in _lines(keys, match.group("indent")))
    at = match.start("end")
    if match.group("body").endswith("\n\n"):
        # An empty line ends the section, and stays its end.
        at -= 1
    return text[:at] + added + text[at:]


def _add_section(text, section, keys):
    match = re.search(_TABLE_END, text, re.MULTILINE)
    if match is None:
        raise errors.NotFound("no list 'parameters'")
    at = match.start("end")
    return "%s\n    # Section: [%s]\n    ('%s', [\n%s    ]),\n%s" % (
        text[:at], section, section,
        "\n".join(_lines(keys, "    ")), text[at:])


def _lines(keys, indent):
    return [_key(key, indent + "    ") for key in keys]


def _key(key, indent):
    name, default, meaning = key
    deeper = indent + "    "
    pieces = textwrap.wrap(meaning.replace("'", "\\'"),
                           _WIDTH - len(deeper) - len("' '),"))
    text = "\n".join(
        "%s'%s%s'" % (deeper, piece, " " if number < len(pieces) else "")
        for number, piece in enumerate(pieces, 1))
    return "%s('%s', '%s',\n%s),\n" % (indent, name, default, text)
