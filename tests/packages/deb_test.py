# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The packages for Debian on this very machine, by apt: installed, upgraded, run,
removed and purged. Only for root, and only where none is installed.
"""

from __future__ import absolute_import, division, print_function

import os
import re
import unittest

import builds
import kit
import machine
import tools

BUILDS = builds.BUILDS

# A module that was there once, and that the newer build has no more.
GONE = "/usr/share/vdsm-sampling/vmsampling/long_gone.py"

# What an administrator has written there is kept, until a purge.
SETTINGS = "/etc/vdsm-sampler.conf"
CHANGE = "\n[exporter]\nnames = inovex\n"


def setUpModule():
    if os.geteuid() != 0 or tools.find_program("apt-get") is None:
        raise unittest.SkipTest("only root on Debian installs packages")
    BUILDS.prepare()


class AptTest(kit.TestCase):

    timeout = 300

    def setUp(self):
        super(AptTest, self).setUp()
        self.assertEqual(machine.installed(), [],
                         "this machine has them: left alone")
        keeper = machine.Keeper()
        self.addCleanup(keeper.stop)
        keeper.start()
        self.before = machine.files()

    def test_install_upgrade_purge(self):
        self.apt("install", self.older(False), self.older(True))
        self.assertEqual(self.version(), "0.0.1-1")
        self.assertTrue(os.path.exists(GONE))
        self.check_runs()
        with open(SETTINGS, "a") as stream:
            stream.write(CHANGE)
        self.apt("install", BUILDS.deb(), BUILDS.deb(plugin=True))
        self.assertNotEqual(self.version(), "0.0.1-1")
        self.assertFalse(os.path.exists(GONE))
        with open(SETTINGS) as stream:
            self.assertTrue(stream.read().endswith(CHANGE))
        self.check_runs()
        self.check_service()
        self.check_owned()
        self.apt("remove", *machine.PACKAGES)
        self.assertFalse(tools.find_program("vdsm-sampler"))
        # One that leaves nothing is gone already.
        self.apt("purge", *machine.installed())
        self.assertEqual(machine.installed(), [])
        self.assertEqual(
            machine.differences(self.before, machine.files()), [])

    def apt(self, verb, *names):
        environment = builds.environment(DEBIAN_FRONTEND="noninteractive")
        status, out, err = tools.run(
            ["apt-get", verb, "-y", "--no-install-recommends",
             "-o", "DPkg::Lock::Timeout=60"] + list(names), 120,
            env=environment)
        self.assertEqual(status, 0, out + err)

    def older(self, plugin):
        """
        The package as an older build, with the module that is gone.
        """
        folder = BUILDS.path("older-plugin" if plugin else "older")
        builds.run(["dpkg-deb", "--raw-extract", BUILDS.deb(plugin), folder])
        control = os.path.join(folder, "DEBIAN/control")
        with open(control) as stream:
            text = stream.read()
        version = re.search("^Version: (.*)$", text, re.M).group(1)
        with open(control, "w") as stream:
            stream.write(text.replace(version, "0.0.1-1"))
        if not plugin:
            with open(folder + GONE, "w") as stream:
                stream.write("# Gone.\n")
        builds.run(["dpkg-deb", "--root-owner-group", "--build", folder,
                    folder + ".deb"])
        return folder + ".deb"

    def version(self):
        return builds.run(
            ["dpkg-query", "-W", "-f", "${Version}", "vdsm-sampling"])

    def check_runs(self):
        # By its name, as the installed Python's programs run.
        out = builds.run(["vdsm-sampler", "watch", "--connect",
                          "test:///default", "--rounds", "2"], cwd="/")
        self.assertIn("round 2 ", out)
        self.assertEqual(out.count("fresh 1/1"), 2, out)

    def check_service(self):
        """
        Its command, as its user.
        """
        with open(one_unit()) as stream:
            command = re.search("^ExecStart=(.*)$", stream.read(), re.M)
        settings = BUILDS.path("service.conf")
        with open(settings, "w") as stream:
            stream.write("[sampling]\nsocket = off\ndump_folder = off\n"
                         "[exporter]\nlisten = 127.0.0.1:0\n")
        os.chmod(BUILDS.folder, 0o755)
        process = tools.start(
            ["setpriv", "--reuid=vdsm-sampler", "--regid=vdsm-sampler",
             "--init-groups"] + command.group(1).split() +
            ["--connect", "test:///default", "--config", settings,
             "--verbose"], 60, env=builds.environment(), cwd="/")
        try:
            for line in process.stdout:
                if "Serving http://127.0.0.1:" in line:
                    break
            else:
                self.fail("it ended")
            url = line.split()[-1]
            self.assertIn("\nlibvirt_up 1", fetch(url + "metrics"))
        finally:
            process.terminate()
            process.communicate()

    def check_owned(self):
        """
        What has come is what the packages brought, their bytecode and user.
        """
        owned = set()
        for name in machine.PACKAGES:
            owned.update(os.path.realpath(path) for path in builds.run(
                ["dpkg", "-L", name]).splitlines())
        for line in machine.differences(self.before, machine.files()):
            path = line[2:].split(":")[0]
            source = re.sub(r"__pycache__/(.*)\.cpython-\d+\.pyc$", r"\1.py",
                            path)
            self.assertTrue(
                owned & {path, source} or path.endswith("/__pycache__") or
                re.match("/etc/(passwd|group|shadow|gshadow)$"
                         "|/var/lib/dpkg/info/vdsm-sampling"
                         "|/var/lib/systemd/", path), line)


def one_unit():
    return [path for path in builds.run(
        ["dpkg", "-L", "vdsm-sampling"]).splitlines()
        if path.endswith("/vdsm-sampler.service")][0]


def fetch(url):
    return builds.run([
        "/usr/bin/python3", "-c", "import sys, urllib.request; "
        "print(urllib.request.urlopen(sys.argv[1], timeout=20).read()"
        ".decode())", url])
