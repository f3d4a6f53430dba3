# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import libvirt

import kit
from vmsampling import reasons


def word(state, reason):
    return reasons.word({"state.state": state, "state.reason": reason})


class ReasonsTest(kit.TestCase):

    def test_words(self):
        for name, found in (
                ("RUNNING_BOOTED", "booted"),
                ("RUNNING_POSTCOPY_FAILED", "post-copy failed"),
                ("PAUSED_USER", "user"), ("PAUSED_IOERROR", "I/O error"),
                ("PAUSED_API_ERROR", "api error"), ("SHUTDOWN_USER", "user"),
                ("SHUTOFF_DAEMON", "daemon"),
                ("CRASHED_PANICKED", "panicked")):
            state = getattr(libvirt, "VIR_DOMAIN_" + name.partition("_")[0])
            reason = getattr(libvirt, "VIR_DOMAIN_" + name, None)
            # Another binding may not have it yet.
            if reason is not None:
                self.assertEqual(word(state, reason), found)

    def test_all_that_the_binding_knows(self):
        for state in ("RUNNING", "PAUSED", "SHUTDOWN", "SHUTOFF", "CRASHED"):
            last = getattr(libvirt, "VIR_DOMAIN_%s_LAST" % state, None)
            for number in range(1, last or 1):
                self.assertNotIn("reason", word(
                    getattr(libvirt, "VIR_DOMAIN_" + state), number))

    def test_what_is_not_known(self):
        self.assertIsNone(reasons.word({}))
        self.assertIsNone(word(1, 0))
        self.assertIsNone(reasons.word({"state.state": 1}))
        self.assertEqual(word(1, 99), "reason 99")
        self.assertEqual(word(99, 1), "reason 1")
        self.assertEqual(word(3, -1), "reason -1")

    def test_what_a_file_may_have(self):
        for bad in ("x", [], {}, 1.5, None):
            self.assertIsNone(word(1, bad))
            self.assertIsNone(word(bad, 1))
