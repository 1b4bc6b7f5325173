#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# damage_verbs.bash ISTHMUS: set every column of a results file to invalid values and run the verbs that read it. No verb
# may time out, crash or report an internal error, and exit code 4 comes with exactly one error. By default each column
# gets one of the values; with ISTHMUS_LONG in the environment, all of them.
set -uo pipefail
isthmus=$(realpath "$1")
dump=$(dirname "$isthmus")/results_dump
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
ulimit -v 8000000 # a damaged count that is used as a size fails at once

cat >study.yaml <<END
name: study
extends: $source/scenarios/20-region-loss.yaml
duration: 3min
warmup: 30s
population: {sessions: 0.5/s}
faults: [{at: 1min, for: 20s, region: us-west-1, down: true}]
replications: 2
sweep: {client.timeout: [200ms, 300ms]}
expect: [reauth_rate < 50%]
END
"$isthmus" sweep study.yaml --quiet --output whole.db
"$isthmus" sweep study.yaml --quiet --shard 1/1 --output shard.db
"$isthmus" compare study.yaml --with client.timeout=200ms --quiet --output compared.db
[[ -s whole.db && -s shard.db && -s compared.db ]] || exit 1

# The verbs, each with the file that it reads.
declare -A file=([sweep]=whole.db [plot]=whole.db [repro]=whole.db [check]=whole.db [merge]=shard.db [compare]=compared.db
    [summary]=whole.db [exports]=whole.db [report]=compared.db [trace]=whole.db
    [explain]=whole.db [watch]=whole.db [doctor]=whole.db)
sweep() { "$isthmus" sweep study.yaml --resume --output d.db; }
plot() { "$isthmus" plot d.db --format text --output plots; }
summary() { "$isthmus" summary d.db --all; }
exports() { "$isthmus" export timeline d.db --format openmetrics && "$isthmus" export findings d.db; }
report() { "$isthmus" report d.db --output page.html; }
trace() { "$isthmus" trace d.db --output trace.json; }
explain() { "$isthmus" explain d.db; }
watch() { python3 "$source/sim/tests/terminal.py" "$isthmus" watch d.db; }
doctor() { "$isthmus" doctor d.db >found; local code=$?; grep "failed  database" found | sed "s/.*database  /error: /" >&2; return "$code"; } # a report, not an error
repro() { "$isthmus" repro d.db --run 1/1 --verify; }
check() { "$isthmus" check study.yaml --against d.db --no-output --max-replications 2; }
merge() { "$isthmus" merge m.db d.db; }
compare() { "$isthmus" compare study.yaml --with client.timeout=200ms --resume --output d.db; }
export -f "${!file[@]}"
export isthmus source

mapfile -t columns < <("$dump" whole.db --columns)
values=(NULL -1 2 9223372036854775807 1e308 "'x'" "x'00'" "'[[1,2]]'" "hex(zeroblob(5000))")
count=0 failed=0
for i in "${!columns[@]}"; do
    for j in "${!values[@]}"; do
        [[ -n ${ISTHMUS_LONG:-} ]] || ((j == i % ${#values[@]})) || continue
        sql="UPDATE OR IGNORE ${columns[i]% *} SET \"${columns[i]#* }\" = ${values[j]}"
        for verb in "${!file[@]}"; do
            cp "${file[$verb]}" d.db
            "$dump" d.db "$sql" 2>/dev/null
            timeout 30 bash -c "$verb" >out 2>err
            code=$?
            count=$((count + 1))
            errors=$(grep -c '^error:\|: error:' err)
            if ((code > 12 || code == 1 || code == 2 || (code == 4 && errors != 1))); then
                printf '%s: %s exits with %d and %d errors\n' "$sql" "$verb" "$code" "$errors"
                head -n 5 err
                failed=1
            fi
        done
    done
done
((count >= 10 * 150)) || { printf 'only %d runs\n' "$count"; exit 1; }
printf '%d runs of verbs on damaged files\n' "$count"
exit "$failed"
