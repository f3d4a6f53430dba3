# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
A host in a folder: a Python with site-packages of its own, a double of VDSM,
and vdsm-sampling installed beside it; and its daemon, started as VDSM's is.
"""

from __future__ import absolute_import, division, print_function

import json
import os
import shutil
import subprocess
import sys
import tempfile

import six

import doublevdsm
import kit
import standins

VERSION = "%d.%d" % sys.version_info[:2]

ADAPTER = """
import os, sys
target = sys.argv[-1]
environment = dict(os.environ)
if {pythonpath}:
    environment["PYTHONPATH"] = os.path.dirname(target)
os.execve(target, [target], environment)
"""

# Refuses what the real one refuses.
PTHREADING = """
import sys

def monkey_patch():
    for name in "thread", "threading":
        if name in sys.modules:
            raise RuntimeError("%s is loaded already" % name)
"""

# What daemons do with what they import: tell it to the test, after the log
# was set up and something was imported.
REPORT = """
import json, logging, os, sys

def main(**classes):
    logging.basicConfig(filename={log!r}, level=logging.DEBUG,
                        format="%(levelname)s %(name)s %(message)s")
    try:
        import vdsmDebugPlugin
    except ImportError:
        pass
    told = {{}}
    exec(os.environ.get("THEN", ""), {{"told": told}})
    for name, cls in classes.items():
        told[name] = getattr(cls, "whose", "ours")
    told["path"] = sys.path
    told["loaded"] = sorted(sys.modules)
    print(json.dumps(told))
"""

EMPTY = "\n"

JUNE_2014 = {
    "vdsm": """
import pthreading
pthreading.monkey_patch()
import storage.taskManager
import clientIF
import report
report.main(pool=storage.taskManager.ThreadPool,
            sampling=clientIF.sampling.AdvancedStatsThread)
""",
    "report.py": REPORT,
    "clientIF.py": "from virt import sampling\n",
    "storage/__init__.py": EMPTY,
    "storage/taskManager.py": "from threadPool import ThreadPool\n",
    "storage/threadPool.py": doublevdsm.POOL_2014,
    "virt/__init__.py": EMPTY,
    "virt/vm.py": "from . import sampling\n",
    "virt/sampling.py": doublevdsm.SAMPLING_2014,
}
TODAY = {
    "__init__.py": EMPTY,
    "vdsmd.py": """
import sys
if sys.version_info[0] == 2:
    import pthreading
    pthreading.monkey_patch()
from vdsm import report
from vdsm.storage import taskManager
from vdsm.virt import periodic

def main():
    report.main(pool=taskManager.ThreadPool,
                executor=periodic.executor.Executor,
                sampling=periodic.sampling.VMBulkstatsMonitor)
