#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Check style, layers, duplicates and links. Print each violation as file:line: what.
set -euo pipefail
export LC_ALL=C # the same order and the same classes of characters everywhere
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mapfile -t sources < <(find sim models -name '*.[ch]' | sort)
mapfile -t models < <(find models -name '*.c' | sort)
mapfile -t simulated < <(find sim/engine sim/stats sim/scenario models -name '*.[ch]' ! -name '*_bench.c' | sort)
found=$(mktemp)
trap 'rm -f "$found"' EXIT

# Lines to 100 columns; tables, which are fenced by `clang-format off`, and URLs may be longer.
# Columns are characters: bytes except those that continue a UTF-8 sequence.
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

# Files to 800 lines; a longer one gives its reason in the first 60 lines: "longer than 800 lines because ...".
awk 'FNR == 1 { reason = 0 }
     FNR <= 60 && /longer than 800 lines because/ { reason = 1 }
     FNR == 801 && !reason {
         printf "%s:1: longer than 800 lines, and its head comment does not say why\n", FILENAME
     }' "${sources[@]}" >>"$found"

# ban REASON EXPRESSION FILE...: report matches outside comments and strings.
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
ban 'banned: unbounded, or hidden state' \
    "${word}(sprintf|vsprintf|strcpy|strcat|strtok|gets|atoi|atol|atof) *\\(" "${sources[@]}"
ban 'banned: use rng_stream' "${word}(rand|srand|random|drand48) *\\(" "${sources[@]}"
ban 'banned: a simulation does not read the clock of the host' \
    "${word}(time|gettimeofday|clock_gettime|clock|timespec_get) *\\(" "${simulated[@]}"

grep -L 'SPDX-License-Identifier: GPL-3.0-or-later' "${sources[@]}" scripts/* |
    sed 's/$/:1: no SPDX line/' >>"$found" || true

for source in "${models[@]}"; do
    case $source in *_test.c | *_bench.c | models/registry.c) continue ;; esac
    [[ -e ${source%.c}.md ]] && continue
    # A part of a model is on the model's page, under "Files".
    grep -qF "| \`${source##*/}\`" "${source%/*}"/*.md ||
        printf '%s:1: no page %s, and no page lists it\n' "$source" "${source%.c}.md" >>"$found"
done

# check NAME: run scripts/check_NAME.py; stop if it fails to run.
check() {
    python3 "scripts/check_$1.py" >>"$found" || [[ $? == 1 ]] || exit 4
}
check layers
check duplicates
check ports
bash scripts/check_kinds.sh >>"$found" || [[ $? == 1 ]] || exit 4

# Pages: links, and the tests, parameters and files that they name, exist.
mapfile -t pages < <(find . \( -path ./.git -o -path './build*' \) -prune -o -name '*.md' -printf '%P\n' | sort)

# cited EXPRESSION FILE...: what matches, as file:line:match.
cited() {
    local expression=$1
    shift
    grep -noHE -- "$expression" "$@" || true
}

while IFS=: read -r page line link; do
    link=${link#*](}
    link=${link%)}
    case $link in http://* | https://* | mailto:* | '#'*) continue ;; esac
    [[ -e $(dirname "$page")/${link%%#*} ]] ||
        printf '%s:%s: links to %s, which does not exist\n' "$page" "$line" "$link" >>"$found"
done < <(cited '\]\([^) ]+\)' "${pages[@]}")

# The catalogue's page has each of its scenarios.
for scenario in scenarios/*.yaml; do
    name=${scenario##*/}
    grep -qF "| [${name%.yaml}](" scenarios/README.md ||
        printf '%s:1: scenarios/README.md has no row for it\n' "$scenario" >>"$found"
done

mapfile -t speaking < <(find sim/cli scripts -type f ! -name '*_test.c' | sort)
while IFS=: read -r source line name; do
    name=scenarios/${name#*scenarios/}
    [[ -e $name ]] ||
        printf '%s:%s: names %s, which does not exist\n' "$source" "$line" "$name" >>"$found"
done < <(cited '(^|[^A-Za-z0-9_./-]|\.\./)scenarios/[A-Za-z0-9_./-]+\.yaml' "${pages[@]}" "${speaking[@]}")

# Names of three or more parts (tests, functions) occur in a source or are the name of one.
word_of_code='[a-z0-9]+(_[a-z0-9]+){2,}'
known=$({ cat "${sources[@]}" sim/record/*.sql scripts/* && find sim models scripts -type f; } |
    grep -oE "$word_of_code" | sort -u)
while IFS=: read -r page line name; do
    grep -qxF -- "${name//\`/}" <<<"$known" ||
        printf '%s:%s: names %s, which is in no source\n' "$page" "$line" "$name" >>"$found"
done < <(cited "\`$word_of_code\`" "${pages[@]}")

# Versions of clang-format differ: the one of Debian 12 decides.
if clang-format --version 2>/dev/null | grep -q 'version 14\.'; then
    scripts/format --check | sed 's/:/:1:/' >>"$found" || true
fi

find . \( -path ./.git -o -path './build*' -o -path './results/*' \) -prune -o \
    \( -name '*_new.*' -o -name '*_old.*' -o -name '*.old' -o -name '*.orig' -o -name '*.rej' \
    -o -name '*.bak' -o -name '*~' \) -print |
    sed 's/$/:1: old versions are in git: delete it/' >>"$found"

if [[ -s $found ]]; then
    sort -t: -k1,1 -k2,2n "$found"
    printf '%s breaches\n' "$(wc -l <"$found")"
    exit 1
fi
printf 'tidy: %s sources\n' "${#sources[@]}"
