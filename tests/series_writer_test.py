# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
From a checkout of VDSM to patches, and back into one with git am.
"""

from __future__ import absolute_import, division, print_function

import io
import os
import shutil
import subprocess
import sys
import tempfile

import kit
import vdsmtrees
from compat import vdsm as table
from series import errors
from series import messages
from series import plan
from series import sources
from series import writer

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class SeriesTest(kit.TestCase):

    def setUp(self):
        super(SeriesTest, self).setUp()
        self.folder = os.path.realpath(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.vdsm = self.path("vdsm")
        self.out = self.path("out")
        self.ours = self.path("ours")
        os.mkdir(self.ours)
        vdsmtrees.write(self.ours, vdsmtrees.OURS)
        self.environment(vdsmtrees.ENVIRONMENT)

    def environment(self, environment):
        saved = dict(os.environ)

        def restore():
            os.environ.clear()
            os.environ.update(saved)
        self.addCleanup(restore)
        os.environ.clear()
        os.environ.update(environment)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, root=None):
        return writer.write(root or self.ours, self.vdsm, self.out)[1]

    def taken(self):
        """
        Return a clone of the checkout that has taken the series.
        """
        clone = self.path("clone")
        vdsmtrees.git(self.folder, "clone", "-q", self.vdsm, clone)
        vdsmtrees.git(clone, "am", "-q", *[
            os.path.join(self.out, name)
            for name in sorted(os.listdir(self.out))
            if name.endswith(".patch")])
        return clone

    def read(self, *path):
        with io.open(os.path.join(*path), encoding="utf-8") as f:
            return f.read()


class TableTest(kit.TestCase):

    def test_each_standin_has_its_place_and_message(self):
        files = set(row.file for row in table.ROWS)
        self.assertEqual(set(file for file, _ in plan.STANDINS), files)
        self.assertEqual(set(messages.STANDINS), files)
        self.assertEqual(set(messages.PACKAGES), set(sources.PACKAGES))

    def test_messages_are_as_vdsm_wants_them(self):
        for message in [messages.BUILD, messages.BUILD_PYTHON_2,
                        messages.SETTINGS] + list(
                            messages.PACKAGES.values()) + list(
                                messages.STANDINS.values()):
            subject, empty, body = message.split("\n", 2)
            self.assertLessEqual(len(subject), 50, subject)
            self.assertEqual(empty, "")
            for line in body.splitlines():
                self.assertLessEqual(len(line), 72, line)


class EraTest(SeriesTest):

    def subjects(self, clone):
        return vdsmtrees.git(
            clone, "log", "--reverse", "--format=%s").splitlines()[1:]

    def changed(self, clone):
        """
        Return the paths that each patch adds, changes and removes.
        """
        return [sorted(part.split()) for part in vdsmtrees.git(
            clone, "log", "--reverse", "--format=%x40", "--name-only",
            "--no-renames", "HEAD").split("@\n")][2:]

    def test_june_2014(self):
        vdsmtrees.commit(self.vdsm, vdsmtrees.JUNE_2014)
        self.write()
        clone = self.taken()
        self.assertEqual([s.split(":")[0] for s in self.subjects(clone)], [
            "build", "compat", "threadpool", "storage", "config",
            "vmsampling", "virt"])
        changed = self.changed(clone)
        self.assertEqual(changed[0], [
            "configure.ac", "debian/control", "vdsm.spec.in"])
        self.assertEqual(changed[2], [
            "configure.ac", "debian/vdsm.install", "tests/Makefile.am",
            "tests/kit.py", "tests/threadpoolExecutorTests.py",
            "vdsm.spec.in", "vdsm/Makefile.am",
            "vdsm/threadpool/Makefile.am", "vdsm/threadpool/__init__.py",
            "vdsm/threadpool/executor.py"])
        self.assertEqual(changed[3], [
            "tests/Makefile.am", "tests/standins.py",
            "tests/vdsmThreadpoolTests.py", "vdsm/storage/threadPool.py"])
        self.assertEqual(changed[4], ["lib/vdsm/config.py.in"])
        # The command stays here, and so do its tests and those of our tree.
        self.assertEqual(changed[5], [
            "configure.ac", "debian/vdsm.install", "tests/Makefile.am",
            "tests/vmsamplingSamplerTests.py", "vdsm.spec.in",
            "vdsm/Makefile.am", "vdsm/vmsampling/Makefile.am",
            "vdsm/vmsampling/__init__.py", "vdsm/vmsampling/sampler.py"])
        self.assertEqual(changed[6], ["vdsm/virt/sampling.py"])
        # As it is here: it is imported from the daemon's own folder.
        self.assertEqual(self.read(clone, "vdsm/virt/sampling.py"),
                         vdsmtrees.OURS["vdsm/virt/sampling.py"])
        self.assertIn(
            "import threadpoolExecutorTests as executor_test\n",
            self.read(clone, "tests/vmsamplingSamplerTests.py"))

    def test_today(self):
        vdsmtrees.commit(self.vdsm, vdsmtrees.TODAY)
        self.write()
        clone = self.taken()
        self.assertEqual([s.split(":")[0] for s in self.subjects(clone)], [
            "build", "compat", "threadpool", "storage", "executor", "config",
            "vmsampling", "virt"])
        changed = self.changed(clone)
        self.assertEqual(changed[2], [
            "configure.ac", "lib/vdsm/Makefile.am",
            "lib/vdsm/threadpool/Makefile.am",
            "lib/vdsm/threadpool/__init__.py",
            "lib/vdsm/threadpool/executor.py", "pyproject.toml",
            "tests/Makefile.am", "tests/sampling/__init__.py",
            "tests/sampling/executor_test.py", "tests/sampling/kit.py",
            "vdsm.spec.in"])
        self.assertEqual(changed[7], [
            "lib/vdsm/virt/bulkstats.py", "lib/vdsm/virt/sampling.py",
            "pyproject.toml", "tests/virt/bulk_sampling_test.py"])
        self.assertEqual(
            self.read(clone, "lib/vdsm/threadpool/executor.py"),
            "from vdsm.compat import futures\n")
        self.assertEqual(
            self.read(clone, "tests/sampling/sampler_test.py"),
            "from . import executor_test\nfrom . import kit\n"
            "from vdsm.vmsampling import sampler\n")
        sampling = self.read(clone, "lib/vdsm/virt/sampling.py")
        self.assertIn("\nfrom vdsm.virt import bulkstats\n", sampling)
        self.assertIn(
            "\nclass VMBulkstatsMonitor(bulkstats.VMBulkstatsMonitor):\n"
            "    builtin = BuiltinVMBulkstatsMonitor\n", sampling)
        # Its tests are those of what is fallen back on.
        self.assertEqual(
            self.read(clone, "tests/virt/bulk_sampling_test.py"),
            vdsmtrees.TODAY["tests/virt/bulk_sampling_test.py"].replace(
                "VMBulk", "BuiltinVMBulk"))

    def test_what_is_packaged(self):
        vdsmtrees.commit(self.vdsm, vdsmtrees.TODAY)
        self.write()
        clone = self.taken()
        self.assertIn(
            "extend-exclude = '''\n^/(\n    lib/vdsm/compat/\n"
            "  | lib/vdsm/threadpool/\n  | tests/sampling/\n"
            "  | lib/vdsm/storage/threadPool\\.py$\n",
            self.read(clone, "pyproject.toml"))
        self.assertIn("%{python3_sitelib}/%{vdsm_name}/vmsampling/\n",
                      self.read(clone, "vdsm.spec.in"))
        names = {}
        exec(self.read(clone, "lib/vdsm/common/config.py.in"), names)
        sampling = dict(names["parameters"])["sampling"]
        self.assertIn(("max_hung", "12"), [key[:2] for key in sampling])
        self.assertEqual(sampling[0][0], "enable")

    def test_our_own_tree(self):
        # Whatever it grows to: the patches apply, and what they add compiles.
        vdsmtrees.commit(self.vdsm, vdsmtrees.TODAY)
        self.write(ROOT)
        clone = self.taken()
        added = vdsmtrees.git(
            clone, "diff", "--name-only", "--diff-filter=A",
            self.head(), "HEAD").split()
        self.assertIn("lib/vdsm/threadpool/executor.py", added)
        for path in added:
            if path.endswith(".py"):
                text = self.read(clone, path)
                compile(text.encode("utf-8"), path, "exec")
                for package in ("threadpool", "compat", "vmsampling"):
                    self.assertNotIn("\nfrom %s import" % package, text)

    def head(self):
        return vdsmtrees.git(self.vdsm, "rev-parse", "HEAD").strip()


class WriterTest(SeriesTest):

    def setUp(self):
        super(WriterTest, self).setUp()
        vdsmtrees.commit(self.vdsm, vdsmtrees.TODAY)

    def refused(self, error, *words):
        with self.assertRaises(error) as caught:
            self.write()
        text = str(caught.exception)
        for word in words:
            self.assertIn(word, text)
        self.assertNotIn("\n", text)
        # Nothing is left behind.
        self.assertFalse(os.path.exists(self.out) and os.listdir(self.out))

    def test_same_input_same_patches(self):
        def patches():
            self.write()
            found = [(name, self.read(self.out, name))
                     for name in sorted(os.listdir(self.out))]
            shutil.rmtree(self.out)
            return found
        before = patches()
        # No setting of the user has a part in it.
        with open(self.path("config"), "w") as f:
            f.write("[diff]\n\tnoprefix = true\n\tcontext = 1\n"
                    "[format]\n\tsignature = mine\n\tnumbered = true\n"
                    "[commit]\n\tgpgSign = true\n"
                    "[core]\n\tautocrlf = true\n")
        os.environ["GIT_CONFIG_GLOBAL"] = self.path("config")
        self.assertEqual(patches(), before)
        self.assertIn("\nDate: Mon, 23 Jun 2014 10:57:54 +0000\n",
                      before[0][1])

    def test_author(self):
        name = self.write()[0]
        self.assertIn("\nFrom: A <a@invalid>\n", self.read(self.out, name))
        shutil.rmtree(self.out)
        # The user's git knows no name, as on a machine for tests.
        del os.environ["GIT_AUTHOR_NAME"]
        self.write()
        self.assertIn("\nFrom: vdsm-sampling developers "
                      "<vdsm-sampling@localhost.invalid>\n",
                      self.read(self.out, name))

    def test_cover(self):
        names = self.write()
        self.assertEqual(names[-1], "README")
        text = self.read(self.out, "README")
        self.assertIn("vdsm-sampling 1.2.3", text)
        self.assertIn("git am out/*.patch", text)
        self.assertIn("0001-build-Require-six.patch", text)

    def test_checkout_is_left_alone(self):
        def everything():
            # Not their times: git sets that of an object that it meets again.
            found = {}
            for folder, _, names in os.walk(self.vdsm):
                found[folder] = None
                for name in names:
                    path = os.path.join(folder, name)
                    with open(path, "rb") as f:
                        found[path] = f.read()
            return found
        before = everything()
        self.write()
        after = everything()
        self.assertEqual([path for path in sorted(set(before) | set(after))
                          if before.get(path) != after.get(path)], [])

    def test_shallow_checkout(self):
        whole = self.path("whole")
        os.rename(self.vdsm, whole)
        vdsmtrees.write(whole, {"NEWS": "new\n"})
        vdsmtrees.git(whole, "add", "NEWS")
        vdsmtrees.git(whole, "commit", "-q", "-m", "news")
        vdsmtrees.git(self.folder, "clone", "-q", "--depth=1",
                      "file://" + whole, self.vdsm)
        self.write()
        self.taken()

    def test_part_of_another_checkout(self):
        self.vdsm = os.path.join(self.vdsm, "lib")
        self.refused(errors.NoCheckout, self.vdsm, "not the top")

    def test_no_such_folder(self):
        self.vdsm = self.path("nowhere")
        self.refused(errors.NoCheckout, "nowhere", "no such folder")

    def test_no_checkout(self):
        self.vdsm = self.path("empty")
        os.mkdir(self.vdsm)
        self.refused(errors.NoCheckout, "empty", "no git checkout")

    def test_no_git(self):
        os.environ["PATH"] = self.folder
        self.refused(errors.NoCheckout, "No such file")

    def test_dirty(self):
        for number in range(5):
            vdsmtrees.write(self.vdsm, {"new-%d" % number: ""})
        self.refused(errors.Dirty, "new-0, new-1, new-2 and 2 more")

    def test_changed(self):
        vdsmtrees.write(self.vdsm, {"configure.ac": ""})
        self.refused(errors.Dirty, "not committed: configure.ac;")

    def change(self, files):
        vdsmtrees.write(self.vdsm, files)
        vdsmtrees.git(self.vdsm, "add", "--all")
        vdsmtrees.git(self.vdsm, "commit", "-q", "-m", "change")

    def test_something_else(self):
        vdsmtrees.git(self.vdsm, "rm", "-q", "-r", "lib")
        self.change({})
        self.refused(errors.UnknownTree, "vdsm/storage/threadPool.py")

    def test_module_that_no_row_fits(self):
        path = "lib/vdsm/executor.py"
        self.change({path: self.read(self.vdsm, path).replace(
            "def start", "def begin")})
        self.refused(errors.UnknownTree, "vdsm.executor: ",
                     "there is a Executor.begin")

    def test_tree_that_has_taken_a_series(self):
        self.write()
        self.vdsm = self.taken()
        shutil.rmtree(self.out)
        self.refused(errors.UnknownTree, "lib/vdsm/threadpool already")

    def test_modules_in_two_places(self):
        path = "vdsm/storage/threadPool.py"
        self.change({path: vdsmtrees.JUNE_2014[path]})
        self.refused(errors.UnknownTree, "different places")

    def test_python_2(self):
        self.change({"configure.ac": "AM_PATH_PYTHON([2.6])\n"})
        self.refused(errors.UnknownTree, "Python 3")

    def test_file_that_is_not_as_expected(self):
        self.change({"vdsm.spec.in": "\n"})
        self.refused(errors.NotFound, "vdsm.spec.in: there is no Requires")

    def test_file_that_is_there_already(self):
        self.change({"lib/vdsm/compat/__init__.py": ""})
        self.refused(errors.NotFound, "lib/vdsm/compat/__init__.py: ",
                     "already")

    def test_file_that_is_missing(self):
        vdsmtrees.git(self.vdsm, "rm", "-q", "lib/vdsm/Makefile.am")
        self.change({})
        self.refused(errors.NotFound, "lib/vdsm/Makefile.am: ", "no such")

    def test_output_of_before(self):
        os.mkdir(self.out)
        self.assertTrue(self.write())
        with self.assertRaises(errors.BadOutput) as caught:
            self.write()
        self.assertIn("out: is not empty", str(caught.exception))

    def test_output_is_a_file(self):
        vdsmtrees.write(self.folder, {"out": ""})
        with self.assertRaises(errors.BadOutput) as caught:
            self.write()
        self.assertIn("out: is no folder", str(caught.exception))

    def test_output_that_cannot_be_written(self):
        # As root may write everywhere.
        self.out = "/proc/out"
        with self.assertRaises(errors.BadOutput) as caught:
            self.write()
        self.assertIn("/proc/out: ", str(caught.exception))

    def test_output_in_no_folder(self):
        self.out = self.path("no/out")
        self.refused(errors.BadOutput, "there is no folder")


class ScriptTest(SeriesTest):

    def run_script(self, *args):
        process = subprocess.Popen(
            (sys.executable, os.path.join(ROOT, "build-aux/write-series")) +
            args, cwd=self.folder, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        out, err = process.communicate()
        return process.returncode, out.decode("utf-8"), err.decode("utf-8")

    def test_patches(self):
        vdsmtrees.commit(self.vdsm, vdsmtrees.JUNE_2014)
        status, out, err = self.run_script("vdsm")
        self.assertEqual((status, err), (0, ""))
        commit = vdsmtrees.git(self.vdsm, "rev-parse", "HEAD")[:12]
        self.out = self.path("series-" + commit)
        self.assertEqual(sorted(out.split()), [
            "series-%s/%s" % (commit, name)
            for name in sorted(os.listdir(self.out))])
        self.taken()

    def test_error(self):
        status, out, err = self.run_script("nowhere", "out")
        self.assertEqual((status, out, err), (
            2, "", "series: nowhere: there is no such folder\n"))
