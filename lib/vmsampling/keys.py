# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The keys of "top": what a terminal sends for them, and what they do.

A key is a name, such as "up", "f1" or "ctrl-l", or the character that it
types.
"""

from __future__ import absolute_import, division, print_function

import codecs
import collections
import re

# What the terminals of today send, whatever their TERM says: xterm and those
# like it, rxvt, and the Linux console.
_SEQUENCES = {
    u"\x1b[A": "up", u"\x1b[B": "down",
    u"\x1b[C": "right", u"\x1b[D": "left",
    u"\x1bOA": "up", u"\x1bOB": "down",
    u"\x1bOC": "right", u"\x1bOD": "left",
    u"\x1b[5~": "pageup", u"\x1b[6~": "pagedown",
    u"\x1b[H": "home", u"\x1b[F": "end",
    u"\x1bOH": "home", u"\x1bOF": "end",
    u"\x1b[1~": "home", u"\x1b[4~": "end",
    u"\x1b[7~": "home", u"\x1b[8~": "end",
    u"\x1b[3~": "delete", u"\x1bOM": "enter",
    u"\x1bOP": "f1", u"\x1b[11~": "f1", u"\x1b[[A": "f1",
    u"\x1bOS": "f4", u"\x1b[14~": "f4", u"\x1b[[D": "f4",
    u"\x1b[21~": "f10",
}
_CHARACTERS = {
    u"\r": "enter", u"\n": "enter", u"\x7f": "backspace",
    u"\x08": "backspace", u"\t": "tab", u" ": "space",
}

# A whole sequence, known to us or not, and one whose end is still to come.
_WHOLE = re.compile(u"\x1b(?:\\[\\[.|\\[[0-9;:<=>?]*[ -/]*[@-Z\\\\-~]|O.)",
                    re.DOTALL)
_BEGUN = re.compile(u"\x1b(?:\\[(?:\\[|[0-9;:<=>?]*[ -/]*)|O)?\\Z")

# No key sends as much.
_LONGEST = 32

# keys: those that do it. text: for people; None: not worth telling.
Binding = collections.namedtuple("Binding", "keys action text")

LIST = (
    Binding(("down", "j"), "down", u"next VM"),
    Binding(("up", "k"), "up", u"previous VM"),
    Binding(("pagedown", "ctrl-f"), "pagedown", u"a page down"),
    Binding(("pageup", "ctrl-b"), "pageup", u"a page up"),
    Binding(("home", "g"), "home", u"first VM"),
    Binding(("end", "G"), "end", u"last VM"),
    Binding(("enter", "l"), "open", u"all that is known of this VM"),
    Binding(("<", "left"), "order-left", u"sort by the column to the left"),
    Binding((">", "right"), "order-right", u"and to the right"),
    Binding(("P",), "order cpu", u"sort by CPU time"),
    Binding(("M",), "order mem", u"sort by memory"),
    Binding(("D",), "order disk", u"sort by bytes from and to disks"),
    Binding(("N",), "order net", u"sort by bytes from and to the network"),
    Binding(("T",), "order stuck", u"sort by time stuck, then by age"),
    Binding(("A",), "order age", u"sort by the age of the last answer"),
    Binding(("R", "I"), "reverse", u"the other way round"),
    Binding(("/", "f4"), "filter", u"show some names only"),
    Binding(("t",), "trends", u"trends: some, all, none"),
    Binding(("space", "p"), "pause", u"stand still; sampling goes on"),
    Binding(("h", "?", "f1"), "help", u"this page"),
    Binding(("esc",), "unfilter", u"show all names again"),
    Binding(("q", "f10"), "quit", u"quit"),
    Binding(("ctrl-l",), "redraw", u"draw all of the screen anew"),
    Binding(("ctrl-z",), "suspend", u"to the shell; \"fg\" brings it back"),
)

# A page that is read: the details of a VM, and help.
PAGE = (
    Binding(("down", "j", "enter"), "down", u"scroll"),
    Binding(("up", "k"), "up", u"scroll"),
    Binding(("pagedown", "ctrl-f"), "pagedown", u"a page down"),
    Binding(("pageup", "ctrl-b"), "pageup", u"a page up"),
    Binding(("home", "g"), "home", u"to the top"),
    Binding(("end", "G"), "end", u"to the bottom"),
    Binding((">", "right"), "next", u"the next VM"),
    Binding(("<", "left"), "previous", u"the previous VM"),
    Binding(("space", "p"), "pause", None),
    Binding(("h", "?", "f1"), "help", None),
    Binding(("q", "esc", "backspace"), "back", u"back to all VMs"),
    Binding(("f10",), "quit", u"quit"),
    Binding(("ctrl-l",), "redraw", None),
    Binding(("ctrl-z",), "suspend", None),
)

_NAMES = {
    "up": u"Up", "down": u"Down", "left": u"Left", "right": u"Right",
    "pageup": u"PgUp", "pagedown": u"PgDn", "home": u"Home", "end": u"End",
    "enter": u"Enter", "esc": u"Esc", "space": u"Space",
    "backspace": u"Backspace", "f1": u"F1", "f4": u"F4", "f10": u"F10",
}


def actions(bindings):
    """
    Return {key: action}.
    """
    return dict((key, binding.action)
                for binding in bindings for key in binding.keys)


def shown(key):
    """
    Return a key for people.
    """
    if key.startswith("ctrl-"):
        return u"Ctrl-" + key[len("ctrl-"):].upper()
    return _NAMES.get(key, u"" + key)


class Decoder(object):
    """
    Makes keys of what a terminal sends. Thread: one.
    """

    def __init__(self, encoding):
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        # What has come of a key that is not whole.
        self._rest = u""

    @property
    def pending(self):
        """
        Whether a key has begun: if nothing more comes soon, it was the Esc
        key, see flush().
        """
        return bool(self._rest)

    def feed(self, data):
        """
        Return the keys that are whole with these bytes.
        """
        self._rest += self._decoder.decode(data)
        found = []
        while self._rest and not self._waits():
            found.append(self._take())
        return [key for key in found if key]

    def flush(self):
        """
        Return the keys that there are if nothing more comes.
        """
        rest, self._rest = self._rest, u""
        self._decoder.reset()
        return ["esc"] if rest == u"\x1b" else []

    def _waits(self):
        return _BEGUN.match(self._rest) and len(self._rest) < _LONGEST

    def _take(self):
        """
        Take the next key; None for one that is not known.
        """
        match = _WHOLE.match(self._rest)
        if match:
            self._rest = self._rest[match.end():]
            return _SEQUENCES.get(match.group())
        char, self._rest = self._rest[0], self._rest[1:]
        if char == u"\x1b":
            return "esc"
        if char in _CHARACTERS:
            return _CHARACTERS[char]
        if char < u" ":
            return "ctrl-" + chr(ord(char) + 0x60)
        return char
