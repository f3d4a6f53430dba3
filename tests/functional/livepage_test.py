# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The page of a real exporter, of real VMs, in a real browser.
"""

from __future__ import absolute_import, division, print_function

import sys
import unittest
from xml.sax import saxutils

import browser
import host
import kit
import pageview

# Names that libvirt takes: all but "/" and the end of a line.
HOSTILE = ("<script>", "<img src=x onerror=hit=1>")

VMS = host.Host(vms=2)
BROWSER = browser.Browser()


def setUpModule():
    if sys.version_info[0] < 3:
        raise unittest.SkipTest("the exporter needs Python 3.6 or later")
    try:
        BROWSER.start()
        VMS.start()
        for number, name in enumerate(HOSTILE, 3):
            create("vm%02d" % number, name)
    except:  # NOQA: E722 (removes what was begun, the error goes on)
        tearDownModule()
        raise


def tearDownModule():
    VMS.stop()
    BROWSER.stop()


def create(harmless, name):
    path = VMS.define(harmless)
    with open(path) as stream:
        xml = stream.read()
    with open(path, "w") as stream:
        stream.write(xml.replace("<name>%s<" % harmless,
                                 "<name>%s<" % saxutils.escape(name)))
    VMS.virsh("create", path)
    VMS.domains.append(name)


class LivePageTest(kit.TestCase):

    def setUp(self):
        super(LivePageTest, self).setUp()
        # It needs Python 3.
        import exporters
        self.exporter = exporters.exporter(
            VMS.folder, "exporter", VMS.uri, 1.0)
        self.addCleanup(self.exporter.stop)
        self.exporter.start()
        # The next one begins with a console that is empty.
        self.addCleanup(BROWSER.messages)
        self.addCleanup(BROWSER.open, "about:blank")
        self.view = pageview.PageView(BROWSER)

    def test_stuck_and_hostile(self):
        view = self.view
        view.open("http://127.0.0.1:%d/" % self.exporter.port)
        names = sorted(("vm01", "vm02") + HOSTILE)
        view.wait(lambda: sorted(view.names()) == names, "all VMs")
        view.wait(lambda: view.row("vm02")["points"] >= 2, "a sparkline")
        self.assertFalse(view.row("vm02")["stuck"])
        calm = view.row("vm02")["color"]
        VMS.freeze("vm02")
        try:
            view.wait(lambda: view.row("vm02")["stuck"], "vm02 is stuck")
            self.assertEqual(view.names()[0], "vm02")
            self.assertNotEqual(view.row("vm02")["color"], calm)
            self.assertIn("all threads in state T", view.row("vm02")["why"])
            self.assertEqual(view.facts()["Stuck"], "1")
        finally:
            VMS.thaw("vm02")
        view.wait(lambda: not view.row("vm02")["stuck"], "vm02 goes on")
        self.assertEqual(view.row("vm02")["color"], calm)
        self.assertFalse(BROWSER.run("return 'hit' in window"))
        self.assertEqual(BROWSER.messages(), [])

    def test_exporter_ends(self):
        self.view.open("http://127.0.0.1:%d/" % self.exporter.port)
        self.view.wait(lambda: len(self.view.names()) == 4, "all VMs")
        self.exporter.stop()
        self.view.wait(self.view.warning, "the page tells")
        self.assertIn("answer", self.view.warning())
