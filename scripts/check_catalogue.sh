#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Check the expectations of every scenario of the catalogue. Each runs with its own replications and seed, on all processors;
# scenarios with an expectation that fails or is undecided are listed with their verdicts.
#
#   scripts/check_catalogue.sh [--short] [--replications N] [PROGRAM [SCENARIO...]]      PROGRAM: default build/isthmus
#     --short    leave out those that take longest, a fifth of the time
set -euo pipefail
# shellcheck source=scripts/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

usage() {
    printf 'Usage: %s [--short] [--replications N] [PROGRAM [SCENARIO...]]\n' "$(basename "$0")" >&2
    exit 2
}

options=()
left_out=
if [[ ${1:-} == --short ]]; then
    left_out=' 63-load-surge 71-hot-shard 45-hot-key 44-cache-stampede-jitter 44-cache-stampede-refused 97-multi-az-zone-lost'
    left_out+=' 46-sessions-beside-a-catalogue-volatile 95-data-tiering-more-in-use 48-low-hit-ratio-repaired 54-cross-traffic'
    left_out+=' 92-high-eviction-short-ttl 92-high-eviction-more-shards 47-write-behind-with-a-replica '
    shift
fi
if [[ ${1:-} == --replications ]]; then
    [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || usage
    options=(--replications "$2")
    shift 2
fi
[[ ${1:-} != -* ]] || usage
program=$(realpath -m "${1:-$root/build/isthmus}")
[[ -x $program ]] || fail "no program '$program'; build it first"
shift $(($# > 0))
cd "$root"
(($# > 0)) || set -- scenarios/*.yaml scenarios/lessons/*.yaml

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

for scenario; do
    [[ $left_out != *" $(basename "$scenario" .yaml) "* ]] || continue
    status=0
    "$program" run "$scenario" --no-output "${options[@]}" >"$work/summary" 2>"$work/messages" || status=$?
    if ((status == 0)); then
        printf '%s: holds\n' "$scenario"
        continue
    fi
    failed=$((failed + 1))
    printf '%s: exit code %s\n' "$scenario" "$status"
    awk '$1 == "fails" || $1 == "undecided"' "$work/summary"
    # 10 and 12 are about expectations only; any other code has a message.
    ((status == 10 || status == 12)) || cat "$work/messages"
done
if ((failed > 0)); then
    printf 'expectations of %s scenarios do not hold\n' "$failed"
    exit 1
fi
