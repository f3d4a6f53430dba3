# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What differs between the Pythons that we serve, and nothing else.
"""
