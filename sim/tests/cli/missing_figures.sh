# SPDX-License-Identifier: GPL-3.0-or-later
# What a run may not have, under every verb: an RTO without an outage or never restored, events that were not seen, quantiles
# over few replications. The numbers of the cases are too few to decide or decide exactly: 4 pairs that differ in an outcome
# are 1/8 two-sided (8: 1/128) and 1/16 one-sided; 16 against 4 replications 1 / C(20, 4) = 1/4845, doubled beside the pairs.
cat >calm.yaml <<END
name: calm
extends: $source/scenarios/00-baseline.yaml
duration: 2min
warmup: 10s
population: {sessions: 1/s}
app: {instances: 2}
faults: [{at: 40s, for: 1ms, store: us-west-1, stall: true}]
replications: 4
expect: []
END
stall="--set faults[0].for=20s"
"$isthmus" run calm.yaml --output calm.db --quiet 2>/dev/null
"$isthmus" run calm.yaml $stall --output stall.db --quiet 2>/dev/null
echo "An outage that the baseline has not, and the reverse:"
"$isthmus" check calm.yaml $stall --against calm.db --metric rto,rto.p90,incidents_unrestored --no-output 2>/dev/null | grep '^  [ri]'
"$isthmus" check calm.yaml --against stall.db --metric rto --no-output 2>/dev/null | grep '^  r'
"$isthmus" compare calm.yaml --with 'faults[0].for=20s' --metric rto --replications 8 --no-output --json 2>/dev/null | python3 -c '
import json, sys
row = json.load(sys.stdin)["comparisons"][0]
print("compare:", row["verdict"], row["outcome"], row["base_well"], row["value_well"], "of", row["runs"], row["p_mcnemar"])'
echo "No outage is better than any RTO, never restored worse:"
"$isthmus" sweep calm.yaml --sweep 'faults[0].for=1ms,20s,90s' --minimise rto --minimise write_failure_rate --output front.db 2>/dev/null |
    awk '/^  faults/ { print $1, ($2 ~ /^[0-9]/ ? "number" : $2 " " $3 " " $4 " " $5 " " $6), $(NF-1), $NF }'
"$isthmus" plot front front.db --format text 2>/dev/null | grep -o 'no outage in 6 of 6\|never in 6 of 6'
"$isthmus" sensitivity calm.yaml --sweep 'faults[0].for=1ms,90s' --sweep client.timeout=200ms..300ms --metric rto --trajectories 2 \
    --replications 1 --output front.db 2>/dev/null | awk '/^  (faults|client)/ { print $1, $NF, $(NF-2) }'
echo "A run that never recovers, by the count of such runs:"
"$isthmus" check calm.yaml --set 'faults[0].for=90s' --against calm.db --metric incidents_unrestored --no-output 2>/dev/null | grep '^  i'
"$isthmus" check calm.yaml --set 'faults[0].for=90s' --against calm.db --metric incidents_unrestored --seed 9 --no-output 2>/dev/null | grep '^  i'
echo "Expectations:"
"$isthmus" run calm.yaml $stall --set 'expect=["rto.p90 < 1h", "rto.p90 > 1h", "login_latency.p99 < 1h", "availability{window=before} > 2 * availability{window=fault}"]' \
    --no-output 2>/dev/null | sed -n '/^  [hfu].*  /,/^$/p' | sed 's/  *$//; s/[0-9.]* s \[[^]]*\]/(s)/; s/difference .*%/difference/'
echo "Nothing seen:"
"$isthmus" capacity calm.yaml --parameter population.sessions --between 1/s..2/s --objective 'write_failure_rate < 0.01%' --no-output 2>/dev/null |
    sed 's/  *$//'
"$isthmus" run calm.yaml --precision incidents_unrestored:1 --max-replications 15 --no-output 2>/dev/null | tail -n 1 | tr -s ' '
"$isthmus" run calm.yaml --replications 1 --no-output 2>/dev/null | awk '$1 == "write_failure_rate" { print $1, $3, $4, $5 }'
echo "One replication:"
"$isthmus" run calm.yaml --replications 1 --output one.db --quiet 2>/dev/null
"$isthmus" check calm.yaml --set app.instances=3 --against one.db --max-replications 1 --metric write_failure_rate --no-output 2>/dev/null | grep '^  w'
echo "A baseline of another load, objective, warm-up:"
for other in population.sessions=2/s objective.target=95% warmup=20s; do
    "$isthmus" check calm.yaml --set "$other" --against calm.db --metric incidents_unrestored --no-output 2>&1 >/dev/null
done
echo "No interval of a share or of a difference of shares is impossible:"
"$isthmus" compare calm.yaml --with 'faults[0].for=90s' --output shares.db --quiet 2>/dev/null
for view in summary comparison timeline; do
    sqlite3 shares.db "SELECT '$view', count(*) > 20, sum(unit = 'share' AND (high > 1 OR low < -1)), sum('$view' <> 'comparison' AND low < 0) FROM $view"
done
