# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The plugin in programs that are not VDSM's daemon, and its installation.
"""

from __future__ import absolute_import, division, print_function

import os
import shutil
import tempfile

import six

import daemonhost
import kit

# What a program tells that the plugin leaves alone.
UNTOUCHED = """
import sys
print([name for name in sys.modules if name.split(".")[0] in (
    "plugin", "compat", "vmsampling", "threadpool", "threading")])
print([finder for finder in sys.meta_path if "Later" in repr(finder)])
"""


class TestOtherPrograms(daemonhost.HostTest):
    """
    What is no daemon of VDSM does not notice.
    """

    today = True

    def setUp(self):
        super(TestOtherPrograms, self).setUp()
        self.folder = os.path.realpath(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def check_untouched(self, *command):
        self.assertEqual(self.host.run(command), ("[]\n[]\n", ""))

    def program(self, name="program"):
        return self.host.program(os.path.join(self.folder, name), UNTOUCHED)

    def test_program(self):
        self.check_untouched(self.program())
        self.check_untouched(self.host.python, self.program())

    def test_no_program(self):
        self.check_untouched(self.host.python, "-c", UNTOUCHED)

    def test_daemon_as_an_argument(self):
        for first in (), ("-0", "/dev/null"), ("-x", ):
            self.check_untouched(
                self.program(), *(first + (self.host.daemon, )))

    def test_names_that_are_like_a_daemons(self):
        self.check_untouched(self.program("vdsmd"))
        for name in (self.host.daemon + "-tool",
                     os.path.join(os.path.dirname(self.host.daemon),
                                  "supervdsmd")):
            self.host.program(name, UNTOUCHED)
            self.addCleanup(os.unlink, name)
            self.check_untouched(name)

    def test_another_path_to_the_daemon(self):
        # To the letter, or somebody could have it named by what he likes.
        self.change(self.host.daemon, UNTOUCHED)
        folder = os.path.dirname(self.host.daemon)
        link = os.path.join(self.folder, "vdsmd")
        os.symlink(self.host.daemon, link)
        for path in (link, folder + "/./vdsmd", folder + "//vdsmd"):
            self.check_untouched(self.host.python, path)

    def test_only_the_hook_is_loaded(self):
        code = "import sys; print(' '.join(sys.modules))"
        pth = os.path.join(self.host.site, "vdsm-sampling.pth")
        loaded = self.loaded(code)
        self.change(pth, None)
        self.assertEqual(loaded - self.loaded(code), {"vdsm_sampling_hook"})

    def test_nothing_that_forbids_other_locks(self):
        # Before the first line of the daemon, where pthreading comes in.
        self.change(self.host.daemon,
                    "import sys; print(' '.join(sys.modules))")
        loaded = self.loaded(daemon=True)
        self.assertIn("plugin.finder", loaded)
        for name in ("vmsampling", "logging", "queue", "Queue",
                     "collections" if six.PY2 else "logging"):
            self.assertNotIn(name, loaded)
        if six.PY2:
            self.assertFalse(loaded & {"thread", "threading"})

    def loaded(self, code=None, daemon=False):
        command = ([self.host.python, self.host.daemon] if daemon
                   else [self.host.python, "-c", code])
        out, err = self.host.run(command)
        self.assertEqual(err, "")
        return set(out.split())

    def test_costs_little(self):
        # Of a start, which differs by more than that from the next: so what
        # is done in it is done often. Reading /proc is most of it.
        out, err = self.host.run([self.host.python, "-c", """
import timeit
line = open({pth!r}).read().splitlines()[-1]
def start():
    sys.modules.pop("vdsm_sampling_hook")
    exec(line, {{}})
import sys
times = timeit.repeat(start, number=1, repeat=100)
assert "vdsm_sampling_hook" in sys.modules
print(min(times))
""".format(pth=os.path.join(self.host.site, "vdsm-sampling.pth"))])
        self.assertEqual(err, "")
        # It takes half a millisecond; this is for a machine that is busy.
        self.assertLess(float(out), 0.01)


class TestInstallation(kit.TestCase):

    def setUp(self):
        super(TestInstallation, self).setUp()
        self.folder = os.path.realpath(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def installed(self):
        return sorted(
            os.path.relpath(os.path.join(parent, name), self.folder)
            for parent, _, names in os.walk(self.folder) for name in names)

    def make(self, target, **variables):
        daemonhost.make(target, DESTDIR=self.folder, prefix="/usr",
                        **variables)

    def test_install_and_uninstall(self):
        site = "/usr/lib/python/site-packages"
        self.make("install", plugindir=site)
        installed = self.installed()
        for path in ("usr/share/vdsm-sampling/standins/storage/threadPool.py",
                     "usr/share/vdsm-sampling/plugin/finder.py",
                     site[1:] + "/vdsm-sampling.pth",
                     site[1:] + "/vdsm_sampling_hook.py"):
            self.assertIn(path, installed)
        hook = daemonhost.read(
            self.folder + site + "/vdsm_sampling_hook.py")
        self.assertIn('"/usr/share/vdsm-sampling"', hook)
        self.assertNotIn("@", hook)
        for daemon in ("/usr/share/vdsm/vdsm", "/usr/share/vdsm/vdsmd",
                       "/usr/libexec/vdsm/vdsmd"):
            self.assertIn(daemon, hook)
        self.make("uninstall", plugindir=site)
        self.assertEqual(self.installed(), [])

    def test_without_the_plugin(self):
        self.make("install", plugindir="")
        self.assertFalse([path for path in self.installed()
                          if "site-packages" in path or "hook" in path])
        self.make("uninstall", plugindir="")
        self.assertEqual(self.installed(), [])
