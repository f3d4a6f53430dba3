# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The import finder: it answers when VDSM asks for a module that has a stand-in,
and for nothing else.

Whatever goes wrong, VDSM gets its own module, and one line says so.
"""

from __future__ import absolute_import, division, print_function

import os
import sys

from compat import vdsm as table

if sys.version_info[0] == 2:
    from plugin import loading2 as loading
else:
    from plugin import loading3 as loading

MODULES_AT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# The names of the modules that are loaded beside one of VDSM's.
BESIDE = dict((row.loaded_as, row) for row in table.ROWS if row.names)


def install(standins, say, enabled=None):
    """
    Have the stand-ins be found from now on; returns the finder.

    standins: their folder.
    say: called with "info" or "warning" and one line.
    enabled: called when VDSM first asks for one of the modules; says whether
        they are wanted. By default, what vdsm.conf says.
    """
    finder = Finder(standins, say, enabled or configured)
    sys.meta_path.insert(0, finder)
    return finder


def configured():
    """
    Return whether vdsm.conf wants the stand-ins. Raises what reading does.
    """
    from vmsampling import config
    return config.value(config.POOL) != config.BUILTIN


class Finder(object):
    """
    Found in sys.meta_path by find_spec(), on Python 2 by find_module().

    Thread: any, under the import lock, which on Python 3 is one per module.
    """

    def __init__(self, standins, say, enabled):
        self._standins = standins
        self._say = say
        self._enabled = enabled
        # None until the first of the modules is asked for, then final.
        self._on = None

    def find_spec(self, name, path=None, target=None):
        return self._find(name, path)

    def find_module(self, name, path=None):
        return self._find(name, path)

    def file(self, row):
        """
        Return the path of what stands in.
        """
        return os.path.join(self._standins, *row.file.split("/"))

    def replaced(self, row, module):
        """
        Called when a stand-in was loaded as VDSM's module. Raises
        ImportError if it lacks what its row promises.
        """
        _require(module, (name for name in row.needs
                          if row.needs[name] is not table.INTERNAL))
        self._stands_in(row, row.module)

    def amend(self, row, module, standin):
        """
        Called when VDSM's own module and the one beside it were loaded:
        replace the names in the first. Each of ours gets VDSM's as its
        attribute "builtin". Raises ImportError like replaced().
        """
        _require(standin, row.names.values())
        for theirs, ours in sorted(row.names.items()):
            replacement = getattr(standin, ours)
            builtin = getattr(module, theirs)
            if hasattr(builtin, "builtin"):
                # By our patches to VDSM.
                raise ImportError("%s is replaced already" % theirs)
            replacement.builtin = builtin
            setattr(module, theirs, replacement)
        self._stands_in(row, "%s in %s" % (
            ", ".join(sorted(row.names)), row.module))

    def failed(self, row, error):
        """
        Called when a stand-in could not be put into its place.
        """
        self._stays(row.module, "%s: %s" % (self.file(row), describe(error)))

    def _stands_in(self, row, what):
        self._say("info", "%s is replaced by %s, as for VDSM %s" % (
            what, self.file(row), row.versions))

    def _stays(self, module, why):
        self._say("warning", "%s stays VDSM's own: %s" % (module, why))

    def _find(self, name, path):
        try:
            if name in BESIDE:
                return self._beside(name, path)
            if name in table.MODULES and self._is_on():
                return self._choose(name, path)
        except Exception as e:
            self._stays(name, describe(e))
        return None

    def _beside(self, name, path):
        # VDSM has such a module with our patches only.
        if not self._on or loading.own(name, path, self) is not None:
            return None
        return loading.beside(name, self.file(BESIDE[name]))

    def _choose(self, name, path):
        own = loading.own(name, path, self)
        if own is None:
            return None
        source = own.source()
        if source is None:
            self._stays(name, "its source is not there to be looked at")
            return None
        row, why = table.choose(name, source)
        if row is None:
            self._stays(name, "nothing fits it: " + why)
            return None
        if MODULES_AT not in sys.path:
            # At the end: what VDSM imports by names like ours stays VDSM's.
            sys.path.append(MODULES_AT)
        if row.names is None:
            return loading.instead(row, own, self)
        return loading.amended(row, own, self)

    def _is_on(self):
        if self._on is None:
            on = False
            sys.path.append(MODULES_AT)
            try:
                on = bool(self._enabled())
            except Exception as e:
                self._say("warning", "off: " + describe(e))
            else:
                if not on:
                    self._say("info", "off: [sampling] pool = builtin")
            finally:
                sys.path.pop()
            # Not before: another thread may ask for another module.
            self._on = on
        return self._on


def _require(module, names):
    for name in sorted(names):
        if not hasattr(module, name):
            raise ImportError("it has no " + name)


def describe(error):
    """
    Return an exception as one line. Errors of ours need no name of a type.
    """
    text = " ".join(str(error).split())
    kind = type(error)
    if text and kind.__module__ == "vmsampling.errors":
        return text
    return "%s: %s" % (kind.__name__, text or "no text")
