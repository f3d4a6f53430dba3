# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What a person sees of the exporter's page, whoever serves it.
"""

from __future__ import absolute_import, division, print_function

import tools

_ROWS = """
return [...document.querySelectorAll("#list tbody")]
    .filter((body) => !body.hidden).map((body) => {
  const cell = (path) => body.querySelector(path);
  return {
    name: cell("bdi").textContent,
    state: cell(".state").textContent,
    age: cell(".age").textContent,
    cpu: cell(".cpu b").textContent,
    disk: cell(".disk b").textContent,
    net: cell(".net b").textContent,
    memory: cell(".memory b").textContent,
    points: (cell(".cpu .line").getAttribute("d") || "")
        .split(/[ML]/).length - 1,
    stuck: body.classList.contains("stuck"),
    color: getComputedStyle(cell(".state")).color,
    // Not innerText: that of rows below the screen is sometimes empty.
    why: cell(".why").hidden ? "" : cell(".why").textContent,
    more: cell(".more").hidden ? "" : cell(".more").textContent,
  };
});
"""


class PageView(object):

    def __init__(self, browser):
        self.browser = browser

    def open(self, url):
        """
        Load the page, and wait until it shows something.
        """
        self.browser.open(url)
        self.wait(lambda: self.browser.run(
            "return data !== null && !failure && !broken && "
            "[...rows.values()].every((row, n) => row.near || n)"),
            "an answer")

    def rows(self):
        """
        Return a dict for each VM that is shown, from the top.
        """
        return self.browser.run(_ROWS)

    def names(self):
        return [row["name"] for row in self.rows()]

    def row(self, name):
        """
        Return the VM's row, None if it is not shown.
        """
        return dict((row["name"], row) for row in self.rows()).get(name)

    def more(self, name):
        """
        Show, or hide, more of this VM.
        """
        number = self.names().index(name)
        self.browser.run(
            "[...document.querySelectorAll('#list tbody')]"
            ".filter((body) => !body.hidden)[arguments[0]]"
            ".querySelector('.vm').click()", number)

    def facts(self):
        """
        Return {name: text} of the head.
        """
        return self.browser.run(
            "return Object.fromEntries([...document.querySelectorAll("
            "'#facts > div')].map((box) => ["
            "box.querySelector('dt').textContent,"
            "box.querySelector('dd').innerText.split('\\n').join(' ')]))")

    def warning(self):
        """
        Return what is said if the exporter does not answer, else "".
        """
        return self.browser.run(
            "const gone = document.getElementById('gone');"
            "return gone.hidden ? '' : gone.innerText")

    def wait(self, condition, what, seconds=15):
        return tools.wait_until(condition, seconds, what)
