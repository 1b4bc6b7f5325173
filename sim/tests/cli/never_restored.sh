# SPDX-License-Identifier: GPL-3.0-or-later
# A run that never recovers is the worst outcome: one attempt against three after a stall of the store, and no failover
# against an automatic one.
storm=$source/scenarios/62-retry-storm-two-outcomes.yaml
"$isthmus" compare "$storm" --set client.retry.attempts=1 --with client.retry.attempts=3 --replications 20 --no-output \
    --metric rto,incidents_unrestored --json 2>/dev/null | python3 -c '
import json, sys
for row in json.load(sys.stdin)["comparisons"]:
    print(row["metric"], row["verdict"], row["base_well"], "of", row["runs"], row["value_well"] < 15, row["p_mcnemar"] < 0.05)'
cat >loss.yaml <<END
name: loss
extends: $source/scenarios/20-region-loss.yaml
duration: 10min
warmup: 30s
population: {sessions: 3/s}
app: {instances: 2}
faults: [{at: 2min, region: us-west-1, down: true}]
replications: 8
expect: [rto < 1h, rto.p90 < 1h]
END
"$isthmus" compare loss.yaml --with failover.mode=none --no-output --metric rto 2>/dev/null | grep -A 1 '^  rto' | tr -s ' \n' ' '; echo
"$isthmus" sweep loss.yaml --sweep failover.mode=automatic,none --minimise rto --minimise cost_per_hour --no-output 2>/dev/null |
    awk '/^  failover/ { print $1, $NF }'
"$isthmus" run loss.yaml --set failover.mode=none --output none.db 2>/dev/null | sed -n '/^Expectations/,/^$/p; /^Incidents/,/^$/p'
"$isthmus" run loss.yaml --output base.db --quiet 2>/dev/null
"$isthmus" check loss.yaml --set failover.mode=none --against base.db --metric rto --no-output --junit worse.xml 2>/dev/null | grep '^  rto'
grep -c '<failure' worse.xml
# One replication decides nothing; no event in few trials does not prove a small share.
"$isthmus" run loss.yaml --replications 1 --set 'expect=[availability > 1%]' --no-output 2>/dev/null | sed -n '/^Expectations/,/^$/p'
cat >unseen.yaml <<END
name: unseen
extends: loss.yaml
replications: 2
expect: ["write_failure_rate{window=before} < 0.001%", "write_failure_rate{window=before} < 10%"]
END
"$isthmus" run unseen.yaml --no-output 2>/dev/null | sed -n '/^Expectations/,/^$/p'
# A baseline that does not match.
"$isthmus" check loss.yaml --against base.db --set duration=9min --no-output
echo $?
"$isthmus" check loss.yaml --against base.db --set population.sessions=4/s --set 'expect=[]' --metric availability:100% --no-output >/dev/null
echo $?
