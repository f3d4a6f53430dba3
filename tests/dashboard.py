# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The dashboard of contrib/, read for its tests.
"""

from __future__ import absolute_import, division, print_function

import io
import json
import os
import re

PATH = os.path.join(
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
    "contrib", "grafana", "vdsm-sampling.json")

# What Grafana puts in for its variables: all hosts, all VMs.
_VALUES = (
    ("$__rate_interval", "20s"),
    ("$instance", ".*"),
    ("$domain", ".*"),
)

_METRIC = re.compile(
    r"\b(libvirtd?_\w+|vdsm_sampler_\w+|up|scrape_duration_seconds|ALERTS)\b")
_LABEL_VALUES = re.compile(r"label_values\((.*), (\w+)\)$")


def load():
    with io.open(PATH, encoding="utf-8") as stream:
        return json.load(stream)


def panels():
    """
    Return those that show something.
    """
    return [panel for panel in load()["panels"] if panel["type"] != "row"]


def expressions():
    """
    Return (title of the panel, expression for Prometheus) of each query.
    """
    return [(panel["title"], filled(target["expr"]))
            for panel in panels() for target in panel["targets"]]


def variables():
    """
    Return (name, expression, label) of each variable that is asked for.
    """
    return [(one["name"],) + _LABEL_VALUES.match(
        filled(one["query"]["query"])).groups()
        for one in load()["templating"]["list"] if one["type"] == "query"]


def filled(text):
    for name, value in _VALUES:
        text = text.replace(name, value)
    return text


def metrics(expression):
    """
    Return the names of the metrics in an expression.
    """
    return set(_METRIC.findall(expression))
