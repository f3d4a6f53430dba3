# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
A disk's counters in one question.

libvirt-python's blockStatsFlags() asks twice: how many counters there are,
and for the counters. libvirtd asks the QEMU both times. The C function needs
no first question where there is room for all that may come, so it is called
past the binding, but with the binding's own library and domain. Where that
is not possible the binding is asked.
"""

from __future__ import absolute_import, division, print_function

import ctypes
import logging

import libvirt

log = logging.getLogger("vmsampling.blockstats")

# The most that the protocol carries. QEMU has eight.
_ROOM = 16

_FIELD_LENGTH = 80

_NUMBERS = frozenset((
    libvirt.VIR_TYPED_PARAM_LLONG, libvirt.VIR_TYPED_PARAM_ULLONG))


class Parameter(ctypes.Structure):
    """
    libvirt's virTypedParameter, whose value is a union of eight bytes.
    """

    _fields_ = [
        ("field", ctypes.c_char * _FIELD_LENGTH),
        ("type", ctypes.c_int),
        ("value", ctypes.c_longlong),
    ]


class Asker(object):
    """
    Called with a virDomain and the name of a disk's target, returns {name of
    the counter: number}. Raises libvirtError. Thread: any.
    """

    def __init__(self):
        # The C function, and the one that gets its domain out of the
        # binding's; False if there are none. None before the first question.
        # Set by any thread, all to the same.
        self._functions = None

    def __call__(self, virt_domain, disk):
        if self._functions is None:
            self._functions = _find_functions()
        pointer = self._functions and self._pointer(virt_domain)
        if not pointer:
            return virt_domain.blockStatsFlags(disk, 0)
        name = disk if isinstance(disk, bytes) else disk.encode("utf-8")
        parameters = (Parameter * _ROOM)()
        count = ctypes.c_int(_ROOM)
        if self._functions[0](
                pointer, name, parameters, ctypes.byref(count), 0) < 0:
            # Takes the text and the code from the library.
            raise libvirt.libvirtError("virDomainBlockStatsFlags() failed")
        return dict((_native(parameter.field), parameter.value)
                    for parameter in parameters[:count.value]
                    if parameter.type in _NUMBERS)

    def _pointer(self, virt_domain):
        try:
            return self._functions[1](virt_domain._o, b"virDomainPtr")
        except (AttributeError, ValueError):
            # Not a domain of the binding as we know it.
            return None


def _find_functions():
    try:
        ask = ctypes.CDLL(libvirt.libvirtmod.__file__).virDomainBlockStatsFlags
        get_pointer = ctypes.PYFUNCTYPE(
            ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
                ("PyCapsule_GetPointer", ctypes.pythonapi))
    except (AttributeError, EnvironmentError) as e:
        log.debug("asking for counters twice: %s", e)
        return False
    ask.argtypes = (
        ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(Parameter),
        ctypes.POINTER(ctypes.c_int), ctypes.c_uint)
    return ask, get_pointer


def _native(name):
    return name if str is bytes else name.decode("ascii", "replace")


ask = Asker()
