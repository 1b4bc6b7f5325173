# SPDX-License-Identifier: GPL-3.0-or-later
# Metrics under the names of services, with the metric here or why there is none; an alarm may name one, and a metric
# that the scenario does not have is refused with the reason.
"$isthmus" describe --service-metrics | cut -c1-105 | head -24
"$isthmus" describe --service-metrics --json | grep -c '"namespace"'
"$isthmus" describe --service-metrics ElastiCache/CurrConnections
"$isthmus" describe --service-metrics AWS/ApplicationELB/RequestCount --json
"$isthmus" describe --service-metrics MasterLinkHealthStatus
"$isthmus" describe --service-metrics CurConnections
echo "exit $?"
cat >alarm.yaml <<'END'
regions: {a: {}, b: {}}
network: {default: {rtt: 20ms}}
failover: {alarm: {metric: HealthyHostCount, comparison: at-most, period: 60s}}
alarms:
  - {name: storm, metric: ElastiCache/NewConnections, value: 1000}
END
"$isthmus" validate alarm.yaml
for metric in HealthyHosts ConsumedWriteCapacityUnits UserErrors ElastiCache/RequestCount; do
    "$isthmus" validate alarm.yaml --set failover.alarm.metric="$metric"
done
"$isthmus" validate alarm.yaml --set failover.alarm.period=30s
