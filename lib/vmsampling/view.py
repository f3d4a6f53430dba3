# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What a reader sees of the VMs: plain data, copied from the history.

No reader ever calls libvirt.
"""

from __future__ import absolute_import, division, print_function

from vmsampling import history as _history
from vmsampling import rates
from vmsampling import reasons

# The later ones win where they have fields in common. The counters of the
# storage tier are those of the monitor tier, only older.
_PRECEDENCE = (_history.HOST, _history.STORAGE, _history.DETAIL,
               _history.MONITOR, _history.JOB)
_RATED = (_history.HOST, _history.MONITOR)

# Before all samples.
_NEVER = float("-inf")

# What is shown of the pool's evidence, see Executor.stuck().
_EVIDENCE = ("call", "seconds", "late", "thread", "native_id", "stack",
             "kernel", "since")


def vm(domain, samples, stuck, storage, now, patience):
    """
    Return one VM's part of a snapshot.

    samples: as History.samples() returns them.
    stuck: as stuck() returns it, or None.
    storage: as Storage.describe() returns it.
    now: monotonic time.
    patience: seconds; a VM whose monitor tier is older does not answer.
    """
    stand_ins = _stand_ins(samples, now, patience)
    stats = dict(domain.devices.limits) if domain.devices else {}
    for tier in _PRECEDENCE + stand_ins:
        if tier in samples:
            stats.update(samples[tier][-1].fields)
    if _history.PROCESS in samples:
        # Nobody else has them.
        stats.update(item for item in
                     samples[_history.PROCESS][-1].fields.items()
                     if item[0].startswith("pressure."))
    found = {}
    for tier in _RATED + stand_ins:
        found.update(rates.rates(samples.get(tier, ())))
    return {
        "name": domain.name,
        "state": domain.state,
        "reason": reasons.word(stats),
        "about": domain.about,
        "age": dict((tier, _age(samples.get(tier), now))
                    for tier in _history.TIERS),
        "stuck": stuck,
        "partial": _is_partial(samples),
        "holder": domain.job.holder(domain.question),
        "storage": storage,
        "stats": stats,
        "rates": found,
    }


def stuck(entry, domain, answers, now):
    """
    Return the evidence of a VM that is stuck; None if it is not the VM that
    this entry of Executor.stuck() tells of.

    The libvirt call and its time stand instead of those of the task, which
    may have made other calls before.

    answers: whether libvirtd does. If not, a call that waits for libvirtd
        alone says nothing of the VM.
    """
    call = domain and domain.question and domain.question.under_way
    if call is None or not (call.of_vm or answers):
        return None
    found = evidence(entry)
    found.update(call=call.text, seconds=now - call.since)
    return found


def held(found, now):
    """
    Return the evidence of a VM that is not asked.

    found: process.Held.
    """
    shown = dict.fromkeys(_EVIDENCE)
    shown.update(
        call="not asked", why=found.why, seconds=now - found.since,
        kernel=found.kernel)
    return shown


def evidence(entry):
    """
    Return what is shown of an entry of Executor.stuck().
    """
    found = dict((name, entry[name]) for name in _EVIDENCE)
    found["why"] = None
    return found


def _stand_ins(samples, now, patience):
    """
    Return what is shown instead of the monitor tier, as far as it goes; the
    later ones win.
    """
    newest = dict((tier, samples[tier][-1].time) for tier in samples)
    answered = newest.get(_history.MONITOR, _NEVER)
    found = {}
    if newest.get(_history.PARTIAL, answered) > answered:
        # What libvirt says wins, as everywhere, until that is older than the
        # other by more than a round.
        found[_history.PARTIAL] = newest[_history.PARTIAL] + patience
    if newest.get(_history.PROCESS, answered) > answered < now - patience:
        found[_history.PROCESS] = newest[_history.PROCESS]
    return tuple(sorted(found, key=found.get))


def _is_partial(samples):
    """
    Return whether the last answer came from libvirtd alone, since the job of
    the VM was held; None before the first.
    """
    times = [samples[tier][-1].time if tier in samples else _NEVER
             for tier in (_history.PARTIAL, _history.MONITOR)]
    return None if max(times) == _NEVER else times[0] > times[1]


def _age(samples, now):
    return max(now - samples[-1].time, 0.0) if samples else None
