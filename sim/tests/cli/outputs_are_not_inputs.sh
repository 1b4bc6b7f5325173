# SPDX-License-Identifier: GPL-3.0-or-later
# No output replaces an input, another output of the command, or a file of another kind. Nothing is
# simulated, and every file is unchanged.
cat >base.yaml <<YAML
extends: $source/scenarios/10-peering-brownout.yaml
duration: 1min
warmup: 20s
faults: []
expect: []
replications: 2
YAML
printf 'seconds\n0.1\n0.2\n0.3\n' >delays.csv
cat >small.yaml <<YAML
name: small
extends: base.yaml
population: {think: {empirical: {file: delays.csv, unit: s}}}
YAML
"$isthmus" run small.yaml --output baseline.db --quiet; echo "run: $?"
cp baseline.db other.db
ln -s baseline.db link.db
ln small.yaml twin.yaml
echo letter >letter.txt
mkdir before && cp -- *.* before
run() {
    "$isthmus" run small.yaml --quiet "$@"
    echo "$*: $?"
}
check() {
    "$isthmus" check small.yaml --against baseline.db --metric availability --quiet "$@"
    echo "$*: $?"
}
for input in small.yaml base.yaml delays.csv ./twin.yaml letter.txt; do
    run --no-output --trace "$input"
    run --output "$input"
    check --no-output --junit "$input"
done
check --output baseline.db
check --output link.db
check --output ./baseline.db --replace
check --no-output --junit baseline.db
check --no-output --trace baseline.db
check --no-output --junit other.db
check --no-output --junit both --trace both
check --output both.db --trace both.db
check --output new/both.db --junit new/../new/both.db
mkdir results && cp baseline.db results/small.db
"$isthmus" check small.yaml --against results/small.db --quiet; echo "results/small.db, by default: $?"
cmp baseline.db results/small.db
rm -r results
run --no-output --trace before
run --no-output --trace link.db
for file in before/*; do
    cmp "$file" "${file#before/}"
done
ls
# Outputs of an earlier run are replaced.
run --no-output --trace t --trace-window 0s..1s
run --no-output --trace t --trace-window 0s..1s
check --no-output --junit j.xml
check --no-output --junit j.xml
run --no-output --trace /dev/stdout --trace-window 0s..1s | tail -n 1 | wc -l
ls
