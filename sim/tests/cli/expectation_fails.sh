# SPDX-License-Identifier: GPL-3.0-or-later
# Exit 10 if an expectation fails, 12 if one is undecided, 0 if all hold.
cat >small.yaml <<END
name: small
extends: $source/scenarios/00-baseline.yaml
duration: 2min
warmup: 20s
replications: 2
expect: []
END
try() { "$isthmus" run small.yaml --no-output --quiet --set "expect=[$1]"; echo $?; }
try 'requests > 0'
try 'requests < 0'
try "'requests{region=us-west-1} < requests{region=us-west-2}'"
