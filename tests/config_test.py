# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import os
import shutil
import tempfile

import mock

import kit
from vmsampling import config
from vmsampling import errors

DEFAULTS = {
    "vm_sample_interval": 15.0,
    "storage_period": 60.0,
    "workers": 4,
    "max_hung": 12,
    "timeout": 1.0,
    "stuck_after": 2.0,
    "connect": "qemu:///system",
    "metadata": "",
    "socket": "/run/vdsm-sampler/socket",
    "socket_access": "all",
    "names": "debian",
    "listen": "127.0.0.1:9177",
    "certificate": "",
    "key": "",
    "client_ca": "",
    "dump_folder": "/var/lib/vdsm-sampler",
}


class FolderTestCase(kit.TestCase):

    def setUp(self):
        super(FolderTestCase, self).setUp()
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def write(self, name, *lines):
        path = os.path.join(self.folder, name)
        if not os.path.isdir(os.path.dirname(path)):
            os.makedirs(os.path.dirname(path))
        with open(path, "wb") as stream:
            for line in lines:
                stream.write((line if isinstance(line, bytes)
                              else line.encode("utf-8")) + b"\n")
        return path

    def load(self, *lines, **kwargs):
        return config.load([self.write("my.conf", *lines)], **kwargs)

    def check_error(self, error, message, *lines, **kwargs):
        with self.assertRaises(error) as caught:
            self.load(*lines, **kwargs)
        self.assertEqual(str(caught.exception), message.format(
            os.path.join(self.folder, "my.conf")))


class ValueTest(FolderTestCase):

    def test_defaults(self):
        self.assertEqual(config.load([]), DEFAULTS)
        self.assertEqual(self.load("# nothing"), DEFAULTS)

    def test_defaults_are_in_range(self):
        for key in config.KEYS:
            if key.low is not None:
                self.assertTrue(key.low <= key.default <= key.high, key)

    def test_all_keys(self):
        self.assertEqual(self.load(
            "[vars]", "vm_sample_interval = 5", "[sampling]",
            "storage_period=120", "workers: 8", "max_hung = 3",
            "timeout = .5", "stuck_after = 1e1",
            "connect = qemu+unix:///session?socket=/run/%41/sock",
            "socket = off", "socket_access = owner",
            "dump_folder = /tmp",
            "[exporter]", "names = inovex", "listen = [::]:80",
            "certificate = /a b.pem", "key = /k", "client_ca = /c",
            "metadata = a=nova:instance/nova:flavor/@name, b={u,/}x"), {
                "vm_sample_interval": 5.0,
                "storage_period": 120.0,
                "workers": 8,
                "max_hung": 3,
                "timeout": 0.5,
                "stuck_after": 10.0,
                "connect": "qemu+unix:///session?socket=/run/%41/sock",
                "names": "inovex",
                "listen": "[::]:80",
                "certificate": "/a b.pem",
                "key": "/k",
                "client_ca": "/c",
                "metadata":
                "a=nova:instance/nova:flavor/@name, b={u,/}x",
                "socket": "off",
                "socket_access": "owner",
                "dump_folder": "/tmp"})

    def test_paths(self):
        self.assertEqual(self.load(
            "[sampling]", "socket = /run/a b/c ")["socket"], "/run/a b/c")
        for path in ("run/socket", "", "/run/\xf6", "/a\x1bb"):
            with self.assertRaises(errors.BadValue) as caught:
                self.load("[sampling]", "socket = " + path)
            self.assertIn("a path that begins with / or off",
                          str(caught.exception))

    def test_files(self):
        self.assertEqual(
            self.load("[exporter]", "certificate = ")["certificate"], "")
        for path in ("a.pem", "/\xf6", "off"):
            with self.assertRaises(errors.BadValue) as caught:
                self.load("[exporter]", "certificate = " + path)
            self.assertIn("a path that begins with /, or nothing",
                          str(caught.exception))

    def test_addresses(self):
        for address in ("localhost:80", "1.2.3.4", "", "[::1]:99999"):
            with self.assertRaises(errors.BadValue) as caught:
                self.load("[exporter]", "listen = " + address)
            self.assertIn("must be like 127.0.0.1:9177, ",
                          str(caught.exception))

    def test_types(self):
        settings = self.load("[sampling]", "workers = 8", "timeout = 2",
                             "connect = test:///default")
        for name, kind in (("workers", int), ("timeout", float),
                           ("connect", str)):
            self.assertIs(type(settings[name]), kind)

    def test_keys_of_others_are_left_alone(self):
        settings = self.load(
            "[sampling]", "enable = true", "periodic_workers = nonsense",
            "max_workers = 99", "[irs]", "workers = 7", "[vars]",
            "max_hung = x", "core_dump = %(nothing)s")
        self.assertEqual(settings, DEFAULTS)

    def test_last_one_wins_within_a_file(self):
        self.assertEqual(self.load(
            "[sampling]", "workers = 2", "[vars]", "[sampling]",
            "workers = 3")["workers"], 3)

    def test_comments(self):
        self.assertEqual(self.load(
            b"# Gr\xf6\xdfe", "; another", "[sampling]",
            "workers = 3 ; why")["workers"], 3)

    def test_given_wins(self):
        settings = self.load("[sampling]", "connect = test:///default",
                             given={"connect": ("--connect", "lxc:///")})
        self.assertEqual(settings["connect"], "lxc:///")

    def test_what_was_overridden_is_not_judged(self):
        self.assertEqual(self.load(
            "[sampling]", "connect =",
            given={"connect": ("--connect", "lxc:///")})["connect"], "lxc:///")


