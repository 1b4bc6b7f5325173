#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Report runs of more than 12 equal lines that occur twice in the sources.

    scripts/check_duplicates.py [MOST]

Lines are compared without the white space around them; empty lines, comments and includes do not count and do not end a
run. Tables (between `clang-format off` and `on`) are ignored. MOST is the longest allowed run, by default 12.

Prints the longest run of each pair of places as file:line: what, and exits with 1 if there is one.
"""
import collections
import glob
import os
import re
import sys


def counted_lines(path):
    """(line number, text) of each line that counts."""
    fenced = comment = False
    lines = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            text = line.strip()
            fenced = (fenced or "clang-format off" in text) and "clang-format on" not in text
            if comment:
                comment = "*/" not in text
                continue
            text = re.sub(r"\s*(/\*.*?\*/|//.*)", "", text).strip()
            if text.startswith("/*"):
                comment = True
            elif fenced:
                lines.append((number, f"{path}:{number}")) # equal to no other
            elif text and not text.startswith("#include"):
                lines.append((number, text))
    return lines


def find_runs(files, most):
    """(length, first place, second place): each run that is longer and cannot be made longer."""
    places = collections.defaultdict(list)
    for path, lines in files.items():
        texts = [text for _, text in lines]
        for i in range(len(texts) - most):
            places[tuple(texts[i:i + most + 1])].append((path, i))
    pairs = {(a, b) for found in places.values() for n, a in enumerate(found) for b in found[n + 1:]}
    for (path, i), (other, j) in sorted(pairs):
        if ((path, i - 1), (other, j - 1)) in pairs:
            continue
        length = most + 1
        while ((path, i + length - most), (other, j + length - most)) in pairs:
            length += 1
        if path != other or i + length <= j:
            yield length, (path, files[path][i][0]), (other, files[other][j][0])


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    most = int(sys.argv[1]) if len(sys.argv) > 1 else 12
    paths = sorted(glob.glob("sim/**/*.[ch]", recursive=True) + glob.glob("models/**/*.[ch]", recursive=True))
    runs = list(find_runs({path: counted_lines(path) for path in paths}, most))
    for length, (path, line), (other, other_line) in runs:
        print(f"{path}:{line}: {length} lines stand again at {other}:{other_line}")
    return 1 if runs else 0


if __name__ == "__main__":
    sys.exit(main())
