#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check the table of ports in models/ports/README.md against the sources.

    scripts/check_ports.py [--write]

A port is a line PORT_ACCESSORS(NOUN, type) in a header of models/. A file that calls port_offer_NOUN() offers it, one that calls
port_need_NOUN() requires it; for one that calls port_find_NOUN() it is optional; a function of a header of models/ports that
looks up a port counts for its callers. Tests are ignored.

Reports ports without a row, rows without a port, cells that differ, ports without an offer or a use, and functions
of ports without a caller, as file:line: what; exits with 1 if there is one. --write fills the cells and adds empty rows instead; the columns `key` and
`what it is` are written by hand.
"""
import glob
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGE = "models/ports/README.md"
BEGIN, END = "<!-- ports -->", "<!-- end of ports -->"
COLUMNS = ["port", "header", "key", "offered by", "required by", "optional for", "what it is"]
COMPUTED = ["header", "offered by", "required by", "optional for"]
WAYS = {"offer": "offered by", "need": "required by", "find": "optional for"}
TEST_FILES = re.compile(r"(_test|_bench)\.c$|_rig\.h$|^sim/tests/|/fake_")


def sources():
    for pattern in ("models/**/*.[ch]", "sim/**/*.[ch]"):
        for path in sorted(glob.glob(pattern, recursive=True)):
            if not TEST_FILES.search(path):
                with open(path, encoding="utf-8") as file:
                    yield path, re.sub(r"/\*.*?\*/", "", file.read(), flags=re.DOTALL)


def name_of(path):
    stem, _ = os.path.splitext(os.path.basename(path))
    return f"`{stem}`"


def read_ports(texts):
    """NOUN: {column: set of names}."""
    ports = {}
    for path, text in texts.items():
        for noun in re.findall(r"^PORT_ACCESSORS\((\w+),", text, re.MULTILINE):
            ports[noun] = {column: set() for column in COMPUTED}
            ports[noun]["header"] = {f"`{os.path.basename(path)}`"}
    lookups = {}  # functions of headers that look up a port
    for path, text in texts.items():
        if path.startswith("models/ports/"):
            for function in re.finditer(r"^static inline [^;{]*?\b(\w+)\([^;{]*\)\n\{\n(.*?)^\}", text, re.M | re.S):
                for way, noun in re.findall(r"\bport_(need|find)_(\w+)\(", function[2]):
                    lookups[function[1]] = (way, noun)
    calls = re.compile(r"\bport_(offer|need|find)_(\w+)\(|\b(%s)\(" % "|".join(sorted(lookups) or ["(?!)"]))
    for path, text in texts.items():
        if path.startswith("models/ports/"):
            continue
        for way, noun, function in calls.findall(text):
            if function:
                way, noun = lookups[function]
            if noun in ports:
                ports[noun][WAYS[way]].add(name_of(path))
    return ports


def uncalled(texts):
    """(header, function) of each function pointer in a header of models/ports that no source calls."""
    calls = set()
    for text in texts.values():
        calls.update(re.findall(r"(?:->|\.)(\w+)\(", text))
    for path, text in texts.items():
        if path.startswith("models/ports/"):
            for function in re.findall(r"\(\*(\w+)\)\(", text):
                if function not in calls:
                    yield path, function


def line_of(path, text):
    with open(path, encoding="utf-8") as file:
        return next(number for number, line in enumerate(file, 1) if text in line)


def cell(names):
    return ", ".join(sorted(names)) or "-"


def split_row(line):
    return [part.strip() for part in line.strip().strip("|").split("|")]


def main():
    os.chdir(ROOT)
    write = sys.argv[1:] == ["--write"]
    if sys.argv[1:] and not write:
        print(__doc__.split("\n\n")[1].strip(), file=sys.stderr)
        return 2
    texts = dict(sources())
    ports = read_ports(texts)
    with open(PAGE, encoding="utf-8") as file:
        lines = file.read().split("\n")
    begin, end = lines.index(BEGIN), lines.index(END)
    rows = {}
    for number, line in enumerate(lines[begin + 1:end], begin + 2):
        cells = split_row(line)
        if line.startswith("| `") and len(cells) == len(COLUMNS):
            rows[cells[0].strip("`")] = (number, dict(zip(COLUMNS, cells)))

    if write:
        table = ["", "| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
        for noun in sorted(ports):
            row = rows.get(noun, (0, {"key": "", "what it is": ""}))[1]
            row.update({"port": f"`{noun}`"}, **{column: cell(ports[noun][column]) for column in COMPUTED})
            table.append("| " + " | ".join(row[column] for column in COLUMNS) + " |")
        lines[begin + 1:end] = table + [""]
        with open(PAGE, "w", encoding="utf-8") as file:
            file.write("\n".join(lines))
        return 0

    found = []
    for noun, port in sorted(ports.items()):
        if noun not in rows:
            found.append((begin + 1, f"no row for port '{noun}': run scripts/check_ports.py --write"))
            continue
        number, row = rows[noun]
        for column in COMPUTED:
            if row[column] != cell(port[column]):
                found.append((number, f"port '{noun}', {column}: {row[column]}, by the sources {cell(port[column])}: "
                                      "run scripts/check_ports.py --write"))
        found.extend((number, f"port '{noun}': '{column}' is empty") for column in COLUMNS if not row[column])
        if not port["offered by"]:
            found.append((number, f"nobody offers port '{noun}'"))
        if not port["required by"] | port["optional for"]:
            found.append((number, f"nobody uses port '{noun}'"))
    found.extend((number, f"no header defines port '{noun}'") for noun, (number, _) in rows.items() if noun not in ports)
    places = [f"{PAGE}:{number}: {what}" for number, what in sorted(found)]
    places += [f"{path}:{line_of(path, f'(*{function})')}: nobody calls '{function}'" for path, function in uncalled(texts)]
    print("\n".join(places), end="\n" if places else "")
    return 1 if places else 0


if __name__ == "__main__":
    sys.exit(main())
