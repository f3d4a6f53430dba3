# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Snapshots as lines of text, for a socket or a file: one JSON object a line.

Who reads them checks that they are what they should be, since a file is
whatever its owner wrote.
"""

from __future__ import absolute_import, division, print_function

import collections
import json
import sys

import six

from vmsampling import output

# Of the first line on a socket. Another number: lines that readers of this
# one do not understand.
PROTOCOL = 1

_NONE = (type(None),)
_NUMBER = six.integer_types + (float,)
_TEXT = (six.text_type,)

# Of a shape: what may be absent or null, and a list of the one kind in it.
_Maybe = collections.namedtuple("_Maybe", "shape")
_Series = collections.namedtuple("_Series", "shape")

# What the readers of a snapshot take for granted. A tuple: types; a
# dictionary: some of the keys that there must be; a list: a dictionary whose
# values are all of the one kind in it.
_SPAN = _Maybe(_NUMBER)
_WORDS = _Maybe(_TEXT)
_STUCK = {
    "call": _WORDS,
    "why": _WORDS,
    "seconds": _SPAN,
    "late": _SPAN,
    "kernel": _Maybe((dict,)),
}
_VM = {
    "name": _TEXT,
    "state": _TEXT + _NONE,
    "age": [_NUMBER + _NONE],
    "stuck": (dict,) + _NONE,
    "holder": _WORDS,
    "stats": (dict,),
    "rates": [_NUMBER + _NONE],
    "storage": _Maybe({
        "groups": _Maybe(_Series(_TEXT)),
        "canary": _WORDS,
        "why": _WORDS,
    }),
}
_HOST = {
    "age": _NUMBER,
    "load": _Maybe(_Series(_NUMBER + _NONE)),
    "memory": _Maybe([_NUMBER]),
    "rates": {
        "busy": _SPAN,
        "pressure": _Maybe([{"some": _SPAN}]),
    },
}
_AGES = {"host": _NUMBER + _NONE, "monitor": _NUMBER + _NONE,
         "storage": _NUMBER + _NONE}
_SNAPSHOT = {
    "time": _NUMBER,
    "round": _NUMBER,
    "elapsed": _NUMBER + _NONE,
    "threads": _NUMBER,
    "pool": {"free": _NUMBER, "late": _NUMBER},
    "budget": {"hung": _NUMBER, "max_hung": _NUMBER},
    "vms": [_VM],
    "period": _SPAN,
    "host": _Maybe(_HOST),
    "hung": _Maybe(_Series({"seconds": _SPAN, "late": _SPAN})),
    "pools": _Maybe([{"age": _SPAN}]),
    "server": _Maybe({"age": _SPAN}),
    "source": _Maybe({"text": _WORDS}),
}
_GREETING = {"vdsm-sampler": _NUMBER}
_WELCOME = {"pid": _NUMBER, "period": _NUMBER, "uri": _TEXT}

# Seconds; what is longer is no period, and poll() cannot wait for it.
_LONGEST_PERIOD = 86400

# Python tells no time of day that is farther away, in seconds from 1970.
_LAST_TIME = 1e11


def greeting(uri, period, pid):
    """
    Return the first line of a service that samples this URI.
    """
    return _line({"vdsm-sampler": PROTOCOL, "uri": uri, "period": period,
                  "pid": pid})


def refusal(reason):
    """
    Return the only line for a client that gets nothing.
    """
    return _line({"vdsm-sampler": PROTOCOL, "refused": reason})


def line(snapshot):
    """
    Return one snapshot as bytes with a line break.

    In parts, since the encoder lets no other thread run meanwhile.
    """
    parts = dict(snapshot)
    vms = parts.pop("vms")
    head = output.json_line(parts)[:-1]
    vms = ["%s: %s" % (output.json_line(uuid), output.json_line(vm))
           for uuid, vm in sorted(vms.items())]
    return ('%s, "vms": {%s}}\n' % (head, ", ".join(vms))).encode("ascii")


def read_greeting(data):
    """
    Return what greeting() or refusal() was given, as a dictionary. Raises
    ValueError.
    """
    found = _parse(data)
    _check(found, _GREETING, "")
    if found["vdsm-sampler"] != PROTOCOL:
        raise ValueError("it speaks version %r of our protocol, we %d" % (
            found["vdsm-sampler"], PROTOCOL))
    if "refused" not in found:
        _check(found, _WELCOME, "")
        if not 0 < found["period"] <= _LONGEST_PERIOD:
            raise ValueError("period is %r" % found["period"])
    return found


def read_snapshot(data):
    """
    Return the snapshot of a line. Raises ValueError.
    """
    found = read_object(data)
    check_snapshot(found)
    return found


def read_served(data):
    """
    The same for a line of a service, which tells when it was taken.
    """
    found = read_snapshot(data)
    _check(found, {"monotonic": _NUMBER, "period": _NUMBER}, "")
    return found


def read_object(data):
    """
    Return the JSON object of a line. Raises ValueError.
    """
    found = _parse(data)
    if not isinstance(found, dict):
        raise ValueError("no JSON object")
    return found


def check_snapshot(found):
    """
    Raise ValueError unless this is what readers of snapshots can show.
    """
    _check(found, _SNAPSHOT, "")
    for uuid, vm in found["vms"].items():
        _check(vm["age"], _AGES, "vms/%s/age/" % uuid)
        _check(vm["stuck"] or {}, _STUCK, "vms/%s/stuck/" % uuid)
    check_time(found["time"])


def check_time(found):
    """
    Raise ValueError unless this is a time of day that people can be told.
    """
    if not isinstance(found, _NUMBER) or not 0 <= found < _LAST_TIME:
        raise ValueError("time is %r" % (found,))


def _line(data):
    return (output.json_line(data) + "\n").encode("ascii")


def _parse(data):
    try:
        return json.loads(data.decode("utf-8"), parse_constant=_no_constant)
    except ValueError:
        # The decoder's own words count columns of a line that nobody sees.
        raise ValueError("no JSON")
    except RuntimeError:
        # The decoder was led deeper than Python's stack goes.
        raise ValueError("no JSON that is of us")


def _no_constant(name):
    raise ValueError(name)


def _check(found, shape, where):
    """
    where: path of this part, for people.
    """
    if isinstance(shape, _Series):
        if not isinstance(found, list):
            raise ValueError("%s is no list" % where[:-1])
        for number, inner in enumerate(found):
            _check(inner, shape.shape, "%s%d/" % (where, number))
        return
    if isinstance(shape, tuple):
        if not isinstance(found, shape) or (
                isinstance(found, _NUMBER) and
                not abs(found) <= sys.float_info.max):
            raise ValueError("%s is not what it should be" % where[:-1])
        return
    if not isinstance(found, dict):
        raise ValueError("%s is no object" % (where[:-1] or "the line"))
    if isinstance(shape, list):
        shape = dict.fromkeys(found, shape[0])
    for key in sorted(shape):
        inner = shape[key]
        if isinstance(inner, _Maybe):
            if found.get(key) is None:
                continue
            inner = inner.shape
        if key not in found:
            raise ValueError("there is no %s%s" % (where, key))
        _check(found[key], inner, "%s%s/" % (where, key))
