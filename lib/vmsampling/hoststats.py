# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What two samples of the host say of the time between them, in the words and
units of VDSM.
"""

from __future__ import absolute_import, division, print_function

from vmsampling import hostsample

# Of an interface whose speed is not known, in Mbit/s.
_USUAL_SPEED = 1000

_BYTES_PER_MBIT = 10 ** 6 // 8


def per_second(new, old, seconds):
    """
    Return by how much a counter has grown per second. Of processors that is
    percent, with VDSM's 100 ticks a second.
    """
    return hostsample.advance(new, old) / seconds


def cpu(old, new, seconds, count):
    """
    Percent of all processors, of which there are count.

    old, new: have user and sys, in ticks.
    """
    user = per_second(new.user, old.user, seconds) / count
    system = per_second(new.sys, old.sys, seconds) / count
    return {"cpuUser": user, "cpuSys": system,
            "cpuIdle": max(0.0, 100.0 - user - system)}


def cores(nodes, old, new, seconds):
    """
    Percent of each processor that is online in both samples.

    nodes: {NUMA node: {"cpus": list}}.
    old, new: {name: dict with user and sys, in ticks}.
    """
    found = {}
    for node, content in nodes.items():
        for core in content["cpus"]:
            before, after = old.get(str(core)), new.get(str(core))
            if before is None or after is None:
                continue
            user = per_second(after["user"], before["user"], seconds)
            system = per_second(after["sys"], before["sys"], seconds)
            found[str(core)] = {
                "nodeIndex": int(node), "cpuUser": "%.2f" % user,
                "cpuSys": "%.2f" % system,
                "cpuIdle": "%.2f" % max(0.0, 100.0 - user - system)}
    return found


def interfaces(old, new, seconds):
    """
    The load of each interface that is in both samples, and of all.

    old, new: {name: sample}, see VDSM's InterfaceSample.
    """
    network = {}
    received = sent = 0
    for name, sample in new.items():
        before = old.get(name)
        if before is None:
            # It is new, so nothing is known yet.
            continue
        rx = hostsample.advance(sample.rx, before.rx)
        tx = hostsample.advance(sample.tx, before.tx)
        received, sent = received + rx, sent + tx
        speed = sample.speed or _USUAL_SPEED
        network[name] = {
            "name": name, "speed": str(speed), "state": sample.operstate,
            "rxRate": "%.1f" % _percent(rx, seconds, speed),
            "txRate": "%.1f" % _percent(tx, seconds, speed),
            "rxErrors": str(sample.rxErrors), "txErrors": str(sample.txErrors),
            "rxDropped": str(sample.rxDropped),
            "txDropped": str(sample.txDropped)}
    line = sum(sample.speed for sample in new.values()) or _USUAL_SPEED
    known = [new[name] for name in network]
    return {
        "network": network,
        "rxRate": _percent(received, seconds, line),
        "txRate": _percent(sent, seconds, line),
        "rxDropped": sum(sample.rxDropped for sample in known),
        "txDropped": sum(sample.txDropped for sample in known)}


def _percent(count, seconds, speed):
    """
    The load of a line of so many Mbit/s by count bytes.
    """
    return min(100.0, 100.0 * count / seconds / speed / _BYTES_PER_MBIT)
