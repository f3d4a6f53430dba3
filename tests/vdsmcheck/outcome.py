# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Both runs side by side, and what has changed between them.
"""

from __future__ import absolute_import, division, print_function


class Comparison(object):
    """
    plain, ours: module -> trial.Result.
    exempt: test -> why it may fail with ours.

    Lists for people, each of (test, plain, with ours, why):

    lost: passes plain and not with ours. Any of these is a failure.
    exempted: the same, but it tests what is replaced.
    unsteady: passes plain, and with ours at the second try only.
    gained: passes with ours only.
    troubled: a whole module that did not run to its end plain.
    """

    def __init__(self, plain, ours, exempt):
        self.lost = []
        self.exempted = []
        self.unsteady = []
        self.gained = []
        self.troubled = []
        self._exempt = exempt
        # Exempt, and passes both ways: it may have had its time.
        self.needless = []
        for module in plain:
            self._compare(module, plain[module], ours[module])

    def _compare(self, module, plain, ours):
        for test, (first, why) in sorted(ours.unsteady.items()):
            if plain.tests.get(test, ("", ""))[0] == "passed":
                self.unsteady.append((test, "passed", first, why))
        for test in sorted(set(plain.tests) | set(ours.tests)):
            before = plain.tests.get(test, ("not run", ""))
            after = ours.tests.get(test, ("not run", ""))
            if before[0] == after[0]:
                if test in self._exempt and after[0] == "passed":
                    self.needless.append(test)
                continue
            if before[0] != "passed":
                if after[0] == "passed":
                    self.gained.append((test, before[0], after[0], before[1]))
            elif test in self._exempt:
                self.exempted.append(
                    (test, before[0], after[0], self._exempt[test]))
            else:
                self.lost.append((test, before[0], after[0], after[1]))
        if plain.trouble or ours.trouble:
            entries = self.troubled if plain.trouble else self.lost
            entries.append((module, plain.trouble or "ended",
                            ours.trouble or "ended", ""))


_NAMES = ("passed", "failed", "skipped", "s")


def table(modules, plain, ours):
    """
    Yield lines: a row for each module, and their sums.
    """
    width = max([len("test module")] + [len(module) for module in modules])
    row = "%%-%ds %%s   %%s" % width
    cells = "%6s %6s %7s %6s"
    names = cells % _NAMES
    yield row % ("", "plain".center(len(names)).rstrip().ljust(len(names)),
                 "standing in".center(len(names)).rstrip())
    yield row % ("test module", names, names)
    for module in modules:
        yield row % (module, cells % _counts([plain[module]]),
                     cells % _counts([ours[module]]))
    yield row % ("all", cells % _counts(plain.values()),
                 cells % _counts(ours.values()))


def _counts(results):
    return tuple(
        sum(result.count(name) for result in results)
        for name in _NAMES[:3]) + (
            "%.1f" % sum(result.seconds for result in results),)


def differences(comparison):
    """
    Yield lines.
    """
    for title, entries in (
            ("Lost with ours:", comparison.lost),
            ("Lost with ours, but not at a second try:", comparison.unsteady),
            ("Exempt, since what they test is replaced:",
             comparison.exempted),
            ("Passed with ours only:", comparison.gained),
            ("Not run to the end plain:", comparison.troubled)):
        if entries:
            yield ""
            yield title
        for test, before, after, why in entries:
            yield "  %s: %s, now %s" % (test, before, after)
            if why:
                yield "      %s" % why
    for test in comparison.needless:
        yield ""
        yield "Exempt without need: %s" % test
