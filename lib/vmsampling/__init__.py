# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Samples the VMs of a libvirt host, so that a VM that hangs costs the others
nothing.

Public: sampler.Sampler, which everything else here serves, and errors.
"""
