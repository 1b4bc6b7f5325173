# SPDX-License-Identifier: GPL-3.0-or-later
# A store that breaks rules of the service is told all of them, with place and source; faults that a kind does not take are refused.
cat >rules.yaml <<'END'
regions: {us-west-1: {}, us-west-2: {}}
duration: 10min
store:
  kind: global-datastore
  node_type: t4g.medium
  shards: 40
  replicas: 2
  secondary_replicas: [0, 1]
  cluster_mode: disabled
  read_from: replicas
faults:
  - {at: 1min, store: us-west-1, throttled: 30%}
  - {at: 2min, for: 1min, store: us-west-1, access: auth}
  - {at: 3min, store: us-west-2, flush: true}
END
"$isthmus" validate rules.yaml; echo $?
cat >table.yaml <<'END'
regions: {us-west-1: {}, us-west-2: {}}
duration: 10min
store: {kind: dynamodb-global-tables}
faults:
  - {at: 1min, for: 1min, store: us-west-1, throttled: 30%}
  - {at: 2min, store: us-west-1, flush: true}
  - {at: 2min, store: us-west-1, role_change: true}
END
"$isthmus" validate table.yaml; echo $?
