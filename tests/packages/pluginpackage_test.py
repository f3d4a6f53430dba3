# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The RPM of the plugin beside a double of VDSM: on, off, and removed. With each
of the two Pythons that VDSM has had: the older one runs this file once more.
"""

from __future__ import absolute_import, division, print_function

import os
import shutil

import six

import builds
import daemonhost
import kit
import tools

BUILDS = builds.BUILDS
MODULES = "/usr/share/vdsm-sampling"
DAEMONS = "/usr/share/vdsm/vdsm /usr/share/vdsm/vdsmd /usr/libexec/vdsm/vdsmd"

# Where the older Python finds the RPMs that the newer one has made.
UNPACKED = "VDSM_SAMPLING_UNPACKED"


def setUpModule():
    if UNPACKED not in os.environ:
        BUILDS.prepare()


def unpacked():
    """
    A folder with both RPMs for this Python in it.
    """
    if UNPACKED in os.environ:
        return os.environ[UNPACKED]
    return unpack(builds.SYSTEM)


def unpack(version):
    root = BUILDS.path("both" + version)
    if not os.path.exists(root):
        os.mkdir(root)
        for plugin in False, True:
            part = os.path.join(root, "plugin" if plugin else "main")
            builds.unpack_rpm(BUILDS.rpm(version, plugin), part)
    return root


class Host(daemonhost.Host):

    # What removing the plugin's package removes.
    owned = ()

    def install(self):
        self.before = builds.files(self.root)
        self._copy("main")
        main = builds.files(self.root)
        self._copy("plugin")
        self.owned = builds.files(self.root) - main
        hook = os.path.join(self.site, "vdsm_sampling_hook.py")
        text = daemonhost.read(hook)
        assert DAEMONS in text and '"%s"' % MODULES in text
        daemonhost.write(hook, text.replace(MODULES, self.modules).replace(
            DAEMONS, self.daemon))

    def remove_package(self):
        for path in self.owned:
            os.unlink(self.root + path)

    def _copy(self, part):
        folder = os.path.join(unpacked(), part)
        for path in builds.files(folder):
            to = path.replace(builds.site(builds.SYSTEM),
                              self.site[len(self.root):])
            to = self.root + to
            if not os.path.isdir(os.path.dirname(to)):
                os.makedirs(os.path.dirname(to))
            shutil.copy2(folder + path, to)


class Tests(object):

    today = True
    classes = ("pool", "executor", "sampling")

    def setUp(self):
        super(Tests, self).setUp()
        self.host = Host(self.today)
        self.addCleanup(self.host.remove)

    def check(self, whose):
        told = self.host.start()
        self.assertEqual([told[name] for name in self.classes],
                         [whose] * len(self.classes), told["log"])
        return told["log"]

    def test_on(self):
        log = self.check("ours")
        self.assertEqual(len(log), len(self.classes))

    def test_off(self):
        daemonhost.write(self.host.conf, "[sampling]\npool = builtin\n")
        self.assertEqual(self.check("VDSM's"), [
            "INFO vdsm-sampling off: [sampling] pool = builtin"])

    def test_removed(self):
        self.check("ours")
        self.host.remove_package()
        self.assertEqual(self.check("VDSM's"), [])
        # The library is still there, and nothing of the plugin.
        left = [path for path in builds.files(self.host.root)
                if "/standins/" in path or "/plugin/" in path or
                "vdsm-sampling.pth" in path or "vdsm_sampling_hook" in path]
        # Those are doubles that this host brings.
        self.assertEqual([path for path in left if path not in [
            MODULES + "/standins/" + name
            for name in daemonhost.STANDINS]], [])


class TestToday(Tests, kit.TestCase):
    pass


if six.PY2:
    class TestJune2014(Tests, kit.TestCase):

        today = False
        classes = ("pool", "sampling")

else:
    class TestOlderPython(kit.TestCase):

        def test_el7(self):
            environment = builds.environment(**{UNPACKED: unpack("2.7")})
            status, out, err = tools.run([
                builds.python("2.7"),
                os.path.join(builds.ROOT, "tests/runner.py"),
                "tests/packages/pluginpackage_test.py"], 100,
                env=environment, cwd=os.getcwd())
            self.assertEqual(status, 0, out + err)
            self.assertIn("TOTAL passed=6 failed=0 skipped=0", out)
