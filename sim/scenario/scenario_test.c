// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "expectation.h"
#include "fake_load.h"

#include "mem.h"
#include "scratch_folder.h"
#include "sweep_axis.h"
#include "world.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* --- helpers --------------------------------------------------------------------------- */

static const void *config_of(const struct scenario *scenario, const char *name)
{
    const struct scenario_instance *instance = fake_instance(scenario, name);

    assert_non_null(instance);
    return instance->config;
}

/* --- what a file comes to -------------------------------------------------------------- */

static void the_example_fills_every_config(void **state)
{
    struct scenario *scenario = fake_load(fake_scenario, NULL, 0);
    const struct fake_client *client = config_of(scenario, "store_client");
    const struct fake_store *store = config_of(scenario, "store");
    const struct fake_fault *fault = config_of(scenario, "fault_schedule");

    (void)state;
    assert_string_equal(scenario->name, "two-region session store");
    assert_int_equal(scenario->run.duration, 1800 * SIM_S);
    assert_int_equal(scenario->warmup_given, 300 * SIM_S);
    assert_int_equal(scenario->run.replications, 10);
    assert_int_equal(scenario->topology.region_count, 2);
    assert_int_equal(scenario->instance_count, 4 + 1 + 1 + 1 + 2 + 1);
    assert_int_equal(client->timeout, 300 * SIM_MS);
    assert_int_equal(client->backoff, BACKOFF_EXPONENTIAL);
    assert_int_equal(client->max, 2 * SIM_S);
    assert_int_equal(client->list.count, 3);
    assert_int_equal(store->primary, 0);
    assert_int_equal(store->replicas.items[0], 1);
    assert_string_equal(store->note, "a: b");
    assert_int_equal(store->memory, 1 << 30);
    assert_int_equal(fault->link.from, 1);
    assert_int_equal(fault->region, -1);
    assert_true(fault->loss == 0.3);
    assert_int_equal(scenario->fault_span_count, 1);
    assert_int_equal(scenario->fault_spans[0].to, 900 * SIM_S);
    scenario_free(scenario);
}

static void a_region_overrides_the_default(void **state)
{
    struct scenario *scenario = fake_load(fake_scenario, NULL, 0);
    const struct fake_app *west_1 = config_of(scenario, "app_tier/us-west-1");
    const struct fake_app *west_2 = config_of(scenario, "app_tier/us-west-2");

    (void)state;
    assert_int_equal(west_1->workers, 100);
    assert_int_equal(west_2->workers, 50);
    assert_true(west_1->rate == 10 && west_2->rate == 10);
    scenario_free(scenario);
}

static void one_direction_beats_both_whatever_the_order(void **state)
{
    struct scenario *scenario = fake_load(fake_scenario, NULL, 0);
    const struct fake_link *there = config_of(scenario, "wan_link/us-west-1->us-west-2");
    const struct fake_link *back = config_of(scenario, "wan_link/us-west-2->us-west-1");
    const struct fake_link *inside = config_of(scenario, "wan_link/us-west-1->us-west-1");
    double value = 0;

    (void)state;
    assert_true(there->loss == 0.01 && back->loss == 0.05);
    assert_true(fabs(dist_quantile(back->rtt, 0.5) - 22e6) < 1);
    assert_true(dist_is_constant(inside->rtt, &value) && value == 500e3);
    scenario_free(scenario);
}

static void the_resolved_text_loads_to_the_same_hash(void **state)
{
    struct scenario *first = fake_load(fake_scenario, NULL, 0);
    struct scenario *second = fake_load(first->resolved, NULL, 0);

    (void)state;
    assert_string_equal(first->resolved, second->resolved);
    assert_true(first->hash == second->hash);
    scenario_free(first);
    scenario_free(second);
}

static void the_order_of_keys_does_not_change_the_hash(void **state)
{
    struct scenario *a =
        fake_load("name: x\nregions: {r1: {}}\nstore: {kind: regional, primary: r1}\n"
                  "client: {timeout: 1s, retry: {attempts: 2}}\n",
                  NULL, 0);
    struct scenario *b = fake_load("client: {retry: {attempts: 2}, timeout: 1000ms}\nname: x\n"
                                   "store: {primary: r1, kind: regional}\nregions: {r1: }\n",
                                   NULL, 0);

    (void)state;
    assert_string_equal(a->resolved, b->resolved);
    scenario_free(a);
    scenario_free(b);
}

