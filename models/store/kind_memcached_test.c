// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Memcached: shares of the nodes of a running store, what moves when one is added or removed and
 * what goes with one, against the shares of rings that another program computed (the Python of
 * ketama_test.c, with the names node-1:11211, node-2:11211, ...).
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "statistics.h"
#include "client_driver.h"

/* Largest share of three nodes; shares of the fifth of five nodes, and of the fourth of four. */
#define LARGEST_OF_3 0.365307
#define FIFTH_OF_5 0.198873
#define FOURTH_OF_4 0.255297
#define SECOND_OF_3 0.309832

static const struct model_ops *const memcached_models[] = {&client_driver_ops, &wan_link_ops,
                                                           &store_ops, &store_client_ops};
static const struct registry memcached_registry = {memcached_models, 4};

/* Writes in region a; a read of each one 5 s later. */
#define WORLD(store)                                                                               \
    "regions: {a: {}, b: {}}\nduration: 60s\nwarmup: 0s\n"                                         \
    "store: {kind: memcached, write_service: 0ms, write_per_kib: 0ms, read_service: 0ms, "         \
    "connect_cost: {accept: 0ms, tls: 0ms}, " store "}\n"                                          \
    "network: {default: {rtt: 20ms}, inside: {rtt: 1ms, jitter: 0ms, spike_share: 0%, loss: "      \
    "0%}}\n"                                                                                       \
    "driver: {rate: 2000/s, writes: 10000, read_after: 5s}\n"

static struct world *run(const char *text, struct scenario **scenario)
{
    *scenario = scenario_of(&memcached_registry, text);
    return world_of(*scenario, 0, NULL);
}

static void done(struct world *world, struct scenario *scenario)
{
    world_free(world);
    scenario_free(scenario);
}

/* A share of n independent keys: within 3 standard deviations. */
static void assert_share(double count, double n, double share)
{
    double deviation = sqrt(share * (1 - share) / n);

    print_message("%.6f, found %.6f, standard deviation %.6f\n", share, count / n, deviation);
    assert_true(fabs(count / n - share) < 3 * deviation);
}

/* 10 000 sessions, each written and read once at its node. */
static void busiest_node_has_the_share_of_its_ring(void **state)
{
    struct scenario *scenario;
    struct world *world = run(WORLD("nodes: 3"), &scenario);

    (void)state;
    assert_share(
        10000 * statistic_of(world, (struct wanted){.metric = "hottest_node_share", .region = 0}),
        10000, LARGEST_OF_3);
    assert_int_equal(client_seen.reads, 10000);
    assert_int_equal(client_seen.misses, 0);
    done(world, scenario);
}

/* All writes are of the first 5 s and all reads of the next; a fifth node is added at 5 s, and
 * clients know it at once. Those of its sessions are not found. */
static void added_node_is_a_cold_share_of_the_sessions(void **state)
{
    struct scenario *scenario;
    struct world *world =
        run(WORLD("nodes: 4, discovery: 0s, resize: {once: {at: 5s, nodes: 5}}"), &scenario);

    (void)state;
    assert_share((double)client_seen.misses, (double)client_seen.reads, FIFTH_OF_5);
    done(world, scenario);
}

/* The fourth of four nodes is removed: its sessions are looked for elsewhere, the others are where
 * they were. */
static void removed_node_takes_its_share_of_the_sessions(void **state)
{
    struct scenario *scenario;
    struct world *world =
        run(WORLD("nodes: 4, discovery: 0s, resize: {once: {at: 5s, nodes: 3}}"), &scenario);

    (void)state;
    assert_share((double)client_seen.misses, (double)client_seen.reads, FOURTH_OF_4);
    done(world, scenario);
}

/*
 * Each client reads the list of nodes at a random phase of an interval of 20 s, so that it knows a
 * change after U(0, 20 s). Reads of 5 to 10 s after a change at 5 s, of one session each: the
 * client knows by then with probability (t - 5 s) / 20 s, 1/8 on average over the reads. One client
 * a replication knows for all its reads, so the mean over 400 replications has the standard
 * deviation of U clipped to the 5 s: below. Of n replications a share (20 - 5)/20 sees nothing.
 *
 *   E = 1/8; E of the square: a client that begins at x = 5 v s, v uniform, with probability 1/4,
 *   sees 1 - v of the reads: 1/4 x 1/3; sd = sqrt(1/12 - 1/64) = 0.2602
 */
