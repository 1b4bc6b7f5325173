# SPDX-License-Identifier: GPL-3.0-or-later
# An input without influence has an effect of exactly 0; one with influence does not.
cat >small.yaml <<END
name: small
extends: $source/scenarios/10-peering-brownout.yaml
duration: 1min
warmup: 20s
faults: [{at: 25s, for: 25s, link: us-west-2 -> us-west-1, loss: 30%}]
replications: 4
expect: []
END
"$isthmus" sensitivity small.yaml --metric write_timeout_rate --sweep client.timeout=100ms..1s --sweep cost.alarms=1..20 --no-output 2>/dev/null; echo $?
"$isthmus" sensitivity small.yaml --metric write_timeout_rate --sweep client.timeout=100ms..1s --sweep population.patience=10s..20s --trajectories 3 --replications 2 --no-output --json 2>/dev/null | python3 -c '
import json, sys
for row in json.load(sys.stdin)["effects"]: print(row["metric"], row["input"], row["n"], row["mu_star"] > 0)'
"$isthmus" sensitivity small.yaml --metric write_timeout_rate; echo $?
"$isthmus" sensitivity small.yaml --sweep client.timeout=100ms..1s; echo $?
