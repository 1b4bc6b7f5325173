// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Every preset of every model can be used in a scenario, sets its values, is overridden by explicit
 * keys, and runs.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "describe.h"
#include "statistics.h"
#include "registry.h"
#include "scenario.h"
#include "strbuf.h"

#include <stdlib.h>

static struct registry all_models(void)
{
    return (struct registry){model_registry, model_registry_count};
}

#define WORLD                                                                                      \
    "name: t\nregions: {us-west-1: {}, us-west-2: {}}\nduration: 20s\nwarmup: 2s\n"                \
    "store: {kind: global-datastore, primary: us-west-1}\n"                                        \
    "faults:\n  - {at: 6s, for: 4s, link: us-west-2 -> us-west-1, loss: 30%}\n"                    \
    "  - {at: 12s, for: 2s, region: us-west-1, down: true}\n"                                      \
    "  - {at: 16s, for: 2s, store: us-west-1, stall: true}\n"

/* The output of `describe` for a scenario. The caller frees it. */
static char *described(const struct scenario *scenario)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);

    describe_scenario(scenario, out, false);
    fclose(out);
    return text;
}

static void choices_name_the_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < model_registry_count; i++) {
        const struct model_ops *ops = model_registry[i];
        const struct field *field = NULL;

        for (size_t j = 0; j < ops->field_count; j++)
            if (strcmp(ops->fields[j].name, "preset") == 0)
                field = &ops->fields[j];
        if (ops->preset_count == 0)
            continue;
        assert_non_null(field);
        assert_string_equal(field->choices[0], "none");
        for (size_t j = 0; j < ops->preset_count; j++) {
            assert_string_equal(field->choices[j + 1], ops->presets[j].name);
            assert_true(ops->presets[j].source[0] && ops->presets[j].date[0]);
        }
        assert_null(field->choices[ops->preset_count + 1]);
    }
}

/* Runs with loss on the path of writes, a failed server and a stall, to cause timeouts, retries and
 * broken connections; conservation is checked at the end of each. */
static void each_preset_runs(void **state)
{
    const struct registry registry = all_models();

    (void)state;
    for (size_t i = 0; i < store_client_ops.preset_count; i++) {
        struct strbuf text = STRBUF_INIT;
        struct scenario *scenario;
        struct world *world;

        strbuf_addf(&text, "%sclient: {preset: %s}\n", WORLD, store_client_ops.presets[i].name);
        scenario = scenario_of(&registry, text.text);
        world = world_of(scenario, 0, NULL);
        assert_true(statistic_of(world, (struct wanted){"write_goodput", NULL, -1, NULL, NULL}) >
                    50);
        assert_true(statistic_of(world, (struct wanted){"reads", NULL, -1, NULL, NULL}) > 50);
        world_free(world);
        scenario_free(scenario);
        strbuf_release(&text);
    }
}

/* Every value of a preset is set and attributed to it. */
static void each_preset_sets_what_it_says(void **state)
{
    const struct registry registry = all_models();

    (void)state;
    for (size_t i = 0; i < store_client_ops.preset_count; i++) {
        const struct preset *preset = &store_client_ops.presets[i];
        struct strbuf origin = STRBUF_INIT, text = STRBUF_INIT;
        struct scenario *scenario;
        char *output;
        size_t rows = 0, values = 0;

        strbuf_addf(&text, "%sclient: {preset: %s}\n", WORLD, preset->name);
        strbuf_addf(&origin, " preset %s\n", preset->name);
        scenario = scenario_of(&registry, text.text);
        output = described(scenario);
        for (const char *at = output; (at = strstr(at, origin.text)); at++)
            rows++;
        while (preset->values[values])
            values++;
        assert_true(rows >= values);
        free(output);
        scenario_free(scenario);
        strbuf_release(&text);
        strbuf_release(&origin);
    }
}

static void explicit_keys_win_also_by_region(void **state)
{
    const struct registry registry = all_models();
    struct scenario *scenario = scenario_of(
        &registry, "name: t\nregions: {us-west-1: {}, us-west-2: {client: {preset: lettuce}}}\n"
                   "client: {preset: go-redis-9.22, read_timeout: 77ms}\n"
                   "store: {primary: us-west-1}\n");
    char *output = described(scenario);

    (void)state;
    assert_non_null(strstr(output, "client.read_timeout"));
    assert_null(strstr(output, "regions.us-west-1.client.read_timeout"));
    assert_non_null(strstr(output, "regions.us-west-1.client.timeout"));
    assert_non_null(strstr(output, "preset go-redis-9.22"));
    assert_non_null(strstr(output, "preset lettuce"));
    free(output);
    scenario_free(scenario);
}

/* The canonical text names the preset and all values: it loads to the same scenario. */
static void resolved_text_loads_to_the_same(void **state)
{
    const struct registry registry = all_models();
    struct scenario *scenario = scenario_of(&registry, WORLD "client: {preset: finagle}\n");
    struct scenario *again = scenario_of(&registry, scenario->resolved);

    (void)state;
    assert_int_equal(scenario->hash, again->hash);
    scenario_free(again);
    scenario_free(scenario);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(choices_name_the_rows),
        cmocka_unit_test(each_preset_runs),
        cmocka_unit_test(each_preset_sets_what_it_says),
        cmocka_unit_test(explicit_keys_win_also_by_region),
        cmocka_unit_test(resolved_text_loads_to_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
