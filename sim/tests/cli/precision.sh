# SPDX-License-Identifier: GPL-3.0-or-later
# Replications until the intervals are narrow enough, up to the maximum: 12, below the 15 of the first check.
cat >small.yaml <<END
name: small
extends: $source/scenarios/10-peering-brownout.yaml
duration: 1min
warmup: 20s
faults: [{at: 25s, for: 25s, link: us-west-2 -> us-west-1, loss: 30%}]
replications: 4
expect: []
END
"$isthmus" run small.yaml --precision 'write_timeout_rate:30%, login_latency.p99:1s' --no-output 2>/dev/null | tail -n 4; echo $?
"$isthmus" run small.yaml --precision write_timeout_rate:0.0000001 --max-replications 3 --output a.db 2>/dev/null | tail -n 3
"$isthmus" run small.yaml --precision write_timeout_rate:0.0000001 --max-replications 3 --no-output --quiet; echo $?
"$isthmus" run small.yaml --precision write_timeout_rate --no-output; echo $?
"$isthmus" run small.yaml --precision write_timeout_rate:5ms --no-output; echo $?
"$isthmus" run small.yaml --precision write_timeout_rate:5% --replications 5 --no-output; echo $?
"$isthmus" run small.yaml --max-replications 5 --no-output; echo $?
"$isthmus" run small.yaml --precision login_latency.p99:1s --max-replications 3 --no-output --json 2>/dev/null | python3 -c '
import json, sys
for row in json.load(sys.stdin)["findings"]: print(row["kind"], row["point"], row["subject"], row["verdict"], row["n"])'