static void clients_learn_of_a_node_at_their_own_time(void **state)
{
    enum { REPLICATIONS = 400 };
    struct scenario *scenario =
        scenario_of(&memcached_registry, "regions: {a: {}, b: {}}\nduration: 11s\nwarmup: 0s\n"
                                         "store: {kind: memcached, nodes: 4, discovery: 20s, "
                                         "resize: {once: {at: 5s, nodes: 5}}}\n"
                                         "network: {default: {rtt: 20ms}}\n"
                                         "driver: {rate: 200/s, writes: 1000, read_after: 5s}\n");
    double sum = 0, expected = FIFTH_OF_5 / 8;
    double deviation = FIFTH_OF_5 * sqrt(1.0 / 12 - 1.0 / 64) / sqrt(REPLICATIONS);

    (void)state;
    for (uint32_t i = 0; i < REPLICATIONS; i++) {
        struct world *world = world_of(scenario, i, NULL);

        sum += (double)client_seen.misses / (double)client_seen.reads;
        client_seen_nothing(NULL);
        world_free(world);
    }
    scenario_free(scenario);
    print_message("%.5f, found %.5f, standard deviation %.5f\n", expected, sum / REPLICATIONS,
                  deviation);
    assert_true(fabs(sum / REPLICATIONS - expected) < 3 * deviation);
}

/* 4 nodes of 4 threads with 2000 writes and reads of 1 ms a second: 4 s of work a second, by 16
 * threads. */
static void threads_share_the_work_of_a_node(void **state)
{
    struct scenario *scenario = scenario_of(
        &memcached_registry,
        "regions: {a: {}, b: {}}\nduration: 60s\nwarmup: 10s\n"
        "store: {kind: memcached, nodes: 4, threads: 4, write_service: 1ms, "
        "write_per_kib: 0ms, read_service: 1ms, connect_cost: {accept: 0ms, tls: 0ms}}\n"
        "network: {default: {rtt: 20ms}, inside: {rtt: 1ms}}\n"
        "driver: {rate: 2000/s, read_after: 1s}\n");
    struct world *world = world_of(scenario, 0, NULL);

    (void)state;
    assert_close(statistic_of(world, (struct wanted){.metric = "store_utilization", .region = 0}),
                 0.25, 0.01);
    done(world, scenario);
}

/*
 * One of three nodes of the only region exits for a second at 300 s. Each of 2000 users who never
 * leave and click every 10 s has a session in the store. Those of that node's sessions log in again
 * once, and nobody else.
 */
static void node_that_exits_takes_its_sessions_with_it(void **state)
{
    const struct registry registry = {model_registry, model_registry_count};
    struct scenario *scenario = scenario_of(
        &registry, "regions: {us-west-1: {}}\nduration: 600s\nwarmup: 250s\n"
                   "store: {kind: memcached, nodes: 3}\n"
                   "population: {users: 2000, requests: 100000, think: 10s, writes: 0%}\n"
                   "faults: [{at: 300s, for: 1s, node: us-west-1/1, crash: true}]\n");
    struct world *world = world_of(scenario, 0, NULL);

    (void)state;
    assert_share(statistic_of(world, (struct wanted){.metric = "reauths", .region = 0}), 2000,
                 SECOND_OF_3);
    done(world, scenario);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(busiest_node_has_the_share_of_its_ring, client_seen_nothing),
        cmocka_unit_test_setup(added_node_is_a_cold_share_of_the_sessions, client_seen_nothing),
        cmocka_unit_test_setup(removed_node_takes_its_share_of_the_sessions, client_seen_nothing),
        cmocka_unit_test_setup(clients_learn_of_a_node_at_their_own_time, client_seen_nothing),
        cmocka_unit_test(threads_share_the_work_of_a_node),
        cmocka_unit_test(node_that_exits_takes_its_sessions_with_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
