# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import kit
import snapshots
from vmsampling import keys
from vmsampling import screen
from vmsampling import spans


class TestCase(kit.TestCase):

    def setUp(self):
        super(TestCase, self).setUp()
        self.screen = screen.Screen()
        self.vms = [snapshots.vm("%02d" % n, rates={"cpu.time": 1e9 - n})
                    for n in range(50)]
        self.show()

    def show(self, **changes):
        self.screen.show(snapshots.figures(*self.vms, **changes))

    def draw(self, rows=24, columns=79):
        return self.screen.draw(rows, columns)

    def texts(self, rows=24, columns=79):
        return [spans.plain(line) for line in self.draw(rows, columns)]

    def press(self, *names):
        """
        As a user does: each key after a look.
        """
        for name in names:
            self.draw()
            asked = self.screen.press(name)
        self.draw()
        return asked

    def selected(self):
        for line in self.draw():
            if line and line[0][1] in (spans.SELECTED, spans.SELECTED_STUCK):
                return spans.plain(line).split()[0]
        return None


class ListTest(TestCase):

    def test_move(self):
        for name, expected in (
                ("down", "01"), ("j", "02"), ("up", "01"), ("k", "00"),
                ("up", "00"), ("pagedown", "20"), ("end", "49"),
                ("down", "49"), ("pageup", "29"), ("home", "00"),
                ("G", "49"), ("g", "00")):
            self.press(name)
            self.assertEqual(self.selected(), expected)

    def test_selection_stays_on_its_vm(self):
        self.press("down", "down")
        self.vms[2]["rates"]["cpu.time"] = 1.0
        self.show()
        self.assertEqual(self.selected(), "02")
        self.assertIn("02", self.texts()[-2])

    def test_first_row_is_selected_until_the_user_moves(self):
        self.press("R")
        self.assertEqual(self.selected(), "49")
        self.press("down", "R")
        self.assertEqual(self.selected(), "48")
        self.press("home", "R")
        self.assertEqual(self.selected(), "49")

    def test_vm_that_leaves(self):
        self.press("down", "down")
        del self.vms[2]
        # The others have other UUIDs in this test; they have names as well.
        self.show()
        self.assertIsNotNone(self.selected())

    def test_last_vm_leaves(self):
        self.press("end")
        figures = snapshots.figures(*self.vms)
        del figures.snapshot["vms"]["49"]
        self.screen.show(figures)
        self.assertEqual(self.selected(), "48")

    def test_all_leave_and_return(self):
        self.vms, vms = [], self.vms
        self.show()
        self.press("down", "enter", "end")
        self.assertIsNone(self.selected())
        self.vms = vms
        self.show()
        self.assertEqual(self.selected(), "00")

    def test_sort(self):
        for key, order in (("M", "mem"), ("D", "disk"), ("N", "net"),
                           ("T", "stuck"), ("A", "age"), ("P", "cpu"),
                           (">", "steal"), ("right", "mem"), ("<", "steal"),
                           ("left", "cpu")):
            self.press(key)
            self.assertIn("  sorted by %s  " % order, self.texts()[0])

    def test_reverse(self):
        self.press("R")
        self.assertIn("sorted by cpu, backwards", self.texts()[0])
        self.assertTrue(self.texts()[3].startswith("49"))
        self.press("M")
        self.assertNotIn("backwards", self.texts()[0])

    def test_trends(self):
        titles = []
        for _ in range(4):
            titles.append(self.texts()[2].split())
            self.press("t")
        self.assertIn("CPU", titles[0])
        self.assertIn("DISK", titles[1])
        self.assertNotIn("CPU", titles[2])
        self.assertEqual(titles[0], titles[3])

    def test_what_is_asked_of_the_terminal(self):
        self.assertEqual(self.press("q"), screen.QUIT)
        self.assertEqual(self.press("f10"), screen.QUIT)
        self.assertEqual(self.press("ctrl-z"), screen.SUSPEND)
        self.assertEqual(self.press("ctrl-l"), screen.REDRAW)

    def test_unknown_keys_do_nothing(self):
        before = self.texts()
        self.press("x", "tab", u"\u673a", "delete", "ctrl-x", "esc")
        self.assertEqual(self.texts(), before)


