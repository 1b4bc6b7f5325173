# SPDX-License-Identifier: GPL-3.0-or-later
cat >small.yaml <<'YAML'
regions: {a: {}, b: {}}
duration: 20s
warmup: 0s
replications: 2
network: {default: {rtt: 20ms}}
population: {sessions: 1/s}
YAML
"$isthmus" run small.yaml --no-output --quiet --digest >without
"$isthmus" run small.yaml --no-output --quiet --digest --history h.jsonl --history-replication 1 >with; echo $?
cmp with without && head -n 2 h.jsonl
# A line is an object of one of four types.
grep -vcE '^\{"type": "(history|run|write|operation)", .*\}$' h.jsonl
# An earlier history is replaced, any other file is not.
"$isthmus" run small.yaml --no-output --quiet --history h.jsonl; echo $?
"$isthmus" run small.yaml --no-output --quiet --history small.yaml; echo $?
"$isthmus" run small.yaml --no-output --quiet --history with; echo $?
"$isthmus" run small.yaml --no-output --quiet --history-replication 1; echo $?
"$isthmus" run small.yaml --no-output --quiet --history h.jsonl --history-replication 2; echo $?
"$isthmus" run small.yaml --resume --history h.jsonl; echo $?
head -n 2 h.jsonl
ls
