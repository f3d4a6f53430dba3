# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Usage: compile_modules.py ROOT FOLDER...

Makes the bytecode of all modules in FOLDERs of a package that is being built
in ROOT, with this Python: what a package brings, its removal takes away.
"""

from __future__ import absolute_import, division, print_function

import compileall
import os
import sys


def main(root, folders):
    good = True
    for folder in folders:
        # Deeper than any tree of ours; force, as times say nothing here.
        good &= bool(compileall.compile_dir(
            root + folder, 20, folder, force=True, quiet=1))
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main(os.path.abspath(sys.argv[1]), sys.argv[2:])
