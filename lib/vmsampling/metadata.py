# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What the owner of a VM has written into the <metadata> of its XML, by a list of
what is wanted:

    project=nova:instance/nova:owner/nova:project, flavor=.../@name

Each item is a label and the path of an element below <metadata>, or of an
attribute. A step may have the namespace of well-known software by its usual
prefix, any other one in braces: {http://example.org/vm}owner.
"""

from __future__ import absolute_import, division, print_function

import collections
import re

# A label of a metric is kept for as long as the metric is, and each new value
# of it makes a new series: so both are few and short.
MAX_LABELS = 16
MAX_TEXT = 256

# Prefix -> URIs, of all versions.
NAMESPACES = {
    "nova": ("http://openstack.org/xmlns/libvirt/nova/1.1",
             "http://openstack.org/xmlns/libvirt/nova/1.0"),
    "ovirt-vm": ("http://ovirt.org/vm/1.0",),
    "ovirt-tune": ("http://ovirt.org/vm/tune/1.0",),
    "libosinfo": ("http://libosinfo.org/xmlns/libvirt/domain/1.0",),
    "kubevirt": ("http://kubevirt.io",),
}

# Of each VM there are these anyway.
_TAKEN = ("domain", "uuid")

# names: the tags that a step may mean, as the parser of XML has them.
_Step = collections.namedtuple("_Step", "names is_attribute")

Wanted = collections.namedtuple("Wanted", "label steps")

# Commas and slashes in braces belong to a URI.
_ITEM = re.compile(r"((?:\{[^{}]*\}|[^,{}])+)(?:,|\Z)")
_PART = re.compile(r"((?:\{[^{}]*\}|[^/{}])+)(?:/|\Z)")
_LABEL = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]{0,63}\Z")
_STEP = re.compile(
    r"(@?)(?:\{([^{}\s]+)\}|([A-Za-z_][\w.-]*):)?([A-Za-z_][\w.-]*)\Z")


def parse(text):
    """
    Return a tuple of Wanted. Raises ValueError, which says what is expected.
    """
    found = []
    for item in _split(_ITEM, text.strip()):
        label, equals, path = item.strip().partition("=")
        label = label.strip()
        if not equals or not _LABEL.match(label):
            raise ValueError("LABEL=PATH, with commas between several")
        if label in _TAKEN + tuple(wanted.label for wanted in found):
            raise ValueError("labels that are not taken, as %s is" % label)
        found.append(Wanted(label, _steps(path.strip())))
    if len(found) > MAX_LABELS:
        raise ValueError("%d labels at most" % MAX_LABELS)
    return tuple(found)


def read(element, wanted):
    """
    Return {label: text} of those that are there.

    element: <metadata>, or None.
    """
    found = {}
    for label, steps in wanted if element is not None else ():
        text = _text(element, steps)
        if text:
            found[label] = text[:MAX_TEXT]
    return found


def _steps(path):
    steps = []
    for part in _split(_PART, path):
        match = _STEP.match(part)
        if not match or steps and steps[-1].is_attribute:
            raise ValueError(
                "paths such as nova:instance/{URI}owner/@name")
        at, uri, prefix, name = match.groups()
        if prefix and prefix not in NAMESPACES:
            raise ValueError("{URI}%s, or one of the prefixes %s" % (
                name, ", ".join(sorted(NAMESPACES))))
        uris = [uri] if uri else NAMESPACES.get(prefix, ())
        names = tuple("{%s}%s" % (one, name) for one in uris) or (name,)
        steps.append(_Step(names, bool(at)))
    if steps[0].is_attribute:
        raise ValueError("paths that begin with an element")
    return tuple(steps)


def _split(pattern, text):
    """
    Return the parts of text; one that is no part is empty.
    """
    parts = []
    position = 0
    while position < len(text):
        match = pattern.match(text, position)
        if not match:
            return parts + [""]
        parts.append(match.group(1))
        position = match.end()
    return parts if parts or pattern is _ITEM else [""]


def _text(element, steps):
    for names, is_attribute in steps:
        if is_attribute:
            found = [element.get(name) for name in names]
            return next((text.strip() for text in found if text), None)
        element = next(
            (child for child in element if child.tag in names), None)
        if element is None:
            return None
    return (element.text or "").strip()
