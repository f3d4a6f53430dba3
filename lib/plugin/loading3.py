# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
How modules are loaded on Python 3; see loading2 for Python 2. Both have the
same functions.
"""

from __future__ import absolute_import, division, print_function

import importlib
import importlib.machinery
import importlib.util
import sys


class Own(object):
    """
    VDSM's own module, found and not loaded.
    """

    def __init__(self, spec):
        self.spec = spec

    def source(self):
        """
        Return its text, or None if there is no source.
        """
        return self.spec.loader.get_source(self.spec.name)


def own(name, path, finder):
    """
    Return VDSM's own module as others than this finder find it, or None.
    """
    for other in sys.meta_path:
        if other is finder or not hasattr(other, "find_spec"):
            continue
        spec = other.find_spec(name, path)
        if spec is not None:
            return Own(spec)
    return None


def beside(name, path):
    """
    Return what loads a module of ours that VDSM does not have.
    """
    return importlib.util.spec_from_file_location(name, path)


def instead(row, own, finder):
    """
    Return what loads a stand-in for the whole module.
    """
    path = finder.file(row)
    return importlib.util.spec_from_file_location(
        row.module, path,
        loader=_Instead(row.module, path, row=row, own=own, finder=finder))


def amended(row, own, finder):
    """
    Return what loads VDSM's own module, and then replaces names in it.
    """
    own.spec.loader = _Amended(own.spec.loader, row, finder)
    return own.spec


class _Instead(importlib.machinery.SourceFileLoader):

    def __init__(self, name, path, row, own, finder):
        super(_Instead, self).__init__(name, path)
        self._row = row
        self._own = own
        self._finder = finder

    def exec_module(self, module):
        try:
            super(_Instead, self).exec_module(module)
            self._finder.replaced(self._row, module)
        except Exception as e:
            self._finder.failed(self._row, e)
            _load_own(module, self._own.spec)


def _load_own(module, spec):
    """
    Make a module that failed to load VDSM's own.
    """
    # Who imports it in another thread waits while this says that it is being
    # loaded, so it is replaced last.
    loading = module.__spec__
    module.__dict__.clear()
    module.__spec__ = loading
    module.__name__ = spec.name
    module.__package__ = spec.parent
    module.__loader__ = spec.loader
    module.__file__ = spec.origin
    module.__cached__ = spec.cached
    module.__doc__ = None
    spec.loader.exec_module(module)
    module.__spec__ = spec


class _Amended(object):
    """
    The loader of VDSM's module, until it has loaded it.
    """

    def __init__(self, loader, row, finder):
        self._loader = loader
        self._row = row
        self._finder = finder

    def create_module(self, spec):
        return self._loader.create_module(spec)

    def exec_module(self, module):
        module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        try:
            self._finder.amend(
                self._row, module,
                importlib.import_module(self._row.loaded_as))
        except Exception as e:
            self._finder.failed(self._row, e)

    def __getattr__(self, name):
        return getattr(self._loader, name)
