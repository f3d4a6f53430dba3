# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The settings: one table of keys, and how their values are found.

The files are VDSM's own, read in VDSM's order, so that one place configures
both; then one of ours, for hosts without VDSM. Only the keys of the table are
ours to read; all others, known to VDSM or not, are left alone::

    settings = config.load()                    # VDSM's files, and ours
    settings = config.load(["my.conf"])         # this file instead of them
    settings = config.load(given={"connect": ("--connect", uri)})
    settings["workers"]

Whatever is wrong raises an error whose text is one line for the user.
"""

from __future__ import absolute_import, division, print_function

import collections
import errno
import glob
import io
import os
import re

import six
from six.moves import configparser

from vmsampling import errors
from vmsampling import metadata
from vmsampling import vocabulary
from vmsampling import webaddress

# The type of a value is the type of its default. The range holds for numbers
# only, words are one of choices or a URI. The unit is for people; files and
# options hold plain numbers.
#
# check: called with a text, raises a ValueError that says what is expected.
Key = collections.namedtuple(
    "Key", "section name unit default low high meaning choices check")
Key.__new__.__defaults__ = (None, None)

# What pool may be: our modules stand in for VDSM's, or VDSM's own are used.
STAND_IN = "vdsm-sampling"
BUILTIN = "builtin"

# What a path may be instead, and what it is made of.
OFF = "off"
_PATH = re.compile(r"[ -~]+$")


def _check_path(text):
    text = text.strip()
    if text != OFF and not (os.path.isabs(text) and _PATH.match(text)):
        raise ValueError("a path that begins with / or " + OFF)


def _check_file(text):
    text = text.strip()
    if text and not (os.path.isabs(text) and _PATH.match(text)):
        raise ValueError("a path that begins with /, or nothing")


KEYS = (
    Key("vars", "vm_sample_interval", "s", 15.0, 0.1, 3600.0,
        "time between two rounds of sampling in a service"),
    Key("sampling", "storage_period", "s", 60.0, 1.0, 86400.0,
        "time between two looks at the images of a VM's disks"),
    Key("sampling", "workers", "", 4, 1, 64,
        "threads that ask VMs while no call hangs; at most max_hung"),
    # Every hung call also holds one of libvirtd's workers, 20 by default,
    # until its QEMU answers: other clients need the rest.
    Key("sampling", "max_hung", "", 12, 1, 200,
        "calls that may hang in QEMUs at the same time, those in flight "
        "included; each holds one of libvirtd's workers, of which it has 20 "
        "by default"),
    Key("sampling", "timeout", "s", 1.0, 0.1, 60.0,
        "the most that a call may take before it is late; at most half a "
        "period is used"),
    Key("sampling", "stuck_after", "s", 2.0, 0.0, 3600.0,
        "time that a call is late, or a VM's control interface occupied, "
        "before it is shown as stuck"),
    Key("sampling", "connect", "", "qemu:///system", None, None,
        "URI of the libvirt that is sampled"),
    Key("sampling", "socket", "", "/run/vdsm-sampler/socket", None, None,
        "where a service gives its samples to other commands; its folder is "
        "made if the one above that is there; off: nowhere",
        check=_check_path),
    Key("sampling", "socket_access", "", "all", None, None,
        "who may read them there: everybody, as with libvirt's read-only "
        "socket, or the group or the user of the service",
        ("all", "group", "owner")),
    Key("sampling", "dump_folder", "", "/var/lib/vdsm-sampler", None, None,
        "where a service writes its last minutes when a VM gets stuck; it is "
        "made if the one above is there; off: nowhere", check=_check_path),
    Key("exporter", "listen", "", "127.0.0.1:9177", None, None,
        "address in figures and port of the exporter; without an address, all "
        "of this host",
        check=webaddress.check),
    Key("exporter", "certificate", "", "", None, None,
        "PEM file of its certificate and those up to a root; empty: no TLS",
        check=_check_file),
    Key("exporter", "key", "", "", None, None,
        "PEM file of the key to it, without a password; empty: in the same "
        "file",
        check=_check_file),
    Key("exporter", "client_ca", "", "", None, None,
        "PEM file of who signs the certificates that clients need; empty: "
        "they need none", check=_check_file),
    Key("exporter", "names", "", vocabulary.NAMES[0], None, None,
        "the exporter whose names the metrics have, see doc/metrics.md",
        vocabulary.NAMES),
    Key("exporter", "metadata", "", "", None, None,
        "what is shown of the VMs' <metadata>, as LABEL=PATH, with commas "
        "between several",
        check=metadata.parse),
)

# Those that are arguments of sampler.Sampler.
_SAMPLER = ("connect", "workers", "max_hung", "timeout", "stuck_after",
            "storage_period", "metadata")

# Not a setting of the sampler, but of who puts it into VDSM.
POOL = Key(
    "sampling", "pool", "", STAND_IN, None, None,
    "inside VDSM: whose thread pools and sampling it uses",
    (STAND_IN, BUILTIN))
ALL = KEYS + (POOL,)

# VDSM's. Later directories win where a file has the same name in several.
MAIN_FILE = "/etc/vdsm/vdsm.conf"
DROP_IN_DIRS = (
    "/usr/lib/vdsm/vdsm.conf.d",
    "/run/vdsm/vdsm.conf.d",
    "/etc/vdsm/vdsm.conf.d",
)

# Ours, which wins over them.
OWN_FILE = "/etc/vdsm-sampler.conf"

# A sign that is not of ASCII must be percent-encoded.
_URI = re.compile(r"[!-~]+$")
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}$")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$")


def load(paths=None, given=None):
    """
    Return the value of each of KEYS by its name.

    The files of paths must exist; without paths the files of VDSM and ours
    are read, as far as there are any. given maps the name of a key to (where,
    text): what the user said elsewhere, for example in an option; it wins.
    """
    texts = _texts(paths)
    texts.update(given or {})
    return dict((key.name, _value(key, texts)) for key in KEYS)


def value(key, paths=None):
    """
    Return the value of one of ALL; mistakes in the others do not matter.
    """
    return _value(key, _texts(paths))


def of_sampler(settings):
    """
    Return those of the settings that sampler.Sampler takes as arguments.
    """
    return dict((name, settings[name]) for name in _SAMPLER)


def key(name):
    """
    Return the row of the table that has this name.
    """
    return next(key for key in KEYS if key.name == name)


def number(where, text, low, high=None, whole=False):
    """
    Return text as a number of this range; where names it to the user.
    """
    if (_WHOLE if whole else _NUMBER).match(text):
        value = int(text) if whole else float(text)
        if low <= value and (high is None or value <= high):
            return value
    raise errors.BadValue(where, text, "a %s %s" % (
        "whole number" if whole else "number",
        "from %g to %g" % (low, high) if high is not None
        else "not below %g" % low))


def files(paths=None):
    """
    Return the files that load(paths) reads, those that win last.
    """
    if paths is not None:
        return paths
    own = [OWN_FILE] if os.path.lexists(OWN_FILE) else []
    return drop_in_order() + own


def drop_in_order():
    """
    Return the files of VDSM that exist, those that win last.
    """
    found = []
    for rank, folder in enumerate(DROP_IN_DIRS):
        for path in glob.glob(os.path.join(folder, "*.conf")):
            found.append((os.path.basename(path), rank, path))
    main = [MAIN_FILE] if os.path.lexists(MAIN_FILE) else []
    return main + [path for _, _, path in sorted(found)]


def _texts(paths):
    texts = {}
    for path in files(paths):
        texts.update(_read(path))
    return texts


def _value(key, texts):
    if key.name not in texts:
        return key.default
    where, text = texts[key.name]
    if key.choices:
        if text.strip() not in key.choices:
            raise errors.BadValue(where, text, " or ".join(key.choices))
        return text.strip()
    if key.check:
        # A list may be on several lines.
        text = " ".join(text.split())
        try:
            key.check(text)
        except ValueError as e:
            raise errors.BadValue(where, text, str(e))
        return text
    if isinstance(key.default, str):
        if not _URI.match(text.strip()):
            raise errors.BadValue(
                where, text, "a libvirt URI such as " + key.default)
        return text.strip()
    whole = isinstance(key.default, int)
    return number(where, text.strip(), key.low, key.high, whole)


def _read(path):
    """
    Return what one file says of our keys: name -> (where, text).
    """
    parser = parse(path)
    texts = {}
    for key in ALL:
        if parser.has_option(key.section, key.name):
            where = "%s: [%s] %s" % (path, key.section, key.name)
            texts[key.name] = (where, parser.get(key.section, key.name))
    return texts


def parse(path):
    """
    Return a parser that has read this file. Raises BadFile.
    """
    parser = _parser()
    try:
        with _open(path) as stream:
            # Python 3 renamed the method and later removed the old name.
            getattr(parser, "read_file", getattr(parser, "readfp", None))(
                stream)
    except EnvironmentError as e:
        raise errors.BadFile(path, "cannot be read: " + _reason(e))
    except configparser.Error as e:
        raise errors.BadFile(path, _syntax(e))
    return parser


def _parser():
    # No interpolation: VDSM's values may hold a %. What Python 2.7 always
    # does, last one wins and " ;" begins a comment, Python 3 must be asked.
    if six.PY2:
        return configparser.RawConfigParser()
    return configparser.RawConfigParser(
        strict=False, inline_comment_prefixes=(";",))


def _open(path):
    # Comments may be in any encoding. On Python 2.7 a string is bytes.
    if six.PY2:
        return open(path)
    return io.open(path, encoding="utf-8", errors="replace")


def _reason(error):
    if error.errno == errno.ENOENT:
        return "there is no such file"
    return error.strerror or str(error)


def _syntax(error):
    # Some of the parser's errors list several lines, some name one, and
    # their texts differ between versions and have line breaks.
    line = getattr(error, "lineno", None)
    if line is None and getattr(error, "errors", None):
        line = error.errors[0][0]
    if line is None:
        return " ".join(str(error).split())
    if isinstance(error, configparser.MissingSectionHeaderError):
        return "line %d: no [section] before it" % line
    return "line %d: neither [section] nor key = value" % line
