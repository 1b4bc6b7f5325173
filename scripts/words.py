#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""List words that have a plainer term, in sources, pages, scenarios and scripts.

    scripts/words.py [--counts] [FILE...]

A list for review, not a test: some uses of these words are correct. Parts of names count
(`turn_start`), parts of words do not (`return`). --counts prints how often each occurs, and nothing else.
FILE: only these files (default: all that git tracks, without the changelog).
"""
import collections
import os
import re
import subprocess
import sys

# pattern, in lower case; what to write
WORDS = [
    (r"lineages?", "replication history"),
    (r"legs?", "flow (one direction of a TCP connection)"),
    (r"flights?", "pending request"),
    (r"doors?", "listener, accept queue"),
    (r"turns?", "event-loop iteration"),
    (r"lands?|landed|landing", "arrive"),
    (r"mistakes?", "error, validation error"),
    (r"complaints?|complains?", "error, report"),
    (r"told|tells?|telling", "report, print, notify"),
    (r"makers?", "worker"),
    (r"spectators?|looks? on|looking on", "observer"),
    (r"books?|bookkeeping", "conservation check, consistency check"),
    (r"gives? up|given up", "abandon, stop (after)"),
    (r"taken out|takes? out", "acquire"),
    (r"fetch(es|ed)? early|fetched from memory", "prefetch"),
    (r"a look|looks?(?= (at|for) )", "health check, check, examine"),
    (r"into the void", "lost"),
    (r"who|whom", "which; name the component"),
    (r"so (long|many|much|often|few)", "a parameter's name and unit"),
    (r"of these", "(name them)"),
    (r"besides", "also, in addition"),
    (r"for good", "permanently"),
    (r"hence|thus|upon|anew|thereof|therein|lest|nought|amidst", "plain words"),
    (r"luck(y)?", "random, by chance"),
    (r"borne|bears?", "tolerated, allowed"),
    (r"ill", "failing, unhealthy"),
    (r"dies|died", "fail, exit, crash"),
    (r"knows? no", "invalid value"),
    (r"what was|what were", "(a noun)"),
    (r"figures?", "value, statistic; plot"),
]
SKIPPED = ("CHANGELOG.md", "LICENSE", "scripts/words.py")


def tracked_files():
    names = subprocess.run(["git", "ls-files"], check=True, capture_output=True, text=True).stdout.split("\n")
    return [name for name in names if name and name not in SKIPPED and os.path.isfile(name)]


def found_in(path, patterns):
    """(line number, words, what to write) of a file."""
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.readlines()
    except UnicodeDecodeError:
        return
    for number, line in enumerate(lines, 1):
        for pattern, instead in patterns:
            for match in pattern.finditer(line):
                yield number, match[0].lower(), instead


def main():
    arguments = sys.argv[1:]
    counts_only = "--counts" in arguments
    files = [argument for argument in arguments if argument != "--counts"]
    if not files:
        os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
        files = tracked_files()
    patterns = [(re.compile(rf"(?<![A-Za-z])({pattern})(?![A-Za-z])", re.IGNORECASE), instead)
                for pattern, instead in WORDS]
    counts = collections.Counter()
    for path in files:
        for number, words, instead in found_in(path, patterns):
            counts[words] += 1
            if not counts_only:
                print(f"{path}:{number}: '{words}': {instead}")
    if counts_only:
        for words, count in counts.most_common():
            print(f"{count:6} {words}")


if __name__ == "__main__":
    main()
