#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# run_case.bash ISTHMUS CASE.sh: run one case in an empty folder and compare what it prints and returns.
#
# Beside CASE.sh stand CASE.exit (absent: 0), CASE.stdout and CASE.stderr (absent: nothing is printed). The case sees
# $isthmus, the program, $dump, which prints all numbers of a results file, and $source, the root of the sources. UPDATE=1 writes what came as what is expected.
set -uo pipefail
isthmus=$(realpath "$1")
case_path=$(realpath "$2")
expected=${case_path%.sh}
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
dump=$(dirname "$isthmus")/results_dump
export isthmus dump source LC_ALL=C.UTF-8
unset NO_COLOR DISPLAY WAYLAND_DISPLAY

work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
mkdir "$work/here" "$work/tmp"
cd "$work/here" || exit 1
export TMPDIR=$work/tmp

bash -u "$case_path" >"$work/stdout" 2>"$work/stderr" </dev/null
echo $? >"$work/exit"

if [[ ${UPDATE:-} == 1 ]]; then
    for part in exit stdout stderr; do
        cp "$work/$part" "$expected.$part"
        [[ -s $expected.$part ]] || rm "$expected.$part"
    done
    [[ $(<"$expected.exit") != 0 ]] || rm "$expected.exit"
    exit 0
fi

failed=0
for part in exit stdout stderr; do
    wanted=$expected.$part
    if [[ ! -e $wanted ]]; then
        wanted=$work/default
        if [[ $part == exit ]]; then echo 0 >"$wanted"; else : >"$wanted"; fi
    fi
    diff -u --label "expected $part" --label "$part" "$wanted" "$work/$part" || failed=1
done
exit "$failed"
