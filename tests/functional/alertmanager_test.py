# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The example route in a real Alertmanager: what people are told, and how often.
"""

from __future__ import absolute_import, division, print_function

import os

import daemons
import host
import kit
import tools

CONFIG = os.path.join(
    os.path.dirname(os.path.dirname(os.path.dirname(
        os.path.abspath(__file__)))),
    "contrib", "alertmanager", "alertmanager.yml")


def alert(name, severity, instance="h1:9177", **labels):
    labels.update(alertname=name, severity=severity, instance=instance,
                  job="vdsm-sampler")
    return {"labels": labels, "annotations": {"summary": name}}


class RouteTest(kit.TestCase):

    def setUp(self):
        super(RouteTest, self).setUp()
        tools.require_programs("prometheus-alertmanager", "setpriv")
        folder = host.Folder()
        self.addCleanup(folder.remove)
        self.manager = daemons.Alertmanager(folder, CONFIG)
        self.addCleanup(self.manager.stop)
        self.manager.start()

    def tell(self, *alerts):
        self.manager.post_json("/api/v2/alerts", alerts)
        tools.wait_until(
            lambda: len(self.manager.get_json("/api/v2/alerts")) ==
            len(alerts), 10, "%d alerts are known" % len(alerts))

    def told(self):
        """
        Return {(receiver, instance): names of the alerts that are told of}.
        """
        return dict(
            ((group["receiver"]["name"], group["labels"].get("instance")),
             sorted(one["labels"]["alertname"] for one in group["alerts"]
                    if one["status"]["state"] != "suppressed"))
            for group in self.manager.get_json("/api/v2/alerts/groups"))

    def check_told(self, expected):
        # Groups are made a moment after an alert is known.
        tools.wait_until(lambda: self.told() == expected, 10, lambda: (
            "people are told %s, not %s" % (expected, self.told())))

    def test_dead_storage_is_one_message_for_a_host(self):
        stuck = [alert("VMStuck", "critical", domain="vm%02d" % n)
                 for n in range(40)]
        old = [alert(name, "warning", domain="vm%02d" % n) for n in range(40)
               for name in ("VMStale", "VMStorageSilent")]
        other = [alert("VMStuck", "critical", "h2:9177", domain="vm01")]
        self.tell(*stuck + old + other)
        self.check_told({
            ("pager", "h1:9177"): ["VMStuck"] * 40,
            ("pager", "h2:9177"): ["VMStuck"],
            # All of them are consequences: no mail is sent.
            ("mail", "h1:9177"): [],
        })

    def test_libvirt_down_silences_stale_vms_of_that_host(self):
        self.tell(alert("LibvirtDown", "critical"),
                  alert("VMStale", "warning", domain="vm01"),
                  alert("VMStuck", "critical", domain="vm02"),
                  alert("VMStale", "warning", "h2:9177", domain="vm01"))
        self.check_told({
            ("pager", "h1:9177"): ["LibvirtDown", "VMStuck"],
            ("mail", "h1:9177"): [],
            ("mail", "h2:9177"): ["VMStale"],
        })

    def test_workers_that_are_used_up_are_told_of(self):
        # The sampler gets no answer then: both fire.
        self.tell(alert("LibvirtDown", "critical"),
                  alert("LibvirtdPoolExhausted", "critical"),
                  alert("VMStale", "warning", domain="vm01"))
        self.check_told({
            ("pager", "h1:9177"): ["LibvirtdPoolExhausted"],
            ("mail", "h1:9177"): [],
        })
