// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Time in system at the store's server against theory, and admission of connections.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "store_rig.h"

#define LINKS "network: {default: {rtt: 20ms}, inside: {rtt: 1us}}\n"

/*
 * Gated service. An iteration of N commands takes N D; A ~ Poisson(rho N) commands arrive
 * meanwhile, rho = lambda D, and form the next iteration; if there are none, the next iteration is
 * the single command that ends the idle time. With a = rho N and p0 = E e^-a the stationary
 * iteration has
 *
 *   E N  = rho E N + p0                       so  p0 = (1 - rho) E N
 *   E N2 = E(a + a^2) + p0 = rho E N + rho^2 E N2 + p0      so  E N2 / E N = 1 / (1 - rho^2)
 *
 * A command that arrives in an iteration stays for the rest of it, N D / 2 on average, and the
 * whole next iteration: summed over the arrivals of one iteration lambda (N D)^2 / 2 + D (a + a^2);
 * one that ends an idle time stays D. An iteration has E N commands, so
 *
 *   mean stay = D [rho/2 E N2 + rho E N + rho^2 E N2 + p0] / E N = D [1 + (rho/2 + rho^2) / (1 -
 * rho^2)]
 *
 * rho = 0.8: 3.889 D, where M/D/1 (fifo) has 3 D. D = 0.1 ms.
 */
static void gated_service_covers_its_derivation(void **state)
{
    const double rho = 0.8;
    struct tally tally = tally_of(&rig_registry,
                                  "regions: {a: {}}\nduration: 42s\nwarmup: 2s\n" LINKS
                                  "driver: {reads: 8000/s}\nstore: {read_service: 0.1ms}\n",
                                  10, (struct wanted){"sojourn", "mean", 0, NULL, NULL});

    (void)state;
    assert_covers(&tally, 1e5 * (1 + (rho / 2 + rho * rho) / (1 - rho * rho)), 0.05);
}

/*
 * M/M/1 (fifo), lambda = 8000/s, mu = 10 000/s: the time in system is exponential with rate mu -
 * lambda, so that a share e^-(mu - lambda) tau exceeds tau. This holds because abandoned commands
 * are executed. tau = 1 ms: e^-2.
 */
static void share_that_outlasts_its_patience_covers_theory(void **state)
{
    struct tally tally = tally_of(&rig_registry,
                                  "regions: {a: {}}\nduration: 42s\nwarmup: 2s\n" LINKS
                                  "driver: {reads: 8000/s, patience: 1ms}\n"
                                  "store: {discipline: fifo, read_service: exponential(0.1ms)}\n",
                                  10, (struct wanted){"late_share", NULL, -1, NULL, NULL});

    (void)state;
    assert_covers(&tally, exp(-(10000 - 8000) * 1e-3), 0.1);
}

/*
 * Four shards, the first with three shares of the slots: it gets 3/6 of the commands and is busy
 * for 8000/s x 0.1 ms x 3/6 = 0.4 of the time; the mean of all four is 8000/s x 0.1 ms / 4 = 0.2.
 * Slots are whole: 8192 of 16384 exactly.
 */
static void hot_shard_is_busy_for_its_share_of_the_slots(void **state)
{
#define HOT                                                                                        \
    "regions: {a: {}}\nduration: 22s\nwarmup: 2s\n" LINKS "driver: {reads: 8000/s}\n"              \
    "store: {shards: 4, hot_weight: 3, read_service: 0.1ms}\n"
    struct tally hot = tally_of(&rig_registry, HOT, 5,
                                (struct wanted){"hot_shard_utilization", NULL, 0, NULL, NULL});
    struct tally mean =
        tally_of(&rig_registry, HOT, 5, (struct wanted){"store_utilization", NULL, 0, NULL, NULL});

    (void)state;
    assert_close(hot.mean, 0.4, 0.01);
    assert_covers(&mean, 0.2, 0.02);
}

/* --- the listener ---------------------------------------------------------------------------- */

static void stall(uint32_t begin)
{
    driver->faults[0]->stall(driver->faults[0]->self, begin);
}

static void knock(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        sim_after(driver->sim, 0, driver->listeners[0]->handshake_kind, i, 0);
}

static uint32_t handshakes_by(sim_time when)
{
    uint32_t count = 0;

    while (count < seen.handshakes && seen.handshake_at[count] <= when)
        count++;
    return count;
}

/*
 * 600 SYNs at 10 s, in a stall from 9 to 12.5 s: the kernel answers 511 at once. The other 89 are
 * sent again at 11 and 12 s, dropped again, and answered at 13 s (within the link's jitter), when
 * the process has accepted those that waited.
 */
