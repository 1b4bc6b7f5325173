# SPDX-License-Identifier: GPL-3.0-or-later
# A second study is added to the file; only --replace deletes what is there.
cat >small.yaml <<END
name: small
extends: $source/scenarios/00-baseline.yaml
duration: 2min
warmup: 20s
replications: 2
expect: []
END
run() { "$isthmus" run small.yaml --replications 1 --quiet --output r.db "$@"; echo $?; }
run
run
"$isthmus" plot timeline r.db --study 2 --format svg
"$isthmus" plot timeline r.db --study 3; echo $?
run --replace
"$isthmus" plot timeline r.db --study 2; echo $?
