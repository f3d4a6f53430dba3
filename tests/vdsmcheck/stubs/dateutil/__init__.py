# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
In the place of python-dateutil: its time zones.
"""

from __future__ import absolute_import, division, print_function
