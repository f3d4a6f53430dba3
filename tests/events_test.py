# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import logging
import os
import threading

import libvirt

import kit
from vmsampling import events

NAME = "libvirt-events"

STARTED = libvirt.VIR_DOMAIN_EVENT_STARTED
STOPPED = libvirt.VIR_DOMAIN_EVENT_STOPPED


def threads():
    return [thread for thread in threading.enumerate()
            if thread.name == NAME]


class LoopTest(kit.TestCase):
    """
    With the real library: this is about what it does.
    """

    def run(self, result=None):
        # What libvirt opens once in a process' life is no leak of a test.
        events.loop.acquire()
        events.loop.release()
        return super(LoopTest, self).run(result)

    def hold(self):
        events.loop.acquire()
        self.addCleanup(events.loop.release)

    def test_runs_while_it_is_held(self):
        events.loop.acquire()
        events.loop.acquire()
        self.assertEqual(len(threads()), 1)
        events.loop.release()
        self.assertEqual(len(threads()), 1)
        events.loop.release()
        self.assertEqual(threads(), [])

    def test_again_and_again(self):
        for _ in range(20):
            events.loop.acquire()
            self.assertEqual(len(threads()), 1)
            events.loop.release()
            self.assertEqual(threads(), [])

    def test_from_many_threads(self):
        def use(_number):
            for _ in range(20):
                events.loop.acquire()
                events.loop.release()

        with kit.Bunch(4, use):
            pass
        self.assertEqual(threads(), [])

    def test_brings_events(self):
        self.hold()
        virt = libvirt.open("test:///default")
        self.addCleanup(virt.close)
        came = []
        both = threading.Event()

        def note(_virt, virt_domain, event, _detail, _opaque):
            came.append((virt_domain.name(), event))
            if len(came) == 2:
                both.set()

        number = virt.domainEventRegisterAny(
            None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, note, None)
        self.addCleanup(virt.domainEventDeregisterAny, number)
        virt_domain = virt.lookupByName("test")
        virt_domain.destroy()
        virt_domain.create()
        kit.wait(both)
        self.assertEqual(came, [("test", STOPPED), ("test", STARTED)])

    def test_errors_go_to_the_log_and_not_to_stderr(self):
        self.hold()
        read, write = os.pipe()
        saved = os.dup(2)
        try:
            os.dup2(write, 2)
            with kit.logs("vmsampling.events") as logs:
                with self.assertRaises(libvirt.libvirtError):
                    libvirt.open("no such driver")
        finally:
            os.dup2(saved, 2)
            for fd in (saved, write):
                os.close(fd)
        self.assertEqual(os.read(read, 1000), b"")
        os.close(read)
        self.assertIn("no such driver", "".join(logs.at(logging.DEBUG)))
