# SPDX-License-Identifier: GPL-3.0-or-later
# Lessons: listed, shown, run with a prediction that is judged and recorded; errors in them have their place.
mkdir lessons
cat >lessons/01-small.yaml <<'YAML'
name: small
question: How many requests fail when nothing does?
regions: {a: {}, b: {}}
network: {default: {rtt: 20ms}}
duration: 30s
warmup: 0s
replications: 2
population: {sessions: 1/s}
lesson: {choices: [none, all], answer: 1, because: Nothing is broken., plot: timeline}
YAML
"$isthmus" lesson list --folder lessons
"$isthmus" lesson show 01-small --folder lessons
"$isthmus" lesson run 1 --folder lessons --predict 2 --output r.db 2>said | tail -n 3
echo "${PIPESTATUS[0]}"
grep plot said
"$isthmus" lesson run 1 --folder lessons --predict 1 --output r.db 2>&1 | grep prediction
"$isthmus" lesson run 1 --folder lessons --quiet --output r.db; echo $?
python3 -c 'import sqlite3; print(*sqlite3.connect("r.db").execute("SELECT kind, verdict, text FROM finding ORDER BY study"), sep="\n")'
"$isthmus" lesson show 2 --folder lessons; echo $?
"$isthmus" lesson show 01-smal --folder lessons; echo $?
"$isthmus" lesson run 1 --folder lessons --predict 3; echo $?
"$isthmus" lesson learn; echo $?
"$isthmus" lesson list --folder missing; echo $?
cat >lessons/02-bad.yaml <<'YAML'
extends: 01-small.yaml
lesson: {choices: [only one], answer: 3, becaus: no}
YAML
"$isthmus" lesson show 2 --folder lessons; echo $?
printf 'extends: 01-small.yaml\nlesson: {answer: 3}\n' >lessons/02-bad.yaml
"$isthmus" validate lessons/02-bad.yaml; echo $?
printf 'extends: 01-small.yaml\nlesson: ~\n' >lessons/02-bad.yaml
"$isthmus" lesson show 2 --folder lessons; echo $?
"$isthmus" lesson list --folder "$source/scenarios/lessons" | wc -l
