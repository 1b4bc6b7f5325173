# SPDX-License-Identifier: GPL-3.0-or-later
# Metrics under the names of services, as a table and as JSON; an alarm accepts one of them, and no other name.
"$isthmus" describe --service-metrics | cut -c1-105
"$isthmus" describe --service-metrics --json | grep -c '"namespace"'
cat >alarm.yaml <<'YAML'
extends: loss.yaml
failover: {alarm: {metric: HealthyHostCount, comparison: at-most, period: 60s}}
YAML
sed 's/^extends: /extends: '"${source//\//\\/}"'\/scenarios\//' "$source/scenarios/20-region-loss.yaml" >loss.yaml
"$isthmus" validate alarm.yaml
"$isthmus" validate alarm.yaml --set failover.alarm.metric=HealthyHosts
echo "exit $?"
