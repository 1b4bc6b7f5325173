#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check a trace: trace_format.py TRACE.json

The rules of the Trace Event Format, as Perfetto's importer applies them: every process and thread with events has a name;
slices of a thread are nested or apart; an arrow begins once, ends once, never goes back in time and is in a slice at each of its ends;
instants have a scope, counters have numbers. Prints one line for each check, with what the trace contains.
"""
import collections
import json
import sys

SLACK = 1e-3  # us: times are doubles


def main():
    events = json.load(open(sys.argv[1], encoding="utf-8"))["traceEvents"]
    by_phase = collections.defaultdict(list)
    for event in events:
        by_phase[event["ph"]].append(event)
    assert set(by_phase) <= set("MXstfiC"), set(by_phase)

    processes = {e["pid"] for e in by_phase["M"] if e["name"] == "process_name" and e["args"]["name"]}
    threads = {(e["pid"], e["tid"]): e["args"]["name"] for e in by_phase["M"] if e["name"] == "thread_name"}
    for event in events:
        assert event["pid"] in processes, event
        if event["ph"] in "Xstfi":
            assert (event["pid"], event["tid"]) in threads, event
            assert event["ts"] >= 0 and event["name"], event
    assert len({tid for pid, tid in threads}) == len(threads)
    print("every process and thread has a name")

    tracks = collections.defaultdict(list)
    for event in by_phase["X"]:
        assert event["dur"] >= 0 and event["cat"]
        tracks[event["pid"], event["tid"]].append((event["ts"], event["ts"] + event["dur"]))
    for slices in tracks.values():
        slices.sort(key=lambda s: (s[0], -s[1]))
        open_until = []
        for begin, end in slices:
            while open_until and open_until[-1] <= begin + SLACK:
                open_until.pop()
            assert not open_until or end <= open_until[-1] + SLACK, (begin, end, open_until)
            open_until.append(end)
    print("slices of a thread are nested or apart")

    arrows = collections.defaultdict(list)
    for phase in "stf":
        for event in by_phase[phase]:
            arrows[event["id"]].append(event)
            assert any(begin - SLACK <= event["ts"] <= end + SLACK for begin, end in tracks[event["pid"], event["tid"]]), event
            assert event["bp"] == "e", event
    for parts in arrows.values():
        assert [e["ph"] for e in parts] in (["s", "f"], ["s", "t", "f"]), parts
        assert len({(e["name"], e["cat"]) for e in parts}) == 1, parts
        assert all(a["ts"] <= b["ts"] for a, b in zip(parts, parts[1:])), parts
    print("arrows begin and end once, in slices, and go forward")

    assert all(e["s"] in "gpt" for e in by_phase["i"])
    assert all(isinstance(e["args"]["value"], (int, float)) for e in by_phase["C"])
    print("instants have a scope, counters have numbers")

    names = collections.Counter(parts[0]["name"] for parts in arrows.values())
    print("arrows:", ", ".join(sorted(names)))
    print("slices:", ", ".join(sorted({e["cat"] for e in by_phase["X"]})))
    print("groups:", ", ".join(e["args"]["name"] for e in by_phase["M"] if e["name"] == "process_name"))
    print("counters:", ", ".join(sorted({e["name"] for e in by_phase["C"]})))


main()
