// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * For tests of whole runs: a scenario from text, replications of it, and the statistics by name.
 *
 * All functions fail the calling test, with expected and actual values. Include cmocka.h before
 * this file.
 */
#ifndef STATISTICS_H
#define STATISTICS_H

#include "diag.h"
#include "interval.h"
#include "tally.h"
#include "world.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define TEST_SEED UINT64_C(20240229)

/* The scenario of a text; if it is invalid, the test fails with all errors. */
static inline struct scenario *scenario_of(const struct registry *registry, const char *text)
{
    struct diag diag = {0};
    struct scenario *scenario =
        scenario_load_text(text, strlen(text), "test.yaml", registry, NULL, 0, &diag);

    if (!scenario)
        diag_print(&diag, stderr);
    diag_release(&diag);
    assert_non_null(scenario);
    return scenario;
}

/* One replication, run to its end. The warm-up is the scenario's. */
static inline struct world *world_of(const struct scenario *scenario, uint32_t replication,
                                     struct sim_outcome *outcome)
{
    const struct world_options options = {
        .seed = TEST_SEED, .replication = replication, .warmup = scenario->warmup_given};
    struct world *world = world_create(scenario, &options);
    struct sim_outcome ended = world_run(world);

    if (outcome)
        *outcome = ended;
    return world;
}

static inline bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* A statistic. Region -1: the total. Window NULL: "all". */
struct wanted {
    const char *metric, *stat;
    int region;
    const char *label, *window;
};

/* The statistic; NAN if absent, such as a ratio over nothing. */
static inline double statistic_or_nan(const struct world *world, struct wanted wanted)
{
    const struct statistics *statistics = world_statistics(world);
    const char *window = wanted.window ? wanted.window : "all";

    for (size_t i = 0; i < statistics->statistic_count; i++) {
        const struct statistic *statistic = &statistics->statistics[i];

        if (strcmp(statistic->metric->name, wanted.metric) == 0 &&
            same_text(statistic->stat, wanted.stat) && statistic->region == wanted.region &&
            same_text(statistic->label, wanted.label) && strcmp(statistic->window, window) == 0)
            return statistic->value;
    }
    return NAN;
}

static inline double statistic_of(const struct world *world, struct wanted wanted)
{
    double value = statistic_or_nan(world, wanted);

    if (isnan(value)) {
        print_error("no statistic %s.%s of region %d\n", wanted.metric,
                    wanted.stat ? wanted.stat : "-", wanted.region);
        fail();
    }
    return value;
}

/* The statistic in each of `count` replications of a scenario's text. */
static inline struct tally tally_of(const struct registry *registry, const char *text,
                                    uint32_t count, struct wanted wanted)
{
    struct scenario *scenario = scenario_of(registry, text);
    struct tally tally = {0};

    for (uint32_t i = 0; i < count; i++) {
        struct world *world = world_of(scenario, i, NULL);

        tally_add(&tally, statistic_of(world, wanted));
        world_free(world);
    }
    scenario_free(scenario);
    return tally;
}

/* The 99 % interval over the replications covers the theoretical value, and its full width is at
 * most `width` times that value. */
#define assert_covers(tally, theory, width)                                                        \
    assert_covers_at((tally), (theory), (width), #theory, __FILE__, __LINE__)

static inline void assert_covers_at(const struct tally *tally, double theory, double width,
                                    const char *what, const char *file, int line)
{
    struct interval interval = interval_student(tally, 0.99);
    double relative = (interval.high - interval.low) / fabs(theory);
    bool good =
        interval.valid && interval.low <= theory && theory <= interval.high && relative <= width;

    print_message("%s = %.9g, found %.9g in [%.9g, %.9g], %.2f %% wide\n", what, theory,
                  interval.mean, interval.low, interval.high, 100 * relative);
    if (!good)
        _fail(file, line);
}

#endif
