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
import csv
import html.parser
import json
import os
import pty
import re
import subprocess
import sys

NUM = r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?"
UNIT = (r"(?:(?: ?(?:%|ns|us|ms|s|min|h|d|B|[kMGT]B|[KMGT]iB|USD|x|[kMGT]?bit/s|[kMGT]?B/s|[KMGT]iB/s)|[kM]?(?: [a-z]+)?/(?:s|min|h|d))(?![\w/%]))")
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
NO_INTERVAL = re.compile(r"no intervals?\b|[Ii]ntervals?(?: of the means)? are in the")
JSON_NAMES = (r"^(n|seed|level|points?|replications?|runs?|number|id|study|over|under|never|censored|none|count|rank|order|event|cause|waited_for|incident|trajectories|outages|restored|"
              r"failovers|stuck|agree|rows|pilots|load|side_by_side|bytes|seconds|p\\w*|pairs|(?:restored|stuck)_(?:low|high))$"
              r"|_(ns|bytes|count|s|per_s|share|lost|events|seconds|seconds_first|seconds_last)$")
PLAIN_NUMBERS = re.compile(r"[Pp]lain numbers are|  re-auths of a replication\b")

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
EVENT = [r"^ *[+-]?\d+:\d\d:\d\d.*$"]  # the time of an event and what the run's log says
FAULT = [r"^.*\b(?:begins|down|stall|failover|loss \d+%|alarm is raised: \d+ of the last \d+ periods of \d+ min breach)\b.* at [\d.]+(?:s|min)"]
LEGEND = [rf"(?:0 of \d+|all of \d+|{NUM}{UNIT}?)(?: \(few\))? \(n = 1\)", r"over in \d+ of \d+ outages \[[\d.]+%, [\d.]+%\]",
          r"The bound, [\d.]+ / N", r"^ *0 of N: not seen", r"none of \d+ showed happens in fewer than [\d.]+% of them",
          r"fewer than 10 / \(1 - q\) samples", r"a warm-up of \w+\.", r"\(n = \d+\)", r"^ *\|? *\w+ lost *\|? *\d+ to \d+ *\|?$",
          r"the alarm is raised: \d+ of the last \d+ periods of \d+ min breach", r"isthmus [\d.+\w]+"]
COMMAND += [r"^  /\S*isthmus .*"]
RUN = EVENT + COMMAND + FAULT + LEGEND
STEPS = LEGEND + [r"^ *\d+ +[+-]\d+:\d\d\.\d+", r"(?:<- |by |not before )?step \d+", r"\d+ of \d+ in replication \d+", r"is the median of \d+", r"\d+ (?:acknowledged|of them new)",
                  r"^  (?:writes lost|new sessions lost|re-auths|acknowledged writes lost)[a-z -]* +\d+ +\d+$", r"[a-z0-9-]+/\d+/\d+", r"write \d+ of shard \d+", r"attempt \d+", r"impaired by event \d+"]
# Of a count, a number or a distribution the type says what the number is.
TYPED = [r"^  \S+ +(?:count|number|list of numbers|distribution|choice|variant|flag) .*", r"\b[a-z]+(?:_lessons)? [A-Z]?\.?\d+(?:\.\d+)?$", r"(?:facts|seed|stores|reports|failures) \S+",
         r"\b\d+: ", r"\(\d+ .*\)", r"1 \+ replicas", r"from \d+ vCPUs", r"[2^r() -]+1\)", r"w/2", r"U\(0, [a-z/2~]+\)", r"1.3 one, 1.2 two", r"loses 1\b", r"changes: 1, more: \[[\d, ]+\]"]
RESOLVED = [r"\{(?:geometric|lognormal|exponential|pareto|weibull|uniform): .*\}\}",
            r"\(small.yaml, hash \w+\)", r"\S+:\d+$", r"default \(.*\)$", r"^  (?:\S+\.)?(?:seed|zones|replications|\w*attempts|shards|replicas|\w*_quota|instances|workers|\w*factor|\w+) +-?\d+(?:\.\d+)?(?:e-?\d+)? "]
