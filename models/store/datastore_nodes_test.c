// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Replicas added and removed in a run: the fork and the copy, which replica serves a session's
 * reads, what is paid, and whether one is there to take over. Times are worked out here.
 *
 * One region, 1 ms inside; a read takes the thread of its node 1 ms, a write takes nothing.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "kind_rig.h"

/* The copy of 100 000 000 B takes 1 s at 800 Mbit/s, and to load them another one. The fork of 1
 * GiB would take 1073.741824 ms: that of 100 MB takes 100 ms. */
#define COPIED_WORLD(copied, store, driver)                                                        \
    "regions: {a: {}, b: {}}\nduration: 20s\nwarmup: 0s\n"                                         \
    "store: {primary: a, write_service: 0ms, write_per_kib: 0ms, read_service: 1ms, "              \
    "replica_lag: 0ms, replica_apply: 0, connect_cost: {accept: 0ms, tls: 0ms}, " copied           \
    ", " store "}\n"                                                                               \
    "network: {default: {rtt: 20ms, jitter: 0ms, spike_share: 0%, loss: 0%}, "                     \
    "inside: {rtt: 1ms, jitter: 0ms, spike_share: 0%, loss: 0%}}\n"                                \
    "client: {timeout: 500ms, read_timeout: 500ms, retry: {attempts: 1, read_attempts: 1}, "       \
    "pool: {size: 100, warm: 100}}\n"                                                              \
    "driver: {" driver "}\n"
#define SMALL                                                                                      \
    "data_set: 100000000 B, persistence_cost: {fork_per_gib: 1073741824ns, load: 800Mbit/s, "      \
    "load_per_key: 0ns}"
#define NODES_WORLD(store, driver) COPIED_WORLD(SMALL, store, driver)
#define CHANGE(count)                                                                              \
    "replicas_change: {once: {at: 4s, replicas: " count ", region: a, create: 1s, "                \
    "copy: 800Mbit/s}}"
#define FORKS (5 * SIM_S)
#define READY (7 * SIM_S)

#define READS 60
static struct client_step steps[6 * READS];
static uint32_t step_count;

static void plan(sim_time at, enum command_kind kind, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        steps[step_count++] = (struct client_step){at, 0, kind, i};
}

static void run_plan(const char *text)
{
    run(text, steps, step_count);
    step_count = 0;
}

/* The longest of the operations that begin at an instant; all must be answered. */
static sim_dur longest(sim_time at)
{
    sim_dur most = 0;

    for (size_t i = 0; i < history.op_count; i++) {
        const struct history_op *op = &history.ops[i];

        if (op->invoked != at)
            continue;
        assert_int_equal(op->outcome, OUTCOME_OK);
        most = op->ended - op->invoked > most ? op->ended - op->invoked : most;
    }
    return most;
}

/* Sessions are spread over the replicas: as many as the fullest of `count` has. */
static uint32_t fullest(uint32_t count)
{
    uint32_t reads[8] = {0}, most = 0;

    for (uint32_t s = 0; s < READS; s++)
        reads[rng_mix(s) % count]++;
    for (uint32_t i = 0; i < count; i++)
        most = reads[i] > most ? reads[i] : most;
    return most;
}

/* All reads of an instant take turns at the thread of their replica. */
static void replicas_serve_once_they_have_all_data(void **state)
{
    (void)state;
    plan(SIM_S, COMMAND_CREATE, READS);
    plan(1500 * SIM_MS, COMMAND_GET, READS); /* opens connections, as that at 7.2 s */
    plan(2 * SIM_S, COMMAND_GET, READS);
    plan(READY - 10 * SIM_MS, COMMAND_GET, READS);
    plan(READY + 200 * SIM_MS, COMMAND_GET, READS);
    plan(READY + 500 * SIM_MS, COMMAND_GET, READS);
    run_plan(NODES_WORLD("replicas: 1, read_from: replicas, " CHANGE("3"), "rate: 0/s"));
    print_message("%u of %u reads at the fullest of 3 replicas\n", fullest(3), READS);
    assert_int_equal(longest(2 * SIM_S), (READS + 1) * SIM_MS);
    assert_int_equal(longest(READY - 10 * SIM_MS), (READS + 1) * SIM_MS);
    assert_int_equal(longest(READY + 500 * SIM_MS), (fullest(3) + 1) * SIM_MS);
    done();
}

static void removed_replicas_serve_no_more(void **state)
{
    (void)state;
    plan(SIM_S, COMMAND_CREATE, READS);
    plan(1500 * SIM_MS, COMMAND_GET, READS); /* opens connections */
    plan(2 * SIM_S, COMMAND_GET, READS);
    plan(4500 * SIM_MS, COMMAND_GET, READS);
    run_plan(NODES_WORLD("replicas: 3, read_from: replicas, " CHANGE("2"), "rate: 0/s"));
    assert_int_equal(longest(2 * SIM_S), (fullest(3) + 1) * SIM_MS);
    assert_int_equal(longest(4500 * SIM_MS), (fullest(2) + 1) * SIM_MS);
    done();
}

