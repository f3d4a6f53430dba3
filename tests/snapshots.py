# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Snapshots for tests of what shows them, and names that nobody would choose.
"""

from __future__ import absolute_import, division, print_function

from vmsampling import topview

# Wide, combining, invisible, moving the cursor, writing backwards, a smile.
_LETTERS = (u"abcXYZ012-_. \u673a\u5668\uff21\u0301\u0308\u200b\u202e\x1b\x07"
            u"\n\t\xe9\u0416\U0001f600\ud800<>&\"'")


def name(rng):
    """
    Return a random name; on Python 2.7 some are bytes, as libvirt's are.
    """
    found = u"".join(rng.choice(_LETTERS)
                     for _ in range(rng.choice((0, 3, 8, 20, 70))))
    if str is bytes and rng.random() < 0.5:
        return found.encode("utf-8")
    return found


def vm(name, **changes):
    found = {
        "name": name,
        "state": "running",
        "age": {"host": 0.5, "monitor": 0.5, "storage": 42.0,
                "process": None},
        "stuck": None,
        "storage": {"groups": ["/nfs"], "canary": "answers", "why": None},
        "stats": {"balloon.current": 4 * 1024 ** 2, "balloon.rss": 1500000,
                  "block.0.name": "vda", "net.0.name": "vnet0"},
        "rates": {"cpu.time": 1.5e9, "vcpu.0.delay": 2.5e7,
                  "block.0.rd.bytes": 1000.0, "block.1.rd.bytes": 500.0,
                  "block.0.rd.reqs": 77.0, "block.0.wr.bytes": 0.0,
                  "net.0.rx.bytes": 2.0 ** 20, "net.0.tx.bytes": 10.0},
    }
    found.update(changes)
    return found


def stuck(name, seconds=12.5, **changes):
    evidence = {
        "call": "not asked", "seconds": seconds, "late": None,
        "thread": None, "native_id": None, "stack": None, "since": None,
        "why": "its QEMU (PID 7) is stopped: all threads in state T",
        "kernel": {"state": "T", "wchan": "do_signal_stop",
                   "syscall_name": "ppoll", "stack": ["do_signal_stop"]}}
    evidence.update(changes)
    return vm(name, stuck=evidence)


def unknown(name):
    """
    A VM of which nothing was measured yet.
    """
    return vm(name, age={"host": None, "monitor": None, "storage": None},
              stats={}, rates={}, storage=None)


def snapshot(*vms, **changes):
    found = {
        "time": 0.0, "round": 7, "elapsed": 0.0123, "threads": 11,
        "connected": True, "hung": [],
        "pool": {"free": 4, "late": 1, "stuck": 1},
        "budget": {"hung": 1, "max_hung": 12},
        "vms": dict((str(n), one) for n, one in enumerate(vms)),
    }
    found.update(changes)
    return found


def nothing_lately(uuid):
    """
    Looks like Trends.of().
    """
    return {"cpu": [], "disk": [], "net": []}


def figures(*vms, **changes):
    """
    Return topview.Figures.
    """
    return topview.Figures(
        snapshot(*vms, **changes), nothing_lately, 2.0, u"host  test:///")