ESTIMATES, ONE_RUN, EXACT_VALUES = "estimates", "one run", "exact"
SMALL = "small.yaml --replications 2 --no-output"
# Name, command, what is exact in its output besides EXACT, and what its numbers are: estimates; values of one run, which says that
# it is one and has no intervals; or exact values: parameters, authors' texts, properties of the machine.
OUTPUTS = [
    ("run", "run small.yaml --replications 3 --no-output", RUN, ESTIMATES),
    ("run, one replication", "run small.yaml --replications 1 --no-output", RUN, ESTIMATES),
    ("summary --all", "summary run.db --all", RUN + [r"^  (?:accelerator|app|client|cost|dns\w*|failover|faults|network|objective|population|replication|store|gateway|endpoint_group|zones|seed|level)[.\w]* .*"], ESTIMATES),
    ("summary --markdown", "summary run.db --markdown", RUN, ESTIMATES),
    ("summary of a sweep", "summary sweep.db", RUN, ESTIMATES),
    ("sweep", f"sweep {SMALL} --sweep client.timeout=200ms,300ms --max-replications 2 --minimise write_failure_rate --minimise login_latency.p99",
     RUN + [r" \d+  (?:on the front|dominated|infeasible)"], ESTIMATES),
    ("compare", f"compare {SMALL} --with client.timeout=1s --metric availability,reads,write_amplification,write_latency.p99",
     [rf"^  [a-z_]+(?:\.p\d+)? +{NUM}{UNIT}? ", r"  \d+  [\d.]+ times", r"\(p [\d.e-]+\)", r"about \d+ replications needed", r"equivalent within \S+(?: [a-z]+)?"], ESTIMATES),
    ("capacity", f"capacity {SMALL} --parameter population.sessions --between 0.5/s..1/s --objective 'availability > 1%' --max-replications 2",
     [r"^ *[\d.]+/s ", r"hold(?: by their means, not surely,)? at [\d.]+/s"], ESTIMATES),
    ("check", "check small.yaml --against run.db --set client.timeout=1s --no-output --max-replications 3 --metric availability,write_amplification,rto",
     [rf"{NUM}{UNIT}? in the baseline", rf"margin {NUM}{UNIT}?", r"\(p [\d.e-]+\)", r"\(\d+\.\d+\.\d+\+\w+,", r"(?:no )?(?:worse|better)  \d+ "], ESTIMATES),
    ("sensitivity", f"sensitivity {SMALL} --metric write_failure_rate --sweep client.timeout=100ms..1s --trajectories 2",
     [rf"  -?{NUM}{UNIT}  -?{NUM}{UNIT}$"], ESTIMATES),
    ("explain", "explain run.db --what-if client.timeout=1s", STEPS, ONE_RUN),
    ("explain --session", "explain run.db --session example", STEPS, ONE_RUN),
    ("plan run", "plan run small.yaml", [], EXACT_VALUES),
    ("plan sweep", "plan sweep small.yaml --sweep client.timeout=200ms,300ms", [], EXACT_VALUES),
    ("describe", "describe", [], EXACT_VALUES),
    ("describe MODEL", "describe client", TYPED, EXACT_VALUES),
    ("describe KIND", "describe store", TYPED, EXACT_VALUES),
    ("describe SCENARIO", "describe small.yaml", RESOLVED, EXACT_VALUES),
    ("describe METRIC", "describe replication_lag", [], EXACT_VALUES),
    ("validate", "validate small.yaml", [], EXACT_VALUES),
    ("lesson list", "lesson list --folder {source}/scenarios/lessons", [r"^  \d\d-\S+ .*"], EXACT_VALUES),
    ("lesson show", "lesson show 1 --folder {source}/scenarios/lessons", [r"^  \d  "], EXACT_VALUES),
    ("lesson run", "lesson run 6 --predict 1 --replications 2 --no-output --folder {source}/scenarios/lessons", RUN + [r"^The answer: .*", r"^Your prediction: .*", r"^Why: .*"], ESTIMATES),
    ("doctor", "doctor run.db", [r"normal quantile [\d.]+", r"with \d+ degrees of freedom [\d.]+", r"gnuplot [\d.]+ patchlevel \d+"], EXACT_VALUES),
    ("merge", "merge merged.db shard1.db shard2.db", RUN, ESTIMATES),
    ("repro", "repro run.db --run 0/1", [r"^isthmus .*"], EXACT_VALUES),
    ("plot latency", "plot latency run.db --format text", [r"us-west-\d +\d+ "], ESTIMATES),
    ("plot reauth_causes", "plot reauth_causes run.db --format text", [], ESTIMATES),
    ("plot rto_stages", "plot rto_stages run.db --format text", FAULT + LEGEND, ESTIMATES),
    ("plot topology", "plot topology run.db --format text", [rf"us-west-\d  +{QUANTITY}", rf"^ *{QUANTITY} to (?:{QUANTITY}|the end): "], ESTIMATES),
    ("plot heatmap", "plot heatmap sweep.db --format text", [r"^  \d  ", r"^  client.retry.attempts .*"], ESTIMATES),
    ("plot front", "plot front sweep.db --format text", [r"^  attempts = \d, timeout = \d+ms"], ESTIMATES),
    ("plot difference", "plot difference compare.db --format text", [rf"{NUM}{UNIT}? -> {NUM}{UNIT}?:"], ESTIMATES),
    ("plot capacity", "plot capacity capacity.db --format text", [r"^  [\d.]+/s "], ESTIMATES),
]
PAGES = ["run", "one", "sweep", "compare"]
PAGE_ROWS = [r"^  (?:(?:regions\.[\w-]+\.)?(?:accelerator|app|client|cost|dns\w*|failover|faults|network|objective|population|replication|store|gateway|endpoint_group)[.[].*"
              r"|(?:duration|warmup|bin|zones|level|replications|phase|seed|expect)\b.*)", r"\d+ better, .*", rf"from {QUANTITY} into the run(?:, for {QUANTITY})?", r"“0 of N”",
             rf"{NUM}{UNIT}? -> {NUM}{UNIT}?", r"^  client.timeout .*", r"^  200ms ", r"^  300ms ", r"1 in every replication", r"\d+ of \d+ replications",
             r"^  [a-z -]+  \d+  \d+\b", r"^  \d+  (?:\d+  \d00ms|small.yaml|  1s)?(?=  )", r"\d+\.\s*$", rf"{NUM}, below {NUM}(?= (?:acknowledged|new))"]
