# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Usage: site_packages.py PREFIX

Prints the folder below PREFIX from which this Python reads .pth files, with
${prefix} in front as a Makefile has it; nothing if there is none.
"""

from __future__ import absolute_import, division, print_function

import os
import site
import sys


def main(prefix):
    # Not below PREFIX/local, which is another prefix.
    for top in "lib", "lib64":
        start = os.path.join(prefix, top, "")
        for folder in folders():
            if folder.startswith(start):
                print("${prefix}" + folder[len(prefix.rstrip("/")):])
                return


def folders():
    # The older virtualenvs have a site module of their own.
    if hasattr(site, "getsitepackages"):
        return site.getsitepackages()
    from distutils import sysconfig
    return [sysconfig.get_python_lib()]


main(sys.argv[1])
