# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Who holds the job of a VM, so that others wait for it.

No call of libvirt's tells, but three things do without any: the file in which
libvirtd writes down long jobs, such as a migration; the error of a call that
has waited for the job in vain; and a question of our own that hangs, which
holds it itself.
"""

from __future__ import absolute_import, division, print_function

import re

import libvirt

# In any language that libvirtd speaks.
_HOLDER = re.compile(r"\b(?:monitor|agent)=(\w+)")

# A long job with which libvirtd knows nothing of the progress.
_INCOMING = "migration in"


class Job(object):
    """
    What is known of one VM's job.
    """

    def __init__(self):
        # The long job that libvirtd has written down, as words; None if there
        # is none. Set by the task that reads the files.
        self.long = None
        # Whether those files can be read. The same.
        self.visible = False
        # The API that held the job for so long that a call of ours failed.
        # Set by the VM's own task, which forgets it with the next full answer.
        self.api = None

    @property
    def has_progress(self):
        """
        Whether there is a job of which libvirtd can tell how far it is. None
        if that is not known.
        """
        if not self.visible:
            return None
        words = self.long or ""
        return bool(words) and _INCOMING not in words

    def see_error(self, error):
        """
        A call of ours has failed with this libvirtError.
        """
        if error.get_error_code() == libvirt.VIR_ERR_OPERATION_TIMEOUT:
            found = _HOLDER.findall(str(error))
            if found:
                self.api = ", ".join(found)

    def holder(self, question):
        """
        Return who holds the job as text, None if that is not known.

        question: the VM's question.Question under way, or None.
        """
        own = question and question.job_held()
        if own:
            return "vdsm-sampler: " + own
        return self.long or self.api


class File(object):
    """
    Looks at what libvirtd has written down of one VM's job.
    """

    def __init__(self, sight, domain):
        self._sight = sight
        self._domain = domain
        # Of the file when it was last read.
        self._stamp = None

    def look(self):
        """
        Thread: one at a time.
        """
        job, name = self._domain.job, self._domain.name
        stamp = self._sight.job_stamp(name)
        if stamp != self._stamp or stamp is None:
            self._stamp = stamp
            job.long = self._sight.job(name) if stamp else None
            job.visible = stamp is not None
