# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
From a checkout of VDSM to a folder of patches.
"""

from __future__ import absolute_import, division, print_function

import io
import os
import shutil
import tempfile

from compat import vdsm as table
from series import errors
from series import files as _files
from series import layouts
from series import messages
from series import plan as _plan
from series import repository
from series import sources as _sources
from vmsampling import config


def write(root, path, folder=None):
    """
    Write the series for the checkout at path, from our source tree at root,
    into folder, which must be empty or missing; None: a folder named after
    the commit. Returns (folder, names of the files).

    The same trees give the same files. Nothing is written if it fails.
    Raises errors.Error.
    """
    sources = _sources.Sources(root)
    checkout = repository.Checkout(path)
    if folder is None:
        folder = "series-" + checkout.commit[:12]
    _check(folder)
    work = tempfile.mkdtemp(prefix="vdsm-series-")
    try:
        clone = checkout.clone(os.path.join(work, "vdsm"))
        files = _files.Files(clone.path)
        layouts.check_untouched(path, files)
        rows = _rows(path, files)
        layout = layouts.choose(path, [row.module for row in rows], files)
        plan = _plan.Plan(sources, rows, layout, _keys())
        for step in plan.steps():
            step.apply(files)
            clone.commit(step.message)
        patches = os.path.join(work, "series")
        clone.write_patches(patches)
        _write_cover(patches, folder, checkout.commit, sources)
        return folder, _move(patches, folder)
    finally:
        shutil.rmtree(work)


def _check(folder):
    if os.path.isdir(folder):
        if os.listdir(folder):
            raise errors.BadOutput(folder, "is not empty")
    elif os.path.lexists(folder):
        raise errors.BadOutput(folder, "is no folder")
    elif not os.path.isdir(os.path.dirname(os.path.abspath(folder))):
        raise errors.BadOutput(folder, "there is no folder to make it in")


def _rows(path, files):
    """
    Return the rows of the table for this tree, if all of it is known.
    """
    def read(module):
        name = table.checkout_path(module)
        return files.read(name) if files.has(name) else None

    found = list(table.survey(read))
    if not found:
        raise errors.UnknownTree(path, "none of %s is there" % ", ".join(
            map(table.checkout_path, table.MODULES)))
    for module, row, why in found:
        if row is None:
            raise errors.UnknownTree(path, "%s: %s" % (module, why))
    return [row for _, row, _ in found]


def _keys():
    return [
        (key.section, key.name, str(key.default), "%s%s%s." % (
            key.meaning[0].upper(), key.meaning[1:],
            " (seconds)" if key.unit == "s" else ""))
        for key in config.KEYS if key.section == "sampling"]


def _write_cover(patches, folder, commit, sources):
    names = sorted(os.listdir(patches))
    with io.open(os.path.join(patches, "README"), "w",
                 encoding="utf-8") as f:
        f.write(u"" + messages.COVER.format(
            version=sources.read("VERSION").strip(), commit=commit,
            folder=os.path.basename(os.path.abspath(folder)),
            subjects="\n".join("    " + name for name in names)))


def _move(patches, folder):
    names = sorted(os.listdir(patches))
    try:
        if not os.path.isdir(folder):
            os.mkdir(folder)
        for name in names:
            shutil.move(os.path.join(patches, name),
                        os.path.join(folder, name))
    except EnvironmentError as e:
        raise errors.BadOutput(folder, e.strerror)
    return names
