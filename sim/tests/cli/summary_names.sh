# SPDX-License-Identifier: GPL-3.0-or-later
# Every name that a summary has is accepted where a metric is asked for, and so are quantiles over replications.
cat >loss.yaml <<END
name: loss
extends: $source/scenarios/20-region-loss.yaml
duration: 6min
warmup: 10s
population: {sessions: 1/s}
app: {instances: 2}
objective: {hold: 10s}
faults: [{at: 1min, region: us-west-1, down: true}]
replications: 2
expect: []
END
"$isthmus" run loss.yaml --output a.db --quiet || echo "exit $?"
python3 - >names <<'END'
import sqlite3
rows = sqlite3.connect("a.db").execute(
    """SELECT DISTINCT metric, stat, region, labels, "window" FROM summary WHERE region IN ('all', 'us-west-2')""")
names = []
for metric, stat, region, labels, window in rows:
    inside = [f"region={region}"] * (region != "all") + [labels] * (labels != "") + [f"window={window}"] * (window != "all")
    names.append(metric + ("{" + ", ".join(inside) + "}" if inside else "") + ("." + stat if stat else ""))
assert len(names) > 500
print(",".join(names + ["rto.p50", "rto.p90", "rpo.p90", "rpo_writes.p99", "rto_stage{stage=detect}.p50"]))
END
"$isthmus" compare loss.yaml --with client.retry.attempts=2 --replications 2 --metric "$(cat names)" --no-output --json 2>errors |
    python3 -c '
import json, sys
rows = json.load(sys.stdin)["comparisons"]
print(len(rows) == open("names").read().count(",") + 1 - open("names").read().count(", ") or len(rows))'
cat errors
"$isthmus" sweep loss.yaml --sweep client.retry.attempts=2,3 --minimise rto.p90 --minimise rpo_writes --no-output >out 2>errors || cat errors
grep -c 'rto.p90' out
"$isthmus" capacity loss.yaml --parameter population.sessions --between 1/s..2/s --objective 'rto.p90 < 1h' --replications 2 --no-output >out 2>errors || cat errors
grep -c 'rto.p90 < 1h' out
