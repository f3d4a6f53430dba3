# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The simplest edit, for files that are lists of lines: a spec, those of
debian/, a .gitignore. Text in, text out.
"""

from __future__ import absolute_import, division, print_function

import re

from series import errors


def add_below(text, place, anchor, lines):
    """
    Add lines below the first place that the expression anchor matches from
    the start of a line to the end of one. They may refer to its groups.
    place: what to call that place.

    Raises NotFound.
    """
    match = re.search("^(?:%s)[ \t]*\n" % anchor, text, re.MULTILINE)
    if match is None:
        raise errors.NotFound("there is no %s" % place)
    lines = [match.expand(line) for line in lines]
    # Up to the next empty line: another part may have the same.
    present = text[match.start():].partition("\n\n")[0].splitlines()
    for line in lines:
        if line in present:
            raise errors.NotFound("it has the line %s already" % line.strip())
    return (text[:match.end()] + "".join(line + "\n" for line in lines) +
            text[match.end():])
