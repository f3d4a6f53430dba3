#!/bin/sh
# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Makes ./configure from configure.ac and Makefile.am.

cd "$(dirname "$0")" && exec autoreconf --force --install
