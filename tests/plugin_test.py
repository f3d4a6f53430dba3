# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The plugin on its whole path: installed beside a double of VDSM, whose daemon
is started as VDSM's is.
"""

from __future__ import absolute_import, division, print_function

import os

import six

import daemonhost


class DaemonTest(daemonhost.HostTest):

    def configure(self, *lines):
        self.change(self.host.conf, "\n".join(lines) + "\n")

    def standin(self, name):
        return os.path.join(self.host.modules, "standins", name)

    def hook(self):
        return os.path.join(self.host.site, "vdsm_sampling_hook.py")

    def check_all(self, whose, told=None):
        told = told or self.host.start()
        self.assertEqual(
            [told[name] for name in self.classes],
            [whose] * len(self.classes), told["log"])
        return told

    def check_off(self, *log):
        """
        The daemon is as without us, but for these lines in its log.
        """
        told = self.check_all("VDSM's")
        self.assertNotIn(self.host.modules, told["path"])
        self.assertEqual(told["log"], list(log))

    def check_one_stays(self, *words):
        """
        The pool is VDSM's, and a line of the log says why; the rest is ours.
        """
        told = self.host.start()
        self.assertEqual(
            [told[name] for name in self.classes],
            ["VDSM's"] + ["ours"] * (len(self.classes) - 1))
        self.assertEqual(len(told["log"]), len(self.classes))
        stays = [line for line in told["log"] if line.startswith("WARNING")]
        self.assertEqual(len(stays), 1)
        self.assertTrue(stays[0].startswith(
            "WARNING vdsm-sampling %s stays VDSM's own: " % self.pool))
        for word in words:
            self.assertIn(word, stays[0])
        return told


class Tests(object):

    # What the daemon tells of.
    classes = ()
    # The storage pool's module, and its file in VDSM.
    pool = None
    pool_file = None

    def test_on(self):
        told = self.check_all("ours")
        self.assertEqual(len(told["log"]), len(self.classes))
        for line in told["log"]:
            self.assertIn("is replaced by", line)
            self.assertTrue(line.startswith("INFO vdsm-sampling "), line)
        # Names like ours stay those of others.
        self.assertEqual(told["path"][-1], self.host.modules)

    def test_on_as_configured(self):
        self.configure("[vars]", "[sampling]", "pool = vdsm-sampling",
                       "workers = many")
        self.check_all("ours")

    def test_off_as_configured(self):
        self.configure("[sampling]", "pool = builtin")
        self.check_off("INFO vdsm-sampling off: [sampling] pool = builtin")

    def test_off_as_configured_in_a_drop_in(self):
        self.change(self.host.path("etc/vdsm/vdsm.conf.d/50-off.conf"),
                    "[sampling]\npool = builtin\n")
        self.check_off("INFO vdsm-sampling off: [sampling] pool = builtin")

    def test_configured_wrongly(self):
        self.configure("[sampling]", "pool = off")
        self.check_off(
            "WARNING vdsm-sampling off: %s: [sampling] pool = off: must be "
            "vdsm-sampling or builtin" % self.host.conf)

    def test_configuration_that_nobody_understands(self):
        self.configure("pool = builtin")
        self.check_off("WARNING vdsm-sampling off: %s: line 1: no [section] "
                       "before it" % self.host.conf)

    def test_configuration_is_read_late(self):
        # Not before a module of the table is asked for.
        self.change(self.host.daemon, (
            "from vdsm import vdsmd\n" if self.today else
            "import storage.taskManager\n",
            "open(%r, 'w').write('[sampling]\\npool = builtin\\n')\n%s" % (
                self.host.conf, "from vdsm import vdsmd\n" if self.today
                else "import storage.taskManager\n")))
        self.addCleanup(os.unlink, self.host.conf)
        self.check_off("INFO vdsm-sampling off: [sampling] pool = builtin")

    def test_without_the_hook(self):
        self.change(self.hook(), None)
        self.check_off()

    def test_without_the_pth(self):
        # As VDSM is without us.
        self.change(os.path.join(self.host.site, "vdsm-sampling.pth"), None)
        self.check_off()

    def test_broken_hook(self):
        for text in ("def", "raise ValueError()", "\0"):
            self.change(self.hook(), text)
            self.check_off()

    def test_no_proc(self):
        self.change(self.hook(), ("/proc/self/cmdline", "/nowhere"))
        self.check_off()

    def test_moved(self):
        os.rename(self.host.modules, self.host.modules + "-old")
        self.addCleanup(
            os.rename, self.host.modules + "-old", self.host.modules)
        error = ("No module named plugin" if six.PY2
                 else "No module named 'plugin'")
        self.check_off("WARNING vdsm-sampling off: the finder does not load "
                       "from %s: %s" % (self.host.modules, error))

    def test_broken_finder(self):
        self.check_broken("plugin/finder.py")

    def test_broken_table(self):
        self.check_broken("compat/vdsm.py")

    def check_broken(self, name):
        path = os.path.join(self.host.modules, name)
        self.change(path, daemonhost.read(path) + "\nraise IOError(5)\n")
        self.check_off("WARNING vdsm-sampling off: the finder does not load "
                       "from %s: 5" % self.host.modules)

    def test_broken_standin(self):
        for text, words in (
                ("def", ("SyntaxError", )),
                ("import logging\nimport no_such_module",
                 ("ImportError" if six.PY2 else "ModuleNotFoundError",
                  "no_such_module")),
                ("ThreadPool = 1\nraise ValueError('a\\nb')",
                 ("ValueError: a b", )),
                ("ThreadPool, = ()", ("ValueError", )),
                ("class Pool(object): pass",
                 ("ImportError: it has no ThreadPool", ))):
            self.change(self.standin("storage/threadPool.py"), text)
            told = self.check_one_stays(
                self.standin("storage/threadPool.py"), *words)
            self.assertNotIn("threadpool.storage", told["loaded"])

    def test_missing_standin(self):
        path = self.standin("storage/threadPool.py")
        self.change(path, None)
        self.check_one_stays(path, "No such file")

    def test_what_a_package_would_require_is_missing(self):
        self.change(os.path.join(self.host.site, "required.pth"), "# none")
        self.check_off("WARNING vdsm-sampling off: %s" % (
            "ImportError: No module named six" if six.PY2 else
            "ModuleNotFoundError: No module named 'six'"))

    def test_unknown_vdsm(self):
        self.change(self.pool_file, ("def getNextTask", "def getTask"))
        told = self.check_one_stays(
            "nothing fits it", "there is no ThreadPool.getNextTask")
        self.assertNotIn("threadpool.storage", told["loaded"])

    def test_broken_vdsm(self):
        # Its own failure stays what it was.
        self.change(self.pool_file, "raise KeyError('of VDSM')")
        out, err = self.host.run([self.host.daemon])
        self.assertEqual(out, "")
        self.assertIn("KeyError: 'of VDSM'", err)

    def test_own_module_is_as_without_us(self):
        self.change(self.standin("storage/threadPool.py"), "mark = 1\ndef")
        told = self.host.start("""
