# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The labels of what a VM has several of: disks, interfaces, virtual CPUs. Their
names come from the fields of the VM itself, and two of them may have the same.
"""

from __future__ import absolute_import, division, print_function

from vmsampling import labels

# A disk has an entry for each layer, if somebody asks for that.
_DISK = "block.*.name"
_LAYER = "block.*.backingIndex"


class Device(object):
    """
    What has the same labels in any VM, but for names. Never changed.
    """

    __slots__ = ("sources", "numbers", "constants")

    def __init__(self, sources, numbers, constants):
        # See labels and constants of metrics.Metric.
        self.sources = sources
        # Those in the names of its fields.
        self.numbers = numbers
        self.constants = constants


class DeviceLabels(object):
    """
    Those of one VM, which are kept as long as the names are the same.
    """

    def __init__(self, shown, name):
        """
        name: of the VM; shown: the name that it has here.
        """
        self._vm = shown
        # The labels.Labels of the VM.
        self.own = labels.Labels((("domain", shown),))
        # Number of a Device, the Gatherer's -> labels.Labels.
        self.found = {}
        # For paths.Path.add().
        self.kept = {}
        # What has another name than its own: the VM, and devices.
        self._renamed = set([None] if shown != labels.harmless(name) else ())
        # What is shown of which source and outer numbers -> whose it is.
        self._shown = {}
        # Field -> the value that it had, of all that were looked at.
        self._seen = {}

    @property
    def renamed(self):
        return len(self._renamed)

    def fit(self, shown, stats):
        """
        Return whether they are still true.
        """
        if self._vm != shown:
            return False
        for field, value in self._seen.items():
            if stats.get(field) != value:
                return False
        return True

    def make(self, number, device, stats):
        """
        Return the labels of a Device that is not among those found.
        """
        pairs = [
            (label, self._value(source, device.numbers[:count], stats))
            for count, (label, source) in enumerate(device.sources, 1)]
        found = self.own.more(tuple(pairs) + device.constants)
        self.found[number] = found
        return found

    def _value(self, source, numbers, stats):
        number = numbers[-1]
        if source is None:
            return number
        name = self._see(source, numbers, stats)
        if name is None:
            return self._free("#" + number, source, numbers)
        for lower in range(int(number)):
            same = self._see(source, numbers[:-1] + (str(lower),), stats)
            if same == name:
                self._renamed.add((source, numbers))
                name = self._other_name(name, source, numbers, stats)
                break
        return self._free(labels.harmless(name), source, numbers)

    def _other_name(self, name, source, numbers, stats):
        if source == _DISK:
            layer = self._see(_LAYER, numbers, stats)
            if layer is not None:
                # As libvirt itself names the layers of a disk.
                return "%s[%s]" % (name, layer)
        return "%s#%s" % (name, numbers[-1])

    def _free(self, name, source, numbers):
        """
        Return the name, or another one if somebody made up the same.
        """
        while self._shown.setdefault(
                (source, numbers[:-1], name), numbers) != numbers:
            self._renamed.add((source, numbers))
            name = "%s#%s" % (name, numbers[-1])
        return name

    def _see(self, source, numbers, stats):
        field = source.replace("*", "%s") % numbers
        value = self._seen[field] = stats.get(field)
        return value