static void every_way_of_writing_a_distribution_is_one(void **state)
{
    static const struct {
        const char *written, *canonical;
    } cases[] = {
        {"300ms", "300ms"},
        {"lognormal(median=22ms, p99=31ms)", "{lognormal: {median: 22ms, p99: 31ms}}"},
        {"{median: 22ms, p99: 31ms}", "{lognormal: {median: 22ms, p99: 31ms}}"},
        {"{lognormal: {p99: 31ms, median: 22ms}}", "{lognormal: {median: 22ms, p99: 31ms}}"},
        {"exponential(20ms)", "{exponential: {mean: 20ms}}"},
        {"{exponential: 20ms}", "{exponential: {mean: 20ms}}"},
        {"{mean: 20ms}", "{exponential: {mean: 20ms}}"},
        {"{mean: 20ms, max: 1s}", "{exponential: {max: 1s, mean: 20ms}}"},
        {"{exponential: 20ms, max: 1s}", "{exponential: {max: 1s, mean: 20ms}}"},
        {"{low: 1ms, high: 3ms}", "{uniform: {high: 3ms, low: 1ms}}"},
        {"{gamma: {mean: 20ms, shape: 2}}", "{gamma: {mean: 20ms, shape: 2}}"},
        {"{plus: [10ms, {exponential: 5ms}]}", "{plus: [10ms, {exponential: {mean: 5ms}}]}"},
        {"{mixture: [{weight: 0.99, of: 1ms}, {weight: 0.01, of: {mean: 2s}}]}",
         "{mixture: [{weight: 0.99, of: 1ms}, {weight: 0.01, of: {exponential: {mean: 2s}}}]}"},
        {"{empirical: [3ms, 1ms, 2.5ms]}", "{empirical: [1ms, 2.5ms, 3ms]}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[512], want[512], *found, *resolved;
        struct scenario *scenario, *again;

        snprintf(text, sizeof text,
                 "regions: {r1: }\nstore: {kind: regional}\nnetwork:\n  inside:\n    rtt: %s\n",
                 cases[i].written);
        snprintf(want, sizeof want, "rtt: %s\n", cases[i].canonical);
        scenario = fake_load(text, NULL, 0);
        resolved = mem_strdup(scenario->resolved);
        found = strstr(resolved, "rtt: ");
        assert_non_null(found);
        *(strchr(found, '\n') + 1) = '\0';
        assert_string_equal(found, want);
        again = fake_load(scenario->resolved, NULL, 0);
        assert_true(again->hash == scenario->hash);
        free(resolved);
        scenario_free(again);
        scenario_free(scenario);
    }
}

static void set_goes_wherever_a_file_may_go(void **state)
{
    static const char *const sets[] = {
        "client.timeout=1s",
        "client.retry.backoff={fixed: 50ms}",
        "regions.us-west-1.app.workers=7",
        "network.\"us-west-1 -> us-west-2\".loss=30%",
        "faults.0.loss=50%",
        "duration=1h",
        "seed=18446744073709551615",
    };
    struct scenario *scenario = fake_load(fake_scenario, sets, COUNT_OF(sets));
    const struct fake_client *client = config_of(scenario, "store_client");
    const struct fake_app *app = config_of(scenario, "app_tier/us-west-1");
    const struct fake_link *link = config_of(scenario, "wan_link/us-west-1->us-west-2");
    const struct fake_fault *fault = config_of(scenario, "fault_schedule");

    static const char options[] =
        " --set client.timeout=1s --set 'client.retry.backoff={fixed: 50ms}' --set ";

    (void)state;
    assert_int_equal(strncmp(scenario->set_options, options, strlen(options)), 0);
    assert_int_equal(client->timeout, SIM_S);
    assert_int_equal(client->backoff, BACKOFF_FIXED);
    assert_int_equal(client->fixed, 50 * SIM_MS);
    assert_int_equal(app->workers, 7);
    assert_true(link->loss == 0.3 && fault->loss == 0.5);
    assert_int_equal(scenario->run.duration, 3600 * SIM_S);
    assert_true(scenario->run.seed == UINT64_MAX);
    scenario_free(scenario);
}

static void expectations_name_metrics_labels_and_windows(void **state)
{
    struct scenario *scenario = fake_load(fake_scenario, NULL, 0);
    const struct expectation *expects = scenario->expects;

    (void)state;
    assert_int_equal(scenario->expect_count, 3);
    assert_int_equal(expects[0].comparison, CMP_LESS);
    assert_true(expects[0].value == 0.001);
    assert_null(expects[0].left.stat);
    assert_string_equal(expects[1].left.stat, "p99");
    assert_string_equal(expects[1].left.window, "fault");
    assert_int_equal(expects[1].left.region, 1);
    assert_true(expects[1].value == 300e6);
    assert_true(expects[2].right_is_metric && expects[2].factor == 2);
    assert_string_equal(expects[2].left.label, "local-only");
    assert_int_equal(scenario->axis_count, 1);
    assert_string_equal(scenario->axes[0].path, "client.timeout");
    assert_string_equal(scenario->axes[0].values[2], "1s");
    scenario_free(scenario);
}

static void warmup_may_be_found(void **state)
{
    struct scenario *scenario =
        fake_load("regions: {r1: }\nstore: {kind: regional}\nwarmup: auto\n", NULL, 0);

    (void)state;
    assert_int_equal(scenario->run.warmup_kind, 1);
    assert_int_equal(scenario->warmup_given, 0);
    scenario_free(scenario);
}

/* --- files ----------------------------------------------------------------------------- */

static struct scenario *folder_load(struct scratch_folder *folder, const char *name,
                                    char **messages, bool *cannot_read)
{
    struct diag diag = {0};
    struct scenario *scenario;

    scenario =
        scenario_load(scratch_path(folder, name), &fake_registry, NULL, 0, &diag, cannot_read);
    *messages = diag_text(&diag);
    diag_release(&diag);
    return scenario;
}

static void a_file_lies_over_the_one_it_extends(void **state)
{
    struct scratch_folder folder;
    struct scenario *scenario;
    char *messages;
    bool cannot_read;

    (void)state;
    scratch_open(&folder);
    scratch_write(
        &folder, "base.yaml",
        "regions: {r1: {}, r2: {}}\nstore: {kind: regional}\n"
        "client: {timeout: 1s, retry: {attempts: 2, backoff: {exponential: {base: 5ms}}}}\n"
        "network: {r1 <-> r2: {rtt: {median: 1ms, p99: 2ms}, loss: 1%}}\n"
        "faults: [{at: 1min}, {at: 2min}]\n");
    scratch_write(&folder, "child.yaml",
                  "extends: base.yaml\nclient: {retry: {backoff: {fixed: 7ms}}}\n"
                  "network: {r2 <-> r1: {rtt: {mean: 3ms}}}\nfaults: [{at: 3min}]\n");
    scenario = folder_load(&folder, "child.yaml", &messages, &cannot_read);
    assert_string_equal(messages, "");
    assert_non_null(scenario);
    {
        const struct fake_client *client = config_of(scenario, "store_client");
        const struct fake_link *link = config_of(scenario, "wan_link/r1->r2");

        assert_int_equal(client->timeout, SIM_S);
        assert_int_equal(client->attempts, 2);
        assert_int_equal(client->backoff, BACKOFF_FIXED);
        assert_true(fabs(dist_mean(link->rtt) - 3e6) < 1 && link->loss == 0.01);
        assert_int_equal(scenario->fault_span_count, 1);
    }
    free(messages);
    scenario_free(scenario);
    scratch_remove(&folder);
}

static void a_circle_shows_its_chain(void **state)
{
    struct scratch_folder folder;
    char *messages, want[512];
    bool cannot_read;

    (void)state;
    scratch_open(&folder);
    scratch_write(&folder, "a.yaml", "extends: b.yaml\n");
    scratch_write(&folder, "b.yaml", "extends: a.yaml\n");
    assert_null(folder_load(&folder, "a.yaml", &messages, &cannot_read));
    snprintf(want, sizeof want,
             "%s/b.yaml:1:10: error: 'extends' is circular: %s/a.yaml -> %s/b.yaml -> "
             "%s/a.yaml\nextends: a.yaml\n         ^\n",
             folder.path, folder.path, folder.path, folder.path);
    assert_string_equal(messages, want);
    assert_false(cannot_read);
    free(messages);
    scratch_remove(&folder);
}

static void an_error_in_a_base_is_reported_there(void **state)
{
    struct scratch_folder folder;
    char *messages;
    bool cannot_read;

    (void)state;
    scratch_open(&folder);
    scratch_write(&folder, "base.yaml", "regions: {r1: }\nstore: {kind: wrong}\n");
    scratch_write(&folder, "child.yaml", "extends: base.yaml\nbin: 3\n");
    assert_null(folder_load(&folder, "child.yaml", &messages, &cannot_read));
    assert_non_null(strstr(messages, "base.yaml:2:15: error: 'store.kind' has no choice 'wrong'"));
    assert_non_null(strstr(messages, "child.yaml:2:6: error: 'bin' needs a duration"));
    free(messages);
    scratch_remove(&folder);
}

static void an_unreadable_file_is_no_invalid_scenario(void **state)
{
    struct scratch_folder folder;
    char *messages, *big = mem_alloc(1, (10 << 20) + 1);
    bool cannot_read = false;

    (void)state;
    scratch_open(&folder);
    assert_null(folder_load(&folder, "none.yaml", &messages, &cannot_read));
    assert_true(cannot_read);
    assert_non_null(strstr(messages, "none.yaml': No such file or directory"));
    free(messages);
    assert_null(folder_load(&folder, "", &messages, &cannot_read));
    assert_true(cannot_read);
    assert_non_null(strstr(messages, "is a directory"));
    free(messages);
    memset(big, '#', 10 << 20);
    big[10 << 20] = '\0';
    scratch_write(&folder, "big.yaml", big);
    assert_null(folder_load(&folder, "big.yaml", &messages, &cannot_read));
    assert_true(cannot_read);
    assert_non_null(strstr(messages, "big.yaml': is larger than 1 MiB"));
    free(messages);
    free(big);
    scratch_remove(&folder);
}

static void measured_latencies_come_from_a_column(void **state)
{
    struct scratch_folder folder;
    struct scenario *scenario;
    const struct fake_link *link;
    char *messages, want[400];
    bool cannot_read;

    (void)state;
    scratch_open(&folder);
    scratch_write(&folder, "m.csv", "time,latency_ms\n1,10\n2,\"20\"\r\n3,30\n");
    scratch_write(&folder, "s.yaml",
                  "regions: {r1: }\nstore: {kind: regional}\nnetwork: {inside: {rtt: {empirical: "
                  "{file: m.csv, column: latency_ms, unit: ms}}}}\n");
    scenario = folder_load(&folder, "s.yaml", &messages, &cannot_read);
    assert_string_equal(messages, "");
    link = config_of(scenario, "wan_link/r1->r1");
    assert_true(fabs(dist_quantile(link->rtt, 0.5) - 20e6) < 1);
    free(messages);
    scenario_free(scenario);
    scratch_write(&folder, "bad.csv", "10ms\n  x7\n");
    scratch_write(&folder, "bad.yaml",
                  "regions: {r1: }\nstore: {kind: regional}\nnetwork: {inside: {rtt: {empirical: "
                  "bad.csv}}}\n");
    assert_null(folder_load(&folder, "bad.yaml", &messages, &cannot_read));
    snprintf(want, sizeof want,
             "%s/bad.csv:2:3: error: the cell needs a duration such as '300ms', got 'x7'; if "
             "cells are plain numbers, set `unit`\n  x7\n  ^\n",
             folder.path);
    assert_string_equal(messages, want);
    free(messages);
    scratch_remove(&folder);
}

/* --- worlds ---------------------------------------------------------------------------- */

static void a_world_runs_and_repeats_itself(void **state)
{
    struct scenario *scenario = fake_load(fake_scenario, NULL, 0);
    uint64_t digests[3];

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const struct world_options options = {.seed = i < 2 ? 7 : 8, .warmup = 300 * SIM_S};
        struct world *world = world_create(scenario, &options);
        struct sim_outcome outcome = world_run(world);
        const struct statistics *statistics = world_statistics(world);
        double requests = 0;

        for (size_t j = 0; j < statistics->statistic_count; j++)
            if (strcmp(statistics->statistics[j].metric->name, "requests") == 0 &&
                statistics->statistics[j].region == -1 &&
                strcmp(statistics->statistics[j].window, "fault") == 0)
                requests = statistics->statistics[j].value;
        assert_true(requests == 300); /* one per second from 10 to 15 min */
        assert_int_equal(outcome.event_count, 1800);
        digests[i] = outcome.digest;
        world_free(world);
    }
    assert_true(digests[0] == digests[1]);
    assert_true(digests[0] != digests[2]);
    scenario_free(scenario);
}

