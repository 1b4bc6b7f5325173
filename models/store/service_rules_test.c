// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Rules of the managed service: a scenario that breaks one is refused with its source; types of
 * nodes give the price and the threads for TLS.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "registry.h"
#include "statistics.h"

#include <stdlib.h>

static const struct registry *all_models(void)
{
    static struct registry registry;

    registry = (struct registry){model_registry, model_registry_count};
    return &registry;
}

/* The errors of a scenario, NULL if there are none; the caller frees them. */
static char *errors_of(const char *store)
{
    struct diag diag = {0};
    struct scenario *scenario;
    char text[500], *errors = NULL;
    size_t size;
    FILE *out = open_memstream(&errors, &size);

    snprintf(text, sizeof text,
             "regions: {us-east-1: {}, us-east-2: {}, us-west-1: {}, us-west-2: {}}\n"
             "duration: 1min\nstore: {%s}\n",
             store);
    scenario = scenario_load_text(text, strlen(text), "test.yaml", all_models(), NULL, 0, &diag);
    diag_print(&diag, out);
    diag_release(&diag);
    fclose(out);
    if (!scenario)
        return errors;
    scenario_free(scenario);
    free(errors);
    return NULL;
}

/* What a store is refused for; NULL: it is not. */
static const struct rule {
    const char *store, *error;
} rules[] = {
    {"kind: global-datastore, secondaries: [us-west-2], shards: 90", NULL},
    {"kind: global-datastore, secondaries: [us-west-2], shards: 91", "91 nodes in a cluster"},
    {"kind: global-datastore, secondaries: [us-west-2], shards: 15, replicas: 5", NULL},
    {"kind: global-datastore, secondaries: [us-west-2], shards: 16, replicas: 5",
     "96 nodes in a cluster, more than the quota of 90: use fewer, or raise 'node_quota' (facts "
     "C.2)"},
    {"kind: global-datastore, secondaries: [us-west-2], shards: 500, node_quota: 500", NULL},
    {"kind: global-datastore, secondaries: [us-west-2], shards: 501, node_quota: 600",
     "must be between 1 and 500, got 501 (facts C.2)"},
    {"kind: global-datastore, secondaries: [us-west-2], replicas: 6",
     "must be between 0 and 5, got 6 (facts C.2)"},
    /* a number of replicas for each cluster */
    {"kind: global-datastore, secondaries: [us-east-2, us-west-2], secondary_replicas: [0, 2]",
     NULL},
    {"kind: global-datastore, secondaries: [us-east-2, us-west-2], secondary_replicas: [2]",
     "needs a number for each secondary cluster, of which there are 2, got 1"},
    {"kind: global-datastore, secondaries: [us-west-2], secondary_replicas: [1.5]",
     "needs whole numbers, got 1.5"},
    {"kind: global-datastore, secondaries: [us-west-2], shards: 20, secondary_replicas: [4]",
     "100 nodes"},
    /* and one that changes */
    {"kind: global-datastore, secondaries: [us-west-2], replicas_change: {once: {replicas: 5}}",
     NULL},
    {"kind: global-datastore, secondaries: [us-west-2], replicas_change: {once: {replicas: 6}}",
     "must be between 0 and 5, got 6 (facts C.2)"},
    {"kind: global-datastore, secondaries: [us-west-2], shards: 20, replicas_change: {once: "
     "{replicas: 4}}",
     "100 nodes"},
    {"kind: global-datastore, secondaries: [us-west-2], replicas_change: {once: {region: "
     "us-west-1}}",
     "'us-west-1' has no cluster"},
    {"kind: global-datastore, secondaries: [us-west-2], replicas: 1, read_from: replicas, "
     "replicas_change: {once: {replicas: 0}}",
     "'read_from: replicas' needs at least one"},
    {"kind: global-datastore, secondaries: [us-east-2, us-west-1, us-west-2]",
     "at most 2 secondary regions, got 3: name two of them (facts C.1)"},
    {"kind: global-datastore, secondaries: [us-west-2], node_type: t4g.medium",
     "cannot be a member of a global datastore"},
    {"kind: single-region, node_type: t4g.medium", NULL},
    {"kind: single-region, shards: 2, cluster_mode: disabled",
     "'disabled' has one shard, got 2: use 'enabled' (facts C.2)"},
    {"kind: single-region, shards: 2, cluster_mode: enabled", NULL},
    /* 14 037 181 030 B x 75 % are 9.8 GiB */
    {"kind: global-datastore, secondaries: [us-west-2], data_set: 9.7GiB", NULL},
    {"kind: global-datastore, secondaries: [us-west-2], data_set: 9.9GiB",
     "does not fit a node: 'r7g.large' has 9.8 GiB for data (facts C.2)"},
    {"kind: global-datastore, secondaries: [us-west-2], data_set: 9.9GiB, node_type: r7g.xlarge",
     NULL},
    {"kind: durable-cache, engine: valkey-8.2",
     "'valkey-8.2' has no durability, which needs valkey-9.0 or later (facts 0.13)"},
    {"kind: durable-cache, engine: valkey-9.0", NULL},
    {"kind: durable-cache, cluster_mode: disabled", "must be 'enabled' for a durable cache"},
    {"kind: durable-cache, replicas: 0", "needs a replica (facts 0.13)"},
    {"kind: memorydb-multi-region, shards: 46", "92 nodes in a cluster"},
    {"kind: dynamodb-strong, replicas: [us-west-1, us-west-2], witness: us-east-1", "facts F"},
    {"kind: aurora-dsql, peers: [us-west-1, us-west-2], witness: us-east-1", "facts F"},
};

