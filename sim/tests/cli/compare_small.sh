# SPDX-License-Identifier: GPL-3.0-or-later
# A scenario with itself differs by exactly 0 in all metrics; another timeout differs; verdicts and exit codes; JSON is JSON.
cat >small.yaml <<END
name: small
extends: $source/scenarios/10-peering-brownout.yaml
duration: 1min
warmup: 20s
faults: [{at: 25s, for: 25s, link: us-west-2 -> us-west-1, loss: 30%}]
replications: 4
expect: []
END
cp small.yaml same.yaml
"$isthmus" compare small.yaml same.yaml --no-output >same 2>/dev/null; echo $?
grep -c 'equivalent: identical' same
grep -c 'better\|worse\|undecided' same
"$isthmus" compare small.yaml --with client.retry.attempts=1 --metric 'write_failure_rate, reads, write_latency.p50:10s' --output a.db 2>/dev/null; echo $?
"$isthmus" compare small.yaml --with client.timeout=1s --metric 'availability' --no-output --json 2>/dev/null | python3 -c '
import json, sys
for row in json.load(sys.stdin)["comparisons"]:
    print(row["alternative"], row["metric"], row["unit"], row["n"], row["verdict"])'
python3 -c '
import sqlite3
for row in sqlite3.connect("a.db").execute("SELECT kind, point, subject, verdict, n FROM finding"): print(*row)'
"$isthmus" compare small.yaml; echo $?
"$isthmus" compare small.yaml --with timeout; echo $?
"$isthmus" compare small.yaml --with client.timout=1s; echo $?
"$isthmus" compare small.yaml same.yaml --metric write_failure_rat; echo $?
