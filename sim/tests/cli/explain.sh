# SPDX-License-Identifier: GPL-3.0-or-later
# An incident explained from recorded causes; what-ifs, contributions of stages, one session; what cannot be explained.
isthmus() { "$isthmus" "$@"; } # what is printed begins with the program's name
cat >loss.yaml <<END
name: loss
extends: $source/scenarios/reference/global-datastore.yaml
duration: 20min
warmup: 1min
phase: 0s
replications: 2
population: {sessions: 2/s}
failover: {mode: automatic, repair: operator, repair_time: 1min, operator: {acknowledge: 30s}}
faults:
  - {at: 5min, region: us-west-1, down: true}
  - {at: 6min, for: 5min, home: us-east-1, down: true}
  - {at: 18min, for: 1s, link: us-west-2 -> us-west-1, delay: 1ms}
END
isthmus run loss.yaml --quiet --output r.db
isthmus explain r.db --what-if 'failover.repoint=routing-control, failover.routing.call=500ms'
echo '--- contributions add up to the RTO'
isthmus explain r.db --run 0/1 --stages | sed -n '/^Stages/,$p'
echo '--- JSON'
isthmus explain r.db --json | sed -n '/"incident": {/,/"steps"/p'
echo '--- a session'
isthmus explain r.db --session example | sed -n '/^Session/,$p' | head -n 6
echo '--- errors'
isthmus explain r.db --incident 7; echo $?
isthmus explain r.db --run 0/9; echo $?
isthmus explain r.db --run 3/0; echo $?
isthmus explain r.db --run x; echo $?
isthmus explain r.db --what-if failover.repoint; echo $?
isthmus explain r.db --what-if failover.repoint=magic; echo $?
isthmus explain r.db --session us-west-9/1/1 2>&1 >/dev/null; echo $?
isthmus run loss.yaml --quiet --output quiet.db --set faults=[] --replications 1
isthmus explain quiet.db; echo $?
isthmus explain missing.db; echo $?