static void rules_are_refused_with_their_sources(void **state)
{
    bool good = true;

    (void)state;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        char *errors = errors_of(rules[i].store);
        bool is_right = rules[i].error ? errors && strstr(errors, rules[i].error) : !errors;

        if (!is_right)
            print_error("{%s}: expected %s, got %s\n", rules[i].store,
                        rules[i].error ? rules[i].error : "nothing", errors ? errors : "nothing");
        good = good && is_right;
        free(errors);
    }
    assert_true(good);
}

static double figure(const char *text, struct wanted wanted)
{
    struct scenario *scenario = scenario_of(all_models(), text);
    struct world *world = world_of(scenario, 0, NULL);
    double value = statistic_of(world, wanted);

    world_free(world);
    scenario_free(scenario);
    return value;
}

/* Two shards, a replica of each in a, none in b: 6 nodes at 0.3504 USD/h, a quarter more for Redis
 * OSS, with a discount of 40 %. */
static void nodes_cost_by_type_engine_and_number(void **state)
{
    static const struct wanted nodes = {
        .metric = "cost_item_per_hour", .region = -1, .label = "nodes"};

    (void)state;
    assert_close(figure("regions: {us-west-1: {}, us-west-2: {}}\nduration: 1min\nwarmup: 0s\n"
                        "store: {kind: global-datastore, shards: 2, replicas: 1, "
                        "secondary_replicas: [0], node_type: r7g.xlarge, engine: redis-7.1}\n"
                        "cost: {node_price: 0.6}\n",
                        nodes),
                 6 * 0.3504 * 1.25 * 0.6, 1e-9);
    assert_close(figure("regions: {us-west-1: {}, us-west-2: {}}\nduration: 1min\nwarmup: 0s\n"
                        "store: {kind: memcached, nodes: 3}\n",
                        nodes),
                 6 * 0.1752, 1e-9);
    assert_close(figure("regions: {us-west-1: {}, us-west-2: {}}\nduration: 1min\nwarmup: 0s\n"
                        "store: {kind: durable-cache}\n",
                        nodes),
                 2 * 0.1752, 1e-9);
    assert_close(figure("regions: {us-west-1: {}, us-west-2: {}}\nduration: 1min\nwarmup: 0s\n"
                        "store: {kind: dynamodb-global-tables}\n",
                        nodes),
                 0, 0);
}

/* Two nodes of 0.1752 for 30 s, then of 0.3504. */
static void resized_nodes_cost_their_new_price(void **state)
{
    static const struct wanted nodes = {
        .metric = "cost_item_per_hour", .region = -1, .label = "nodes"};

    (void)state;
    assert_close(figure("regions: {us-west-1: {}, us-west-2: {}}\nduration: 60.5s\nwarmup: 0s\n"
                        "store: {kind: global-datastore, resize: {once: {at: 30s, node_type: "
                        "r7g.xlarge, interruption: 0.5s}}}\n",
                        nodes),
                 2 * (30.5 * 0.1752 + 30 * 0.3504) / 60.5, 1e-9);
}

/* A third node from 30 s on in one case, two more from 30 s on in the other, and from there two
 * fewer at the end of a minute's moves. */
static void changed_numbers_of_nodes_are_paid(void **state)
{
    static const struct wanted nodes = {
        .metric = "cost_item_per_hour", .region = -1, .label = "nodes"};

    (void)state;
    assert_close(figure("regions: {us-west-1: {}, us-west-2: {}}\nduration: 60s\nwarmup: 0s\n"
                        "store: {kind: global-datastore, replicas_change: {once: {at: 10s, "
                        "replicas: 1, region: us-west-1, create: 20s}}}\n",
                        nodes),
                 2.5 * 0.1752, 1e-9);
    assert_close(figure("regions: {us-west-1: {}, us-west-2: {}}\nduration: 60s\nwarmup: 0s\n"
                        "store: {kind: global-datastore, reshard: {once: {at: 30s, shards: 2, "
                        "duration: 1s}}}\n",
                        nodes),
                 3 * 0.1752, 1e-9);
    assert_close(figure("regions: {us-west-1: {}, us-west-2: {}}\nduration: 120s\nwarmup: 0s\n"
                        "store: {kind: global-datastore, shards: 2, reshard: {once: {at: 30s, "
                        "shards: 1, duration: 60s}}}\n",
                        nodes),
                 (4 * 90 + 2 * 30) / 120.0 * 0.1752, 1e-9);
}

/* Connections that live for 2 s, each with a TLS handshake of 2 ms: the engine's thread is busy
 * with little else, unless others do it. */
#define TLS_WORLD(settings)                                                                        \
    "regions: {us-west-1: {}}\nduration: 2min\nwarmup: 0s\naccelerator: {spill: 0%}\n"             \
    "store: {kind: single-region, " settings "}\nclient: {pool: {lifetime: 2s}}\n"

static void large_nodes_have_threads_for_tls(void **state)
{
    static const struct wanted busy = {.metric = "store_utilization", .region = 0};
    double small = figure(TLS_WORLD("node_type: r7g.xlarge"), busy);
    double off = figure(TLS_WORLD("node_type: r7g.2xlarge, io_threads: off"), busy);
    double large = figure(TLS_WORLD("node_type: r7g.2xlarge"), busy);

    (void)state;
    print_message("busy: %.4f, %.4f without threads, %.4f with them\n", small, off, large);
    assert_true(small == off);
    assert_true(large < small / 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_are_refused_with_their_sources),
        cmocka_unit_test(nodes_cost_by_type_engine_and_number),
        cmocka_unit_test(resized_nodes_cost_their_new_price),
        cmocka_unit_test(changed_numbers_of_nodes_are_paid),
        cmocka_unit_test(large_nodes_have_threads_for_tls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
