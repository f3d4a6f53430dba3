# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The files of the clone, as the steps of the plan change them. Paths are
relative to its top. What is not as expected raises NotFound with the path.
"""

from __future__ import absolute_import, division, print_function

import io
import os

from series import errors


class Files(object):

    def __init__(self, top):
        self._top = top

    def has(self, path):
        return os.path.exists(os.path.join(self._top, path))

    def read(self, path):
        if not self.has(path):
            raise errors.NotFound("there is no such file", path)
        with io.open(os.path.join(self._top, path), encoding="utf-8",
                     newline="") as f:
            return f.read()

    def add(self, path, text):
        if self.has(path):
            raise errors.NotFound("there is such a file already", path)
        self._write(path, text)

    def replace(self, path, text):
        self.read(path)
        self._write(path, text)

    def edit(self, path, change, *args):
        """
        Have change(text, *args) return the new text.
        """
        try:
            text = change(self.read(path), *args)
        except errors.NotFound as e:
            raise errors.NotFound(e.what, path)
        self._write(path, text)

    def below(self, folder, ending):
        """
        Return the paths of the files in a folder whose names end so.
        """
        found = []
        for parent, _, names in os.walk(os.path.join(self._top, folder)):
            found += [os.path.relpath(os.path.join(parent, name), self._top)
                      for name in names if name.endswith(ending)]
        return sorted(found)

    def _write(self, path, text):
        path = os.path.join(self._top, path)
        if not os.path.isdir(os.path.dirname(path)):
            os.makedirs(os.path.dirname(path))
        with io.open(path, "w", encoding="utf-8", newline="") as f:
            # Python 2.7 takes no plain string.
            f.write(u"" + text)
