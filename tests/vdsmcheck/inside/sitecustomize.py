# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The first that a Python of make check-vdsm runs: its host-only modules.
"""

from __future__ import absolute_import, division, print_function

import hostmodules

hostmodules.install()
