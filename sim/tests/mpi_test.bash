#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# mpi_test.bash ISTHMUS: a study on 1, 2 and 3 ranks of this machine is, number for number, that of one process; the
# program's exit codes come through; a rank that fails ends the job; an interrupt keeps what is finished. Returns 77
# (skipped) where there is no mpirun, or where ISTHMUS was built without MPI.
set -euo pipefail
isthmus=$(realpath "$1")
dump=$(dirname "$isthmus")/results_dump
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
command -v mpirun >/dev/null || { echo "skipped: there is no mpirun"; exit 77; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
# As root and on fewer processors than ranks, which mpirun requires as options; leaks of the MPI library are its own.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 TMPDIR=$work ASAN_OPTIONS=detect_leaks=0
ranks() { mpirun --oversubscribe -n "$@"; }
if ranks 2 "$isthmus" --version 2>&1 | grep -q 'built without MPI'; then
    echo "skipped: isthmus was built without MPI"
    exit 77
fi
failed=0
check() { # NAME COMMAND...
    local name=$1
    shift
    if "$@"; then echo "ok: $name"; else echo "FAILED: $name"; failed=1; fi
}

# A pilot for each point, two points, faults with their events and incidents; the first expectation fails.
cat >study.yaml <<END
name: ranks
extends: $source/scenarios/10-peering-brownout.yaml
duration: 16min
warmup: auto
bin: 10s
replications: 4
sweep: {client.timeout: [200ms, 300ms]}
expect: [reauth_rate < 0%, requests > 0]
END
sweep=("$isthmus" sweep study.yaml --quiet)
code=0
"${sweep[@]}" --output one.db || code=$?
check "one process: an expectation fails, 10" [ "$code" = 10 ]
"$dump" one.db >one.txt
for n in 1 2 3; do
    code=0
    ranks "$n" "${sweep[@]}" --output "ranks$n.db" 2>said || code=$?
    check "$n ranks: exit code 10" [ "$code" = 10 ]
    "$dump" "ranks$n.db" >"ranks$n.txt"
    check "$n ranks: the same numbers" cmp one.txt "ranks$n.txt"
done

code=0
ranks 2 "$isthmus" run study.yaml --replicatons 3 >out 2>said || code=$?
check "a wrong option: exit code 2" [ "$code" = 2 ]
check "a wrong option: printed once" [ "$(grep -c "did you mean '--replications'" said)" = 1 ]
check "the version: printed once" [ "$(ranks 3 "$isthmus" --version | grep -c isthmus)" = 1 ]

# A study that takes long, of which the other rank is killed once the first runs are there.
long=(run study.yaml --set warmup=1min --replications 100000 --quiet)
wait_for_runs() { # FILE
    for ((i = 0; i < 600; i++)); do
        [[ -s $1-wal && $(stat -c %s "$1-wal") -gt 300000 ]] && return
        sleep 0.1
    done
}
# A rank's process, from its own environment.
pid_of_rank() { # RANK FILE
    local folder
    for folder in /proc/[0-9]*; do
        if { tr '\0' '\n' <"$folder/environ"; } 2>/dev/null | grep -qx "OMPI_COMM_WORLD_RANK=$1" &&
            { tr '\0' ' ' <"$folder/cmdline"; } 2>/dev/null | grep -qF -- "--output $2"; then
            basename "$folder"
            return
        fi
    done
}
ranks 2 "$isthmus" "${long[@]}" --output "$work/dies.db" 2>said &
job=$!
wait_for_runs dies.db
kill -KILL "$(pid_of_rank 1 "$work/dies.db")"
code=0
wait "$job" || code=$?
check "a rank that fails ends the job" [ "$code" != 0 ]
check "what was finished before is kept" [ "$("$dump" dies.db | grep -c '^run ')" -ge 1 ]

# The interrupt meets rank 0 alone, as a batch system may send it.
ranks 2 "$isthmus" "${long[@]}" --output "$work/stops.db" 2>said &
job=$!
wait_for_runs stops.db
kill -INT "$(pid_of_rank 0 "$work/stops.db")"
code=0
wait "$job" || code=$?
check "an interrupt: exit code 130" [ "$code" = 130 ]
check "an interrupt: what is finished is kept" grep -q "completed" said
exit "$failed"
