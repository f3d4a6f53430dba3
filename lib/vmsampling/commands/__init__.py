# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What vdsm-sampler can do: a module for each of its commands, which has

    add(commands)   adds its parser to argparse's sub-parsers; the default of
                    "job" there is a class that is called with the options,
                    for a supervisor.Supervisor

Such a module imports what takes time, or needs libvirt, only when its job
runs.
"""
