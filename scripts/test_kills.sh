#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# scripts/test_kills.sh [KILLS [RUNS]]: kill a study at random moments (default: 50 kills, 200 runs) and resume it each time.
# The results must be those of an uninterrupted study, value for value.
#   ISTHMUS_KILL_SEED   seed of the moments (default 1); where the program is at each moment depends on the machine
set -euo pipefail
# shellcheck source=scripts/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
kills=${1:-50}
runs=${2:-200}
RANDOM=${ISTHMUS_KILL_SEED:-1}
isthmus=$root/build/isthmus
dump=$root/build/results_dump

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >study.yaml <<END
name: kills
extends: $root/scenarios/00-baseline.yaml
duration: 2min
warmup: 20s
replications: $((runs / 4))
expect: [reauth_rate < 1%]
sweep: {client.timeout: [200ms, 300ms], client.retry.attempts: [1, 4]}
END
study=("$isthmus" sweep study.yaml --quiet)

started=$(date +%s%N)
"${study[@]}" --output whole.db
# Moments spread over the time the study needs, so that kills hit its start, its runs and its end.
span_us=$((($(date +%s%N) - started) / 1000 * 2 / kills))

held() {
    if [[ -s killed.db ]]; then "$dump" killed.db | grep -c '^run ' || true; else echo 0; fi
}
killed=0
before=0
for ((i = 0; i < kills; i++)); do
    "${study[@]}" --resume --output killed.db &
    pid=$!
    wait_us=$((RANDOM * 32768 + RANDOM))
    wait_us=$((wait_us % span_us))
    sleep "$(printf '%d.%06d' $((wait_us / 1000000)) $((wait_us % 1000000)))"
    kill -KILL "$pid" 2>/dev/null && killed=$((killed + 1))
    wait "$pid" 2>/dev/null || true
    now=$(held)
    ((now >= before)) || { echo "kill $i: $before runs before, $now after" >&2; exit 1; }
    before=$now
done
echo "$killed kills of a running study; $before of $runs runs recorded after the last"
"${study[@]}" --resume --output killed.db
"$dump" whole.db >whole.txt
"$dump" killed.db >killed.txt
[[ $(grep -c '^run ' killed.txt) == "$runs" ]] || { echo "not $runs runs" >&2; exit 1; }
cmp whole.txt killed.txt
echo "equal to an uninterrupted study"
