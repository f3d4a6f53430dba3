# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import xml.etree.ElementTree as etree

import kit
from vmsampling import metadata

NOVA = """
<metadata>
  <nova:instance xmlns:nova="http://openstack.org/xmlns/libvirt/nova/%s">
    <nova:name> web </nova:name>
    <nova:flavor name="m1.small"/>
    <nova:owner><nova:project uuid="7">shop</nova:project></nova:owner>
  </nova:instance>
</metadata>"""


def read(xml, text):
    return metadata.read(etree.fromstring(xml), metadata.parse(text))


class ReadTest(kit.TestCase):

    def test_nova(self):
        wanted = ("name=nova:instance/nova:name, "
                  "flavor = nova:instance/nova:flavor/@name,"
                  "project=nova:instance/nova:owner/nova:project,"
                  "id=nova:instance/nova:owner/nova:project/@uuid")
        for version in ("1.0", "1.1"):
            self.assertEqual(read(NOVA % version, wanted), {
                "name": "web", "flavor": "m1.small", "project": "shop",
                "id": "7"})

    def test_what_is_not_there_is_absent(self):
        wanted = ("a=nova:instance/nova:user, b=nova:instance/nova:owner,"
                  "c=nova:instance/nova:flavor/@id, d=instance, e=ovirt-vm:vm")
        self.assertEqual(read(NOVA % "1.1", wanted), {})
        self.assertEqual(metadata.read(None, metadata.parse(wanted)), {})

    def test_other_namespaces(self):
        self.assertEqual(read(
            "<metadata><o:a xmlns:o='http://o.org/1,'><b o:c='x'>y</b></o:a>"
            "<a><b>z</b></a></metadata>",
            "one={http://o.org/1,}a/b, two={http://o.org/1,}a/b/"
            "@{http://o.org/1,}c,three=a/b"),
            {"one": "y", "two": "x", "three": "z"})

    def test_long_text(self):
        found = read("<metadata><a>%s</a></metadata>" % ("x" * 9999), "a=a")
        self.assertEqual(found, {"a": "x" * metadata.MAX_TEXT})


class ParseTest(kit.TestCase):

    def check(self, expected, text):
        with self.assertRaises(ValueError) as caught:
            metadata.parse(text)
        self.assertIn(expected, str(caught.exception))

    def test_nothing(self):
        self.assertEqual(metadata.parse(""), ())
        self.assertEqual(metadata.parse(" \n"), ())

    def test_mistakes(self):
        for text in ("a", "=a", "1=a", "__a=b", "a-b=c", ",", "a=b,,c=d",
                     "a=b,{", "a={u", u"\xe4=a", "a" * 65 + "=b"):
            self.check("LABEL=PATH", text)
        for text in ("a=", "a=/", "a=/b", "a=b//c", "a=b/@c/d", "a=b c",
                     "a={u}", "a=b[1]", "a=:b", "a=@"):
            self.check("paths such as", text)
        self.check("begin with an element", "a=@b")
        self.check("prefixes kubevirt, libosinfo, nova, ", "a=other:b")

    def test_labels(self):
        for text in ("a=b,a=c", "domain=a", "uuid=a"):
            self.check("not taken", text)
        many = ["a%d=b" % number for number in range(17)]
        self.assertEqual(len(metadata.parse(",".join(many[:16]))), 16)
        self.check("16 labels at most", ",".join(many))
