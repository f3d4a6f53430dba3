# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What is in the configuration but has no effect: misspelt keys, and keys that
are in the wrong place.
"""

from __future__ import absolute_import, division, print_function

import collections
import difflib

from vmsampling import config

# where: for people; meant: the like that we know, or None.
Stranger = collections.namedtuple("Stranger", "where meant")

# VDSM has a section [sampling] too, for its own threads.
_OF_VDSM = {"sampling": (
    "collectd_enable", "collectd_sock_path", "enable",
    "external_vm_lookup_interval", "max_workers", "nvram_data_update_interval",
    "periodic_task_per_worker", "periodic_workers", "tpm_data_update_interval",
)}
# A section of VDSM's in which one key is ours: all others are not.
_SHARED = "vars"


def find(paths):
    """
    Return a Stranger for each key of our sections that nobody reads and, in
    the file that is ours alone, for each such section. Raises BadFile.
    """
    ours = sorted(set(key.section for key in config.ALL))
    found = []
    for path in paths:
        parser = config.parse(path)
        for section in parser.sections():
            if section in ours:
                found += _keys(path, section, parser)
            elif path == config.OWN_FILE:
                near = difflib.get_close_matches(section.lower(), ours, 1)
                found.append(Stranger(
                    "%s: [%s]" % (path, section),
                    "[%s]" % near[0] if near else None))
    return found


def _keys(path, section, parser):
    known = set(key.name for key in config.ALL if key.section == section)
    known.update(_OF_VDSM.get(section, ()))
    if section == _SHARED and path != config.OWN_FILE:
        return []
    return [Stranger("%s: [%s] %s" % (path, section, name), _meant(name))
            for name in parser.options(section)
            if name not in known and name not in parser.defaults()]


def _meant(name):
    names = [key.name for key in config.ALL]
    for near in difflib.get_close_matches(name, names, 1):
        key = config.ALL[names.index(near)]
        return "[%s] %s" % (key.section, key.name)
    return None
