# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
In the place of decorator: makes a decorator of caller(function, *args, **kw).
"""

from __future__ import absolute_import, division, print_function

import functools


def decorator(caller, function=None):
    if function is None:
        return functools.partial(decorator, caller)

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return caller(function, *args, **kwargs)

    return wrapper