static void accept_backlog_bounds_the_handshakes_of_a_stall(void **state)
{
    (void)state;
    plan_at(9 * SIM_S, stall, true);
    plan_at(10 * SIM_S, knock, 600);
    plan_at(12500 * SIM_MS, stall, false);
    run_scenario("regions: {a: {}}\nduration: 100s\nwarmup: 0s\n" LINKS);
    assert_int_equal(handshakes_by(11 * SIM_S - 1), 511);
    assert_int_equal(handshakes_by(13 * SIM_S - SIM_MS), 511);
    assert_int_equal(handshakes_by(14 * SIM_S), 600);
    assert_close(found("store_syns_dropped", 0, NULL), 3 * 89, 0);
    end_scenario();
}

static void read_on(uint32_t connection)
{
    send_command(0, COMMAND_GET, 0, 60, connection);
}

static void reply_is(uint32_t reply)
{
    assert_int_equal(seen.reply, reply);
}

static void write_on(uint32_t connection)
{
    send_command(0, COMMAND_CREATE, 1, 1024, connection);
}

static void hang_up(uint32_t connection)
{
    driver->listeners[0]->event(driver->listeners[0]->self, connection, 0, CONNECTION_FIN);
}

static void answered_writes_are(uint32_t count)
{
    assert_int_equal(seen.acknowledged, count);
}

/*
 * 100 writes of 1 KiB and 1 ms each on one connection, in a stall, and one read of 1 ms on another:
 * each iteration reads 16 KiB of a connection, so the first one is 16 writes and the read, 17 ms;
 * then 16 writes each, 16 ms, the last one 4.
 */
static void iteration_reads_a_part_of_each_connection(void **state)
{
    (void)state;
    plan_at(8 * SIM_S, hang_up, 2000); /* replies are seen as they leave */
    plan_at(8 * SIM_S, hang_up, 2001);
    plan_at(9 * SIM_S, stall, true);
    for (uint32_t i = 0; i < 100; i++)
        plan_at(10 * SIM_S, write_on, 2000);
    plan_at(10 * SIM_S, read_on, 2001);
    plan_at(12 * SIM_S, stall, false);
    for (uint32_t n = 0; n < 7; n++) {
        sim_time end = 12 * SIM_S + (17 + 16 * n) * SIM_MS;

        if (n == 6)
            end -= 12 * SIM_MS;
        plan_at(end - SIM_US, answered_writes_are, 16 * n);
        plan_at(end + SIM_US, answered_writes_are, n < 6 ? 16 * (n + 1) : 100);
    }
    run_scenario("regions: {a: {}}\nduration: 20s\nwarmup: 0s\n" LINKS
                 "store: {read_service: 1ms, write_service: 1ms, write_per_kib: 0ms}\n");
    assert_close(statistic_of(rig_world, (struct wanted){"sojourn", "max", 0, NULL, NULL}), 2.017e9,
                 1e-6);
    end_scenario();
}

static void write_large_on(uint32_t connection)
{
    send_command(0, COMMAND_CREATE, 1, 8192, connection);
}

/* Five writes of 8 KiB and 1 ms, and a read of 1 ms on another connection: an iteration reads two
 * of them, so it takes 3, 2 and 1 ms. */
static void short_queues_of_large_commands_are_read_in_parts(void **state)
{
    static const uint32_t ends_ms[] = {3, 5, 6}, written[] = {2, 4, 5};

    (void)state;
    plan_at(8 * SIM_S, hang_up, 2000);
    plan_at(8 * SIM_S, hang_up, 2001);
    plan_at(9 * SIM_S, stall, true);
    for (uint32_t i = 0; i < 5; i++)
        plan_at(10 * SIM_S, write_large_on, 2000);
    plan_at(10 * SIM_S, read_on, 2001);
    plan_at(12 * SIM_S, stall, false);
    for (uint32_t n = 0; n < 3; n++) {
        sim_time end = 12 * SIM_S + ends_ms[n] * SIM_MS;

        plan_at(end - SIM_US, answered_writes_are, n == 0 ? 0 : written[n - 1]);
        plan_at(end + SIM_US, answered_writes_are, written[n]);
    }
    run_scenario("regions: {a: {}}\nduration: 20s\nwarmup: 0s\n" LINKS
                 "store: {read_service: 1ms, write_service: 1ms, write_per_kib: 0ms}\n");
    end_scenario();
}

static void answered_are(uint32_t count)
{
    assert_int_equal(seen.reply_total, count);
}

/*
 * 100 reads of 1 ms on one connection, in a stall, are executed by 12.1 s, with replies of 1100
 * bytes. An iteration writes 64 KiB, in which 59 end. Five reads of another connection came
 * meanwhile, their iteration takes 5 ms: then the other 41 are written, before their replies. Where
 * nothing else is to do all leave at once.
 */
