# SPDX-License-Identifier: GPL-3.0-or-later
# Exports are read back by other programs and have the database's numbers.
cat >small.yaml <<END
name: small, with "quotes"
extends: $source/scenarios/10-peering-brownout.yaml
duration: 1min
warmup: 20s
faults: [{at: 25s, for: 25s, link: us-west-2 -> us-west-1, loss: 30%}]
expect: [availability > 1%]
END
"$isthmus" run small.yaml --replications 2 --quiet --output a.db
for table in $("$isthmus" export --help | sed -n '/^Tables:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
    "$isthmus" export $table a.db --output $table.csv || echo "exit $?"
    "$isthmus" export $table a.db --format jsonl --output $table.jsonl || echo "exit $?"
done
"$isthmus" export a.db --format openmetrics --output summary.om
"$isthmus" export timeline a.db --format openmetrics --metric login_latency >timeline.om
"$isthmus" export a.db --format hgrm --metric login_latency --region us-west-2 --window fault --output login.hgrm
cat >check.py <<'END'
import csv, glob, json, re, sqlite3
db = sqlite3.connect("a.db")
for name in sorted(glob.glob("*.csv")):
    rows = list(csv.reader(open(name, newline="")))
    lines = [json.loads(line) for line in open(name.replace("csv", "jsonl"))]
    assert all(len(row) == len(rows[0]) for row in rows), name
    assert len(lines) == len(rows) - 1 and all(list(line) == rows[0] for line in lines), name
    for row, line in zip(rows[1:], lines):
        for text, value in zip(row, line.values()):
            assert (text == "") if value is None else text == value or float(text) == value, (name, text, value)
    print(name, "no rows" if len(rows) == 1 else "rows")
for view in ["summary", "timeline", "incidents"]:
    n, = db.execute(f"SELECT count(*) FROM {view}").fetchone()
    assert n == sum(1 for _ in open(view + ".jsonl")), view
assert [tuple(json.loads(line).values()) for line in open("summary.jsonl")] == db.execute("SELECT * FROM summary").fetchall()

# OpenMetrics: a family once, its samples together, no sample twice, an end.
sample = re.compile(r'^([a-z_:][a-z0-9_:]*)\{((?:[a-z_]+="(?:[^"\\]|\\.)*",?)*)\} (\S+)( \d+\.\d+)?$')
for name in ["summary.om", "timeline.om"]:
    families, seen, last, text = [], set(), {}, open(name).read()
    assert text.endswith("\n# EOF\n")
    for line in text.splitlines()[:-1]:
        if line.startswith("# TYPE "):
            families.append(line.split()[2])
        if line.startswith("#"):
            continue
        metric, labels, value, time = sample.match(line).groups()
        assert metric in (families[-1], families[-1] + "_info"), line
        assert (metric, labels, time) not in seen, line
        seen.add((metric, labels, time))
        assert float(time or 0) >= last.get((metric, labels), 0), line
        last[metric, labels] = float(time or 0)
        float(value)
    assert len(families) == len(set(families))
    print(name, "good")
mean, = db.execute("""SELECT mean FROM summary WHERE metric = 'login_latency' AND stat = 'p99' AND region = 'us-west-2'
                      AND "window" = 'fault' AND labels = ''""").fetchone()
om = [float(line.split()[1]) for line in open("summary.om") if line.startswith("isthmus_login_latency_seconds") and "outcome=" not in line
      and all(part in line for part in ['region="us-west-2"', 'window="fault"', 'stat="p99"', 'bound="mean"'])]
assert len(om) == 1 and abs(om[0] - mean / 1e9) < 1e-12, (om, mean)

# Percentiles: counts and values rise, the last line is the maximum, the p99 is that of the summary.
rows = [line.split() for line in open("login.hgrm") if re.match(r" +\d", line)]
values, shares, counts = ([float(row[i]) for row in rows] for i in range(3))
assert values == sorted(values) and shares == sorted(shares) and counts == sorted(counts) and shares[-1] == 1
total, = db.execute("""SELECT sum(count) FROM histogram JOIN cell ON cell.id = cell WHERE name = 'login_latency'
                       AND region = 'us-west-2' AND "window" = 'fault' AND label = ''""").fetchone()
assert counts[-1] == total
below = max(value for value, share in zip(values, shares) if share <= 0.99)
above = min(value for value, share in zip(values, shares) if share >= 0.99)
assert below <= mean / 1e6 <= above, (below, mean, above)
print("login.hgrm good")
END
python3 check.py
"$isthmus" export timelin a.db; echo $?
"$isthmus" export a.db --format hgrm; echo $?
"$isthmus" export a.db --format hgrm --metric availability; echo $?
"$isthmus" export a.db --metric availabilty; echo $?
"$isthmus" export runs a.db --metric availability; echo $?
"$isthmus" export runs a.db --format openmetrics; echo $?
"$isthmus" export a.db --window fault; echo $?
"$isthmus" export a.db --output small.yaml; echo $?
"$isthmus" export a.db --output a.db; echo $?
