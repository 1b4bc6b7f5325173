#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Check that every scenario of the catalogue gives the same digest with both event queues, the radix ladder and the heap.
# Runs with few sessions (half a minute in all): the order of events is compared, the load does not matter.
#
#   scripts/check_queues.sh PROGRAM
set -euo pipefail
(($# == 1)) || { printf 'Usage: scripts/check_queues.sh PROGRAM\n' >&2 && exit 2; }
program=$(realpath "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/.."

digest() { # SCENARIO QUEUE
    local status=0
    "$program" run "$1" --queue "$2" --replications 1 --threads 1 --no-output --digest \
        --set population.sessions=2/s 2>/dev/null || status=$?
    # 10 and 12 are about expectations, which do not matter here.
    [[ $status == 0 || $status == 10 || $status == 12 ]] || printf 'exit code %s with %s\n' "$status" "$2"
}

failed=0 compared=0
for scenario in scenarios/[0-9]*.yaml; do
    ladder=$(digest "$scenario" ladder)
    heap=$(digest "$scenario" heap)
    compared=$((compared + 1))
    if [[ $ladder != "$heap" || ! $ladder =~ ^0\ [0-9a-f]{16}$ ]]; then
        printf '%s: ladder "%s", heap "%s"\n' "$scenario" "$ladder" "$heap"
        failed=1
    fi
done
printf '%s scenarios compared\n' "$compared"
((compared > 0)) || failed=1
exit "$failed"
