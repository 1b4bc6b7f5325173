# SPDX-License-Identifier: GPL-3.0-or-later
# The points of a sweep; with --set of its only axis there is nothing to sweep.
cat >small.yaml <<END
name: small
extends: $source/scenarios/00-baseline.yaml
duration: 2min
warmup: 20s
replications: 2
expect: []
END
"$isthmus" sweep small.yaml --no-output --digest; echo $?
echo 'sweep: {client.timeout: [200ms, 1s]}' >>small.yaml
"$isthmus" sweep small.yaml --no-output --digest --threads 3 | cut -d ' ' -f 1-2
"$isthmus" sweep small.yaml --no-output --digest --threads 1 --replications 1 >points
"$isthmus" run small.yaml --no-output --digest --replications 1 --set client.timeout=200ms |
    cmp - <(sed -n 's/^0 //p' points)
"$isthmus" sweep small.yaml --no-output --set client.timeout=200ms; echo $?