class OneValueTest(FolderTestCase):

    def value(self, *lines):
        return config.value(config.POOL, [self.write("my.conf", *lines)])

    def test_value(self):
        self.assertEqual(self.value("# nothing"), config.STAND_IN)
        self.assertEqual(
            self.value("[sampling]", "pool = builtin ; why"), config.BUILTIN)

    def test_default_section(self):
        self.assertEqual(
            self.value("[DEFAULT]", "pool: builtin", "[sampling]"),
            config.BUILTIN)

    def test_settings_of_the_sampler_are_without_it(self):
        self.assertEqual(self.load("[sampling]", "pool = x"), DEFAULTS)

    def test_other_keys_are_not_judged(self):
        self.assertEqual(
            self.value("[sampling]", "workers = many", "pool = builtin"),
            config.BUILTIN)


class ErrorTest(FolderTestCase):

    def test_choice(self):
        for text in "on", "", "Builtin", "builtin vdsm-sampling":
            path = self.write("my.conf", "[sampling]", "pool = " + text)
            with self.assertRaises(errors.BadValue) as caught:
                config.value(config.POOL, [path])
            self.assertEqual(
                str(caught.exception), "%s: [sampling] pool = %s: must be "
                "vdsm-sampling or builtin" % (path, text or "(empty)"))

    def check_value(self, key, text, expected):
        self.check_error(
            errors.BadValue,
            "{0}: [sampling] %s = %s: must be %s" % (
                key, text or "(empty)", expected),
            "[sampling]", "%s = %s" % (key, text))

    def test_whole_number(self):
        for text in ("abc", "", "0", "65", "-1", "4.0", "4x", "1_0", "0x4",
                     "nan", "9" * 30):
            self.check_value("workers", text, "a whole number from 1 to 64")

    def test_number(self):
        for text in ("abc", "", "nan", "inf", "-inf", "1e999", "0", "60.1",
                     "-1", "1,5", "1_0", "1s"):
            self.check_value("timeout", text, "a number from 0.1 to 60")

    def test_uri(self):
        for text in ("", "qemu:/// system", "qemu:///\x1b[2J"):
            self.check_value("connect", text,
                             "a libvirt URI such as qemu:///system")

    def test_metadata(self):
        for text, expected in (
                ("a", "LABEL=PATH, with commas between several"),
                ("a=x:b", "{{URI}}b, or one of the prefixes kubevirt, "
                 "libosinfo, nova, ovirt-tune, ovirt-vm")):
            self.check_error(
                errors.BadValue, "{0}: [exporter] metadata = %s: must be %s" %
                (text, expected), "[exporter]", "metadata = " + text)
        self.assertEqual(
            self.load("[exporter]", "metadata = a=b,", "  c=d")["metadata"],
            "a=b, c=d")

    def test_other_section(self):
        self.check_error(
            errors.BadValue, "{0}: [vars] vm_sample_interval = x: must be a "
            "number from 0.1 to 3600", "[vars]", "vm_sample_interval = x")

    def test_given(self):
        self.check_error(
            errors.BadValue, "--connect = (empty): must be a libvirt URI such "
            "as qemu:///system", given={"connect": ("--connect", "")})

    def test_no_section(self):
        self.check_error(errors.BadFile, "{0}: line 2: no [section] before it",
                         "", "workers = 4")

    def test_no_value(self):
        self.check_error(
            errors.BadFile, "{0}: line 2: neither [section] nor key = value",
            "[sampling]", "workers", "max_hung")

    def test_missing_file(self):
        with self.assertRaises(errors.BadFile) as caught:
            config.load([os.path.join(self.folder, "my.conf")])
        self.assertEqual(
            str(caught.exception), os.path.join(self.folder, "my.conf") +
            ": cannot be read: there is no such file")

    def test_unreadable_file(self):
        # A folder cannot be read by root either.
        with self.assertRaises(errors.BadFile) as caught:
            config.load([self.folder])
        self.assertEqual(str(caught.exception), self.folder +
                         ": cannot be read: Is a directory")

    def test_not_permitted(self):
        with mock.patch.object(config, "_open",
                               side_effect=IOError(13, "Permission denied")):
            self.check_error(errors.BadFile,
                             "{0}: cannot be read: Permission denied")

    def test_binary_garbage_is_one_line(self):
        with self.assertRaises(errors.BadFile) as caught:
            self.load(bytes(bytearray(range(256))))
        self.assertEqual(len(str(caught.exception).splitlines()), 1)


