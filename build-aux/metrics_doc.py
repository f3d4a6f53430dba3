# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Writes doc/metrics.md from the tables of the metrics:

    PYTHONPATH=lib python build-aux/metrics_doc.py > doc/metrics.md
"""

from __future__ import absolute_import, division, print_function

import collections
import os
import sys

from vmsampling import debianmetrics
from vmsampling import devicemetrics
from vmsampling import hostmetrics
from vmsampling import inovexmetrics
from vmsampling import jobmetrics
from vmsampling import metrics
from vmsampling import ownmetrics
from vmsampling import vmmetrics

_INTRODUCTION = os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "metrics_doc.md")

# Heading, how the source is to be read, tables.
_SECTIONS = (
    ("VMs", "field of libvirt's", vmmetrics.FIELDS),
    ("Disks and interfaces", "field of libvirt's", devicemetrics.FIELDS),
    ("Jobs", "field of libvirt's", jobmetrics.FIELDS),
    ("What VMs are, and how they are sampled", "of a VM in the snapshot",
     vmmetrics.PATHS + devicemetrics.PATHS),
    ("libvirt, libvirtd, and the sampling itself", "in the snapshot",
     ownmetrics.PATHS),
    ("The host", "in the snapshot", hostmetrics.PATHS),
    ("Names of Debian's exporter", "field, or in the snapshot",
     debianmetrics.FIELDS + debianmetrics.VM_PATHS + debianmetrics.PATHS),
    ("Names of inovex' exporter", "field, or in the snapshot",
     inovexmetrics.FIELDS + inovexmetrics.VM_PATHS + inovexmetrics.PATHS),
)

_OF_VMS = frozenset(
    vmmetrics.FIELDS + devicemetrics.FIELDS + jobmetrics.FIELDS +
    vmmetrics.PATHS + devicemetrics.PATHS +
    debianmetrics.FIELDS + debianmetrics.VM_PATHS +
    inovexmetrics.FIELDS + inovexmetrics.VM_PATHS)

# Labels that only a special of metrics.Metric knows.
_SPECIAL_LABELS = {
    "libvirt_domain_metadata_info": ("(those of [exporter] metadata)",),
    "libvirt_domain_vcpu_pinning_info": ("cpus",),
    "libvirt_domain_job_holder_info": ("holder",),
    "libvirt_domain_dirtyrate_mode_info": ("mode",),
    "libvirt_domain_info_state": ("state_desc",),
    "libvirt_host_load": ("minutes",),
}


def text():
    """
    Return the document.
    """
    with open(_INTRODUCTION) as stream:
        # Without its licence header, which is in the way of readers.
        introduction = stream.read().partition("-->\n")[2].lstrip("\n")
    lines = introduction.replace(
        "@METADATA@", inovexmetrics.METADATA).splitlines()
    for heading, source, rows in _SECTIONS:
        lines += ["", "## " + heading, "",
                  "| metric | type | labels | %s | meaning |" % source,
                  "|---|---|---|---|---|"]
        families = collections.OrderedDict()
        for row in rows:
            families.setdefault(row.name, []).append(row)
        lines += [_line(family) for family in families.values()]
    return "\n".join(lines) + "\n"


def _line(family):
    first = family[0]
    sources = []
    for row in family:
        source = "`%s`" % row.source if row.source else "(several)"
        sources.append(source + (", " + row.unit if row.unit else ""))
    return "| %s | %s | %s | %s | %s |" % (
        first.name, first.type, ", ".join(_labels(first)) or "",
        ", ".join(sources), first.help)


def _labels(row):
    found = ["domain"] if row in _OF_VMS else []
    found += [one[0] if isinstance(one, tuple) else one for one in row.labels]
    found += [label for label, _ in row.constants]
    if ".?." in row.source:
        found.append("stat")
    found += [label for label, _ in row.texts or ()]
    found += _SPECIAL_LABELS.get(row.name, ())
    if row.type == metrics.HISTOGRAM:
        found.append("le")
    return found


if __name__ == "__main__":
    sys.stdout.write(text())
