# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Writes the patch series that puts this project into a checkout of VDSM.

    writer      makes a clone, commits each step of the plan, writes the files
    plan        the steps, and which of our files they bring
    layouts     where things lie in the VDSMs that we know
    messages    what the commits say
    sources     our own files, and what they import
    makefiles, packaging, python, settings
                edits of one kind of VDSM's files: text in, text out
    repository  git
    errors      what is told to the user

No line of VDSM is kept here: what changes in its files is looked up in the
checkout, and whoever does not find it says so and gives up.
"""
