#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check includes and link-time calls against the layers.

    scripts/check_layers.py [BUILD]

CMakeLists.txt states the layers. A file may include headers of its own layer and of the layers in its DEPENDS, nothing else;
an unused DEPENDS is reported, and so is a row of the table in sim/README.md that differs. Within the models, a
file in models/X may include headers of its own folder, of models/ports, and those in SHARED. A header *_internal.h may be
included in its own folder only.

With a build folder, the same holds for symbols: a library may call only what it depends on, and an object of models/X only
what a header in SHARED declares. Tests may include headers of sim/tests and of the libraries they are linked with.

Prints every violation as file:line: what, and exits with 1 if there is one.
"""
import collections
import glob
import os
import re
import subprocess
import sys

# Headers of models/ that other folders of models/ may include, beside those of models/ports.
SHARED = {
    "registry.h": "declares each model's table for registry.c",
    "health_check.h": "one model of a health check, of the load balancer and of the checkers of the accelerator and of names",
    "loss_process.h": "parameters and state of a loss process: of links, and of the faults that replace it",
}
PRIVATE_SUFFIX = "_internal.h"
OTHER_PRIVATE_SUFFIX = re.compile(r"_(inside|inner|hot|private|priv|impl)\.h$")

Layer = collections.namedtuple("Layer", "name folders depends line")


def words_of_calls(text, name):
    """(line number, words) of each call of a CMake function; one variable, model_folders, is expanded."""
    variables = dict(re.findall(r"^set\((\w+) ([^)]*)\)", text, re.MULTILINE))
    for call in re.finditer(rf"^ *{name}\(((?:[^()]|\([^()]*\))*)\)", text, re.MULTILINE):
        body = re.sub(r"\$\{(\w+)\}", lambda match: variables.get(match[1], match[0]), call[1])
        yield text.count("\n", 0, call.start()) + 1, body.split()


def read_layers(text):
    layers = {}
    for line, words in words_of_calls(text, "sim_layer"):
        name, folder = words[:2]
        parts = {"FOLDERS": [], "DEPENDS": [], "PRIVATE": []}
        part = None
        for word in words[2:]:
            if word in parts:
                part = parts[word]
            else:
                part.append(word)
        folders = [folder] + [f"{folder}/{inner}" for inner in parts["FOLDERS"]]
        depends = [word.removeprefix("isthmus_") for word in parts["DEPENDS"] if word.startswith("isthmus_")]
        layers[name] = Layer(name, folders, depends, line)
    return layers


def read_table(page):
    """Folder: what it depends on, by the table of layers of a page."""
    table = {}
    with open(page, encoding="utf-8") as file:
        for line in file:
            row = re.match(r"\| `([a-z/]+)` \|[^|]*\| ([a-z, -]+) \|", line)
            if row:
                table.setdefault(row[1], [] if row[2] == "-" else row[2].split(", "))
    return table


def read_test_libraries(text, layers):
    """Folder: the layers that its tests are linked with."""
    libraries = {}
    for _, words in words_of_calls(text, "sim_tests"):
        names = [word.removeprefix("isthmus_") for word in words if word.startswith("isthmus_")]
        folders = layers["models"].folders if "${folder}" in words[1] else [words[1]]
        for folder in folders:
            libraries[folder] = names
    return libraries


def closure(layers, names):
    found = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += layers[name].depends
    return found


class Sources:
    """All .c and .h files, the layer of each, and what each includes."""

    def __init__(self, layers):
        self.layer_of = {}
        for layer in layers.values():
            for folder in layer.folders:
                for path in glob.glob(f"{folder}/*.[ch]"):
                    self.layer_of[path] = layer.name
        for path in glob.glob("sim/tests/**/*.[ch]", recursive=True):
            self.layer_of[path] = None
        self.includes = {path: self.read_includes(path) for path in sorted(self.layer_of)}
        self.header = {}
        self.twice = []
        for path in self.includes:
            name = os.path.basename(path)
            if path.endswith(".h"):
                if name in self.header:
                    self.twice.append((path, self.header[name]))
                self.header[name] = path
        self.tests = self.find_tests()

    @staticmethod
    def read_includes(path):
        with open(path, encoding="utf-8") as file:
            return [(number, line.split('"')[1]) for number, line in enumerate(file, 1)
                    if line.startswith('#include "')]

    def find_tests(self):
        """Tests, benches, and headers that only those include."""
        tests = {path for path, layer in self.layer_of.items()
                 if layer is None or path.endswith(("_test.c", "_bench.c"))}
        users = collections.defaultdict(set)
        for path, includes in self.includes.items():
            for _, name in includes:
                users[name].add(path)
        more = True
        while more:
            found = {path for path in self.includes if path.endswith(".h") and path not in tests
                     and users[os.path.basename(path)] and users[os.path.basename(path)] <= tests
                     and not os.path.exists(path[:-1] + "c")}
            tests |= found
            more = bool(found)
        return tests


def check_include(layers, sources, libraries, path, header):
    """Why the file may not include this header; None where it may."""
    folder, owner = os.path.dirname(path), os.path.dirname(header)
    layer, of_header = sources.layer_of[path], sources.layer_of[header]
    name = os.path.basename(header)
    if path in sources.tests:
        if of_header is None or layer is None:
            return None
        allowed = closure(layers, libraries.get(folder, []) + [layer])
        return None if of_header in allowed else f"is of {of_header}; this test is linked with {', '.join(sorted(allowed))}"
    if header in sources.tests:
        return "is for tests"
    if name.endswith(PRIVATE_SUFFIX) and folder != owner:
        return f"is private to {owner}"
    if of_header != layer:
        return None if of_header in layers[layer].depends else f"is of {of_header}, which {layer} does not depend on"
    if layer == "models" and folder != owner and owner != "models/ports" and name not in SHARED and folder != "models":
        return "is of another model; models meet through models/ports"
    return None


def check_includes(layers, sources, libraries):
    used = collections.defaultdict(set)
    for path, header in sources.twice:
        yield f"{path}:1: a second header of this name, beside {header}"
    for path, includes in sources.includes.items():
        if OTHER_PRIVATE_SUFFIX.search(path):
            yield f"{path}:1: private headers end in {PRIVATE_SUFFIX}"
        for number, name in includes:
            header = sources.header.get(name)
            if header is None:
                if not name.endswith(".c"):
                    yield f"{path}:{number}: there is no header '{name}'"
                continue
            if path not in sources.tests:
                used[sources.layer_of[path]].add(sources.layer_of[header])
            reason = check_include(layers, sources, libraries, path, header)
            if reason:
                yield f"{path}:{number}: {header} {reason}"
    table = read_table("sim/README.md")
    for layer in layers.values():
        if table.get(layer.folders[0]) != layer.depends:
            yield (f"sim/README.md:1: the table of layers gives {layer.folders[0]} as depending on"
                   f" {table.get(layer.folders[0])}, CMakeLists.txt on {layer.depends}")
        for unused in sorted(set(layer.depends) - used[layer.name]):
            yield f"CMakeLists.txt:{layer.line}: {layer.name} includes nothing of {unused}"


# --- symbols ----------------------------------------------------------------------------------------------------------


def symbols(library):
    """(object, symbol, is it defined here) of each global symbol of a static library."""
    lines = subprocess.run(["nm", "-A", "-g", library], check=True, capture_output=True, text=True).stdout
    for line in lines.splitlines():
        place, *rest = line.split()
        member = place.split(":")[1]
        kind, symbol = rest[-2:]
        yield member.removesuffix(".o"), symbol, kind != "U"


def check_symbols(layers, build):
    folder_of = {os.path.basename(path): os.path.dirname(path) for path in glob.glob("models/**/*.c", recursive=True)}
    defined, calls = {}, []
    for name in layers:
        for member, symbol, is_defined in symbols(f"{build}/libisthmus_{name}.a"):
            if is_defined:
                defined[symbol] = name, member
            else:
                calls.append((name, member, symbol))
    for name, member, symbol in calls:
        if symbol not in defined:
            continue
        owner, source = defined[symbol]
        if owner != name and owner not in closure(layers, [name]):
            yield f"{member}:1: calls {symbol} of {owner}, which {name} does not depend on"
        elif owner == name == "models" and not may_call(folder_of[member], folder_of[source], source):
            yield f"{folder_of[member]}/{member}:1: calls {symbol} of {folder_of[source]}; models meet through models/ports"


def may_call(folder, owner, source):
    return folder in (owner, "models") or owner == "models/ports" or source[:-1] + "h" in SHARED


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    if len(sys.argv) > 2:
        print("Usage: scripts/check_layers.py [BUILD]", file=sys.stderr)
        return 2
    with open("CMakeLists.txt", encoding="utf-8") as file:
        text = file.read()
    layers = read_layers(text)
    if len(sys.argv) == 2:
        breaches = list(check_symbols(layers, sys.argv[1]))
    else:
        breaches = list(check_includes(layers, Sources(layers), read_test_libraries(text, layers)))
    for breach in breaches:
        print(breach)
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
