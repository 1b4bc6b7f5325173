# SPDX-License-Identifier: GPL-3.0-or-later
# Options and parameters of version 0.1.0 that have changed are accepted, with a warning.
cat >small.yaml <<END
name: small
extends: $source/scenarios/00-baseline.yaml
duration: 2min
warmup: 20s
expect: []
failover:
  mode: manual
  operator: lognormal(median=5min, p95=10min)
END
run() { "$isthmus" run small.yaml --replications 1 --quiet --output r.db "$@"; echo $?; }
run --append
run --append --replace
run --append --resume
"$isthmus" plot r.db --figure timeline --format svg; echo $?
"$isthmus" plot timeline r.db --figure timeline; echo $?
"$isthmus" plot r.db --figure everything; echo $?
"$isthmus" validate small.yaml --set failover.operator=1s
operator() { "$isthmus" describe small.yaml "$@" 2>/dev/null | awk '$1 ~ /^failover.operator.*(acknowledge|decide)$/ { print $1, $2, $NF }'; } # widths follow the path of the tree
operator
operator --set failover.operator=1s
"$isthmus" validate small.yaml --set failover.operator=soon; echo $?
