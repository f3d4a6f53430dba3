# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
When a question to a VM is late: what its questions usually take, and some
patience.

It is the retransmission timer of TCP (RFC 6298) with other limits: the mean
plus four times the mean deviation, both smoothed. A VM that answers in 6 ms
and then hangs is known to be late after 0.1 seconds, not after one; a VM that
is always slow is given its time.
"""

from __future__ import absolute_import, division, print_function

# Seconds. On a busy host a VM that is well takes as long now and then.
LEAST = 0.1

# RFC 6298, section 2.
_MEAN_GAIN = 1 / 8
_DEVIATION_GAIN = 1 / 4
_DEVIATIONS = 4


class Deadline(object):
    """
    Of one VM. Thread: that of the VM's question, but for seconds().
    """

    def __init__(self):
        # None before the first answer in time.
        self._mean = None
        self._deviation = None
        # Grows with each answer that is late, until one is not.
        self._backoff = 1

    def seconds(self, most):
        """
        Return the deadline of the next question, from its start; most: the
        longest. Thread: any.
        """
        # Set together by one thread; between the two another one may see
        # the old deviation with the new mean, which does no harm.
        mean, deviation = self._mean, self._deviation
        if deviation is None:
            return most
        return min(max(mean + _DEVIATIONS * deviation, LEAST) *
                   self._backoff, most)

    def answered(self, took, late):
        """
        A question took so many seconds, and was late or not.
        """
        if late:
            # How long it hung says nothing of what is usual, but what is
            # late again and again is not hung (section 5.5).
            self._backoff *= 2
            return
        self._backoff = 1
        if self._mean is None:
            self._mean = took
            self._deviation = took / 2
        else:
            error = took - self._mean
            self._deviation += _DEVIATION_GAIN * (
                abs(error) - self._deviation)
            self._mean += _MEAN_GAIN * error
