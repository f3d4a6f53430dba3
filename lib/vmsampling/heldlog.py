# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Log records that wait until nobody draws on the terminal any more.
"""

from __future__ import absolute_import, division, print_function

import collections
import contextlib
import logging

# The last ones; more than that nobody reads afterwards.
_MAX_RECORDS = 500


class _Holder(logging.Handler):

    def __init__(self):
        super(_Holder, self).__init__()
        self.records = collections.deque(maxlen=_MAX_RECORDS)

    def emit(self, record):
        self.records.append(record)


@contextlib.contextmanager
def held(is_terminal):
    """
    Keep the records of the root logger from its handlers until this is over,
    if they go to a terminal.
    """
    if not is_terminal:
        yield
        return
    root = logging.getLogger()
    handlers = list(root.handlers)
    holder = _Holder()
    root.addHandler(holder)
    for handler in handlers:
        root.removeHandler(handler)
    try:
        yield
    finally:
        for handler in handlers:
            root.addHandler(handler)
        root.removeHandler(holder)
        for record in list(holder.records):
            root.handle(record)
