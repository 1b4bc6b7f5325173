// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Kinds of store are compared under the same users: when sessions begin, where their users are, how
 * many pages they ask for and how long they think between them does not depend on the kind.
 *
 * Each kind runs the same scenario in which nothing fails and no answer takes longer than the
 * latency that is added to a think time. The test reads a trace of the run: the instants at which
 * users arrive, in each region, are equal to the nanosecond; and so is the number of pages of all
 * of them, once every session has ended.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "hash.h"
#include "registry.h"
#include "statistics.h"

#include <stdlib.h>

static const char *const kinds[] = {
    "global-datastore",       "regional",        "single-region", "memcached",
    "dynamodb-global-tables", "dynamodb-strong", "aurora-dsql",   "memorydb-multi-region",
    "durable-cache",          "stateless-token"};

/* Sessions begin for 5 min and have ended after 20. */
#define WORLD                                                                                      \
    "regions: {us-east-2: {}, us-west-2: {}, us-east-1: {population: {sessions: 0/s}, "            \
    "endpoint_group: {weights: [0]}}}\n"                                                           \
    "duration: 20min\nwarmup: 0s\n"                                                                \
    "store: {kind: %s%s}\nclient: {timeout: 2s, read_timeout: 2s}\n"                               \
    "population: {sessions: 5/s, start: empty, arrivals: {step: {at: 5min, factor: 0}}, "          \
    "requests: 8, think: 'exponential(10s)', after_login: 2s, idle_ttl: 1h}\n"

/* What does not depend on the store. */
struct exogenous {
    uint64_t arrivals; /* hash of their lines in the trace */
    size_t arrival_count;
    double started, pages;
};

static struct exogenous exogenous_of(const char *kind)
{
    const struct registry registry = {model_registry, model_registry_count};
    bool has_witness = strcmp(kind, "dynamodb-strong") == 0 || strcmp(kind, "aurora-dsql") == 0;
    struct exogenous found = {0};
    char text[1000], *traced, *rest, *line;
    struct scenario *scenario;
    struct world *world;
    size_t size;
    FILE *out = open_memstream(&traced, &size);
    struct trace trace = {.out = out, .to = SIM_NEVER, .match = "population/"};
    struct world_options options = {.seed = TEST_SEED, .trace = &trace};

    snprintf(text, sizeof text, WORLD, kind, has_witness ? ", witness: us-east-1" : "");
    scenario = scenario_of(&registry, text);
    options.warmup = scenario->warmup_given;
    world = world_create(scenario, &options);
    world_run(world);
    fclose(out);
    for (rest = traced; (line = strtok_r(rest, "\n", &rest));)
        if (strstr(line, " arrive")) {
            found.arrivals = hash_text(found.arrivals, line);
            found.arrival_count++;
        }
    found.started =
        statistic_of(world, (struct wanted){.metric = "sessions_started", .region = -1});
    found.pages = statistic_of(world, (struct wanted){.metric = "requests", .region = -1}) -
                  statistic_of(world, (struct wanted){.metric = "logins", .region = -1});
    print_message("%s: %zu arrivals, %.0f sessions, %.0f pages\n", kind, found.arrival_count,
                  found.started, found.pages);
    assert_close(statistic_of(world, (struct wanted){.metric = "reauths", .region = -1}), 0, 0);
    world_free(world);
    scenario_free(scenario);
    free(traced);
    return found;
}

static void users_are_the_same_whatever_the_store(void **state)
{
    struct exogenous first = exogenous_of(kinds[0]);

    (void)state;
    assert_true(first.arrival_count > 2500);
    for (size_t i = 1; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct exogenous other = exogenous_of(kinds[i]);

        assert_int_equal(other.arrivals, first.arrivals);
        assert_int_equal(other.arrival_count, first.arrival_count);
        assert_true(other.started == first.started && other.pages == first.pages);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(users_are_the_same_whatever_the_store)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
