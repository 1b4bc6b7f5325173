// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * libFuzzer on the scenario loader: no text may make it crash or leak, and the resolved text of an
 * accepted scenario must load with the same hash. All models are registered, so every parameter is
 * covered. `scripts/test --long` builds and runs it.
 */
#include "bug.h"
#include "registry.h"
#include "scenario.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct scenario *load(const char *text, size_t length)
{
    const struct registry registry = {model_registry, model_registry_count};
    struct diag diag = {0};
    struct scenario *scenario =
        scenario_load_text(text, length, "fuzz.yaml", &registry, NULL, 0, &diag);

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