class FilterTest(TestCase):

    def test_typed(self):
        self.press("/", "4", "x", "backspace")
        self.assertIn("Show names with: 4_", self.texts()[-1])
        self.press("enter")
        self.assertIn("shown 14 ", self.texts()[1])
        self.assertEqual(self.selected(), "04")
        # The keys have their meaning again.
        self.assertEqual(self.press("q"), screen.QUIT)
        self.press("esc")
        self.assertIn("F1", self.texts()[-1])

    def test_given_up(self):
        self.press("f4", "4", "esc")
        self.assertNotIn("shown", self.texts()[1])

    def test_letters_are_no_commands(self):
        self.assertIsNone(self.press("/", "q", "space", "P"))
        self.assertIn("q P_", self.texts()[-1])
        self.press("ctrl-u")
        self.assertIn("with: _", self.texts()[-1])
        self.assertEqual(self.press("f10"), screen.QUIT)

    def test_arrows_end_it(self):
        self.press("/", "4", "down")
        self.assertEqual(self.selected(), "14")

    def test_endless(self):
        self.press("/", *"x" * 300)
        for line in self.draw():
            self.assertLessEqual(spans.width(line), 79)


class PauseTest(TestCase):

    def test_figures_stand_still_and_go_on(self):
        self.press("p")
        self.vms[0]["rates"]["cpu.time"] = 7.5e9
        self.vms[0] = dict(self.vms[0], rates={"cpu.time": 7.5e9})
        self.screen.show(snapshots.figures(*self.vms, round=8, time=60.0))
        before = self.texts()
        self.assertIn("PAUSED", before[0])
        self.show(round=9)
        self.assertEqual(self.texts(), before)
        self.press("space")
        self.assertNotIn("PAUSED", self.texts()[0])
        self.assertIn("750.0", self.texts()[3])

    def test_trends_stand_still(self):
        values = [1.0]
        self.screen.show(snapshots.figures(*self.vms)._replace(
            trends=lambda uuid: {
                "cpu": list(values), "disk": [], "net": []}))
        self.press("p")
        before = self.texts()
        values.append(0.0)
        self.assertEqual(self.texts(), before)
        self.press("down")
        self.press("up")
        self.assertEqual(self.texts(), before)


class PageTest(TestCase):

    def test_details_and_back(self):
        self.press("down", "enter")
        self.assertTrue(self.texts()[0].startswith("01  running"))
        self.press("right")
        self.assertTrue(self.texts()[0].startswith("02  running"))
        self.press("left", "left", "left")
        self.assertTrue(self.texts()[0].startswith("00  running"))
        self.assertIsNone(self.press("q"))
        self.assertEqual(self.selected(), "00")

    def test_scroll(self):
        self.press("l")
        top = self.texts(10)
        self.screen.press("pagedown")
        self.assertNotEqual(self.texts(10)[0], top[0])
        self.screen.press("home")
        self.assertEqual(self.texts(10), top)
        self.screen.press("end")
        bottom = self.texts(10)
        self.screen.press("down")
        self.assertEqual(self.texts(10), bottom)

    def test_vm_leaves_while_it_is_read(self):
        self.press("enter")
        figures = snapshots.figures(*self.vms)
        del figures.snapshot["vms"]["0"]
        self.screen.show(figures)
        self.assertIn("not there any more", self.texts()[0])
        self.press("q")
        self.assertEqual(self.selected(), "01")

    def test_help(self):
        for key in ("h", "?", "f1"):
            self.press(key)
            self.assertIn("All VMs", self.texts()[0])
            self.press("esc")
            self.assertIn("VMs 50", self.texts()[1])

    def test_help_has_each_key(self):
        self.press("h")
        found = "\n".join(self.texts(100))
        for binding in keys.LIST:
            for key in binding.keys:
                self.assertIn(keys.shown(key), found)

    def test_paused_page(self):
        self.press("enter", "p")
        self.assertIn("PAUSED", self.texts()[-1])


class AnythingTest(TestCase):

    def test_any_keys_in_any_window(self):
        rng = kit.rng("screen")
        names = sorted(set(
            key for binding in keys.LIST + keys.PAGE for key in binding.keys))
        names += [u"\u673a", "x", "backspace", "ctrl-u"]
        for n in range(200):
            rows, columns = rng.randrange(1, 40), rng.randrange(1, 140)
            lines = self.screen.draw(rows, columns)
            self.assertLessEqual(len(lines), rows)
            for line in lines:
                self.assertLessEqual(spans.width(line), columns)
            for _ in range(rng.randrange(3)):
                self.screen.press(rng.choice(names))
            if not n % 10:
                self.vms = [
                    (snapshots.stuck if rng.random() < 0.1 else snapshots.vm)(
                        snapshots.name(rng)) for _ in range(rng.randrange(40))]
                self.show(round=n)