class OrderTest(FolderTestCase):

    def setUp(self):
        super(OrderTest, self).setUp()
        for name, value in (
                ("MAIN_FILE", self.inside(config.MAIN_FILE)),
                ("OWN_FILE", self.inside(config.OWN_FILE)),
                ("DROP_IN_DIRS", tuple(
                    self.inside(path) for path in config.DROP_IN_DIRS))):
            patch = mock.patch.object(config, name, value)
            patch.start()
            self.addCleanup(patch.stop)

    def inside(self, path):
        return os.path.join(self.folder, path.lstrip("/"))

    def say(self, path, workers):
        self.write(path, "[sampling]", "workers = %d" % workers)

    def workers(self):
        return config.load()["workers"]

    def test_no_file_at_all(self):
        self.assertEqual(config.load(), DEFAULTS)

    def test_main_file(self):
        self.say("etc/vdsm/vdsm.conf", 9)
        self.assertEqual(self.workers(), 9)

    def test_drop_in_wins_over_main_file(self):
        self.say("etc/vdsm/vdsm.conf", 9)
        self.say("usr/lib/vdsm/vdsm.conf.d/00-first.conf", 10)
        self.assertEqual(self.workers(), 10)

    def test_base_names_decide_across_folders(self):
        self.say("usr/lib/vdsm/vdsm.conf.d/90-z.conf", 10)
        self.say("etc/vdsm/vdsm.conf.d/10-a.conf", 11)
        self.say("run/vdsm/vdsm.conf.d/50-m.conf", 12)
        self.assertEqual(self.workers(), 10)

    def test_equal_base_names(self):
        self.say("usr/lib/vdsm/vdsm.conf.d/50.conf", 10)
        self.assertEqual(self.workers(), 10)
        self.say("run/vdsm/vdsm.conf.d/50.conf", 11)
        self.assertEqual(self.workers(), 11)
        self.say("etc/vdsm/vdsm.conf.d/50.conf", 12)
        self.assertEqual(self.workers(), 12)

    def test_only_conf(self):
        self.say("etc/vdsm/vdsm.conf.d/50.conf.rpmsave", 10)
        self.say("etc/vdsm/vdsm.conf.d/README", 11)
        self.assertEqual(self.workers(), 4)

    def test_keys_of_several_files_add_up(self):
        self.say("etc/vdsm/vdsm.conf", 9)
        self.write("etc/vdsm/vdsm.conf.d/50.conf", "[sampling]",
                   "max_hung = 3")
        settings = config.load()
        self.assertEqual((settings["workers"], settings["max_hung"]), (9, 3))

    def test_own_file_wins(self):
        self.say("etc/vdsm-sampler.conf", 5)
        self.assertEqual(self.workers(), 5)
        self.say("etc/vdsm/vdsm.conf", 9)
        self.say("etc/vdsm/vdsm.conf.d/zz.conf", 10)
        self.assertEqual(self.workers(), 5)
        self.assertEqual(config.files(), [self.inside(path) for path in (
            "/etc/vdsm/vdsm.conf", "/etc/vdsm/vdsm.conf.d/zz.conf",
            "/etc/vdsm-sampler.conf")])

    def test_given_files_replace_all(self):
        self.say("etc/vdsm/vdsm.conf", 9)
        self.assertEqual(config.load([])["workers"], 4)

    def test_broken_drop_in_is_named(self):
        path = self.write("etc/vdsm/vdsm.conf.d/50.conf", "nonsense")
        with self.assertRaises(errors.BadFile) as caught:
            config.load()
        self.assertTrue(str(caught.exception).startswith(path + ": line 1:"))

    def test_dangling_link_is_an_error(self):
        path = self.write("etc/vdsm/other", "")
        os.symlink("nowhere", os.path.join(os.path.dirname(path),
                                           "vdsm.conf"))
        with self.assertRaises(errors.BadFile):
            config.load()


class NumberTest(kit.TestCase):

    def test_without_upper_limit(self):
        self.assertEqual(config.number("--rounds", "7", 1, whole=True), 7)
        with self.assertRaises(errors.BadValue) as caught:
            config.number("--rounds", "0", 1, whole=True)
        self.assertEqual(str(caught.exception),
                         "--rounds = 0: must be a whole number not below 1")
