# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The first that a Python of make check-vdsm runs: its host-only modules, and
what stands in, in the way of the plugin.
"""

from __future__ import absolute_import, division, print_function

import os
import sys

import hostmodules


def stand_in(standins):
    """
    As vdsm_sampling_hook.py does it in the daemon.
    """
    modules_at = os.path.join(os.path.dirname(standins), "lib")
    sys.path.append(modules_at)
    from plugin import finder
    finder.install(standins, say, enabled=lambda: True)
    sys.path.remove(modules_at)


def say(level, line):
    import record
    record.write(said="%s: %s" % (level, line))


hostmodules.install()
# Not in the programs that it starts: those are no daemons.
standins = os.environ.pop("VDSM_CHECK_STANDINS", None)
if standins:
    stand_in(standins)
