#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check that every number that a verb prints has a unit, and every estimate an interval or the note that it has none.

    numbers.py ISTHMUS SOURCE    in an empty folder; prints a line for each row of OUTPUTS, and the numbers that have not

A line is taken apart. First what is exact and names itself is removed: a quoted text, a path, a parameter with its value, "seed 1",
"n = 10", "3 of 12 runs", a time of the run. Then estimates with their intervals: "12 ms [10 ms, 15 ms]", "0 of 812, below 0.45%", "2 s in
all 10". A number that is left over is an error, except where a heading or note says that values have no interval: then it needs a unit
only. A number without a unit is allowed where the output says what plain numbers are.

In JSON every object with a `mean` or a `value` needs `unit`, and `low` and `high` or what is known instead; every other number
a name that says what it is, from JSON_NAMES, or that ends with its unit.
"""
import json
import os
import pty
import re
import subprocess
import sys

NUM = r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?"
UNIT = (r"(?: ?(?:%|ns|us|ms|s|min|h|d|B|[kMGT]B|[KMGT]iB|USD|x|[kMGT]?bit/s|[kMGT]?B/s|[KMGT]iB/s)|(?: [a-z]+)?/(?:s|min|h|d))(?![\w/%])")
QUANTITY = rf"(?:{NUM}{UNIT}|never)"
PLAIN = rf"(?:{NUM}{UNIT}?|never)"  # plain: a count or a ratio
# Words that say what a whole number counts.
THINGS = (r"(?:more |other |recorded |new |acknowledged |good |million )?"
          r"(?:runs?|replications?|points?|workers?|regions?|incidents?|events?|parameters?|writes?|requests?|pairs?|values?|metrics?|"
          r"columns?|tables?|views?|files?|rows?|checks?|mechanisms?|lessons?|effects?|trajectories|of the front|processors?|threads|numbers|bins|lines|models?|sessions|"
          r"minutes?|seconds?|attempts)")
EXACT = [
    r"'[^']*'", r"`[^`]*`", r'"[^"]*"',
    r"(?<!\S)\S*/\S*\.\w+", r"\S+\.(?:db|yaml|html|json|png|svg|pdf|txt|csv|xml|gp|md)\b",
    r"\d{4}-\d\d-\d\dT[\d:]+Z",
    r"[+-]?\d+:\d\d(?::\d\d)?(?:\.\d+)?(?!\w)",
    r"isthmus \d+\.\d+\.\d+(?:\+\w+)?",
    rf"[a-z_]+(?:\([^)]*\)|\{{[^}}]*\}})*(?:\.p[\d.]+|\.[a-z_]+)* ?(?:[<>]=?|=) ?{PLAIN}(?:\.\.{PLAIN})?(?:, ?{PLAIN})*",  # an expectation, a parameter
    r"(?<!\S)[a-z_]+(?:\.\w+)+ = \S+",
    r"\b(?:seed|[Ss]tudy|[Pp]oints?|[Rr]eplications?|run|incident|[Ss]teps?|n =|n=|schema|exit code) \d+(?:-\d+)?",
    rf"(?<![\w.])0 of \d+, below {QUANTITY}", rf"(?<![\w.])all of \d+, above {QUANTITY}",
    rf"(?<![\w.])\d+ of (?:the )?\d+(?: {THINGS})?(?: \[{QUANTITY}, {QUANTITY}\])?", r"(?<![\w.])all of \d+",
    rf"(?<![\w.])\d+(?:\.\d+)? {THINGS}\b",
    r"(?<![\w.])[A-Za-z_][\w-]*\d[\w.-]*",           # a name: us-west-1, p99.9
    r"\d+(?:\.\d+)? ?% intervals?", r"at a level of \d+(?:\.\d+)?%",
    rf"{NUM}(?:min|s|h) simulated",
]


def intervals(value):
    return [
        rf"{value} \[{value}, {value}\]",
        rf"{value} \(no spread seen\)",
        rf"{value}, below {value}",
        rf"{value} in all \d+",
    ]


INTERVALS = [intervals(QUANTITY), intervals(PLAIN)]  # without and with plain numbers
NO_INTERVAL = re.compile(r"no intervals?\b")
JSON_NAMES = r"^(n|seed|level|points?|replications?|runs?|number|id|study|over|under|never|count|rank|order|cause|waited_for)$|_(ns|bytes|count|s|per_s|share)$"
PLAIN_NUMBERS = re.compile(r"[Pp]lain numbers are")

SCENARIO = """name: small
extends: {source}/scenarios/20-region-loss.yaml
duration: 4min
warmup: 30s
bin: 2s
population: {{sessions: 1/s}}
faults: [{{at: 1min, for: 1min, region: us-west-1, down: true}}]
failover: {{decide: 1s, promotion: 10s}}
expect: [availability > 1%, rto < 1h, "reauths < 1000", "mean(write_amplification) < 3"]
"""
RUNS = {  # results files
    "run.db": "run small.yaml --replications 3",
    "one.db": "run small.yaml --replications 1",
    "sweep.db": "sweep small.yaml --sweep client.timeout=200ms,300ms --sweep client.retry.attempts=1,2 --replications 2 --minimise write_failure_rate --minimise login_latency.p99 --max-replications 2",
    "compare.db": "compare small.yaml --with client.timeout=1s --replications 3 --metric availability,reads,write_amplification,write_latency.p99",
    "capacity.db": "capacity small.yaml --parameter population.sessions --between 0.5/s..1/s --objective 'availability > 1%' --replications 2 --max-replications 2",
}
COMMAND = [r"^  isthmus .*"]  # what to type again
EVENT = [rf"^ *[+-]?\d+:\d\d.*$"]  # the time of an event and what the run's log says
# name: command, what is exact in its output besides EXACT
OUTPUTS = [
    ("run", "run small.yaml --replications 3 --no-output", EVENT + COMMAND),
    ("run, one replication", "run small.yaml --replications 1 --no-output", EVENT + COMMAND),
    ("summary --all", "summary run.db --all", EVENT + COMMAND),
    ("summary --markdown", "summary run.db --markdown", EVENT + COMMAND),
    ("sweep", "summary sweep.db", EVENT + COMMAND),
    ("front", "sweep small.yaml --sweep client.timeout=200ms,300ms --replications 2 --max-replications 2 --minimise write_failure_rate --minimise login_latency.p99 --no-output --threads 1", EVENT + COMMAND),
    ("compare", "compare small.yaml --with client.timeout=1s --replications 3 --metric availability,reads,write_amplification,write_latency.p99 --no-output", EVENT + COMMAND),
    ("capacity", "capacity small.yaml --parameter population.sessions --between 0.5/s..1/s --objective 'availability > 1%' --replications 2 --max-replications 2 --no-output", EVENT + COMMAND),
    ("check", "check small.yaml --against run.db --set client.timeout=1s --no-output --max-replications 3 --metric availability,write_amplification,rto", EVENT + COMMAND),
    ("sensitivity", "sensitivity small.yaml --metric write_failure_rate --sweep client.timeout=100ms..1s --trajectories 2 --replications 1 --no-output", EVENT + COMMAND),
    ("explain", "explain run.db --what-if client.timeout=1s", EVENT + COMMAND),
    ("explain --session", "explain run.db --session example", EVENT + COMMAND),
    ("plan run", "plan run small.yaml", []),
    ("plan sweep", "plan sweep small.yaml --sweep client.timeout=200ms,300ms", []),
    ("describe", "describe", []),
    ("describe MODEL", "describe client", []),
    ("describe KIND", "describe store", []),
    ("describe SCENARIO", "describe small.yaml", []),
    ("describe METRIC", "describe replication_lag", []),
    ("validate", "validate small.yaml", []),
    ("lesson list", "lesson list --folder {source}/scenarios/lessons", []),
    ("lesson show", "lesson show 1 --folder {source}/scenarios/lessons", []),
    ("lesson run", "lesson run 6 --predict 1 --no-output --folder {source}/scenarios/lessons", EVENT + COMMAND),
    ("doctor", "doctor run.db", []),
    ("merge", "merge merged.db shard1.db shard2.db", EVENT + COMMAND),
    ("repro", "repro run.db --run 0/1", [r"^isthmus .*"]),
    ("export summary", "export summary run.db --format openmetrics", []),
] + [("plot " + kind, f"plot {kind} {file} --format text --output plots", []) for kind, file in (
    ("latency", "run.db"), ("reauth_causes", "run.db"), ("rto_stages", "run.db"), ("topology", "run.db"), ("heatmap", "sweep.db"),
    ("front", "sweep.db"), ("difference", "compare.db"), ("capacity", "capacity.db"))]
JSONS = [
    ("summary --json", "summary run.db --json"),
    ("compare --json", "compare small.yaml --with client.timeout=1s --replications 3 --metric availability,reads --no-output --json"),
    ("sweep --json", "sweep small.yaml --sweep client.timeout=200ms,300ms --replications 2 --no-output --json"),
    ("capacity --json", "capacity small.yaml --parameter population.sessions --between 0.5/s..1/s --objective 'availability > 1%' --replications 2 --max-replications 2 --no-output --json"),
    ("check --json", "check small.yaml --against run.db --set client.timeout=1s --no-output --max-replications 3 --metric availability --json"),
    ("sensitivity --json", "sensitivity small.yaml --metric write_failure_rate --sweep client.timeout=100ms..1s --trajectories 2 --replications 1 --no-output --json"),
    ("explain --json", "explain run.db --json"),
    ("plan --json", "plan run small.yaml --json"),
    ("doctor --json", "doctor --json"),
]


def output(isthmus, source, command):
    """What a verb prints on a wide terminal, so that no line is broken."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TERM="dumb", NO_COLOR="1")
        os.execvp("bash", ["bash", "-c", f"stty cols 400 rows 40 -onlcr; exec {isthmus} {command.format(source=source)} 2>/dev/null"])
    parts = []
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            break
        if not part:
            break
        parts.append(part)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return code, b"".join(parts).decode()


