// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * libFuzzer on the scenario loader: no text makes it crash or leak, and what it accepts it accepts
 * again as its own resolved text, with the same hash. Not built by default:
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -std=c17 -D_POSIX_C_SOURCE=200809L -Isim/base
 * -Isim/stats -Isim/engine -Isim/scenario sim/tests/fuzz/scenario_fuzz.c $(ls sim/base/[a-z]*.c
 * sim/stats/[a-z]*.c sim/engine/[a-z]*.c sim/scenario/[a-z]*.c | grep -v -e _test -e _bench)
 * -lfyaml -lgsl -lgslcblas -lm -o scenario_fuzz
 *   ./scenario_fuzz -max_len=4096 corpus scenarios
 */
#include "bug.h"
#include "fake_models.h"
#include "scenario.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct scenario *load(const char *text, size_t length)
{
    struct diag diag = {0};
    struct scenario *scenario =
        scenario_load_text(text, length, "fuzz.yaml", &fake_registry, NULL, 0, &diag);

    invariant((scenario == NULL) == (diag.error_count > 0));
    diag_release(&diag);
    return scenario;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scenario *scenario = load((const char *)data, size);

    if (scenario) {
        struct scenario *twin = load(scenario->resolved, strlen(scenario->resolved));

        invariant(twin && twin->hash == scenario->hash);
        scenario_free(twin);
    }
    scenario_free(scenario);
    return 0;
}
