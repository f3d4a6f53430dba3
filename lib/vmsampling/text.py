# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Untrusted text for a terminal.

The name of a VM is whatever its owner typed. Here it becomes text that moves
no cursor, hides nothing, takes as many columns as we count, and can be
encoded for the stream that it goes to.
"""

from __future__ import absolute_import, division, print_function

import codecs
import unicodedata

import six

# A letter with more marks than this would be drawn over its neighbours.
_MAX_MARKS = 2


def clean(text, encoding="utf-8"):
    """
    Return text without anything but visible characters.

    All others, and those that encoding does not have, are replaced by what
    Python's repr() would show: \\x1b for an escape. The result is unicode,
    its length says nothing about its width.
    """
    shown = []
    marks = _MAX_MARKS
    for char in _decoded(text):
        marks = marks + 1 if width(char) == 0 else 0
        if marks > _MAX_MARKS or not _visible(char, encoding):
            shown.append(_escaped(char))
            marks = _MAX_MARKS
        else:
            shown.append(char)
    return u"".join(shown)


def width(text):
    """
    Return the number of columns that cleaned text takes.
    """
    columns = 0
    for char in text:
        if unicodedata.category(char) in ("Mn", "Me"):
            continue
        columns += 2 if unicodedata.east_asian_width(char) in "WF" else 1
    return columns


def cut(text, columns, encoding="utf-8"):
    """
    Return cleaned text in at most so many columns, marked where cut.
    """
    if width(text) <= columns:
        return text
    mark = ellipsis(encoding)
    room = columns - width(mark)
    kept = []
    for char in text:
        room -= width(char)
        if room < 0:
            break
        kept.append(char)
    return (u"".join(kept) + mark)[:max(columns, 0)]


def pad(text, columns):
    """
    Return cleaned text with spaces up to so many columns.
    """
    return text + u" " * (columns - width(text))


def ellipsis(encoding):
    """
    Return what stands for the rest of a text that was cut.
    """
    return u"\u2026" if has(encoding, u"\u2026") else u"..."


def _decoded(text):
    """
    Return text as unicode, where bytes that are not UTF-8 have become what
    Python 3 makes of them: lone surrogates, which are not visible.
    """
    if isinstance(text, six.text_type):
        return text
    if not isinstance(text, bytes):
        return six.text_type(text)
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return u"".join(
            six.unichr(byte if byte < 0x80 else 0xdc00 + byte)
            for byte in bytearray(text))


def _visible(char, encoding):
    # Controls (Cc), bidirectional overrides and other invisible signs (Cf),
    # surrogates, private and unassigned characters, and the separators of
    # lines and paragraphs.
    category = unicodedata.category(char)
    if category[0] == "C" or category in ("Zl", "Zp"):
        return False
    return has(encoding, char)


def has(encoding, chars):
    """
    Say whether an encoding has all of these characters.
    """
    try:
        chars.encode(encoding)
        return True
    except (UnicodeError, LookupError):
        return False


def _escaped(char):
    code = ord(char)
    if 0xdc80 <= code <= 0xdcff:
        code -= 0xdc00
    if code <= 0xff:
        return u"\\x%02x" % code
    return (u"\\u%04x" if code <= 0xffff else u"\\U%08x") % code


def usable(encoding):
    """
    Return encoding, or one that any terminal has if Python lacks it.
    """
    try:
        codecs.lookup(encoding or "ascii")
        return encoding or "ascii"
    except LookupError:
        return "ascii"
