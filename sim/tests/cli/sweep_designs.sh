# SPDX-License-Identifier: GPL-3.0-or-later
# Ranges, conditions, lockstep and Latin hypercubes give exactly the requested points; a grid of them can be plotted.
cat >small.yaml <<END
name: small
extends: $source/scenarios/10-peering-brownout.yaml
duration: 1min
warmup: 20s
faults: [{at: 25s, for: 25s, link: us-west-2 -> us-west-1, loss: 30%}]
replications: 4
expect: []
END
points() { "$isthmus" sweep small.yaml --replications 1 --set duration=30s --set faults.0.at=21s --set faults.0.for=5s "$@" --output points.db --replace --quiet
    echo "exit $?"
    python3 -c '
import sqlite3
rows = sqlite3.connect("points.db").execute("SELECT number, path, value FROM point_param JOIN point ON point.id = point_param.point ORDER BY number, path")
points = {}
for number, path, value in rows: points.setdefault(number, []).append(value)
print(*[",".join(values) for values in points.values()])'; }
points --sweep client.timeout=200ms..600ms/200ms --sweep client.retry.attempts=1..3/1 --where 'client.timeout * client.retry.attempts <= 1s'
"$isthmus" plot heatmap points.db --format svg --output . && grep -c 'client.retry.attempts' small-heatmap.svg
points --sweep client.timeout=200ms,400ms --sweep client.read_timeout=1s,2s --lockstep client.timeout,client.read_timeout
points --sweep client.timeout=100ms..1s --lhs 3
echo 'sweep: {client.timeout: 200ms..800ms*2, client.retry.attempts: [1, 2]}' >>small.yaml
echo 'where: client.timeout > 200ms or client.retry.attempts == 1' >>small.yaml
points
"$isthmus" sweep small.yaml --minimise login_latency.p99 --minimise write_failure_rate --subject-to 'availability > 1%' --no-output --json 2>/dev/null | python3 -c '
import json, sys
front = json.load(sys.stdin)["front"]
print(len(front), all(point["allowed"] for point in front), any(point["on_front"] for point in front))'
"$isthmus" sweep small.yaml --sweep client.timeout; echo $?
"$isthmus" sweep small.yaml --sweep client.timeout=1s..100ms; echo $?
"$isthmus" sweep small.yaml --sweep client.timeout=100ms..1s; echo $?
"$isthmus" sweep small.yaml --sweep client.timout=100ms; echo $?
"$isthmus" sweep small.yaml --where 'client.timeout < 5'; echo $?
"$isthmus" sweep small.yaml --where 'client.timeout > 1h'; echo $?
"$isthmus" sweep small.yaml --subject-to 'availability > 1%'; echo $?
