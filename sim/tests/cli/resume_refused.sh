# SPDX-License-Identifier: GPL-3.0-or-later
# Another study is not resumed: one message, exit 4 (2 for incompatible options), and
# the file does not change.
cat >small.yaml <<END
name: small
extends: $source/scenarios/00-baseline.yaml
duration: 1min
warmup: 10s
replications: 2
expect: []
END
run() { "$isthmus" run small.yaml --quiet --output r.db "$@"; echo "$?"; }
run
cp r.db copy
run --resume --seed 7
run --resume --set client.timeout=500ms
run --resume --replications 1
run --resume --replace
run --resume --no-output
run --resume --trace t
run --resume=always
run --resume --set level=90%
"$isthmus" sweep small.yaml --resume --quiet --output r.db --set 'sweep={client.timeout: [1s]}'; echo "$?"
"$dump" copy >copy.txt
"$dump" r.db | cmp - copy.txt && echo 'as it was'
run --resume --replications 3
"$dump" r.db >more.txt
run --replace --replications 3
"$dump" r.db | cmp - more.txt && echo 'as if three had been asked for at once'