# Tables for other programs: a column is named after its unit, or a row has one; of an expectation the metric is in its text.
EXPORTS = ["summary", "timeline", "comparison", "incidents", "metrics", "series", "histograms", "runs", "events", "expectations", "findings", "parameters"]
NUMBERED = r"^(study|point|replication|number|n|seed|digest|events|run|cause|waited_for|level|censored|none|numerator|denominator|\w+_lost|text|\w*_ns|count)$"
JSONS = [
    ("summary --json", "summary run.db --json"),
    ("compare --json", f"compare {SMALL} --with client.timeout=1s --metric availability,reads --json"),
    ("sweep --json", f"sweep {SMALL} --sweep client.timeout=200ms,300ms --json"),
    ("capacity --json", f"capacity {SMALL} --parameter population.sessions --between 0.5/s..1/s --objective 'availability > 1%' --max-replications 2 --json"),
    ("check --json", "check small.yaml --against run.db --set client.timeout=1s --no-output --max-replications 3 --metric availability --json"),
    ("sensitivity --json", f"sensitivity {SMALL} --metric write_failure_rate --sweep client.timeout=100ms..1s --trajectories 2 --json"),
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


def check_text(text, rows, mode):
    """Lines with a number that nothing explains."""
    plain = bool(PLAIN_NUMBERS.search(text))
    head = text.split("\n\n")[0]
    if mode == ONE_RUN and not NO_INTERVAL.search(text):
        yield "it does not say that there are no intervals"
    for part in sections(text):
        bare = mode != ESTIMATES or bool(NO_INTERVAL.search("\n".join(part)) or NO_INTERVAL.search(head))
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


def report(name, complaints):
    complaints = list(complaints)
    print(f"{name}: {len(complaints)} complaints")
    for complaint in complaints:
        print("  " + complaint)


def check_export(name, text):
    rows = list(csv.DictReader(text.splitlines()))
    if not rows:
        yield "empty"
        return
    for column in rows[0]:
        numeric = any(re.fullmatch(r"-?[\d.]+(e-?\d+)?", row[column] or "") for row in rows)
        by_row = "unit" in rows[0] or name == "expectations"
        if numeric and not by_row and not re.match(NUMBERED, column) and column not in ("value", "stat", "labels", "version", "subject"):
            yield f"column {column} has no unit"
    for row in rows:
        if "mean" in row and row["n"] not in ("0", "1") and row["mean"] and not (row["low"] and row["high"]):
            yield f"no interval: {row}"


def check_openmetrics(text):
    families = set(re.findall(r"^# HELP (\S+) ", text, re.MULTILINE))
    bounds = {}
    for family, labels, bound in re.findall(r'^(\w+)\{(.*)bound="(\w+)"', text, re.MULTILINE):
        if family not in families:
            yield f"{family} has no description"
        bounds.setdefault((family, labels), set()).add(bound)
    for key, seen in bounds.items():
        if seen not in ({"mean", "low", "high"}, {"mean"}):
            yield f"{key} has {seen}"


class Page(html.parser.HTMLParser):
    """The text of an HTML report: a line for each block and each row of a table, an empty line before each heading."""
    BLOCKS = {"p", "li", "tr", "h1", "h2", "h3", "div", "figcaption", "summary", "dt", "dd", "section", "details", "pre", "caption", "button", "label", "span"}

    def __init__(self):
        super().__init__()
        self.text, self.skipped = "", 0

    def handle_starttag(self, tag, attributes):
        if tag in ("script", "style", "svg", "pre"):
            self.skipped += 1
        if tag in ("h1", "h2", "h3", "section", "details", "figure", "table"):
            self.text += "\n\n"
        elif tag in self.BLOCKS:
            self.text += "\n"
        elif tag in ("td", "th"):
            self.text += "  "

    def handle_endtag(self, tag):
        if tag in ("script", "style", "svg", "pre"):
            self.skipped -= 1

    def handle_data(self, text):
        if not self.skipped:
            self.text += re.sub(r"\s+", " ", text)


def text_of_page(path):
    page = Page()
    with open(path) as file:
        page.feed(file.read())
    return page.text


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
    for name, command, rows, mode in OUTPUTS:
        if wanted and name not in wanted:
            continue
        code, text = output(isthmus, source, command)
        complaints = list(check_text(text, rows, mode))
        enough = len(re.findall(NUM, text)) > 0
        print(f"{name}: {'numbers' if enough else 'no numbers'}, exit code {code}, {len(complaints)} complaints")
        for complaint in complaints:
            print("  " + complaint)
    for table in EXPORTS:
        source_file = "compare.db" if table in ("comparison", "findings", "parameters") else "run.db"
        text = subprocess.run([isthmus, "export", table, source_file], stdout=subprocess.PIPE, text=True).stdout
        report("export " + table, check_export(table, text))
    for table in "summary", "timeline":
        text = subprocess.run([isthmus, "export", table, "run.db", "--format", "openmetrics"], stdout=subprocess.PIPE, text=True).stdout
        report(f"export {table}, openmetrics", check_openmetrics(text))
    for name in PAGES:
        subprocess.run([isthmus, "report", name + ".db", "--output", "page.html"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        report("report of " + name, check_text(text_of_page("page.html"), RUN + PAGE_ROWS, ONE_RUN if name == "one" else ESTIMATES))
    for name, command in JSONS:
        if wanted and name not in wanted:
            continue
        code, text = output(isthmus, source, command)
        complaints = sorted(set(check_json(json.loads(text), "")))
        print(f"{name}: exit code {code}, {len(complaints)} complaints")
        for complaint in complaints:
            print("  " + complaint)


main()
