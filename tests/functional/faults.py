# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What goes wrong on hosts, to be done to a test host:

    with faults.Stopped(vms, ["vm01", "vm02"]) as fault:
        ... fault.name, fault.hit ...

A fault begins once and ends once. It is over when end() has returned, and
end() is called whatever happens, also when begin() fails half way.
"""

from __future__ import absolute_import, division, print_function

import time

import clients
import host as _host
import tools

# libvirtd's max_workers, as it comes.
_LIBVIRTD_WORKERS = 20


class Fault(object):

    # True if libvirtd itself is hit, and with it the monitor tier of all VMs.
    wide = False

    # True if nobody gets an answer from libvirtd.
    mute = False

    def __init__(self, name, hit=()):
        """
        name: for people.
        hit: names of the VMs that have an excuse for an old monitor tier.
        """
        self.name = name
        self.hit = list(hit)

    def begin(self):
        raise NotImplementedError(self.name)

    def end(self):
        """
        Idempotent; does nothing before begin().
        """
        raise NotImplementedError(self.name)

    def __enter__(self):
        try:
            self.begin()
        except:  # NOQA: E722 (undoes what was begun, the error goes on)
            self.end()
            raise
        return self

    def __exit__(self, *exc_info):
        self.end()

    def __repr__(self):
        return "<%s hit=%s>" % (self.name, ",".join(self.hit))


class Stopped(Fault):
    """
    QEMUs that are stopped in the same instant.
    """

    def __init__(self, host, names):
        super(Stopped, self).__init__("%d SIGSTOPped" % len(names), names)
        self._host = host
        self._pids = []

    def begin(self):
        self._pids = [self._host.pid(name) for name in self.hit]
        tools.suspend(*self._pids)

    def end(self):
        pids, self._pids = self._pids, []
        for pid in pids:
            try:
                tools.resume(pid)
            except OSError:
                # It died; the others are to go on all the same.
                pass


class StorageHangs(Fault):
    """
    The storage of some VMs does not answer.
    """

    def __init__(self, storage, names, what="storage"):
        """
        storage: what has hang() and release(), such as host.HangingFolder.
        """
        super(StorageHangs, self).__init__(
            "%s of %d hangs" % (what, len(names)), names)
        self._storage = storage
        self._begun = False

    def begin(self):
        self._begun = True
        self._storage.hang()

    def end(self):
        if self._begun:
            self._begun = False
            self._storage.release()


class All(Fault):
    """
    Several faults at once.
    """

    def __init__(self, *faults):
        super(All, self).__init__(
            " and ".join(fault.name for fault in faults),
            [name for fault in faults for name in fault.hit])
        self._faults = faults
        self.wide = any(fault.wide for fault in faults)
        self.mute = any(fault.mute for fault in faults)

    def begin(self):
        for fault in self._faults:
            fault.begin()

    def end(self):
        end_all(self._faults)


def end_all(faults):
    """
    End each of the faults, whatever the end of another one raises.
    """
    if faults:
        try:
            faults[-1].end()
        finally:
            end_all(faults[:-1])


class JobHeld(Fault):
    """
    VMs whose job is held by another client, one after the other, each for
    five seconds; their monitors answer. See host.held_job().
    """

    SECONDS = 5.0

    def __init__(self, host, names):
        super(JobHeld, self).__init__(
            "job of %d held in turn" % len(names), names)
        self._host = host
        self._holder = None

    def begin(self):
        held = [(name, _host.more_disk(self._host, name)) for name in self.hit]
        self._holder = tools.start(self._host.libvirtd.virsh_command("; ".join(
            "attach-device %s %s; detach-device %s %s" % (2 * pair)
            for pair in held)), 60)

    def end(self):
        """
        Wait for the last job: nobody can take it from its holder.
        """
        holder, self._holder = self._holder, None
        if holder is not None:
            holder.communicate()


class LibvirtdStopped(Fault):

    wide = True
    mute = True

    def __init__(self, host):
        super(LibvirtdStopped, self).__init__("libvirtd SIGSTOPped")
        self._libvirtd = host.libvirtd
        self._begun = False

    def begin(self):
        self._begun = True
        self._libvirtd.suspend()

    def end(self):
        if self._begun:
            self._begun = False
            self._libvirtd.resume()


class LibvirtdKilled(Fault):
    """
    Over when the next libvirtd answers.
    """

    wide = True
    mute = True

    def __init__(self, host):
        super(LibvirtdKilled, self).__init__("libvirtd killed")
        self._libvirtd = host.libvirtd
        self._begun = False

    def begin(self):
        self._begun = True
        self._libvirtd.kill()

    def end(self):
        if self._begun:
            self._begun = False
            self._libvirtd.start()


class WorkersHung(Fault):
    """
    All of libvirtd's workers hang in calls of other clients about VMs that
    are stopped.

    With fewer VMs than workers it lasts no longer than 30 seconds: one call
    hangs in a VM's monitor, those behind it wait for the job, and give up.
    """

    wide = True

    def __init__(self, host, names):
        super(WorkersHung, self).__init__(
            "all %d libvirtd workers hung" % _LIBVIRTD_WORKERS)
        self._host = host
        self._stopped = Stopped(host, names)
        self._clients = []

    def begin(self):
        self._stopped.begin()
        names = self._stopped.hit
        for number in range(_LIBVIRTD_WORKERS):
            self._clients.append(tools.start(
                self._host.libvirtd.virsh_command(
                    "dommemstat", names[number % len(names)]), 120))
            # A burst of calls would have libvirtd stop at a few workers.
            time.sleep(0.05)
        tools.wait_until(self._all_hung, 15, lambda: (
            "all of libvirtd's workers hang: %s" %
            self._host.libvirtd.workers()))

    def _all_hung(self):
        # More than once, since it may also be that each client has a worker
        # for the moment of a call that does not hang.
        for _ in range(3):
            if not self._exhausted(self._host.libvirtd.workers()):
                return False
            time.sleep(0.1)
        return True

    def _exhausted(self, workers):
        # It may stay at fewer workers than it may have: it starts one only
        # for a call that finds exactly as many free workers as calls that
        # wait, so none once calls wait and no worker is free.
        return (workers["freeWorkers"] == 0 and
                (workers["nWorkers"] == _LIBVIRTD_WORKERS or
                 workers["jobQueueDepth"] > 0) and
                workers["nWorkers"] + workers["jobQueueDepth"] >=
                len(self._clients))

    def others(self):
        """
        Return how many calls that are not of these clients libvirtd has, with
        a worker or without; as long as it lasts, see above.
        """
        workers = self._host.libvirtd.workers()
        return (workers["nWorkers"] - workers["freeWorkers"] +
                workers["jobQueueDepth"] - len(self._clients))

    def end(self):
        self._stopped.end()
        held, self._clients = self._clients, []
        for client in held:
            client.communicate()


class Churn(Fault):
    """
    VMs that appear and vanish.
    """

    # Enough names for VMs that live a few seconds and take some more to start
    # and to end: libvirt waits until somebody has reaped the process.
    NAMES = ["brief%02d" % n for n in range(30)]

    def __init__(self, host, changes, life):
        """
        changes: how often in a second one appears or vanishes.
        life: seconds that each of them lives.
        """
        super(Churn, self).__init__(
            "VMs appear and vanish %g times a second" % changes)
        self._client = clients.churner(host, self.NAMES, changes, life)
        # All that happened, see clients.Event; after end().
        self.events = []

    def begin(self):
        self._client.start()

    def end(self):
        self.events += self._client.stop()
