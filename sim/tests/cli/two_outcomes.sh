# SPDX-License-Identifier: GPL-3.0-or-later
# A retry storm without failover, in which some replications recover and others do not: the summary reports it,
# with the share of the stuck ones and Wilson's interval, and no mean over both groups.
"$isthmus" run "$source/scenarios/62-retry-storm-two-outcomes.yaml" --replications 8 --set duration=4min --no-output \
    >summary 2>/dev/null
echo "exit $?"
sed -n '/^Two outcomes/,/^$/p; /^  metric /p; /^Incidents/,/^$/p' summary
# Few writes failed in replications that recovered, most in the others.
awk '$1 == "write_failure_rate" { seen = 1 }
     seen && $1 == "total" { print ($2 + 0 < 1 && $4 + 0 > 30 || $2 + 0 < 1 && $5 + 0 > 30 ? "far apart" : "alike"); exit }' summary
# Two groups are detected without the incidents.
awk '/^Two groups/ { seen = 1 } seen && $1 == "availability" { print $1, $4, ($5 + 0 < 90), $10, ($11 + 0 > 99) }' summary
grep -c 'whole run\|failover in' summary || true
