# SPDX-License-Identifier: GPL-3.0-or-later
# A sweep finds the cheapest point, and the front of cost and latency; a comparison decides by cost.
scenario=$source/scenarios/54-gateway-or-peerings.yaml
for networks in 9 11; do
    "$isthmus" sweep "$scenario" --set cost.networks=$networks --set 'sweep={}' --sweep network.default.kind=vpc-peering,transit-gateway \
        --minimise cost_per_hour --replications 3 --no-output --set 'expect=[]' 2>/dev/null |
        grep -E '^  (network|vpc|transit)' | tr -s ' '
done
"$isthmus" sweep "$scenario" --set cost.networks=11 --set 'sweep={}' --sweep network.default.kind=vpc-peering,transit-gateway \
    --minimise cost_per_hour --minimise write_latency.p50 --replications 3 --no-output --set 'expect=[]' 2>/dev/null |
    grep -E '^  (network|vpc|transit)' | tr -s ' '
"$isthmus" compare "$scenario" --with network.default.kind=vpc-peering --set 'expect=[]' --metric cost_per_hour --replications 3 --no-output 2>/dev/null |
    grep '^  cost' | tr -s ' '
