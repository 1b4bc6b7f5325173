#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The style as a test. Prints every place that breaks it, as file:line: what.
set -euo pipefail
export LC_ALL=C # the same order and the same classes of characters everywhere
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mapfile -t sources < <(find sim models -name '*.[ch]' | sort)
mapfile -t models < <(find models -name '*.c' | sort)
mapfile -t simulated < <(find sim/engine sim/stats sim/scenario models -name '*.[ch]' ! -name '*_bench.c' | sort)
found=$(mktemp)
trap 'rm -f "$found"' EXIT

# Lines to 100 columns; tables, which are fenced by `clang-format off`, and URLs may be longer.
# Columns are characters: bytes but for those that continue a UTF-8 sequence.
awk 'FNR == 1 { fenced = 0 }
     /clang-format off/ { fenced = 1 }
     /clang-format on/ { fenced = 0 }
     length($0) > 100 && !fenced && !/https?:/ {
         gsub(/[\200-\277]/, "")
         if (length($0) > 100)
             printf "%s:%d: %d columns, at most 100\n", FILENAME, FNR, length($0)
     }' "${sources[@]}" >>"$found"

# Functions to 70 lines, from the brace in column 1 to the brace that closes it; fenced tables do not count.
awk 'FNR == 1 { open = 0; fenced = 0 }
     /clang-format off/ { fenced = 1 }
     /^{/ { open = FNR; count = -1 }
     open && !fenced { count++ }
     /clang-format on/ { fenced = 0 }
     /^}/ && open {
         if (--count > 70)
             printf "%s:%d: function of %d lines, at most 70\n", FILENAME, open, count
         open = 0
     }' "${sources[@]}" >>"$found"

# ban REASON EXPRESSION FILE...: comments and strings are left out of the search.
ban() {
    local reason=$1 expression=$2
    shift 2
    awk -v reason="$reason" -v expression="$expression" '
        FNR == 1 { comment = 0 }
        {
            line = $0
            if (comment) {
                if (!sub(/^.*\*\//, "", line)) next
                comment = 0
            }
            gsub(/"([^"\\]|\\.)*"/, "\"\"", line)
            gsub(/\/\*([^*]|\*+[^*\/])*\*+\//, "", line)
            sub(/\/\/.*/, "", line)
            if (sub(/\/\*.*/, "", line)) comment = 1
            if (line ~ expression) printf "%s:%d: %s\n", FILENAME, FNR, reason
        }' "$@" >>"$found"
}
word='(^|[^A-Za-z0-9_])'
ban 'banned: no bound, or a hidden state' \
    "${word}(sprintf|vsprintf|strcpy|strcat|strtok|gets|atoi|atol|atof) *\\(" "${sources[@]}"
ban 'banned: use rng_stream' "${word}(rand|srand|random|drand48) *\\(" "${sources[@]}"
ban 'the clock of the host has no place here' \
    "${word}(time|gettimeofday|clock_gettime|clock|timespec_get) *\\(" "${simulated[@]}"

grep -L 'SPDX-License-Identifier: GPL-3.0-or-later' "${sources[@]}" scripts/* |
    sed 's/$/:1: no SPDX line/' >>"$found" || true

for source in "${models[@]}"; do
    case $source in *_test.c | *_bench.c | models/registry.c) continue ;; esac
    [[ -e ${source%.c}.md ]] || printf '%s:1: no page %s\n' "$source" "${source%.c}.md" >>"$found"
done

find . \( -path ./.git -o -path './build*' -o -path './results/*' \) -prune -o \
    \( -name '*_new.*' -o -name '*_old.*' -o -name '*.old' -o -name '*.orig' -o -name '*.rej' \
    -o -name '*.bak' -o -name '*~' \) -print |
    sed 's/$/:1: history lives in git/' >>"$found"

if [[ -s $found ]]; then
    sort -t: -k1,1 -k2,2n "$found"
    printf '%s breaches\n' "$(wc -l <"$found")"
    exit 1
fi
printf 'tidy: %s sources\n' "${#sources[@]}"
