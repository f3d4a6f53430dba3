# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
How modules are loaded on Python 2; see loading3 for Python 3. Both have the
same functions.
"""

from __future__ import absolute_import, division, print_function

import imp
import sys


class Own(object):
    """
    VDSM's own module, found and not loaded.
    """

    def __init__(self, name, path):
        self._name = name
        self._path = path

    def source(self):
        """
        Return its text, or None if there is no source.
        """
        stream, _, (_, _, kind) = self._find()
        if stream is None:
            return None
        with stream:
            return stream.read() if kind == imp.PY_SOURCE else None

    def load(self):
        """
        Return VDSM's own module, loaded as if we were not there.
        """
        stream, path, description = self._find()
        try:
            return imp.load_module(self._name, stream, path, description)
        finally:
            if stream is not None:
                stream.close()

    def _find(self):
        return imp.find_module(self._name.rpartition(".")[2], self._path)


def own(name, path, finder):
    """
    Return VDSM's own module, or None.
    """
    try:
        stream, _, _ = imp.find_module(name.rpartition(".")[2], path)
    except ImportError:
        return None
    if stream is not None:
        stream.close()
    return Own(name, path)


def beside(name, path):
    """
    Return what loads a module of ours that VDSM does not have.
    """
    return _Beside(path)


def instead(row, own, finder):
    """
    Return what loads a stand-in for the whole module.
    """
    return _Instead(row, own, finder)


def amended(row, own, finder):
    """
    Return what loads VDSM's own module, and then replaces names in it.
    """
    return _Amended(row, own, finder)


class _Beside(object):

    def __init__(self, path):
        self._path = path

    def load_module(self, name):
        return imp.load_source(name, self._path)


class _Instead(object):

    def __init__(self, row, own, finder):
        self._row = row
        self._own = own
        self._finder = finder

    def load_module(self, name):
        try:
            module = imp.load_source(name, self._finder.file(self._row))
            self._finder.replaced(self._row, module)
            return module
        except Exception as e:
            sys.modules.pop(name, None)
            self._finder.failed(self._row, e)
            return self._own.load()


class _Amended(object):

    def __init__(self, row, own, finder):
        self._row = row
        self._own = own
        self._finder = finder

    def load_module(self, name):
        module = self._own.load()
        # Python sets this after loading; our module imports it before.
        package, _, tail = name.rpartition(".")
        setattr(sys.modules[package], tail, module)
        try:
            __import__(self._row.loaded_as)
            self._finder.amend(
                self._row, module, sys.modules[self._row.loaded_as])
        except Exception as e:
            self._finder.failed(self._row, e)
        return module
