# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
older_libvirt_api.py VERSION DIR: describe libvirt as it was in VERSION.

libvirt-python is generated from the API description of the libvirt that is
installed, and the generator of an old libvirt-python stops at functions that
came after it. This writes a copy of the description without these functions
into DIR, and a libvirt.pc that points there. With DIR in PKG_CONFIG_PATH the
old libvirt-python builds against the new libvirt.
"""

from __future__ import absolute_import, division, print_function

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree


def main(version, directory):
    source = pkg_config("--variable=libvirt_api")
    # libvirt-python finds the other descriptions by their names, beside this
    # one.
    for suffix in ("-api.xml", "-qemu-api.xml", "-lxc-api.xml"):
        path = source.replace("-api.xml", suffix)
        trim(path, os.path.join(directory, os.path.basename(path)),
             parse(version))
    with open(os.path.join(pkg_config("--variable=pcfiledir"),
                           "libvirt.pc")) as f:
        text = f.read()
    text = re.sub("(?m)^libvirt_api=.*$",
                  "libvirt_api=" + os.path.join(os.path.abspath(directory),
                                                os.path.basename(source)),
                  text)
    with open(os.path.join(directory, "libvirt.pc"), "w") as f:
        f.write(text)


def pkg_config(option):
    out = subprocess.check_output(["pkg-config", option, "libvirt"])
    return out.decode("utf-8").strip()


def trim(source, target, newest):
    tree = ElementTree.parse(source)
    symbols = tree.getroot().find("symbols")
    for function in symbols.findall("function"):
        # Descriptions from before libvirt 5.8 carry no versions, and no
        # function that would have to go either.
        if parse(function.get("version", "0")) > newest:
            symbols.remove(function)
    tree.write(target, encoding="utf-8")


def parse(version):
    return tuple(int(n) for n in version.split("."))


if __name__ == "__main__":
    main(version=sys.argv[1], directory=sys.argv[2])
