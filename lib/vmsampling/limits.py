# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
libvirtd's limits, judged: whether it has workers and clients for our calls
that may hang, and for those of others.
"""

from __future__ import absolute_import, division, print_function

from vmsampling import admin
from vmsampling import connection
from vmsampling import finding
from vmsampling import text

# Workers that libvirtd's other clients need.
RESERVE = 8

# So few free workers are nearly none.
_FEW_WORKERS = 2

# Connections of ours that ask no VM: the host tier's, another while it is
# opened again, and those of commands that are run beside a service.
MORE_CLIENTS = 8

_START_SOCKET = ("start the admin socket of {daemon} ({daemon}-admin.socket "
                 "of systemd)")
_BE_ITS_USER = ("run as the user that {daemon} runs as: it lets nobody else "
                "in, root neither")

# What to do where virt-admin complains.
_REMEDIES = (
    (admin.NO_PROGRAM, "install virt-admin (package libvirt-clients)"),
    ("Permission denied", "run as root"),
    ("authentication", "run as root"),
    ("No such file or directory", _START_SOCKET),
    ("Connection refused", _START_SOCKET),
    ("Connection reset", _BE_ITS_USER),
    ("Broken pipe", _BE_ITS_USER),
    ("socket is closed", _BE_ITS_USER),
    (admin.CUT_OFF, _BE_ITS_USER),
    ("no answer", "{daemon} may be about to hang: run this again"),
)


def judge(survey, settings):
    """
    Return the findings.
    """
    place, answer = survey.place, survey.answer
    if place is None:
        return [_no_place(survey.greeting)]
    if answer.refusal is not None:
        return [_refusal(place, answer.refusal), requests(place)]
    found = answer.limits
    return [
        workers(found, place, settings),
        busy(found, place),
        clients(found, place, settings),
        requests(place),
    ]


def workers(found, place, settings):
    """
    Whether libvirtd has a worker for each call that may hang, and more.
    """
    name = "workers"
    if "maxWorkers" not in found:
        return _not_told(name, place)
    most, max_hung = found["maxWorkers"], settings["max_hung"]
    said = "%s has at most %d workers (at least %s), and %s for priority" % (
        place.daemon, most, found.get("minWorkers", "?"),
        found.get("prioWorkers", "?"))
    said += " calls; max_hung = %d" % max_hung
    if max_hung + RESERVE <= most:
        return finding.ok(name, "%s leaves %d to other clients" % (
            said, most - max_hung))
    advice = "set max_workers = %d in %s and restart %s" % (
        max_hung + RESERVE, place.conf or place.daemon + ".conf",
        place.daemon)
    if most > RESERVE:
        advice += ", or max_hung = %d in [sampling]" % (most - RESERVE)
    return finding.warn(
        name, "%s leaves %d to other clients, who should have %d" % (
            said, max(most - max_hung, 0), RESERVE), advice)


def busy(found, place):
    """
    Whether it has workers left now.
    """
    name = "busy"
    if not {"maxWorkers", "nWorkers", "freeWorkers"}.issubset(found):
        return _not_told(name, place)
    most, running = found["maxWorkers"], found["nWorkers"]
    used = running - found["freeWorkers"]
    waiting = found.get("jobQueueDepth", 0)
    said = ("%d of %d workers are in use now, %d are running, waiting calls: "
            "%d" % (used, most, running, waiting))
    # Those that wait hang as well once they have a worker.
    enough = used + waiting + RESERVE
    if used < max(most - _FEW_WORKERS, 1) and not (
            waiting and used == running):
        return finding.ok(name, said)
    return finding.warn(
        name, said + ": calls of all clients are delayed",
        "find the VMs that hang with \"vdsm-sampler stuck\" and continue or "
        "end them; more workers at once: virt-admin -c '%s' "
        "srv-threadpool-set %s --min-workers %d --max-workers %d" % (
            text.clean(place.uri), place.daemon, enough, max(most, enough)))


def clients(found, place, settings):
    """
    Whether all our connections will be let in.
    """
    name = "clients"
    if not {"nclients_max", "nclients"}.issubset(found):
        return _not_told(name, place)
    most, now = found["nclients_max"], found["nclients"]
    needed = settings["workers"] + settings["max_hung"] + MORE_CLIENTS
    said = "%d of at most %d clients are connected; we may need %d" % (
        now, most, needed)
    if now + needed <= most:
        return finding.ok(name, said)
    return finding.warn(
        name, said, "set max_clients = %d in %s and restart %s" % (
            2 * (now + needed), place.conf or place.daemon + ".conf",
            place.daemon))


def requests(place):
    """
    The calls of one client. Nothing to worry about, but often asked for.
    """
    said = "max_client_requests is not to be read from %s" % place.daemon
    if place.conf is None:
        said += ", and its configuration file is not known"
    else:
        said += "; " + _configured(place.conf)
    return finding.ok("requests", said + "; it does not matter, as we have "
                      "one call on a connection")


def _configured(path):
    shown = text.clean(path)
    try:
        number = admin.client_requests(path)
    except EnvironmentError as e:
        return "%s cannot be read: %s" % (shown, text.clean(e.strerror))
    if number is None:
        return "%s does not set it (default %d)" % (
            shown, admin.DEFAULT_CLIENT_REQUESTS)
    return "%s sets it to %d" % (shown, number)


def _no_place(greeting):
    if connection.is_remote(greeting.uri):
        return finding.warn(
            "limits", "the limits of a libvirtd on another machine cannot be "
            "read from here", "run \"vdsm-sampler check\" on that machine")
    return finding.ok(
        "limits", "driver %s needs no daemon here whose limits could be read"
        % text.clean(greeting.driver))


def _refusal(place, complaint):
    advice = "compare max_workers in %s with max_hung + %d" % (
        place.conf or place.daemon + ".conf", RESERVE)
    for sign, remedy in _REMEDIES:
        if sign in complaint:
            advice = remedy.format(daemon=place.daemon)
            break
    return finding.warn(
        "limits", "the workers of %s are not known: %s" % (
            place.daemon, text.clean(complaint)), advice)


def _not_told(name, place):
    return finding.warn(
        name, "virt-admin did not tell in a way that is understood",
        "look for yourself: virt-admin -c '%s' srv-threadpool-info %s" % (
            text.clean(place.uri), place.daemon))