/* What the removed node has not answered is lost with its connections: of 60 reads that begin 10 ms
 * before, those of the third replica that its thread has not come to. They arrive at 3990.5 ms, so
 * that it has executed 9 of them at 4 s. */
static void removal_closes_connections(void **state)
{
    uint32_t third = 0, failed = 0;

    (void)state;
    for (uint32_t s = 0; s < READS; s++)
        third += rng_mix(s) % 3 == 2;
    plan(SIM_S, COMMAND_CREATE, READS);
    plan(2 * SIM_S, COMMAND_GET, READS); /* opens connections */
    plan(3990 * SIM_MS, COMMAND_GET, READS);
    run_plan(NODES_WORLD("replicas: 3, read_from: replicas, " CHANGE("2"), "rate: 0/s"));
    for (size_t i = 0; i < history.op_count; i++)
        failed += history.ops[i].outcome != OUTCOME_OK;
    print_message("%u of %u reads at the third replica failed\n", failed, third);
    assert_int_equal(failed, third - 9);
    done();
}

/* The primary's node hangs while it forks: a read that arrives 0.5 ms after that waits for the rest
 * of the 100 ms. */
static void fork_hangs_the_source(void **state)
{
    static const struct client_step one[] = {{FORKS, 0, COMMAND_GET, 1}};

    (void)state;
    steps[step_count++] = one[0];
    steps[step_count++] = (struct client_step){FORKS - 10 * SIM_MS, 0, COMMAND_GET, 1};
    run_plan(NODES_WORLD("replicas: 1, " CHANGE("2"), "rate: 0/s"));
    for (size_t i = 0; i < history.op_count; i++) {
        const struct history_op *op = &history.ops[i];

        assert_int_equal(op->ended - op->invoked, op->invoked == FORKS ? 101500000 : 2 * SIM_MS);
    }
    done();
}

/* min-replicas-to-write: writes are refused until the first replica is there. Writes come each ms
 * at random: within some of them. The secondary region does not exist here for the count. */
static void writes_wait_for_the_first_replica(void **state)
{
    double refused;

    (void)state;
    run_plan(NODES_WORLD("min_replicas_to_write: 2, " CHANGE("1"), "rate: 1000/s, writer: a"));
    refused =
        statistic_of(world, (struct wanted){.metric = "writes_without_replicas", .region = 0});
    print_message("%.0f writes refused\n", refused);
    assert_close(refused, 7000, 0.05);
    done();
}

/*
 * An r7g.large sends 12.5 Gbit/s for `network_burst`, here 1 s: 1.5625 of 2 GB; the rest at 0.937
 * Gbit/s takes 3.735 s, and loading them 0.016 s: ready at 5 + 1 + 3.735 + 0.016 = 9.751 s.
 */
static void copy_bursts_and_then_takes_its_time(void **state)
{
    double refused;

    (void)state;
    run_plan(COPIED_WORLD("data_set: 2000000000 B, network_burst: 1s, persistence_cost: "
                          "{fork_per_gib: 0ms, load: 1000Gbit/s, load_per_key: 0ns}",
                          "min_replicas_to_write: 2, replicas_change: {once: {at: 4s, replicas: 1, "
                          "region: a, create: 1s, copy: 1000Gbit/s}}",
                          "rate: 1000/s, writer: a"));
    refused =
        statistic_of(world, (struct wanted){.metric = "writes_without_replicas", .region = 0});
    print_message("%.0f writes refused\n", refused);
    assert_close(refused, 9751, 0.002);
    done();
}

/* The node crashes at 10 s: with a replica by then it takes over within 3 s, without one nothing
 * writes until the node is back at 18 s. 100 writes a second. */
static void added_replica_can_take_over(void **state)
{
    static const char *const changes[] = {"1", "0"};

    (void)state;
    for (int added = 1; added >= 0; added--) {
        char text[1500];
        double failed;

        snprintf(
            text, sizeof text, "%s",
            added ? NODES_WORLD("replica_failover: 3s, address_ttl: 0s, " CHANGE("1"),
                                "rate: 100/s, writer: a, crash_from: 10s, crash_for: 8s")
                  : NODES_WORLD("replicas: 1, replica_failover: 3s, address_ttl: 0s, " CHANGE("0"),
                                "rate: 100/s, writer: a, crash_from: 10s, crash_for: 8s"));
        run_plan(text);
        failed = statistic_of(world, (struct wanted){.metric = "write_failures", .region = 0});
        print_message("%s replicas in the end: %.0f writes failed\n", changes[added ? 0 : 1],
                      failed);
        assert_close(failed, added ? 300 : 800, 0.15);
        assert_int_equal((int)statistic_of(world, (struct wanted){.metric = "shard_failovers"}),
                         added);
        done();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replicas_serve_once_they_have_all_data),
        cmocka_unit_test(removed_replicas_serve_no_more),
        cmocka_unit_test(removal_closes_connections),
        cmocka_unit_test(fork_hangs_the_source),
        cmocka_unit_test(writes_wait_for_the_first_replica),
        cmocka_unit_test(copy_bursts_and_then_takes_its_time),
        cmocka_unit_test(added_replica_can_take_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
