# SPDX-License-Identifier: GPL-3.0-or-later
# Settings that are allowed but probably not intended: a warning each, with the lint rule's name and the place; exit 0.
# The place is the parameter; the section if a preset set it; the file if the section is not in the file.
cat >odd.yaml <<'YAML'
regions: {us-west-1: {}, us-west-2: {app: {health: {depth: local-store, interval: 2s, timeout: 3s}}}}
store: {primary: us-west-1}
app: {health: {depth: primary-store}}
client:
  timeout: 2s
  deadline: 1s
  retry: {jitter: none}
dns: {ttl: 5min}
replication: {backlog: 0, timeout: 5s, output_buffer: {soft: 256 MiB}}
failover: {mode: automatic, alarm: {datapoints: 1, periods: 1}}
faults: [{at: 1min, for: 1min, link: us-west-2 -> us-west-1}]
YAML
"$isthmus" validate odd.yaml
echo "exit $?"
echo '--- nothing of them with --quiet, nor in the reference'
"$isthmus" validate --quiet odd.yaml 2>&1
"$isthmus" validate "$source/scenarios/reference/global-datastore.yaml" 2>&1 | sed 's/.*reference/reference/'
echo '--- a preset, and a kind of store without promotion'
cat >kind.yaml <<'YAML'
regions: {us-west-1: {}}
store: {kind: regional}
client: {preset: ioredis-5}
failover: {mode: manual}
YAML
"$isthmus" validate kind.yaml 2>&1
echo '--- an old name of a preset is accepted'
cat >old.yaml <<'YAML'
regions: {us-west-1: {}}
store: {kind: regional}
client: {preset: go-redis-9.0-9.21}
failover: {mode: manual}
YAML
"$isthmus" validate old.yaml 2>&1
echo '--- each model lists its rules'
"$isthmus" describe dns_zone | sed -n '/^lint/,$p;/^  lint/,$p'
