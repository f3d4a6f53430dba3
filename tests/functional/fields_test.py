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

    def wait(self, condition, what):
        tools.wait_until(lambda: self.seen() and condition(), 10,
                         lambda: "%s, not %r" % (what, self.seen()))

    def seen(self):
        return watching.by_name(self.sampler.snapshot()).get("vm01")

    def test_all_of_a_healthy_vm(self):
        self.wait_fresh(self.sampler, ["vm01"], 10, "detail", "storage")
        vm = self.seen()
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
        self.sampler.stop()
        self.hold_the_job()
        # Not before: a question under way would have the job instead.
        self.sampler = self.start_sampler(VMS)
        self.wait(lambda: self.seen()["holder"] == "save", "the long job")
        self.check_no_errors()

    def change_metadata(self):
        VMS.virsh("metadata", "vm01", OWNER, "--key", "v", "--set",
                  "<vm owner='dev'/>")
        self.wait(lambda: self.seen()["about"]["metadata"] == {"owner": "dev"},
                  "what the event tells")

    def hold_the_job(self):
        """
        A save that cannot begin. Nothing of the VM is needed after it.
        """
        VMS.freeze("vm01")
        save = tools.start(VMS.libvirtd.virsh_command(
            "save", "vm01", VMS.folder.path + "/saved"), 30)
        self.addCleanup(save.communicate)
        self.addCleanup(VMS.thaw, "vm01")
        status = VMS.libvirtd.pid_file("vm01")[:-len("pid")] + "xml"
        tools.wait_until(lambda: "async='save'" in tools.tail(status, 10000),
                         10, "libvirtd has begun to save")
