#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Check that one scenario, seed and version give the same digests with gcc and clang, with and without optimisation, on one
# thread and on two, with both event queues, traced or not. Exit code 77 (skipped) if clang is not installed.
#
#   check_digests.sh [--all] [PROGRAM]
#     --all    also gcc -O0 and clang -O2; without it gcc -O2 beside clang -O0, which differ in both
#     PROGRAM  an optimised build of gcc that exists (default: build one)
set -euo pipefail
# shellcheck source=scripts/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
cd "$root"

command -v clang >/dev/null || { say "clang is not installed: skipped"; exit 77; }
scenario=scenarios/10-peering-brownout.yaml
all=no
[[ ${1:-} != --all ]] || { all=yes; shift; }
built=${1:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
reference=

# digests NAME PROGRAM [OPTION...]: compare with the first digests.
digests() {
    local name=$1 program=$2
    shift 2
    local status=0
    "$program" run "$scenario" --replications 3 --no-output --digest "$@" >"$work/digests" ||
        status=$?
    # 10 and 12 are about expectations, which do not matter here.
    if [[ $status != 0 && $status != 10 && $status != 12 ]]; then
        say "$name: exit code $status"
        failed=1
        return
    fi
    if [[ -z $reference ]]; then
        reference=$(<"$work/digests")
        printf '%s\n%s\n' "$name:" "$reference"
    elif [[ $(<"$work/digests") == "$reference" ]]; then
        printf '%s: equal\n' "$name"
    else
        printf '%s: DIFFERENT\n' "$name"
        cat "$work/digests"
        failed=1
    fi
}

for variant in gcc-O2 gcc-O0 clang-O2 clang-O0; do
    compiler=${variant%-O*} level=${variant#*-O}
    [[ $variant == gcc-O2 || $variant == clang-O0 || $all == yes ]] || continue
    if [[ $variant == gcc-O2 && -n $built ]]; then
        program=$built
    else
        folder=build-$variant
        configure "$folder" -DCMAKE_C_COMPILER="$compiler" -DCMAKE_BUILD_TYPE=None \
            -DCMAKE_C_FLAGS="-O$level" -DISTHMUS_TESTS=OFF
        build "$folder" isthmus
        program=$folder/isthmus
    fi
    digests "$compiler -O$level, 1 thread" "$program" --threads 1
    ((level == 2)) || continue
    digests "$compiler -O$level, 2 threads" "$program" --threads 2
    digests "$compiler -O$level, heap" "$program" --queue heap
    digests "$compiler -O$level, traced" "$program" --trace "$work/trace" \
        --trace-window 1min..1min5s
done
exit "$failed"
