# SPDX-License-Identifier: GPL-3.0-or-later
# The summary of a file equals what the run printed; Markdown and JSON; the newest study and another; nothing is run.
cat >small.yaml <<END
name: small
extends: $source/scenarios/10-peering-brownout.yaml
duration: 1min
warmup: 20s
faults: [{at: 25s, for: 25s, link: us-west-2 -> us-west-1, loss: 30%}]
expect: [availability > 1%, write_failure_rate < 0%]
END
"$isthmus" run small.yaml --replications 2 --output a.db >ran 2>/dev/null; echo $?
"$isthmus" summary a.db >read; echo $?
cmp ran read && echo the same
grep -A 3 '^Expectations' read | sed 's/  *\[.*//'
grep -A 1 '^Incidents' read
tail -n 2 read | sed -E 's/, 20.*; again/, ...; again/; s,[^ ]*/isthmus,isthmus,'
"$isthmus" summary a.db --markdown | grep '^##\|^| [mv]'
"$isthmus" summary a.db --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["study"]["scenario"])'
"$isthmus" run small.yaml --replications 1 --seed 2 --quiet --output a.db; echo $?
"$isthmus" summary a.db | sed -n 3,4p
"$isthmus" summary a.db --study 1 | cmp - read && echo the first study
"$isthmus" summary a.db --all | grep -c 'All other metrics'
"$isthmus" summary a.db --study 3; echo $?
"$isthmus" summary a.db --json --markdown; echo $?
"$isthmus" summary none.db; echo $?
