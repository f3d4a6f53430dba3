# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Runs VDSM's own tests in a copy of a checkout, plain and with our modules
standing in: make check-vdsm. Nothing of VDSM is here.
"""

from __future__ import absolute_import, division, print_function
