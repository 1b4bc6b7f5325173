// SPDX-License-Identifier: GPL-3.0-or-later
/* An observer sees every bin of a run's series as it is recorded, while the run runs, and changes
 * nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "statistics.h"
#include "registry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The last bin is shorter than the others: 130 s in bins of 20 s. */
static const char scenario_text[] =
    "regions: {us-west-1: {}, us-west-2: {}}\nduration: 130s\nbin: 20s\nwarmup: 25s\n"
    "population: {sessions: 2/s}\nclient: {retry: {budget: bucket}}\n"
    "faults:\n  - {at: 50s, for: 33s, link: us-west-1 <-> us-west-2, loss: 40%}\n";

/* One of each kind of metric that has a series. */
static const struct {
    const char *metric, *stat;
} columns[] = {{"requests", NULL},     {"availability", NULL},       {"sessions_active", NULL},
               {"retry_tokens", NULL}, {"write_latency", "p99"},     {"replication_lag", "p50"},
               {"reauths", NULL},      {"unreplicated_writes", NULL}};
enum { COLUMNS = sizeof columns / sizeof columns[0], REGIONS = 3, BINS = 7 };

struct copy {
    double values[COLUMNS][REGIONS][BINS];
    size_t bins, begun, steps;
    sim_time last;
};

static void begin(void *self, const struct world *world)
{
    struct copy *copy = self;

    assert_int_equal(world_replication(world), 3);
    copy->begun++;
}

static void step(void *self, const struct world *world, sim_time now)
{
    struct copy *copy = self;
    sim_dur bin = world_bin(world);

    assert_true(now >= copy->last);
    copy->last = now;
    copy->steps++;
    for (; copy->bins < BINS && ((sim_time)(copy->bins + 1) * bin <= now || now == 130 * SIM_S);
         copy->bins++)
        for (size_t c = 0; c < COLUMNS; c++)
            for (int region = -1; region < REGIONS - 1; region++)
                copy->values[c][(size_t)(region + 1)][copy->bins] =
                    world_bin_value(world, columns[c].metric, columns[c].stat, region, copy->bins);
}

static const double *series_of(const struct statistics *statistics, size_t column, int region)
{
    for (size_t i = 0; i < statistics->series_count; i++) {
        const struct statistic_series *series = &statistics->series[i];

        if (strcmp(series->metric->name, columns[column].metric) == 0 && !series->label &&
            series->region == region &&
            (columns[column].stat ? strcmp(series->stat, columns[column].stat) == 0
                                  : !series->stat))
            return series->values;
    }
    return NULL;
}

static void an_observer_sees_what_is_recorded(void **state)
{
    (void)state;
    const struct registry registry = {model_registry, model_registry_count};
    struct scenario *scenario = scenario_of(&registry, scenario_text);
    struct copy *copy = calloc(1, sizeof *copy);
    const struct world_observer observer = {copy, begin, step};
    struct world_options options = {
        .seed = 5, .replication = 3, .warmup = scenario->warmup_given, .observer = &observer};
    struct world *world = world_create(scenario, &options);
    uint64_t digest = world_run(world).digest;
    size_t numbers = 0;

    assert_int_equal(copy->begun, 1);
    assert_int_equal(copy->bins, BINS);
    assert_int_equal(world_statistics(world)->bin_count, BINS);
    for (size_t c = 0; c < COLUMNS; c++) {
        for (int region = -1; region < REGIONS - 1; region++) {
            const double *recorded = series_of(world_statistics(world), c, region);
            for (size_t bin = 0; bin < BINS; bin++) {
                double seen = copy->values[c][(size_t)(region + 1)][bin];
                if (recorded ? seen != recorded[bin] && !(isnan(seen) && isnan(recorded[bin]))
                             : !isnan(seen))
                    fail_msg("%s %d bin %zu: %g, recorded %g", columns[c].metric, region, bin, seen,
                             recorded ? recorded[bin] : (double)NAN);
                numbers += isnan(seen) ? 0 : 1;
            }
        }
    }
    assert_true(numbers > COLUMNS * BINS); /* nearly all: the primary has no lag */
    world_free(world);

    options.observer = NULL;
    world = world_create(scenario, &options);
    assert_int_equal(world_run(world).digest, digest);
    world_free(world);
    scenario_free(scenario);
    free(copy);
}

/* Two instances with 500 tokens each; while the store stalls for 20 s every write times out, and a
 * retry after a timeout costs 10: the first 100 retries of a region take them all. */
static void retry_tokens_are_those_of_all_instances(void **state)
{
    (void)state;
    static const char text[] =
        "regions: {a: {}, b: {}}\nduration: 60s\nbin: 10s\nwarmup: 0s\n"
        "network: {default: {rtt: 10ms}}\npopulation: {sessions: 20/s}\napp: {instances: 2}\n"
        "client: {retry: {budget: {bucket: {capacity: 500, timeout_cost: 10}}}}\n"
        "faults: [{at: 30s, for: 20s, store: a, stall: true}]\n";
    const struct registry registry = {model_registry, model_registry_count};
    struct scenario *scenario = scenario_of(&registry, text);
    struct world_options options = {.seed = 1};
    struct world *world = world_create(scenario, &options);

    (void)world_run(world);
    for (int region = 0; region < 2; region++) {
        double before = world_bin_value(world, "retry_tokens", NULL, region, 1);
        double stalled = world_bin_value(world, "retry_tokens", NULL, region, 4);
        if (!(before > 990 && before <= 1000) || !(stalled < 50))
            fail_msg("region %d: %g tokens before, %g in the stall", region, before, stalled);
    }
    world_free(world);
    scenario_free(scenario);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_observer_sees_what_is_recorded),
                                       cmocka_unit_test(retry_tokens_are_those_of_all_instances)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
