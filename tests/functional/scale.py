# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
How large the fault matrix is, and how long its faults last.
"""

from __future__ import absolute_import, division, print_function

import collections
import os

# on_storage: VMs on storage that will hang; elsewhere: all the others.
# few, many: VMs that a fault hits.
# period: seconds between two rounds; fault: seconds that the faults of VMs
# and of their storage last; brief: those of libvirtd, and the rest.
# changes: how often in a second a VM appears or vanishes; more than 5 is more
# work than two processors can do.
# max_hung: the sampler's budget; more than few, less than many.
Scale = collections.namedtuple(
    "Scale", "elsewhere on_storage few many period fault brief changes "
    "max_hung")

FULL = Scale(elsewhere=40, on_storage=20, few=6, many=20, period=2.0,
             fault=40.0, brief=10.0, changes=5, max_hung=12)

SHORT = Scale(elsewhere=16, on_storage=8, few=3, many=8, period=1.0,
              fault=4.5, brief=5.0, changes=3, max_hung=5)

_BY_NAME = {"full": FULL, "short": SHORT}


def chosen():
    """
    Return the Scale that VDSM_SAMPLING_FAULTS in the environment names.
    """
    name = os.environ.get("VDSM_SAMPLING_FAULTS", "short")
    if name not in _BY_NAME:
        raise AssertionError("VDSM_SAMPLING_FAULTS must be one of %s, not %r" %
                             (", ".join(sorted(_BY_NAME)), name))
    return _BY_NAME[name]
