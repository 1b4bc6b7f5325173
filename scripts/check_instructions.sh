#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Count the instructions of three fixed runs with callgrind and compare them with the budget in sim/tests/instructions.txt.
# Counts repeat exactly, times do not: an increase of 3 % is detected. Exit code 77 (skipped, with the reason) if the budget is
# for another build or valgrind is not installed.
#
#   scripts/check_instructions.sh PROGRAM 'BUILD'             compare; BUILD as in the budget's line `build:`
#   scripts/check_instructions.sh --renew PROGRAM 'BUILD'     replace the budget
set -euo pipefail
# shellcheck source=scripts/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

renew=no
[[ ${1:-} != --renew ]] || { renew=yes && shift; }
(($# == 2)) || { printf 'Usage: scripts/check_instructions.sh [--renew] PROGRAM BUILD\n' >&2 && exit 2; }
program=$(realpath "$1")
build="$2, $(getconf GNU_LIBC_VERSION)"
cd "$root"
budget=sim/tests/instructions.txt
tolerance=3 # per cent

command -v valgrind >/dev/null || { say "valgrind is not installed: skipped"; exit 77; }
recorded=$(sed -n 's/^build: //p' "$budget")
if [[ $renew == no && $recorded != "$build" ]]; then
    say "the budget is for '$recorded', this is '$build': skipped"
    exit 77
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# count NAME OPTION...: print the instructions of a whole run.
count() {
    local name=$1 status=0
    shift
    TMPDIR=$work LC_ALL=C valgrind --tool=callgrind --callgrind-out-file="$work/out" \
        "$program" run "$@" --threads 1 --replications 1 --set warmup=0s --no-output --quiet \
        >/dev/null 2>"$work/log" || status=$?
    # 10 and 12 are about expectations, which do not matter here.
    if [[ $status != 0 && $status != 10 && $status != 12 ]]; then
        cat "$work/log" >&2
        fail "$name ended with exit code $status"
    fi
    sed -n 's/^\(summary\|totals\): //p' "$work/out" | head -n 1
}

declare -A now=()
now[baseline]=$(count baseline scenarios/00-baseline.yaml --set duration=4min)
now[brownout]=$(count brownout scenarios/10-peering-brownout.yaml --set duration=13min \
    --set population.sessions=5/s)
now[sessions]=$(count sessions scenarios/00-baseline.yaml --set duration=2s --set bin=1s \
    --set population.sessions=636/s)

if [[ $renew == yes ]]; then
    sed -i '/^build: /,$d' "$budget"
    {
        printf 'build: %s\n' "$build"
        for name in baseline brownout sessions; do printf '%s %s\n' "$name" "${now[$name]}"; done
    } >>"$budget"
    cat "$budget"
    exit
fi

failed=0
for name in baseline brownout sessions; do
    allowed=$(awk -v name="$name" '$1 == name { print $2 }' "$budget")
    more=$(awk "BEGIN { printf \"%+.2f\", (${now[$name]} / $allowed - 1) * 100 }")
    printf '%-10s %14s instructions, budget %14s: %s %%\n' "$name" "${now[$name]}" "$allowed" "$more"
    if awk "BEGIN { exit !($more > $tolerance) }"; then
        say "$name: more than $tolerance % above its budget"
        failed=1
    elif awk "BEGIN { exit !($more < -$tolerance) }"; then
        say "$name: more than $tolerance % below its budget; renew it to keep the gain"
    fi
done
exit "$failed"