static void iteration_writes_a_part_to_each_connection(void **state)
{
    static const struct {
        const char *limit;
        uint32_t others, at_first;
    } cases[] = {{"64 KiB", 5, 59}, {"64 KiB", 0, 100}, {"1 GiB", 5, 100}, {"32 KiB", 5, 29}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[300];

        forget_plan(NULL);
        plan_at(8 * SIM_S, hang_up, 2000);
        plan_at(8 * SIM_S, hang_up, 2001);
        plan_at(9 * SIM_S, stall, true);
        for (uint32_t n = 0; n < 100; n++)
            plan_at(10 * SIM_S, read_on, 2000);
        plan_at(12 * SIM_S, stall, false);
        for (uint32_t n = 0; n < cases[i].others; n++)
            plan_at(12 * SIM_S + 50 * SIM_MS, read_on, 2001);
        plan_at(12 * SIM_S + 100 * SIM_MS - SIM_US, answered_are, 0);
        plan_at(12 * SIM_S + 100 * SIM_MS + SIM_US, answered_are, cases[i].at_first);
        plan_at(12 * SIM_S + 105 * SIM_MS - SIM_US, answered_are, cases[i].at_first);
        plan_at(12 * SIM_S + 105 * SIM_MS + SIM_US, answered_are, 100 + cases[i].others);
        snprintf(text, sizeof text,
                 "regions: {a: {}}\nduration: 20s\nwarmup: 0s\n" LINKS
                 "store: {read_service: 1ms, write_per_iteration: %s}\n",
                 cases[i].limit);
        run_scenario(text);
        assert_int_equal(seen.reply_total, 100 + cases[i].others);
        end_scenario();
    }
}

/*
 * The busy share of a bin is that of the time in it, also within one iteration: 25 reads of 1 s, in
 * a stall from 10 to 15 s, are one iteration from 15 to 40 s. Bins of 10 s from 0 s: 0, 0.5, 1, 1,
 * 0.
 */
static void long_iteration_counts_while_it_runs(void **state)
{
    static const double shares[] = {0, 0.5, 1, 1, 0};
    const struct statistics *statistics;
    bool found_it = false;

    (void)state;
    plan_at(10 * SIM_S, stall, true);
    for (uint32_t n = 0; n < 25; n++)
        plan_at(12 * SIM_S, read_on, 0);
    plan_at(15 * SIM_S, stall, false);
    run_scenario("regions: {a: {}}\nduration: 50s\nwarmup: 0s\nbin: 10s\n" LINKS
                 "store: {read_service: 1s}\n");
    statistics = world_statistics(rig_world);
    for (size_t i = 0; i < statistics->series_count; i++) {
        const struct statistic_series *series = &statistics->series[i];

        if (strcmp(series->metric->name, "store_utilization") != 0)
            continue;
        found_it = true;
        for (size_t bin = 0; bin < 5; bin++)
            assert_close(series->values[bin], shares[bin], 1e-9);
    }
    assert_true(found_it);
    end_scenario();
}

/* A limit of three connections: the fourth gets an error. Once another is closed, the next to
 * connect is accepted. */
static void connection_beyond_the_limit_gets_an_error(void **state)
{
    (void)state;
    plan_at(1 * SIM_S, knock, 4);
    plan_at(2 * SIM_S, read_on, 3);
    plan_at(3 * SIM_S, reply_is, REPLY_RESET);
    plan_at(4 * SIM_S, read_on, 2);
    plan_at(5 * SIM_S, reply_is, REPLY_MISS);
    plan_at(6 * SIM_S, hang_up, 0);
    plan_at(6 * SIM_S, hang_up, 3);
    plan_at(7 * SIM_S, knock, 4);
    plan_at(8 * SIM_S, read_on, 0);
    plan_at(9 * SIM_S, reply_is, REPLY_MISS);
    plan_at(10 * SIM_S, read_on, 3);
    plan_at(11 * SIM_S, reply_is, REPLY_RESET);
    run_scenario("regions: {a: {}}\nduration: 100s\nwarmup: 0s\n" LINKS
                 "store: {connections_max: 3}\n");
    assert_close(found("store_connections_refused", 0, NULL), 2, 0);
    end_scenario();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(gated_service_covers_its_derivation, forget_plan),
        cmocka_unit_test_setup(share_that_outlasts_its_patience_covers_theory, forget_plan),
        cmocka_unit_test_setup(hot_shard_is_busy_for_its_share_of_the_slots, forget_plan),
        cmocka_unit_test_setup(iteration_reads_a_part_of_each_connection, forget_plan),
        cmocka_unit_test_setup(short_queues_of_large_commands_are_read_in_parts, forget_plan),
        cmocka_unit_test_setup(iteration_writes_a_part_to_each_connection, forget_plan),
        cmocka_unit_test_setup(long_iteration_counts_while_it_runs, forget_plan),
        cmocka_unit_test_setup(accept_backlog_bounds_the_handshakes_of_a_stall, forget_plan),
        cmocka_unit_test_setup(connection_beyond_the_limit_gets_an_error, forget_plan),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
