#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Check that no code outside models/store knows which kinds of store exist: neither the name of a kind in a scenario nor that
# of its struct. Tests, scenarios, documentation and the tables of names (ports that declare causes) do not count.
# sim/report/mechanisms.c is such a table: the rows of a badge. 'stateless-token' is also the name of a fallback of clients: only its struct is looked for.
# Prints every violation as file:line: what, and exits with 1 if there is one.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mapfile -t rows < <(sed -n 's/^ *KIND(\(kind_[a-z_]*\), "\([a-z-]*\)").*/\1 \2/p' models/store/store.c)
((${#rows[@]} >= 10)) || { echo "models/store/store.c:1: fewer than ten kinds in STORE_KINDS" && exit 1; }
names=$(printf '%s\n' "${rows[@]}" | sed 's/.* //' | grep -vx stateless-token | paste -sd'|')
structs=$(printf '%s\n' "${rows[@]}" | sed 's/ .*//' | paste -sd'|')

mapfile -t sources < <(find sim models -name '*.[ch]' ! -path 'models/store/*' ! -path 'sim/tests/*' ! -name '*_test.c' \
    ! -name '*_rig.h' ! -name 'fake_models.h' ! -name mechanisms.c | sort)
if grep -nE "\"($names)\"|\\b($structs)\\b" "${sources[@]}" | sed 's/^\([^:]*:[0-9]*\):.*/\1: code outside models\/store names a kind of store/'; then
    exit 1
fi
