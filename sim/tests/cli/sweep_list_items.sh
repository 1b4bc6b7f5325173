# SPDX-License-Identifier: GPL-3.0-or-later
# One item of a list is set and swept: a fault, a stage. Neutral values are points of a sweep, and do nothing.
cat >s.yaml <<'YAML'
regions: {us-west-1: {}}
duration: 1min
warmup: 0s
store: {kind: single-region}
population: {sessions: 20/s, requests: 2, think: 1s, arrivals: {stages: [{for: 20s, to: 20/s}, {for: 10s, to: 40/s}]}}
faults:
  - {at: 10s, for: 20s, instance: us-west-1/0, errors: 20%, slow: 3x}
  - {at: 10s, for: 20s, store: us-west-1, slow: 2x}
YAML
digests() { "$isthmus" "$@" --replications 1 --output s.db >/dev/null 2>&1; echo "exit $?"; sqlite3 s.db 'SELECT digest FROM run ORDER BY point'; rm -f s.db; }
echo '--- errors 0 %, 20 %: the second is the file'
digests sweep s.yaml --sweep 'faults[0].errors=0%, 20%' >sweep.txt
digests run s.yaml >run.txt
digests run s.yaml --set 'faults.0.errors=0%' >zero.txt
sed -n 3p sweep.txt | diff - <(sed -n 2p run.txt) && sed -n 2p sweep.txt | diff - <(sed -n 2p zero.txt) && echo same
echo '--- neutral values are as no fault'
digests run s.yaml --set 'faults=[]' >none.txt
digests run s.yaml --set 'faults[0]={at: 10s, for: 20s, instance: us-west-1/0, errors: 0%, slow: 1x}' --set 'faults[1].slow=1x' >neutral.txt
sed -n 2p none.txt | diff - <(sed -n 2p neutral.txt) && echo same
"$isthmus" validate s.yaml --set 'faults[1].slow=1x' 2>&1
for fault in 'region: us-west-1, down: false' 'store: us-west-1, crash: none' 'store: us-west-1, stall: false' 'store: us-west-1, down: false' 'store: us-west-1'; do
    echo "--- $fault"
    "$isthmus" validate s.yaml --set "faults=[{at: 10s, for: 1s, $fault}]" 2>&1 | sed 3,4d
done
echo '--- stages'
digests sweep s.yaml --sweep 'population.arrivals.stages[1].to=10/s, 40/s' >sweep.txt
sed -n 3p sweep.txt | diff - <(sed -n 2p run.txt) && echo same
"$isthmus" sweep s.yaml --sweep 'faults[1].slow=1x..3x/1' --replications 1 --output s.db 2>/dev/null | grep '^Point'
echo '--- either way of writing a place is the same path'
"$isthmus" sweep s.yaml --sweep 'faults[1].slow=1x, 2x, 3x' --sweep 'faults.0.slow=1, 2, 3' --where 'faults.1.slow > 1' \
    --lockstep 'faults[1].slow, faults[0].slow' --replications 1 --output s.db 2>&1 | grep -E '^Point|error:'
"$isthmus" sweep s.yaml --sweep 'faults[1].slow=1x, 2x' --where 'faults[0].errors > 10%' --set 'faults.1.slow=3x' --replications 1 --output s.db 2>&1 | grep -E '^Point|error:'
echo '--- wrong places'
for path in 'faults[2].slow' 'faults[].slow' 'faults[x].slow' 'faults[0' 'faults[0]x.slow' 'population.arrivals.stages[7].to' 'client[0].timeout' 'faults[99999999].slow'; do
    "$isthmus" validate s.yaml --set "$path=2x" 2>&1 | head -1
done
echo '--- a random process of too many occurrences'
"$isthmus" validate s.yaml --set 'faults=[{at: 0s, mtbf: 1us, mttr: 1us, instance: us-west-1/0, slow: 2x}]' 2>&1 | head -1
"$isthmus" validate s.yaml --set 'faults=[{at: 0s, every: 2ns, for: 1ns, instance: us-west-1/0, slow: 2x}]' 2>&1 | head -1
"$isthmus" validate s.yaml --set 'faults=[{at: 0s, every: 2ns, for: 1ns, times: 5, instance: us-west-1/0, slow: 2x}]' 2>&1 | head -1
rm -f ./*
