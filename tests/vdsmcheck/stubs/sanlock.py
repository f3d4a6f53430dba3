# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
In the place of sanlock's Python binding: a host where its daemon is down.
"""

from __future__ import absolute_import, division, print_function

import errno

HOST_FREE = 1
HOST_LIVE = 2
HOST_FAIL = 3
HOST_DEAD = 4
HOST_UNKNOWN = 5

RES_LVER = 1
RES_SHARED = 4

# Bytes.
ALIGN_SIZE = tuple(size << 20 for size in (1, 2, 4, 8))
SECTOR_SIZE = (512, 4096)


class SanlockException(Exception):
    """
    Has an errno, a message, and sanlock's own word for it.
    """

    @property
    def errno(self):
        return self.args[0]


def _down(*args, **kwargs):
    raise SanlockException(
        errno.ECONNREFUSED, "sanlock is not running", "Connection refused")


acquire = add_lockspace = get_hosts = get_lvb = init_lockspace = _down
init_resource = inq_lockspace = inquire = read_resource = _down
read_resource_owners = register = release = rem_lockspace = _down
set_lvb = write_lockspace = write_resource = _down
