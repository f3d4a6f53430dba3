# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Which VMs are stuck as a service of this host sees it, as a report like that of
look.Look. Neither libvirt nor /proc is asked.
"""

from __future__ import absolute_import, division, print_function

from threadpool import clock as _clock
from vmsampling import aging
from vmsampling import feedclient
from vmsampling import table

# Before that a VM may not have been asked.
_FIRST_ROUNDS = 2


def take(settings):
    """
    Return the report, None if there is no service that knows: none runs, or
    it does not know itself.
    """
    link = feedclient.find(settings)
    if link is None:
        return None
    link.close()
    snapshot = link.latest
    if not snapshot["round"] or not snapshot.get("connected", True):
        return None
    age = max(_clock.monotonic() - snapshot["monotonic"], 0.0)
    return report(aging.aged(snapshot, age), link.service, age)


def report(snapshot, service, age):
    """
    snapshot: aged by so many seconds.
    service: what it says of itself, see feedclient.Link.
    """
    vms = snapshot["vms"]
    return {
        "time": snapshot["time"],
        "uri": service["uri"],
        "source": {"pid": service["pid"], "age": age},
        "vms": len(vms),
        "looked": {"control": 0, "proc": 0, "probe": 0},
        "not_asked": 0,
        "stuck": dict((uuid, _stuck(vm)) for uuid, vm in vms.items()
                      if vm["stuck"]),
        "busy": dict(
            (uuid, {"name": vm["name"], "why": [_silence(vm)]})
            for uuid, vm in vms.items() if _is_silent(vm, snapshot)),
    }


def _stuck(vm):
    evidence = vm["stuck"]
    return {
        "name": vm["name"],
        "seconds": evidence.get("seconds"),
        "holder": vm.get("holder"),
        "control": None,
        "kernel": evidence.get("kernel") or {},
        "why": [evidence.get("why") or "%s has not returned" % (
            evidence.get("call") or "a call")],
    }


def _is_silent(vm, snapshot):
    return (not vm["stuck"] and vm["state"] == "running" and
            snapshot["round"] > _FIRST_ROUNDS and
            not table.fresh(vm, snapshot["period"]))


def _silence(vm):
    age = vm["age"]["monitor"]
    since = ("it has not answered yet" if age is None
             else "its last answer is %.1f s old" % age)
    if vm.get("holder"):
        return "%s; its job is held: %s" % (since, vm["holder"])
    return "%s, though nothing seems to hang; --own tells whether another " \
        "client holds its job" % since
