# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What this host allows, judged: what is well, and what to change.

Judges what a survey.Survey found, and asks nobody anything itself. Each
finding is one line for people. What comes from outside is cleaned as it gets
into a line.
"""

from __future__ import absolute_import, division, print_function

import errno
import os
import platform
import resource
import time

import six

from vmsampling import config
from vmsampling import control
from vmsampling import errors
from vmsampling import finding
from vmsampling import groups
from vmsampling import hostlink
from vmsampling import limits
from vmsampling import reach
from vmsampling import strangers
from vmsampling import survey as _survey
from vmsampling import text

# Threads that are not workers of the monitor pool: main, scheduler, event
# loop; those of the host tier and of the storage, hung ones included.
_OTHER_THREADS = 11

# In these states wchan is there for whoever may read it.
_WAITING = ("S", "D")

_NOT_PERMITTED = (os.strerror(errno.EACCES), os.strerror(errno.EPERM))

_STUCK_SHOWS = "\"vdsm-sampler stuck\" shows why"


def take(settings, files):
    """
    Survey the host and return the report as plain data. Raises ConnectFailed.

    settings: as config.load() returns them; files: the paths it read.
    """
    survey = _survey.Survey(settings)
    survey.take()
    return report(survey, settings, files)


def report(survey, settings, files):
    """
    Return the report on a survey as plain data.
    """
    found = [configuration(settings, files)]
    found.extend(unread(files))
    found.extend(certificates(settings))
    found += [
        connection(survey.greeting, settings["connect"]),
        versions(survey.greeting, survey.hypervisor),
        binding(_survey.binding_version()),
        statistics(survey.statistics, survey.greeting),
    ]
    found.extend(limits.judge(survey, settings))
    found.append(vms(survey.greeting.vms, settings))
    found.append(looks(survey.processes, survey.greeting))
    found.extend(storage(survey.storage))
    found.append(host(survey.machine))
    found.append(threads(settings, resource.getrlimit(resource.RLIMIT_NPROC)))
    return {
        "time": time.time(),
        "uri": settings["connect"],
        "verdict": finding.worst(found),
        "checks": [dict(row._asdict()) for row in found],
    }


def raise_if_bad(found):
    """
    Raise DoesNotWork for the first finding of a report which says so.
    """
    for row in found["checks"]:
        if row["verdict"] == finding.BAD:
            raise errors.DoesNotWork(
                row["name"], _native(row["found"]), _native(row["advice"]))


def configuration(settings, files):
    if files:
        where = "read " + ", ".join(text.clean(path) for path in files)
    else:
        where = "there is no file to read"
    changed = ["%s = %s" % (key.name, text.clean(settings[key.name]))
               for key in config.KEYS if settings[key.name] != key.default]
    return finding.ok("configuration", "%s; %s" % (
        where, "not the default: " + ", ".join(changed) if changed
        else "all keys have their defaults"))


def unread(files):
    """
    What is wrong in the files although they can be used.
    """
    name = "configuration"
    found = []
    for stranger in strangers.find(files):
        found.append(finding.warn(
            name, text.clean(stranger.where) + " has no effect: nobody knows "
            "it", "see vdsm-sampler.conf(5)" if stranger.meant is None
            else "did you mean %s?" % stranger.meant))
    try:
        config.value(config.POOL, files)
    except errors.BadValue as e:
        found.append(finding.warn(
            name, text.clean(str(e)), "VDSM has its own pools until then"))
    return found


def certificates(settings):
    """
    What keeps the exporter from using its certificates.
    """
    # They are not for Python 2, nor is the exporter.
    if six.PY2 or not settings["certificate"]:
        return []
    from vmsampling import webtls
    try:
        webtls.Certificates(settings["certificate"], settings["key"],
                            settings["client_ca"]).load()
    except errors.BadFile as e:
        return [finding.warn("configuration", text.clean(str(e)),
                             "the exporter does not start until then")]
    return []


def connection(greeting, uri):
    said = ""
    if greeting.uri != uri:
        said = " (asked for: %s)" % text.clean(uri)
    return finding.ok("connection", "%s%s opens read-only, driver %s" % (
        text.clean(greeting.uri), said, text.clean(greeting.driver)))


def versions(greeting, hypervisor):
    said = "libvirt library %s, daemon %s" % (
        _version(greeting.library), _version(greeting.daemon))
    if hypervisor is _survey.LATE:
        return finding.warn(
            "versions", "%s; the hypervisor's was not told within %g s" % (
                said, _survey.FIRST_TIMEOUT),
            "libvirtd may be trying out its QEMUs, as it does after its "
            "start: run this again")
    if isinstance(hypervisor, _survey.Failed):
        return finding.ok("versions", "%s; the hypervisor's is not known: %s"
                          % (said, text.clean(hypervisor.reason)))
    return finding.ok("versions", "%s, hypervisor %s %s" % (
        said, text.clean(greeting.driver), _version(hypervisor)))


def binding(version):
    said = "libvirt-python %s on Python %s" % (
        version or "of unknown version", platform.python_version())
    missing = sum([tier.missing for tier in (
        groups.HOST[0], groups.MONITOR, groups.STORAGE, groups.DETAIL)], [])
    if missing:
        said += "; it does not know the groups %s: no such fields" % (
            ", ".join(missing))
    else:
        said += " knows all groups that are asked for"
    return finding.ok("binding", said)


def statistics(found, greeting):
    """
    What the driver takes; found: a Statistics, LATE or Failed.
    """
    name = "statistics"
    if found is _survey.LATE:
        return finding.bad(
            name, "libvirtd lists its VMs, but does not answer the call for "
            "their host tier within %g s" % _survey.FIRST_TIMEOUT,
            "all its workers may hang, or a VM is just starting or ending: "
            "try again, then look who hangs with \"vdsm-sampler stuck\"")
    if isinstance(found, _survey.Failed):
        return finding.bad(name, "the call for the host tier fails: " +
                           text.clean(found.reason),
                           "see the log of libvirtd")
    said = "host tier: "
    if found.host is None:
        said += "none of its groups, only states"
    else:
        said += "%s in %.1f ms brought %s" % (
            found.host.text, found.seconds * 1000,
            ", ".join(map(text.clean, found.brought)) or "nothing")
    said += "; NOWAIT is %s" % ("known" if found.nowait else "refused")
    known = [event for event in hostlink.EVENTS
             if event not in found.refused]
    said += "; events: " + (", ".join(known) or "none")
    if greeting.driver == "QEMU" and not found.nowait:
        return finding.warn(
            name, said, "update libvirt to 4.5.0 or later: without NOWAIT a "
            "call waits 30 s for a VM's job")
    return finding.ok(name, said)


def vms(found, settings):
    name = "VMs"
    occupied = [vm for vm in found if vm.control == control.OCCUPIED]
    said = "%d active" % len(found)
    if found and all(vm.control is None for vm in found):
        return finding.ok(name, said + "; the driver does not tell of their "
                          "control interfaces")
    if not occupied:
        return finding.ok(name, said + ", no control interface is occupied")
    said += ", %d with an occupied control interface: %s" % (
        len(occupied), finding.names(
            "%s for %.1f s" % (text.clean(vm.name), vm.seconds)
            for vm in sorted(occupied, key=lambda vm: -vm.seconds)))
    if max(vm.seconds for vm in occupied) <= settings["stuck_after"]:
        return finding.ok(name, said + ", which is not long")
    return finding.warn(
        name, "%s; each holds a worker of libvirtd, and counts against "
        "max_hung = %d" % (said, settings["max_hung"]),
        _STUCK_SHOWS + "; the calls end when these VMs go on or end")


def looks(processes, greeting):
    """
    Whether a QEMU can be looked at before it is asked.
    """
    name = "looks"
    if processes is None:
        if greeting.driver != "QEMU":
            return finding.ok(name, "driver %s has no processes to look at" %
                              text.clean(greeting.driver))
        return finding.warn(
            name, "the QEMUs cannot be seen from here: each that hangs is "
            "found by a call that hangs", "run vdsm-sampler on their host")
    if processes is _survey.LATE:
        return finding.warn(
            name, "/proc was not read within %g s" % _survey.TIMEOUT,
            "this machine is overloaded or its /proc hangs: look at its "
            "load, then run this again")
    if not processes:
        return finding.ok(name, "no VM is active, so there is no QEMU to "
                          "look at")
    seen = [one for one in processes if one.kernel]
    hidden = [one.name for one in processes if not one.kernel]
    # Of one that runs there is nothing to read.
    blind = [one.name for one in seen if "wchan" not in one.kernel and
             one.kernel.get("state") in _WAITING]
    said = ("PID found for %d of %d QEMUs; readable: state and context "
            "switches of %d, wchan of %s" % (
                len(seen), len(processes),
                sum(1 for one in seen if "switches" in one.kernel),
                "all of them" if not blind else "%d" % sum(
                    1 for one in seen if "wchan" in one.kernel)))
    if not hidden and not blind:
        return finding.ok(name, said)
    if hidden:
        return finding.warn(
            name, "%s; not found: %s; of these, each that hangs is found by "
            "a call that hangs" % (
                said, finding.names(map(text.clean, hidden))),
            "run as root or as the user of libvirtd, who may read its PID "
            "files")
    return finding.warn(
        name, said + "; one that is stopped is still seen before it is "
        "asked, any other that hangs is found by a call that hangs",
        "run as root or as the QEMUs' user, or give CAP_SYS_PTRACE")


def storage(found):
    """
    A list of findings: one for each storage, and those that concern all.
    """
    name = "storage"
    if found is None:
        return [finding.warn(
            name, "the images are on another machine: no canary, and so no "
            "storage tier", "run vdsm-sampler on that machine")]
    rows = [_storage(one) for one in found.storages]
    opaque = {}
    for vm in sorted(found.disks):
        for source in found.disks[vm].opaque:
            opaque.setdefault(source, []).append(text.clean(vm))
    for source in sorted(opaque):
        rows.append(finding.ok(
            name, "no canary for disks of type %s, so the storage tier is "
            "not asked: %s" % (text.clean(source),
                               finding.names(opaque[source]))))
    if found.failed:
        rows.append(finding.warn(
            name, "libvirt gives no XML: " + finding.names(
                "%s (%s)" % (text.clean(vm), text.clean(reason))
                for vm, reason in found.failed),
            "another call may hold the VM's job: " + _STUCK_SHOWS))
    left_out = [text.clean(vm) for vm in found.skipped]
    if left_out:
        rows.append(finding.ok(
            name, "not looked at, as the control interface is not free: " +
            finding.names(left_out)))
    if found.more:
        rows.append(finding.ok(
            name, "%s not looked at" % _count(found.more, "VM")))
    return rows or [finding.ok(name, "no disk has an image")]


def _storage(storage):
    name = "storage"
    where = text.clean(storage.name)
    said = "%s: %s of %s" % (
        where, _count(len(storage.images), "image"), finding.names(
            map(text.clean, storage.vms)))
    if storage.answer == reach.OK:
        return finding.ok(name, said + ", all readable")
    if storage.answer == reach.NOT_LOOKED_AT:
        return finding.warn(name, said + ", not looked at, since others hang",
                            "repair those first, then run this again")
    path = text.clean(storage.path or b"")
    if storage.answer == reach.HANGS:
        return finding.warn(
            name, "%s; no answer within %g s from %s: no storage tier, as a "
            "question would freeze these VMs" % (said, _survey.TIMEOUT, path),
            "repair the storage behind %s; let nobody ask for the VMs' block "
            "statistics until then" % where)
    return finding.warn(
        name, "%s; no storage tier, as %s cannot be read: %s" % (
            said, path, text.clean(storage.reason)),
        "run as root or as a user who may read it"
        if storage.reason in _NOT_PERMITTED else
        "see what is wrong with this image or its storage")


def host(machine):
    """
    Whether there are statistics of the host itself.
    """
    name = "host"
    if machine is None:
        return finding.warn(
            name, "no statistics of the host, which is another machine",
            "run vdsm-sampler on that machine")
    if machine is _survey.LATE:
        return finding.warn(
            name, "the statistics of the host were not read within %g s" %
            _survey.TIMEOUT, "a driver of this machine may hang: see what "
            "the kernel's log says")
    if machine.version is None:
        return finding.warn(
            name, "no statistics of the host: psutil is missing",
            "install python3-psutil, or psutil from PyPI for a Python of "
            "your own")
    said = "psutil %s; statistics of the host: %s" % (
        machine.version, ", ".join(machine.found) or "none")
    if machine.failed:
        return finding.warn(
            name, "%s; not readable: %s" % (said, ", ".join(
                "%s (%s)" % (part, text.clean(str(machine.failed[part])))
                for part in sorted(machine.failed))),
            "see whether there is a newer psutil for this kernel")
    if "pressure" not in machine.found:
        said += ("; no pressure, which the kernel counts from 4.20 on, and "
                 "some only if started with psi=1")
    return finding.ok(name, said)


def threads(settings, limit):
    """
    limit: RLIMIT_NPROC, as resource.getrlimit() returns it.
    """
    name = "threads"
    needed = settings["workers"] + settings["max_hung"] + _OTHER_THREADS
    said = "at most %d of this process" % needed
    soft = limit[0]
    if soft == resource.RLIM_INFINITY:
        return finding.ok(name, said + "; RLIMIT_NPROC sets no limit")
    said += "; RLIMIT_NPROC allows this user %d, other processes' included" % (
        soft)
    if soft < needed:
        return finding.warn(
            name, said, "raise it (ulimit -u, or LimitNPROC= of a service), "
            "or set max_hung lower")
    return finding.ok(name, said)


def _native(words):
    # On Python 2 the text of an error must be bytes.
    return words.encode("utf-8") if six.PY2 else words


def _count(number, what):
    return "%d %s%s" % (number, what, "" if number == 1 else "s")


def _version(number):
    return "%d.%d.%d" % (
        number // 1000000, number // 1000 % 1000, number % 1000)
