# SPDX-License-Identifier: GPL-3.0-or-later
cat >small.yaml <<END
name: small
extends: $source/scenarios/00-baseline.yaml
duration: 2min
warmup: 20s
replications: 2
expect: []
END
"$isthmus" validate small.yaml --set client.tiemout=300ms; echo $?
"$isthmus" validate small.yaml --set client.timeout=300; echo $?
"$isthmus" validate small.yaml --set client.timeout=300ms; echo $?
