# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Sampling many simulated VMs, of which one % hangs for ever from some moment
on: what it costs, how punctual it is, and whether the others notice.
"""

from __future__ import absolute_import, division, print_function

import functools
import gc
import math
import os
import tempfile
import time

import process as figures_of_process
import simulated
from threadpool import clock
from vmsampling import connection
from vmsampling import process
from vmsampling import sampler

_PERIOD = 15.0

# A quarter of the workers' time is left.
_LOAD = 0.75

# Rounds before the VMs hang: the first one reads all XML.
_WARM_UP = 2

# Looks in a period, by a reader as there is in a service.
_LOOKS = 3

_PATIENCE = 3 * _PERIOD


def simulate(candidate, options):
    """
    Return the figures. candidate: "ours", where /proc tells of most of those
    that hang before they are asked; "no look", where all calls hang.
    """
    host = simulated.Host(
        options["vms"], options["seed"],
        tempfile.mkdtemp(dir=options["folder"]))
    connection.open_virt = host.open
    process.Sight = functools.partial(process.Sight, proc=host.proc)
    own_cost = simulated.cost(host)
    before = _resident()
    sampling, settings = _start(host, candidate, options)
    if not sampling.wait_round(_WARM_UP, _WARM_UP * _PERIOD + _PATIENCE):
        raise AssertionError("the first rounds did not end")
    memory = _resident() - before
    host.freeze()
    seconds = max(options["seconds"], 2 * _PERIOD)
    begin, cpu = clock.monotonic(), _cpu()
    looks = _watch(sampling, host, seconds)
    elapsed, cpu = clock.monotonic() - begin, _cpu() - cpu
    late = _lateness(host, begin)
    rounds = options["vms"] * elapsed / _PERIOD
    found = dict(settings)
    found.update({
        "vms": options["vms"], "period": _PERIOD, "seed": options["seed"],
        "hanging": len(host.stuck), "cpu": cpu / rounds * 1e6,
        "fake": own_cost * 1e6,
        "memory": memory / options["vms"] / 1024,
        "growth": (_resident() - before - memory) / rounds,
        "p50": late[len(late) // 2], "p99": late[len(late) * 99 // 100],
        "most": late[-1],
        "sweep": max(look["sweep"] for look in looks),
        "stale": max(look["stale"] for look in looks),
        "host": max(look["host"] for look in looks),
        "hung": max(look["hung"] for look in looks),
        "snapshot": 1000 * max(look["took"] for look in looks),
        "threads": max(look["threads"] for look in looks)})
    return found


def _start(host, candidate, options):
    """
    Return (the sampler, its settings that are no defaults).
    """
    settings = {
        "workers": max(4, int(math.ceil(
            options["vms"] * simulated.CALL_SECONDS /
            (_PERIOD / 2 * _LOAD)))),
        "max_hung": 12}
    if candidate == "no look":
        # A libvirtd with as many workers is needed for that.
        settings["max_hung"] = len(host.stuck) + 20
    sampling = sampler.Sampler(host.uri, _PERIOD, **settings)
    sampling.look = candidate != "no look"
    sampling.start()
    return sampling, settings


def _watch(sampling, host, seconds):
    begin = clock.monotonic()
    looks = []
    while clock.monotonic() - begin < seconds:
        time.sleep(_PERIOD / _LOOKS)
        looks.append(_look(sampling, host))
    return looks


def _look(sampling, host):
    begin = clock.monotonic()
    snapshot = sampling.snapshot()
    took = clock.monotonic() - begin
    vms = snapshot["vms"]
    stuck = set(vm.uuid for vm in host.stuck)
    return {
        "took": took, "sweep": snapshot["elapsed"],
        "hung": snapshot["pool"]["late"],
        "threads": figures_of_process.threads() - 1,
        "stale": sum(1 for vm in host.vms if vm.uuid not in stuck and
                     _is_old(vms.get(vm.uuid), "monitor")),
        "host": sum(1 for vm in host.vms if _is_old(vms.get(vm.uuid), "host"))}


def _is_old(vm, tier):
    age = vm and vm["age"][tier]
    return age is None or age > 2 * _PERIOD


def _lateness(host, begin):
    """
    Return, in order, how many seconds later each healthy VM was asked than
    in its most punctual round.
    """
    stuck = set(host.stuck)
    late = []
    for vm in host.vms:
        times = [when for when in host.times(vm) if when >= begin]
        if vm in stuck or not times:
            continue
        phases = [when - round((when - times[0]) / _PERIOD) * _PERIOD
                  for when in times]
        late += [phase - min(phases) for phase in phases]
    return sorted(late)


def _cpu():
    """
    Seconds of CPU of all threads but the one that looks.
    """
    return (figures_of_process.cpu_seconds() -
            figures_of_process.thread_seconds(os.getpid()))


def _resident():
    gc.collect()
    return figures_of_process.resident()
