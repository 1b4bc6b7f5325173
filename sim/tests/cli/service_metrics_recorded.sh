# SPDX-License-Identifier: GPL-3.0-or-later
# With monitoring.record each data point that services publish is kept: in the summary, exports and expectations.
cat >small.yaml <<'END'
name: small
regions: {a: {}, b: {}}
duration: 6min
warmup: 2min
network: {default: {rtt: 20ms}}
population: {sessions: 2/s}
monitoring: {record: true, phase: 0s}
expect:
  - service_metric{name=HealthyHostCount, region=a} > 1
  - service_metric{name=CurrConnections, region=a} > 1
END
"$isthmus" run small.yaml --replications 2 --output small.db 2>/dev/null | sed -n '/^Expectations/,/^$/p' | cut -c1-70
"$isthmus" export metrics small.db --metric service_metric 2>/dev/null |
    awk -F, '$3 == 0 && $6 == "a" && $7 ~ /=(HealthyHostCount|CurrConnections|SetTypeCmdsLatency)$/ { print $7, $10 }'
"$isthmus" export metrics small.db --metric service_metric_points 2>/dev/null |
    awk -F, '$3 == 0 && $6 == "a" && $7 ~ /=(HealthyHostCount|HTTPCode_ELB_504_Count)$/ { print $7, $10 }'
"$isthmus" summary small.db --all 2>/dev/null | grep -A 1 'service_metric{name=HealthyHostCount}' | tr -s ' '
"$isthmus" export timeline small.db --metric service_metric --format csv 2>/dev/null | grep -c CurrConnections
"$isthmus" run small.yaml --set monitoring.record=false --set 'expect=[]' --replications 1 --output off.db --quiet >/dev/null 2>&1
"$isthmus" export metrics off.db --format csv 2>/dev/null | grep -c service_metric
