# SPDX-License-Identifier: GPL-3.0-or-later
# A temporary results file is needed for a summary or a plot only: without them nothing is recorded,
# and a folder that cannot be written does not matter.
cat >small.yaml <<'YAML'
regions: {a: {}, b: {}}
duration: 20s
warmup: 0s
replications: 2
network: {default: {rtt: 20ms}}
population: {sessions: 1/s}
expect: ['requests > 0']
YAML
"$isthmus" run small.yaml --digest >recorded 2>/dev/null; echo $?
export TMPDIR=$PWD/missing
"$isthmus" run small.yaml --no-output --digest 2>&1 | cmp - recorded && echo "same digests"
"$isthmus" run small.yaml --no-output --quiet --set 'expect=[requests > 10k]'; echo $?
"$isthmus" run small.yaml --no-output 2>&1 | sed "s|$PWD|.|; s|isthmus-[A-Za-z0-9]*|isthmus-XXXXXX|"; echo "${PIPESTATUS[0]}"