import inspect, sys
module = sys.modules[%r]
told["names"] = sorted(vars(module))
told["file"] = module.__file__
told["source"] = inspect.getsource(module.ThreadPool)
spec = vars(module).get("__spec__")
told["spec"] = spec and (spec.name, spec.origin, repr(type(spec.loader)))
told["loader"] = repr(type(getattr(module, "__loader__", None)))
""" % self.pool)
        self.change(os.path.join(self.host.site, "vdsm-sampling.pth"), None)
        without = self.host.start("""
import sys
module = sys.modules[%r]
told["names"] = sorted(vars(module))
spec = vars(module).get("__spec__")
told["spec"] = spec and (spec.name, spec.origin, repr(type(spec.loader)))
told["loader"] = repr(type(getattr(module, "__loader__", None)))
""" % self.pool)
        self.assertEqual(told["file"], self.pool_file)
        self.assertIn("whose = \"VDSM's\"", told["source"])
        for key in "names", "spec", "loader":
            self.assertEqual(told[key], without[key])

    def test_ways_to_use_a_module(self):
        told = self.host.start("""
import inspect, pickle, sys, traceback
import {pool} as one
from {package} import threadPool as two
module = sys.modules["{pool}"]
assert one is two is module, (one, two, module)
assert module.__name__ == "{pool}"
pool = module.ThreadPool
assert pickle.loads(pickle.dumps(pool)) is pool
told["file"] = module.__file__
told["source"] = inspect.getsource(module)
if sys.version_info[0] == 2:
    again = reload(module)
else:
    import importlib
    again = importlib.reload(module)
assert again is module and again.ThreadPool is not pool
try:
    again.ThreadPool(*("name", -1)["vdsm" not in "{pool}":])
except ValueError:
    told["traceback"] = traceback.format_exc()