def sections(text):
    """Parts of an output: separated by empty lines."""
    part = []
    for line in text.split("\n") + [""]:
        if line.strip() != "":
            part.append(line)
        elif part:
            yield part
            part = []


def unexplained(line, exact, plain, bare):
    for pattern in exact:
        line = re.sub(pattern, "~", line)
    for pattern in INTERVALS[plain]:
        line = re.sub(rf"(?<![\w.]){pattern}", "#", line)
    if bare:
        line = re.sub(rf"(?<![\w.]){PLAIN if plain else QUANTITY}(?![\w.])", "#", line)
    return re.findall(rf"(?<![\w.-]){NUM}[^\s,;:)]*", line)


def check_text(text, rows):
    """Lines with a number that nothing explains."""
    plain = bool(PLAIN_NUMBERS.search(text))
    head = text.split("\n\n")[0]
    for part in sections(text):
        bare = bool(NO_INTERVAL.search("\n".join(part)) or NO_INTERVAL.search(head))
        for line in part:
            left = unexplained(line, rows + EXACT, plain, bare)
            if left:
                yield f"{' '.join(left)} in: {line.strip()[:150]}"


def check_json(value, where, key=""):
    if isinstance(value, list):
        for item in value:
            yield from check_json(item, where, key)
    elif isinstance(value, dict):
        here = where + ("." if where else "") + key
        if ("mean" in value or ("value" in value and not isinstance(value["value"], str))) and "unit" not in value:
            yield f"{here} has no unit: {json.dumps(value)[:120]}"
        estimate = value.get("mean", value.get("value"))
        if isinstance(estimate, (int, float)) and not {"low", "high"} <= value.keys() and value.get("n") != 1 and "note" not in value:
            yield f"{here} has no interval: {json.dumps(value)[:120]}"
        for name, item in value.items():
            if isinstance(item, (int, float)) and not isinstance(item, bool):
                if "unit" not in value and not re.search(JSON_NAMES, name):
                    yield f"{here}.{name} = {item} has no unit"
            else:
                yield from check_json(item, here, name)


def main():
    isthmus, source = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    wanted = sys.argv[3:]
    with open("small.yaml", "w") as file:
        file.write(SCENARIO.format(source=source))
    for name, command in RUNS.items():
        if not os.path.exists(name):
            subprocess.run(f"{isthmus} {command} --quiet --output {name}", shell=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    for i in 1, 2:
        if not os.path.exists(f"shard{i}.db"):
            subprocess.run(f"{isthmus} run small.yaml --replications 2 --shard {i}/2 --quiet --output shard{i}.db", shell=True)
    for name, command, rows in OUTPUTS:
        if wanted and name not in wanted:
            continue
        code, text = output(isthmus, source, command)
        complaints = list(check_text(text, rows))
        enough = len(re.findall(NUM, text)) > 0
        print(f"{name}: {'numbers' if enough else 'no numbers'}, exit code {code}, {len(complaints)} complaints")
        for complaint in complaints:
            print("  " + complaint)
    for name, command in JSONS:
        if wanted and name not in wanted:
            continue
        code, text = output(isthmus, source, command)
        complaints = sorted(set(check_json(json.loads(text), "")))
        print(f"{name}: exit code {code}, {len(complaints)} complaints")
        for complaint in complaints:
            print("  " + complaint)


main()
