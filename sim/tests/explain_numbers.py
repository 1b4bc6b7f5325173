#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check that every number of `isthmus explain` is the results file's.

    explain_numbers.py RESULTS.db < output of explain, without runs of its own

Each line is taken apart: what the file says is compared in the precision in which it is printed, and removed; a numeral that
is left over is an error. Prints how many numbers were compared.
"""
import re
import sqlite3
import sys

UNITS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9, "min": 60e9, "h": 3600e9}
DURATION = r"(\d+(?:\.\d+)?) ?(ns|us|ms|s|min|h)\b"
compared = 0


def fail(line, why):
    sys.exit(f"explain_numbers: {why}: {line!r}")


def same(line, printed, unit, value):
    """Does the text of a number stand for the value, to a unit of its last digit?"""
    global compared
    digits = len(printed.split(".")[1]) if "." in printed else 0
    if abs(float(printed) * unit - value) > 0.5001 * unit * 10**-digits + 0.51 * (digits == 0 and unit > 1):
        fail(line, f"{printed} is not {value / unit}")
    compared += 1


def same_duration(line, match, value):
    same(line, match.group(1), UNITS[match.group(2)], value)


def since_ns(text):
    parts = [float(part) for part in text[1:].split(":")]
    return (sum(part * 60**i for i, part in enumerate(reversed(parts)))) * 1e9


def unwrapped(lines):
    """Join lines that were broken at the width."""
    result = []
    for line in lines:
        starts = re.match(r"( {0,4}\d+ +[+-]\d|    = |\s+<- |  RTO|  RPO|  \w|\w|$)", line)
        if result and result[-1].startswith("Steps, ") and not re.match(r" *\d+ +[+-]\d", line):
            starts = None
        if starts or not result:
            result.append(line)
        else:
            result[-1] += " " + line.strip()
    return result


def main():
    global compared
    db = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
    db.row_factory = sqlite3.Row
    lines = unwrapped(sys.stdin.read().split("\n"))
    head = re.fullmatch(
        r"(\S+) of (.*) at (\S+): incident (\d+) of (\d+) in replication (\d+)(, whose RTO is the median of (\d+))?", lines[0])
    if not head:
        fail(lines[0], "no head")
    replication, number = int(head[6]), int(head[4]) - 1
    incident = db.execute("SELECT * FROM incidents WHERE replication = ? AND number = ? AND point = 0",
                          (replication, number)).fetchone()
    run = db.execute("SELECT run.id FROM run JOIN point ON point.id = run.point WHERE number = 0 AND replication = ?",
                     (replication,)).fetchone()[0]
    if (head[1], head[2]) != (incident["kind"], incident["subject"]):
        fail(lines[0], "another incident")
    same_duration(lines[0], re.match(DURATION, head[3]), incident["onset_ns"])
    for text, sql in ((head[5], "SELECT count(*) FROM incident WHERE run = ?"),
                      (head[8], "SELECT count(*) FROM run WHERE ? > 0")):
        if text:
            same(lines[0], text, 1, db.execute(sql, (run,)).fetchone()[0])
    if head[8]:
        rtos = sorted(row[0] if row[0] is not None else 1e99 for row in db.execute(
            "SELECT max(rto_ns) FROM incidents WHERE point = 0 GROUP BY replication"))
        if incident["rto_ns"] not in rtos[(len(rtos) - 1) // 2 : len(rtos) // 2 + 1]:
            fail(lines[0], f"its RTO is not the median of {rtos}")

    events = db.execute("SELECT * FROM event WHERE run = ? ORDER BY number", (run,)).fetchall()
    by_number = {event["number"]: event for event in events}
    steps, event, position, ends = {}, None, 0, 0
    order = ("detect", "decide", "promote", "notify", "publish", "cache", "reconnect")
    for line in lines[1:]:
        rest = line
        if line.startswith("  RTO  "):
            same_duration(line, re.search(DURATION, line), incident["rto_ns"])
            shown = re.findall(r"(detect|decide|promote|notify|publish|cache|reconnect) " + DURATION, line)
            for name, value, unit in shown:
                same(line, value, UNITS[unit], incident[name + "_ns"])
            if {name for name, _, _ in shown} != {name for name in order if incident[name + "_ns"] > 0}:
                fail(line, "stages are missing")
            rest = ""
        elif line.startswith("  RPO  "):
            match = re.fullmatch(r"  RPO  " + DURATION + r": (\d+) acknowledged writes lost, (\d+) of them new sessions", line)
            same_duration(line, match, incident["rpo_ns"])
            same(line, match[3], 1, incident["writes_lost"])
            same(line, match[4], 1, incident["sessions_lost"])
            rest = ""
        elif match := re.fullmatch(r"  (\w+)(?: ([a-z-]+))?  +(us-\S+)  +([\d.]+)(%?)", line):
            value = db.execute(
                "SELECT value FROM metric JOIN cell ON cell.id = cell WHERE run = ? AND name = ? AND label = ? AND region = ? "
                "AND window = 'fault'", (run, match[1], match[2] or "", match[3])).fetchone()
            if value is None:
                fail(line, "no such metric")
            same(line, match[4], 0.01 if match[5] else 1, value[0])
            rest = ""
        elif match := re.fullmatch(r" *(\d+) +([+-][\d:.]+)  (.*)", line):
            def said(e):
                return f"{e['what']} {e['subject']}: {e['text']}" if e["subject"] else f"{e['what']}: {e['text']}"
            while position < len(events) and said(events[position]) != match[3]:
                position += 1
            if position == len(events):
                fail(line, "no such event, or not in this order")
            event = events[position]
            position += 1
            steps[event["number"]] = int(match[1])
            if int(match[1]) != len(steps):
                fail(line, "steps are not numbered in order")
            if abs(since_ns(match[2]) - (event["t_ns"] - incident["onset_ns"])) > 1e6:
                fail(line, "another time")
            compared += 1 + len(re.findall(r"\d+", match[3])) + 1
            rest = ""
        elif match := re.match(r"Steps, .* the onset is at " + DURATION, line):
            same_duration(line, match, incident["onset_ns"])
            rest = ""
        elif line.strip().startswith("<- "):
            rest = line.replace(event["cause_text"], "", 1) if event["cause_text"] else line
            last = None
            for match in re.finditer(r"(<- |not before |held up by )step (\d+)", line):
                key = "cause" if match[1] == "<- " else "waited_for"
                if steps.get(event[key]) != int(match[2]):
                    fail(line, f"step {match[2]} is not its {key}")
                compared += 1
                if match[1] != "held up by ":
                    last = by_number[event[key]]
                rest = rest.replace(match[0], "", 1)
            if match := re.search(r"then " + DURATION, rest):
                same_duration(line, match, event["t_ns"] - last["t_ns"])
                rest = rest.replace(match[0], "", 1)
        elif match := re.match(r"    = +([+-][\d:.]+)  ", line):
            stage = re.search(r": (\w+) " + DURATION + r", (\d+) % of the RTO", line)
            name = stage[1] if stage else "reconnect"
            end = sum(incident[n + "_ns"] for n in order[: order.index(name) + 1])
            if abs(since_ns(match[1]) - end) > 1e6:
                fail(line, "another end of the stage")
            compared += 1
            if stage:
                same(line, stage[2], UNITS[stage[3]], incident[name + "_ns"])
                same(line, stage[4], 1, 100 * incident[name + "_ns"] / incident["rto_ns"])
            ends += 1
            rest = ""
        rest = re.sub(r"us-(west|east)-\d", "", rest)
        if re.search(r"\d", rest):
            fail(line, f"a number that was not compared: {rest.strip()!r}")
    if ends < 4 or len(steps) < 8:
        sys.exit("explain_numbers: too little was printed to prove anything")
    print(f"{'all' if compared > 60 else 'only'} numbers agree, more than 60 of them")


main()
