# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Which version of this package is running.
"""

from __future__ import absolute_import, division, print_function

import io
import os


def read():
    """
    Return it as text, None if it is not to be found.
    """
    # Installed, the file is beside the packages; in the source tree it is
    # one folder up.
    packages = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for folder in (packages, os.path.dirname(packages)):
        try:
            with io.open(os.path.join(folder, "VERSION")) as stream:
                return str(stream.read().strip())
        except EnvironmentError:
            continue
    return None