""",
    "report.py": REPORT,
    "executor.py": doublevdsm.EXECUTOR_TODAY,
    "storage/__init__.py": EMPTY,
    "storage/taskManager.py":
        "from vdsm.storage.threadPool import ThreadPool\n",
    "storage/threadPool.py": doublevdsm.POOL_TODAY,
    "virt/__init__.py": EMPTY,
    "virt/periodic.py":
        "from vdsm import executor\nfrom vdsm.virt import sampling\n",
    "virt/sampling.py": doublevdsm.SAMPLING_TODAY,
}

# In the place of the stand-ins, which their own tests are about. The pool of
# the storage subsystem is the real one.
STANDINS = {
    "virt/sampling.py":
        doublevdsm.SAMPLING_2014.replace("VDSM's", "ours"),
    "virt/bulkstats.py": doublevdsm.SAMPLING_TODAY.replace("VDSM's", "ours"),
    "executor.py": doublevdsm.EXECUTOR_TODAY.replace("VDSM's", "ours"),
}


class Host(object):
    """
    today: with VDSM as it is today, instead of that of June 2014.
    """

    def __init__(self, today):
        self._today = today
        self.root = os.path.realpath(tempfile.mkdtemp())
        self.log = self.path("var/log/vdsm.log")
        self.python = self.path("bin/python")
        self.site = self.path("lib", "python" + VERSION, "site-packages")
        self.modules = self.path("usr/share/vdsm-sampling")
        self.conf = self.path("etc/vdsm/vdsm.conf")
        for folder in "var/log", "etc/vdsm":
            os.makedirs(self.path(folder))
        self._make_python()
        self._make_vdsm()
        self._install()

    def path(self, *names):
        return os.path.join(self.root, *names)

    def remove(self):
        shutil.rmtree(self.root)

    def start(self, then=""):
        """
        Start the daemon; returns what it told. then: what it is to do before.
        """
        if os.path.exists(self.log):
            os.unlink(self.log)
        adapter = self.path("usr/share/vdsm/daemonAdapter")
        out, err = self.run(
            [adapter, "-0", "/dev/null", self.daemon], THEN=then)
        assert not err, err
        told = json.loads(out)
        with open(self.log) as stream:
            told["log"] = stream.read().splitlines()
        return told

    def run(self, command, **environment):
        """
        Return what a program writes, (out, err).
        """
        environment.update(PYTHONDONTWRITEBYTECODE="1", LC_ALL="C")
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, universal_newlines=True)
        return process.communicate()

    def program(self, path, text):
        """
        Make a program for this host's Python.
        """
        write(path, "#!%s\n%s" % (self.python, text))
        os.chmod(path, 0o755)
        return path

    def _make_python(self):
        base = getattr(sys, "real_prefix",
                       getattr(sys, "base_prefix", sys.prefix))
        executable = os.path.join(base, "bin", "python" + VERSION)
        os.makedirs(os.path.dirname(self.python))
        os.makedirs(self.site)
        if six.PY2:
            # It takes for its own library what is beside it.
            shutil.copy2(executable, self.python)
            library = os.path.join(base, "lib", "python" + VERSION)
            for name in os.listdir(library):
                if name != "site-packages":
                    os.symlink(os.path.join(library, name), self.path(
                        "lib", "python" + VERSION, name))
        else:
            os.symlink(executable, self.python)
            write(self.path("pyvenv.cfg"),
                  "home = %s\ninclude-system-site-packages = false\n"
                  % os.path.dirname(executable))
        # What our modules import, which a package would require.
        write(os.path.join(self.site, "required.pth"),
              os.path.dirname(six.__file__) + "\n")

    def _make_vdsm(self):
        share = self.path("usr/share/vdsm")
        if self._today:
            sources, folder = TODAY, os.path.join(self.site, "vdsm")
            self.daemon = self.path("usr/libexec/vdsm/vdsmd")
            self.program(
                self.daemon, "from vdsm import vdsmd\n\nvdsmd.main()\n")
        else:
            sources, folder = JUNE_2014, share
            self.daemon = os.path.join(share, "vdsm")
        for name, text in sources.items():
            if text is REPORT:
                text = REPORT.format(log=self.log)
            write(os.path.join(folder, name), text)
        if not self._today:
            self.program(self.daemon, sources["vdsm"])
        write(os.path.join(self.site, "pthreading.py"), PTHREADING)
        self.program(os.path.join(share, "daemonAdapter"),
                     ADAPTER.format(pythonpath=self._today))

    def install(self):
        make("install-data-local", pkgdatadir=self.modules,
             docdir=self.path("usr/share/doc/vdsm-sampling"),
             confdir=self.path("usr/share/doc/vdsm-sampling"),
             sysusersdir="", tmpfilesdir="",
             plugindir=self.site, vdsm_daemons=" ".join([
                 self.path("usr/share/vdsm/vdsm"), self.daemon]))

    def _install(self):
        self.install()
        for name, text in STANDINS.items():
            write(os.path.join(self.modules, "standins", name), text)
        config = os.path.join(self.modules, "vmsampling", "config.py")
        text = read(config)
        assert '"/etc/vdsm' in text
        write(config, text.replace('"/etc/vdsm', '"%s/etc/vdsm' % self.root))


class HostTest(kit.TestCase):
    """
    Changes to the host's files last for one test.
    """

    today = None

    @classmethod
    def setUpClass(cls):
        cls.host = Host(cls.today)

    @classmethod
    def tearDownClass(cls):
        cls.host.remove()

    def change(self, path, *changes):
        """
        Replace old by new in a file, or all of it; None removes it.
        """
        before = read(path) if os.path.exists(path) else None
        self.addCleanup(self._write, path, before)
        text = before
        for change in changes:
            if isinstance(change, tuple):
                self.assertIn(change[0], text)
                text = text.replace(*change)
            else:
                text = change
        self._write(path, text)

    def _write(self, path, text):
        if text is None:
            os.unlink(path)
        else:
            write(path, text)


def build_folder():
    # Where tests are run.
    folder = os.getcwd()
    return (folder if os.path.exists(os.path.join(folder, "Makefile"))
            else standins.ROOT)


def make(target, **variables):
    """
    Run make in the build folder.
    """
    environment = dict(
        (name, value) for name, value in os.environ.items()
        if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "DESTDIR"))
    command = ["make", "-C", build_folder(), target] + [
        "%s=%s" % item for item in sorted(variables.items())]
    process = subprocess.Popen(command, env=environment,
                               stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT)
    out, _ = process.communicate()
    assert process.returncode == 0, out.decode()


def read(path):
    with open(path) as stream:
        return stream.read()


def write(path, text):
    if not os.path.isdir(os.path.dirname(path)):
        os.makedirs(os.path.dirname(path))
    with open(path, "w") as stream:
        stream.write(text)
