# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The orders in which VMs are listed.
"""

from __future__ import absolute_import, division, print_function

import collections

from vmsampling import text
from vmsampling import vmfigures

# value: of one VM, None where nothing is known. descending: those with the
# most come first. columns: what it compares, by columns.Column.name.
Order = collections.namedtuple("Order", "name value descending columns")


def _name(vm):
    # What a user takes for the same comes together.
    return text.clean(vm["name"]).lower()


def _figure(name, value, *columns):
    return Order(name, value, True, columns or (name,))


# As the columns stand on the screen.
ORDERS = (
    Order("name", _name, False, ("name",)),
    Order("state", lambda vm: text.clean(vm["state"]), False, ("state",)),
    _figure("stuck", vmfigures.stuck, "state", "age"),
    _figure("age", vmfigures.age),
    _figure("cpu", vmfigures.cpu),
    _figure("steal", vmfigures.steal),
    _figure("mem", vmfigures.memory),
    _figure("rss", vmfigures.resident),
    _figure("read", vmfigures.read),
    _figure("write", vmfigures.written),
    _figure("disk", vmfigures.disk, "read", "write"),
    _figure("iops", vmfigures.requests),
    _figure("receive", vmfigures.received),
    _figure("send", vmfigures.sent),
    _figure("net", vmfigures.network, "receive", "send"),
    _figure("storage", lambda vm: vmfigures.age(vm, "storage")),
)


def order(name):
    return next(one for one in ORDERS if one.name == name)


def beside(one, step):
    """
    Return the order that is so many steps to the right of this one, or the
    last one there is.
    """
    found = ORDERS.index(one) + step
    return ORDERS[min(max(found, 0), len(ORDERS) - 1)]


def rank(vms, one, backwards=False):
    """
    Return a list of (UUID, VM), in this order.

    Whatever it is, stuck VMs come first: they are what people look for. Of
    these and of the others, those of which nothing is known come last. What
    is equal is sorted by name.
    """
    known, unknown = [], []
    for uuid, vm in sorted(vms.items(), key=lambda item: (
            _name(item[1]), item[0])):
        value = one.value(vm)
        if value is None:
            unknown.append((uuid, vm))
        else:
            known.append((value, (uuid, vm)))
    known.sort(key=lambda item: item[0], reverse=one.descending != backwards)
    found = [item for _, item in known] + unknown
    return ([item for item in found if item[1]["stuck"]] +
            [item for item in found if not item[1]["stuck"]])


def matching(ranked, part):
    """
    Return those whose names have this part, in capitals or not.
    """
    part = part.lower()
    return [item for item in ranked if part in _name(item[1])]
