# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
In the place of dateutil.tz. For Python 3.
"""

from __future__ import absolute_import, division, print_function

import datetime


def tzutc():
    return datetime.timezone.utc


def tzlocal():
    # The offset of today, which is enough for a log line.
    return datetime.datetime.now(datetime.timezone.utc).astimezone().tzinfo
