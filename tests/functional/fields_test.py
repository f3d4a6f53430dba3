# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What a real libvirtd and QEMU bring beyond the tiers that all VMs have in each
round.
"""

from __future__ import absolute_import, division, print_function

import host
import tools
import watching

OWNER = "http://example.org/vm"

VMS = host.Host(vms=0)


def setUpModule():
    VMS.start()
    path = VMS.define("vm01")
    with open(path) as stream:
        xml = stream.read()
    xml = xml.replace("<vcpu>", """
        <metadata><v:vm xmlns:v='%s' owner='ops'/></metadata>
        <iothreads>1</iothreads>
        <vcpu>""" % OWNER).replace("</disk>", """
        <iotune><read_iops_sec>100</read_iops_sec></iotune>
        <serial>one</serial></disk>""")
    with open(path, "w") as stream:
        stream.write(xml)
    VMS.virsh("create", path)
    VMS.domains.append("vm01")


def tearDownModule():
    VMS.stop()


class FieldsTest(watching.TestCase):

    def setUp(self):
        super(FieldsTest, self).setUp()
        self.sampler = self.start_fresh(
            VMS, storage_period=1.0,
            metadata="owner={%s}vm/@owner" % OWNER)

    def vm(self):
        return watching.by_name(self.sampler.snapshot())["vm01"]

    def wait(self, condition, what):
        tools.wait_until(condition, 10, lambda: "%s, not %r" % (
            what, self.vm()))

    def test_all_of_a_healthy_vm(self):
        self.wait_fresh(self.sampler, ["vm01"], 10, "detail", "storage")
        vm = self.vm()
        disk, = vm["about"]["disks"]
        self.assertEqual(
            (disk["target"], disk["bus"], disk["driver"], disk["serial"]),
            ("vda", "virtio", "raw", "one"))
        self.assertEqual(vm["about"]["os"]["arch"], "x86_64")
        self.assertEqual(vm["about"]["metadata"], {"owner": "ops"})
        self.assertEqual((vm["reason"], vm["partial"], vm["holder"]),
                         ("booted", False, None))
        stats = vm["stats"]
        self.assertEqual(stats["block.0.iotune.read_iops_sec"], 100)
        self.assertEqual(stats["block.0.error"], 0)
        self.assertEqual(stats["iothread.count"], 1)
        self.wait(lambda: self.sampler.snapshot()["versions"], "versions")
        found = self.sampler.snapshot()
        self.assertEqual(found["versions"]["driver"], "QEMU")
        self.assertEqual(found["pools"], {})
        self.change_metadata()
        self.hold_the_job()
        self.check_no_errors()

    def change_metadata(self):
        VMS.virsh("metadata", "vm01", OWNER, "--key", "v", "--set",
                  "<vm owner='dev'/>")
        self.wait(lambda: self.vm()["about"]["metadata"] == {"owner": "dev"},
                  "what the event tells")

    def hold_the_job(self):
        """
        A save that cannot begin. Nothing of the VM is needed after it.
        """
        self.freeze_between_questions()
        save = tools.start(VMS.libvirtd.virsh_command(
            "save", "vm01", VMS.folder.path + "/saved"), 30)
        self.addCleanup(save.communicate)
        # Before that.
        self.addCleanup(self.thaw)
        self.wait(lambda: self.vm()["holder"] == "save", "the long job")

    def thaw(self):
        try:
            VMS.thaw("vm01")
        except EnvironmentError:
            # It is saved, and has ended.
            pass

    def freeze_between_questions(self):
        """
        A question of ours under way would hold the job itself.
        """
        for _ in range(10):
            VMS.freeze("vm01")
            self.addCleanup(self.thaw)
            self.wait(lambda: self.vm()["stuck"], "stuck")
            if self.vm()["stuck"]["call"] == "not asked":
                return
            self.thaw()
            self.wait_fresh(self.sampler, ["vm01"], 10)
        self.fail("a question was under way each time")
