# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
A guard on virtual time, with a libvirt of fakes and storage that can hang.
"""

from __future__ import absolute_import, division, print_function

import fakelibvirt
import kit
from vmsampling import canary
from vmsampling import guard
from vmsampling import routine


class Storage(object):
    """
    Stands in for canary._touch().
    """

    def __init__(self):
        # Paths that were looked at, in order.
        self.looks = []
        # path -> kit.Gate, or an EnvironmentError.
        self.faults = {}

    def touch(self, image, _opener):
        self.looks.append(image.path)
        fault = self.faults.get(image.path)
        if isinstance(fault, kit.Gate):
            fault()
        elif fault is not None:
            raise fault


class TestCase(fakelibvirt.TestCase):

    def setUp(self):
        super(TestCase, self).setUp()
        self.storage = Storage()
        self.patch(canary, "_touch", self.storage.touch)
        self.guard = guard.Guard(
            fakelibvirt.URI, max_hung=6, scheduler=self.scheduler)
        self.guard.start()
        # Gates that functions hang in.
        self.gates = []
        # Names of the functions that were called, in order.
        self.called = []
        # function -> what it does; by default nothing.
        self.actions = {}
        logs = kit.logs("")
        self.logs = logs.__enter__()
        self.addCleanup(logs.__exit__, None, None, None)
        self.addCleanup(self.stop)

    def stop(self):
        for gate in self.all_gates():
            gate.open()
        self.guard.stop()

    def gate(self):
        self.gates.append(kit.Gate())
        return self.gates[-1]

    def function(self, name, action=None):
        def call():
            self.called.append(name)
            if action is not None:
                action()
        call.__name__ = call.__qualname__ = str(name)
        return call

    def routine(self, vm=None, functions=(), start=True):
        """
        functions: (name, interval, kind) or, with something to do, (name,
            interval, kind, action).
        vm: name of a VM, which is added unless it is there; None: none.
        """
        made = routine.Routine(lambda function: function())
        for entry in functions:
            made.add(self.function(entry[0], *entry[3:]), *entry[1:3])
        uuid = None
        if vm is not None:
            uuid = (self.libvirt.vms.get(vm) or self.libvirt.add(vm)).uuid
        if start:
            made.start(self.guard, uuid)
            self.settle()
        self.addCleanup(made.stop)
        return made

    def advance(self, seconds, step=0.125):
        """
        Let time pass in steps, with nothing under way in between but what
        hangs.
        """
        limit = self.scheduler.now + seconds
        while self.scheduler.now < limit:
            self.scheduler.advance(min(step, limit - self.scheduler.now))
            self.settle()

    def settle(self):
        kit.eventually(self.quiet, "the guard to rest")

    def quiet(self):
        return kit.at_rest(
            lambda: [self.guard.state()[pool]
                     for pool in ("monitor", "canary", "poke")], self.is_quiet)

    def is_quiet(self, states):
        # Who waited at a gate that is open goes on soon.
        hanging = sum(gate.calls - gate.left for gate in self.all_gates()
                      if not gate.is_open)
        return hanging == sum(
            state["threads"] - state["idle"] for state in states) and all(
                not state["queued"] or not state["idle"] for state in states)

    def all_gates(self):
        return self.gates + list(self.libvirt.gates.values())
