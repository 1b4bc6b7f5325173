# SPDX-License-Identifier: GPL-3.0-or-later
# The models and kinds of the scenario declare the targets of faults; other targets are errors that list those allowed.
cat >regional.yaml <<'YAML'
regions: {us-west-1: {}, us-west-2: {}}
duration: 10min
store: {kind: regional}
faults:
  - {at: 1min, for: 10s, replication: us-west-2, pause: true}
  - {at: 2min, promote: us-west-2}
  - {at: 3min, control: monitoring, down: true}
  - {at: 4min, gateway: us-west-1, loss: 30%}
  - {at: 5min, instance: us-west-2/4, restart: true}
  - {at: 5min, instance: us-wst-2/0, restart: true}
  - {at: 5min, link: us-west-1 -> us-west-2, stall: true}
  - {at: 5min, stoer: us-west-1, stall: true}
  - {at: 5min, store: us-wst-1, stall: true}
  - {at: 5min, store: us-west-1}
YAML
"$isthmus" validate regional.yaml
echo "exit $?"
cat >single.yaml <<'YAML'
regions: {us-west-1: {}, us-west-2: {}}
duration: 10min
store: {kind: single-region, primary: us-west-2}
faults:
  - {name: cut, at: 1min, for: 10s, store: us-west-1, crash: host}
  - {name: on, at: 2min, store: us-west-2, stall: true}
  - {after: cat, at: 1s, store: us-west-2, restart: true}
  - {after: on, at: 1s, store: us-west-2, restart: true}
YAML
"$isthmus" validate single.yaml
echo "exit $?"
echo '--- an instance that restarts 30 s after a link is good again'
cat >good.yaml <<'YAML'
regions: {us-west-1: {}, us-west-2: {}}
duration: 10min
faults:
  - {after: cut, at: 30s, instance: us-west-2/3, restart: true}
  - {name: cut, at: 1min, for: 10s, link: us-west-1 <-> us-west-2, loss: 30%}
YAML
"$isthmus" validate good.yaml
