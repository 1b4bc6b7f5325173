#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check an HTML report without a browser: report_page.py PAGE.html RESULTS.db

Well-formed, loads nothing, all links lead to something, every chart has a drawing and data of the same number of lines, and
its numbers are those of the database. Prints one line for each check.
"""
import html.parser
import json
import re
import sqlite3
import sys

VOID = {"meta", "br", "img", "input", "hr", "link"}


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.ids, self.links, self.loads, self.wrong = [], [], [], [], []
        self.data, self.text, self.figures, self.lines, self.heads = "", "", 0, {}, []
        self.figure = self.tag = None

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if "id" in values:
            self.ids.append(values["id"])
        if tag == "a":
            self.links.append(values["href"])
        if tag in ("img", "link", "iframe") or "src" in values:
            self.loads.append(tag)
        if tag == "figure":
            self.figure = values["id"]
            self.lines[self.figure] = 0
        if tag == "polyline":
            self.lines[self.figure] += 1
        if tag == "svg" and not values.get("aria-label") and values.get("aria-hidden") != "true":
            self.wrong.append("a drawing without a label")
        if tag == "th" and values.get("scope") != "col":
            self.wrong.append("a head without a scope")
        if tag not in VOID:
            self.open.append(tag)
        self.tag = values.get("id") if tag == "script" else tag

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open[-1] != tag:
            self.wrong.append(f"</{tag}> closes {self.open[-1:]}")
        else:
            self.open.pop()

    def handle_data(self, text):
        if self.tag == "data":
            self.data += text
            self.tag = None
        self.text += text


def main():
    source = open(sys.argv[1], encoding="utf-8").read()
    page = Page()
    page.feed(source)
    assert not page.open and not page.wrong, (page.open, page.wrong[:5])
    print("well-formed, with labels")
    style = re.search(r"<style>(.*?)</style>", source, re.S).group(1)
    assert not page.loads and "url(" not in style.replace("url(data:", "") and "@import" not in style, page.loads
    print("loads nothing")
    assert len(set(page.ids)) == len(page.ids)
    missing = [link for link in page.links if not link.startswith("#") or link[1:] not in page.ids]
    assert not missing, missing
    print("all links lead to something")
    data = json.loads(page.data)
    results = sqlite3.connect(sys.argv[2])
    study = results.execute("SELECT max(id) FROM study").fetchone()[0]
    compared = 0
    for chart in data["charts"]:
        name = chart["id"]
        # A line is interrupted where there is no value.
        assert page.lines["chart-" + name] >= len(chart["series"]) > 0, name
        for line in chart["series"]:
            rows = results.execute("SELECT t_ns, mean, bin_ns FROM timeline JOIN (SELECT min(bin_ns) AS bin_ns FROM point_series)"
                                   " WHERE study = ? AND point = 0 AND metric = ? AND region = ? AND labels = ''",
                                   (study, name, line["name"])).fetchall()
            for t_ns, mean, bin_ns in rows:
                shown = line["mean"][round(t_ns / 1e9 / data["bin_s"])]
                if shown is None:  # before the end of the warm-up
                    continue
                if "per second" in chart["title"]:
                    mean /= bin_ns / 1e9
                assert abs(shown - mean) <= 1e-5 * abs(mean) + 1e-12, (name, line["name"], t_ns, shown, mean)
                compared += 1
    assert compared > 100
    print("numbers of the time lines are those of the database")
    print(f"{len(source) < 1_500_000 and 'under' or 'over'} 1.5 MB")


main()