""".format(pool=self.pool, package=self.pool.rpartition(".")[0]))
        path = self.standin("storage/threadPool.py")
        self.assertEqual(told["file"], path)
        self.assertEqual(told["source"], daemonhost.read(path))
        self.assertIn('File "%s", line' % path, told["traceback"])
        self.assertEqual(len(told["log"]), len(self.classes) + 1)


class TestToday(Tests, DaemonTest):

    today = True
    classes = ("pool", "executor", "sampling")
    pool = "vdsm.storage.threadPool"

    @property
    def pool_file(self):
        return os.path.join(self.host.site, "vdsm/storage/threadPool.py")

    def test_monitor_in_vdsms_module(self):
        told = self.host.start("""
import sys
from vdsm.virt import bulkstats, sampling
monitor = sampling.VMBulkstatsMonitor
assert monitor is bulkstats.VMBulkstatsMonitor
told["builtin"] = monitor.builtin.whose
told["files"] = sampling.__file__, bulkstats.__file__
told["names"] = sorted(vars(sampling))
if sys.version_info[0] > 2:
    import importlib
    loader = sampling.__spec__.loader
    assert loader is sampling.__loader__
    assert type(loader) is importlib.machinery.SourceFileLoader, loader
    reload = importlib.reload
reload(sampling)
assert sampling.VMBulkstatsMonitor.builtin.whose == told["builtin"]
assert sampling.VMBulkstatsMonitor is bulkstats.VMBulkstatsMonitor
""")
        self.assertEqual(told["builtin"], "VDSM's")
        self.assertEqual(told["files"], [
            os.path.join(self.host.site, "vdsm/virt/sampling.py"),
            self.standin("virt/bulkstats.py")])
        self.assertIn("stats_cache", told["names"])

    def test_broken_monitor(self):
        path = self.standin("virt/bulkstats.py")
        for text, word in (
                ("def", "SyntaxError"),
                ("from vdsm.virt import sampling\n"
                 "assert sampling.stats_cache\n"
                 "import no_such_module", "no_such_module"),
                ("x = 1", "it has no VMBulkstatsMonitor")):
            self.change(path, text)
            told = self.host.start()
            self.assertEqual(
                (told["pool"], told["executor"], told["sampling"]),
                ("ours", "ours", "VDSM's"))
            self.assertIn(word, told["log"][-1])
            self.assertIn("vdsm.virt.sampling stays VDSM's own: " + path,
                          told["log"][-1])

    def test_not_beside_vdsm_when_off(self):
        self.configure("[sampling]", "pool = builtin")
        told = self.host.start("""
try:
    import vdsm.virt.bulkstats
except ImportError as e:
    told["error"] = str(e)
""")
        self.assertIn("bulkstats", told["error"])

    def test_patched_vdsm(self):
        # Our patches do what the plugin does.
        folder = os.path.dirname(self.pool_file)
        own = os.path.join(folder, "../virt/sampling.py")
        self.change(own, daemonhost.read(own) + """
from vdsm.virt import bulkstats
bulkstats.VMBulkstatsMonitor.builtin = VMBulkstatsMonitor
VMBulkstatsMonitor = bulkstats.VMBulkstatsMonitor
""")
        self.change(os.path.join(folder, "../virt/bulkstats.py"),
                    "class VMBulkstatsMonitor(object):\n"
                    "    whose = 'the patches'\n")
        self.change(self.pool_file, (
            "class ThreadPool", "class Named(object):\n    pass\n\n\n"
            "class ThreadPool"))
        told = self.host.start("""
import sys
told["builtin"] = sys.modules[
    "vdsm.virt.sampling"].VMBulkstatsMonitor.builtin.whose
""")
        self.assertEqual(told["sampling"], "the patches")
        self.assertEqual(told["builtin"], "VDSM's")
        self.assertIn("there is a Named", told["log"][0])
        self.assertIn("VMBulkstatsMonitor is replaced already",
                      told["log"][-1])

    def test_no_source(self):
        folder = os.path.dirname(self.pool_file)
        source = os.path.join(folder, "threadPool.py")
        compiled = source + "c"
        self.host.run([self.host.python, "-c", (
            "import py_compile; py_compile.compile(%r, %r)" % (
                source, compiled))])
        self.addCleanup(os.unlink, compiled)
        self.change(source, None)
        self.check_one_stays("its source is not there")


# The daemon of June 2014 is for Python 2 only.
if six.PY2:
    class TestJune2014(Tests, DaemonTest):

        today = False
        classes = ("pool", "sampling")
        pool = "storage.threadPool"

        @property
        def pool_file(self):
            return self.host.path("usr/share/vdsm/storage/threadPool.py")

        def test_ways_to_use_sampling(self):
            self.host.start("""
import virt.sampling as one
from virt import sampling as two
from virt import vm
assert one is two is vm.sampling
""")
