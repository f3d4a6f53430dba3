# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The labels of series, as Prometheus writes them.

Their values are the names of VMs and devices, and what the owners of VMs have
written down: untrusted text, which becomes text that moves no cursor and hides
nothing, see text.py. Mostly it stays as it is. Of Python 3, as the library of
Prometheus is.
"""

from __future__ import absolute_import, division, print_function

from vmsampling import text as _text


class Labels(object):
    """
    Never changed, so that many series can share them.
    """

    __slots__ = ("pairs", "text")

    def __init__(self, pairs):
        """
        pairs: (name, value), the value any text or number.
        """
        # Sorted, and both of them text.
        self.pairs = sorted((name, harmless(value)) for name, value in pairs)
        # The same as Prometheus has it between the braces.
        self.text = ",".join(
            '%s="%s"' % (name, _escaped(value)) for name, value in self.pairs)

    def more(self, pairs):
        """
        Return these and more. What is here already stays as it is.
        """
        if not pairs:
            return self
        found = dict(pairs)
        found.update(self.pairs)
        return Labels(found.items())


NONE = Labels(())


def harmless(value):
    """
    Return any value as text that does no harm.
    """
    if not isinstance(value, str):
        value = str(value)
    # Which is so in hardly any case, and clean() looks at each character.
    return value if value.isprintable() else _text.clean(value)


def _escaped(value):
    if '"' in value or "\\" in value or "\n" in value:
        return value.replace("\\", "\\\\").replace("\n", "\\n").replace(
            '"', '\\"')
    return value
