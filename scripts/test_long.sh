#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Run the tests that take too long for each change. Called by `scripts/test --long` after it has built build/.
#   ISTHMUS_FUZZ_SECONDS   run time of each fuzzer, in seconds (default 300)
set -euo pipefail
# shellcheck source=scripts/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
cd "$root"

short_run=(run scenarios/00-baseline.yaml --set duration=2min --set warmup=0s --replications 1
    --no-output --digest)

say "valgrind: a short run has no leak and reads no uninitialised memory"
valgrind --quiet --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite \
    build/isthmus "${short_run[@]}" >/dev/null

say "the whole catalogue"
bash scripts/check_catalogue.sh build/isthmus

say "digests: all compilers and optimisations"
bash scripts/check_digests.sh --all build/isthmus

configure build-fuzz -DCMAKE_C_COMPILER=clang -DISTHMUS_FUZZ=ON -DISTHMUS_TESTS=OFF
for source in sim/tests/fuzz/*_fuzz.c; do
    target=$(basename "$source" .c)
    build build-fuzz "$target"
    say "fuzzing: $target, ${ISTHMUS_FUZZ_SECONDS:-300} s, starting with the scenarios of the catalogue"
    mkdir -p "build-fuzz/$target-corpus"
    (cd build-fuzz && "./$target" -max_total_time="${ISTHMUS_FUZZ_SECONDS:-300}" -timeout=10 \
        -max_len=4096 "$target-corpus" ../scenarios ../scenarios/reference >"$target.log" 2>&1) ||
        { tail -50 "build-fuzz/$target.log" >&2; fail "$target found an input that makes it fail"; }
done

say "damaged results files: all values for every column, in all queries and verbs"
ISTHMUS_LONG=1 build/damage_test
ISTHMUS_LONG=1 bash sim/tests/damage_verbs.bash build/isthmus

say "50 kills at random moments of a study of 200 runs"
bash scripts/test_kills.sh

say "coverage of the intervals, and the rates of check"
bash scripts/coverage
bash scripts/check_rates

# Node modules for tests, in build/: axe-core, yaml-language-server and DuckDB have no Debian package. Without a registry they are skipped.
say "node modules: axe-core, yaml-language-server, DuckDB"
need_packages nodejs npm
for module in axe-core@4 yaml-language-server@1 @duckdb/node-api@latest; do
    npm install --silent --no-audit --no-fund --ignore-scripts --prefix build/node "$module" ||
        say "skipped: $module cannot be installed"
done

say "HTML reports in a browser, and their accessibility"
need_packages chromium
bash sim/tests/report_browser.sh build/isthmus build/node/node_modules

say "the JSON Schema in an editor"
bash sim/tests/schema_editor.sh build/isthmus build/node/node_modules || [[ $? == 77 ]]

say "Parquet by DuckDB"
bash sim/tests/parquet.sh build/isthmus build/node/node_modules || [[ $? == 77 ]]

say "results files of 100 000 runs and of 1 GB: time and memory of summary and export"
python3 sim/tests/large_results.py build/isthmus scenarios/20-region-loss.yaml

say "reality bench: real servers and real TCP beside the simulation"
bash scripts/reality --page build/reality.md

say "the Debian package, on a bare Debian 12"
need_packages debootstrap dpkg-dev
scripts/check_package.sh build --bare

say "bench"
bash scripts/bench
