# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What a snapshot says, as metrics: which rows of the tables have a value in it,
and under which labels.

    gatherer = series.Gatherer(vocabulary.named("debian"))
    for family in gatherer.gather(snapshot):
        family.metric.name, zip(family.labels, family.values)

No series is there twice, whatever the VMs and their devices are called. Of
Python 3, as the library of Prometheus is.
"""

from __future__ import absolute_import, division, print_function

import re

from vmsampling import devicelabels
from vmsampling import labels as _labels
from vmsampling import metrics
from vmsampling import paths

# There are as many fields as libvirt has names for them. Whoever makes up more
# than this has us resolve them again and again, no more.
_MAX_KNOWN = 100000

_NUMBER = re.compile(r"\.([0-9]+)(?=\.)")
# What the hypervisor itself counts, of a VM or of a virtual CPU.
_CUSTOM = re.compile(r"(vm|vcpu\.\*)\..+\.(sum|cur|max)\Z")


class Family(object):
    """
    The series of one metric.
    """

    __slots__ = ("metric", "labels", "values")

    def __init__(self, metric):
        self.metric = metric
        # One of each for each series, and no object for the two of them: the
        # garbage collector would look at all of those, again and again.
        # labels.Labels.
        self.labels = []
        # Numbers; for a histogram, a list of (upper bound as text, how many
        # were not above).
        self.values = []

    def add(self, labels, value):
        self.labels.append(labels)
        self.values.append(value)

    def add_all(self, labels, found):
        """
        found: as a special of metrics.Metric returns it.
        """
        for more, value in found:
            self.add(labels.more(more), value)


class Gatherer(object):
    """
    Thread: one at a time.
    """

    def __init__(self, vocabulary):
        # Name of a family -> its number, its slot, in the order of the tables.
        self._slots = {}
        # For each family, the first row that has its name.
        self._metrics = []
        for metric in vocabulary.fields + vocabulary.vms + vocabulary.paths:
            if metric.name not in self._slots:
                self._slots[metric.name] = len(self._metrics)
                self._metrics.append(metric)
        self._sources = {}
        for metric in vocabulary.fields:
            self._sources.setdefault(metric.source, []).append(metric)
        self._vm_paths = self._made(vocabulary.vms)
        self._paths = self._made(vocabulary.paths)
        # Field -> what becomes of it, of all fields that were seen: a list
        # of (slot, divisor or None, number of the Device, Device, metric).
        self._known = {}
        # What a Device is made of -> its number.
        self._devices = {}
        # UUID -> devicelabels.DeviceLabels of the last snapshot.
        self._labels = {}

    def gather(self, snapshot):
        """
        Return the Families that have samples.

        snapshot: as Sampler.snapshot() returns it; any item may be missing.
        """
        families = [Family(metric) for metric in self._metrics]
        kept = {}
        taken = set()
        for uuid, vm in _in_order(snapshot.get("vms") or {}):
            name = _labels.harmless(vm["name"])
            while name in taken:
                # One follows the other, and both are there for a moment.
                name = "%s#%s" % (name, _labels.harmless(uuid))
            taken.add(name)
            kept[uuid] = self._add_vm(families, name, uuid, vm)
        self._labels = kept
        around = dict(snapshot, renamed=sum(
            labels.renamed for labels in kept.values()))
        for path in self._paths:
            path.add(families[path.slot], _labels.NONE, around, {})
        return [family for family in families if family.labels]

    def _add_vm(self, families, name, uuid, vm):
        """
        Return its DeviceLabels.
        """
        stats = vm.get("stats") or {}
        labels = self._labels.get(uuid)
        if labels is None or not labels.fit(name, stats):
            labels = devicelabels.DeviceLabels(name, vm["name"])
        self._add_fields(families, labels, stats)
        around = dict(vm, uuid=uuid)
        for path in self._vm_paths:
            path.add(families[path.slot], labels.own, around, labels.kept)
        return labels

    def _add_fields(self, families, labels, stats):
        # Most of the time of a scrape is spent here.
        known = self._known
        found = labels.found
        for field, value in stats.items():
            targets = known.get(field)
            if targets is None:
                targets = self._resolve(field)
            for slot, divisor, number, device, metric in targets:
                own = found.get(number) or labels.make(number, device, stats)
                family = families[slot]
                try:
                    if divisor is None:
                        family.add_all(own, metric.special(
                            stats, value, device.numbers))
                    else:
                        family.values.append(value / divisor)
                        family.labels.append(own)
                except TypeError:
                    # It is none of the numbers that there should be.
                    continue

    def _resolve(self, field):
        if len(self._known) >= _MAX_KNOWN:
            self._known.clear()
        numbers = tuple(_NUMBER.findall(field))
        source = _NUMBER.sub(".*", field)
        more = ()
        custom = _CUSTOM.match(source)
        if custom and source not in self._sources:
            numbers = numbers[:custom.group(1).count("*")]
            stat = field.split(".", 1 + len(numbers))[-1].rpartition(".")[0]
            more = (("stat", stat),)
            source = "%s.?.%s" % custom.groups()
        self._known[field] = [
            self._target(metric, numbers, more)
            for metric in self._sources.get(source, ())]
        return self._known[field]

    def _target(self, metric, numbers, more):
        constants = metric.constants + more
        number = self._devices.setdefault(
            (metric.labels, numbers, constants), len(self._devices))
        return (
            self._slots[metric.name],
            None if metric.special else metrics.UNITS[metric.unit], number,
            devicelabels.Device(metric.labels, numbers, constants), metric)

    def _made(self, rows):
        return [paths.Path(metric, self._slots[metric.name])
                for metric in rows]


def _in_order(vms):
    """
    Return (UUID, VM) by name; of those with the same name, first that which
    libvirt has just listed.
    """
    def key(item):
        uuid, vm = item
        age = (vm.get("age") or {}).get("host")
        return vm["name"], age is None, age or 0.0, uuid
    return sorted(vms.items(), key=key)