/* --- mutations: no crash and no leak for any input ------------------------------------- */

static uint64_t next_word(uint64_t *seed)
{
    *seed += UINT64_C(0x9E3779B97F4A7C15);
    return rng_mix(*seed);
}

/* Cut, copy, overwrite or insert at random places. */
static size_t mutate(char *text, size_t length, size_t size_max, uint64_t *seed)
{
    static const char odd[] = "{}[]:,-&*!|>'\"%@`#\n\t ~\\\x00\xff<>=.0";
    size_t at = next_word(seed) % (length + 1), run = next_word(seed) % 12;
    size_t from = next_word(seed) % (length + 1);

    switch (next_word(seed) % 4) {
    case 0:
        if (at + run > length)
            run = length - at;
        memmove(text + at, text + at + run, length - at - run);
        return length - run;
    case 1:
        if (at < length)
            text[at] = odd[next_word(seed) % (sizeof odd - 1)];
        return length;
    case 2:
        if (from + run > length || length + run > size_max)
            return length;
        memmove(text + at + run, text + at, length - at);
        memmove(text + at, text + from, run);
        return length + run;
    default:
        if (length + 1 > size_max)
            return length;
        memmove(text + at + 1, text + at, length - at);
        text[at] = odd[next_word(seed) % (sizeof odd - 1)];
        return length + 1;
    }
}

