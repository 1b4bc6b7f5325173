# SPDX-License-Identifier: GPL-3.0-or-later
# A retry storm without any failover, in which some replications come back and others never do: the summary says so,
# with the share of the stuck ones and Wilson's interval, and gives no mean over both.
"$isthmus" run "$source/scenarios/62-retry-storm-two-outcomes.yaml" --replications 8 --set duration=4min --no-output \
    >summary 2>/dev/null
echo "exit $?"
sed -n '/^Two outcomes/,/^$/p; /^  metric /p; /^Incidents/,/^$/p' summary
# Of those that recovered hardly a write failed, of the others most did.
awk '$1 == "write_failure_rate" { seen = 1 }
     seen && $1 == "total" { print ($2 + 0 < 1 && $4 + 0 > 30 || $2 + 0 < 1 && $5 + 0 > 30 ? "far apart" : "alike"); exit }' summary
# Two groups are found without looking at the incidents.
awk '/^Two groups/ { seen = 1 } seen && $1 == "availability" { print $1, $2, $3, ($4 + 0 < 90), $7, $8, ($9 + 0 > 99) }' summary
grep -c 'whole run\|failover in' summary || true
