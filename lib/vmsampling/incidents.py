# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What has happened between two rounds, as plain data:

    event       one of the names below
    time        seconds since 1970
    text        in words, for people
    uuid, name  of the VM, if it is about one
"""

from __future__ import absolute_import, division, print_function

APPEARED = "appeared"
LEFT = "left"
STUCK = "stuck"
RECOVERED = "recovered"
LIBVIRT_LOST = "libvirt lost"
LIBVIRT_BACK = "libvirt back"
BUDGET_FULL = "budget full"
BUDGET_FREE = "budget free"

# Those that are not found here, but recorded as well.
LOG = "log"
DUMP = "dump"


def between(old, new):
    """
    Return a list of them, for two snapshots; old is None for the first one,
    whose VMs have not appeared, but may be stuck.
    """
    found = []
    before = {} if old is None else old["vms"]
    for uuid, vm in sorted(new["vms"].items()):
        was = before.get(uuid)
        if was is None and old is not None:
            found.append(_of_vm(APPEARED, new, uuid, vm, "is there"))
        stuck = was["stuck"] if was is not None else None
        if vm["stuck"] and not stuck:
            found.append(_of_vm(STUCK, new, uuid, vm, "is stuck, " +
                                _reason(vm["stuck"])))
        elif stuck and not vm["stuck"]:
            found.append(_of_vm(RECOVERED, new, uuid, vm,
                                "is stuck no more"))
    for uuid, vm in sorted(before.items()):
        if uuid not in new["vms"]:
            found.append(_of_vm(LEFT, new, uuid, vm, "has left"))
    return found + _of_host(old, new)


def event(name, time, text):
    return {"event": name, "time": time, "text": text}


def _of_vm(name, snapshot, uuid, vm, text):
    found = event(name, snapshot["time"], text)
    found.update(uuid=uuid, name=vm["name"])
    return found


def _reason(evidence):
    call, why = evidence.get("call"), evidence.get("why")
    return "%s: %s" % (call, why) if why else "in %s" % (call or "a call")


def _of_host(old, new):
    found = []
    for judge, yes, no in (
            (_is_lost, (LIBVIRT_LOST, "libvirt does not answer"),
             (LIBVIRT_BACK, "libvirt answers again")),
            (_is_full, (BUDGET_FULL, "as many calls hang as may"),
             (BUDGET_FREE, "fewer calls hang than may"))):
        now, before = judge(new), old is not None and judge(old)
        if now != before:
            name, text = yes if now else no
            found.append(event(name, new["time"], text))
    return found


def _is_lost(snapshot):
    return snapshot.get("connected") is False


def _is_full(snapshot):
    budget = snapshot["budget"]
    # The last place is a probe for VMs that are known to answer.
    return budget["hung"] >= budget["max_hung"] - 1