static void ten_thousand_mutants_neither_crash_nor_leak(void **state)
{
    uint64_t seed = 20240607;
    size_t loaded = 0;

    (void)state;
    for (int i = 0; i < 10000; i++) {
        char text[4096];
        size_t length = sizeof fake_scenario - 1, changes = 1 + next_word(&seed) % 2;
        struct diag diag = {0};
        struct scenario *scenario;

        memcpy(text, fake_scenario, length);
        for (size_t j = 0; j < changes; j++)
            length = mutate(text, length, sizeof text - 16, &seed);
        scenario = scenario_load_text(text, length, "mutant", &fake_registry, NULL, 0, &diag);
        assert_true((scenario == NULL) == (diag.error_count > 0));
        if (scenario) {
            struct diag again = {0};
            struct scenario *twin =
                scenario_load_text(scenario->resolved, strlen(scenario->resolved), "twin",
                                   &fake_registry, NULL, 0, &again);

            assert_non_null(twin);
            assert_true(twin->hash == scenario->hash);
            scenario_free(twin);
            diag_release(&again);
        }
        loaded += scenario != NULL;
        scenario_free(scenario);
        diag_release(&diag);
    }
    assert_in_range(loaded, 300, 9999); /* otherwise all mutants are invalid */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_fills_every_config),
        cmocka_unit_test(a_region_overrides_the_default),
        cmocka_unit_test(one_direction_beats_both_whatever_the_order),
        cmocka_unit_test(the_resolved_text_loads_to_the_same_hash),
        cmocka_unit_test(the_order_of_keys_does_not_change_the_hash),
        cmocka_unit_test(every_way_of_writing_a_distribution_is_one),
        cmocka_unit_test(set_goes_wherever_a_file_may_go),
        cmocka_unit_test(expectations_name_metrics_labels_and_windows),
        cmocka_unit_test(warmup_may_be_found),
        cmocka_unit_test(a_file_lies_over_the_one_it_extends),
        cmocka_unit_test(a_circle_shows_its_chain),
        cmocka_unit_test(an_error_in_a_base_is_reported_there),
        cmocka_unit_test(an_unreadable_file_is_no_invalid_scenario),
        cmocka_unit_test(measured_latencies_come_from_a_column),
        cmocka_unit_test(a_world_runs_and_repeats_itself),
        cmocka_unit_test(ten_thousand_mutants_neither_crash_nor_leak),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
