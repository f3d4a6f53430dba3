# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What differs between the Pythons, and between the VDSMs, that we serve.

Nothing is imported here: compat.vdsm is used before threading may be.
"""
