# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Which names the metrics have: those of one exporter where it has some, and in
all of them the names that all share, and our own.
"""

from __future__ import absolute_import, division, print_function

import collections

from vmsampling import debianmetrics
from vmsampling import devicemetrics
from vmsampling import hostmetrics
from vmsampling import inovexmetrics
from vmsampling import jobmetrics
from vmsampling import ownmetrics
from vmsampling import vmmetrics

# fields, vms, paths: rows about the fields of a VM, about a VM, and about all.
Vocabulary = collections.namedtuple("Vocabulary", "name fields vms paths")

# In each of them.
FIELDS = vmmetrics.FIELDS + devicemetrics.FIELDS + jobmetrics.FIELDS
VMS = vmmetrics.PATHS + devicemetrics.PATHS
PATHS = ownmetrics.PATHS + hostmetrics.PATHS

_OWN = collections.OrderedDict((
    ("debian", debianmetrics),
    ("inovex", inovexmetrics),
))

NAMES = tuple(_OWN)


def named(name):
    """
    Return the Vocabulary of one of NAMES.
    """
    own = _OWN[name]
    return Vocabulary(name, FIELDS + own.FIELDS, VMS + own.VM_PATHS,
                      PATHS + own.PATHS)


def metadata(name):
    """
    Return the value of [exporter] metadata that the labels of this one's
    metrics need; empty if none do.
    """
    return getattr(_OWN[name], "METADATA", "")
