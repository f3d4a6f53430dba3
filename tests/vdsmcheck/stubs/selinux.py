# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
In the place of libselinux: a host without SELinux.
"""

from __future__ import absolute_import, division, print_function


def is_selinux_enabled():
    return 0


def security_getenforce():
    return 0


def restorecon(path, recursive=False):
    pass


def chcon(path, context, recursive=False):
    pass
