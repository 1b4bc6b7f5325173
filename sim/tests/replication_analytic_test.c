// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The lag of a secondary, against closed forms. Writes come from a, next to the primary in a; b is
 * the secondary.
 *
 * One way between the regions takes L = 10 ms, one way inside a region l = 0.5 ms; servers answer
 * at once.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "statistics.h"
#include "assert_close.h"
#include "client_driver.h"

#define STEADY_LINKS                                                                               \
    "network: {default: {rtt: 20ms, jitter: 0ms, spike_share: 0%, loss: 0%}, "                     \
    "inside: {rtt: 1ms, jitter: 0ms, spike_share: 0%, loss: 0%}}\n"
#define BIG_POOL "client: {pool: {size: 100000, warm: 100}}\n"

/*
 * A read d after the acknowledgement. The primary executes a write, and l later the writer has the
 * acknowledgement; d after that the reader sends, l later its shard executes: 2l + d after the
 * execution. The write leaves the primary X ~ exponential(mean m = 20 ms) after its execution and
 * is there L later. So the read misses it if X > d + 2l - L: P = exp(-(d - (L - 2l)) / m), where d
 * > L - 2l = 9 ms. A write every 500 ms: no write waits for the previous one. 40 replications of
 * 4000.
 */
static void miss_probability_after_d_covers_theory(void **state)
{
    static const double ds_ms[] = {10, 20, 40};

    (void)state;
    for (size_t i = 0; i < sizeof ds_ms / sizeof ds_ms[0]; i++) {
        struct tally tally = {0};
        struct scenario *scenario;
        char text[1500];

        snprintf(text, sizeof text,
                 "%s%sduration: 2000s\nwarmup: 0s\nreplication: {output_delay: exponential(20ms)}\n"
                 "driver: {rate: 2/s, writer: a, reader: b, read_after: %gms}\n%s",
                 CLIENT_WORLD, STEADY_LINKS, ds_ms[i], BIG_POOL);
        scenario = scenario_of(&client_registry, text);
        for (uint32_t n = 0; n < 40; n++) {
            struct world *world = world_of(scenario, n, NULL);

            tally_add(&tally, (double)client_seen.misses / (double)client_seen.reads);
            world_free(world);
        }
        scenario_free(scenario);
        assert_covers(&tally, exp(-(ds_ms[i] - 9) / 20), 0.05);
    }
}

/* Read before the write can have arrived, d + 2l < L: always missed. */
static void read_before_the_stream_always_misses(void **state)
{
    struct scenario *scenario =
        scenario_of(&client_registry, CLIENT_WORLD STEADY_LINKS
                    "duration: 100s\nwarmup: 0s\nreplication: {output_delay: 0ms}\n"
                    "driver: {rate: 2/s, writer: a, reader: b, read_after: 8ms}\n" BIG_POOL);

    (void)state;
    world_free(world_of(scenario, 0, NULL));
    assert_true(client_seen.reads > 190);
    assert_int_equal(client_seen.misses, client_seen.reads);
    scenario_free(scenario);
}

#define POISSON_WRITES(rate, delays)                                                               \
    CLIENT_WORLD STEADY_LINKS "duration: 420s\nwarmup: 20s\nreplication: {" delays                 \
                              "}\ndriver: {rate: " rate ", poisson: true, writer: a}\n" BIG_POOL

/*
 * With a constant lag of L + 30 ms = 40 ms the number of writes that b lacks is that of an
 * M/D/infinity queue: lambda x lag = 100/s x 40 ms = 4.
 */
static void constant_lag_leaves_rate_times_lag_unreplicated(void **state)
{
    struct tally level =
        tally_of(&client_registry, POISSON_WRITES("100/s", "output_delay: 10ms, apply: 20ms"), 20,
                 (struct wanted){"unreplicated_writes", NULL, 1, NULL, NULL});
    struct tally lag =
        tally_of(&client_registry, POISSON_WRITES("100/s", "output_delay: 10ms, apply: 20ms"), 2,
                 (struct wanted){"replication_lag", "mean", 1, NULL, NULL});

    (void)state;
    assert_covers(&level, 4, 0.05);
    assert_close(lag.mean, 40e6, 1e-9);
}

/*
 * Order is kept: a write is applied when it and all before it are ready. With ready times X ~
 * exponential(m) and Poisson writes of rate lambda, P(wait <= x) = F(x) exp(-lambda integral from x
 * of (1 - F)) = (1 - y) exp(-a y) with y = exp(-x/m), a = lambda m (resequencing in M/G/infinity:
 * Baccelli, Gelenbe, Plateau, J. ACM 31, 1984). Its mean is m (Ein(a) + (1 - exp(-a)) / a), Ein(a)
 * = sum over k >= 1 of (-1)^(k+1) a^k / (k k!). For lambda = 50/s, m = 20 ms: a = 1 and the mean is
 * 1.43 m, where unordered draws would have m. The lag adds L.
 */
static double resequencing_mean(double a)
{
    double ein = 0, term = 1;

    for (int k = 1; k < 60; k++) {
        term *= -a / k;
        ein -= term / k;
    }
    return ein + (1 - exp(-a)) / a;
}

static void exponential_lag_with_order_covers_theory(void **state)
{
    static const char *const texts[] = {
        POISSON_WRITES("50/s", "output_delay: exponential(20ms)"),
        POISSON_WRITES("50/s", "output_delay: 0ms, apply: exponential(20ms)")};
    double lag_ms = 10 + 20 * resequencing_mean(50 * 0.020);

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct tally lag = tally_of(&client_registry, texts[i], 20,
                                    (struct wanted){"replication_lag", "mean", 1, NULL, NULL});
        struct tally level = tally_of(&client_registry, texts[i], 20,
                                      (struct wanted){"unreplicated_writes", NULL, 1, NULL, NULL});

        assert_covers(&lag, lag_ms * 1e6, 0.05);
        assert_covers(&level, 50 * lag_ms / 1000, 0.05);
    }
}

/*
 * Little's law run by run, for any distributions and losses: mean level = writes / time x mean lag.
 * They differ only by the writes in flight at the edges of the window: about 10 in 20 000.
 */
static void unreplicated_writes_keep_littles_law(void **state)
{
    struct scenario *scenario =
        scenario_of(&client_registry, CLIENT_WORLD
                    "network: {default: {rtt: 20ms, jitter: exponential(2ms), loss: 2%}}\n"
                    "duration: 420s\nwarmup: 20s\n"
                    "replication: {output_delay: {lognormal: {median: 20ms, p99: 300ms}}}\n"
                    "driver: {rate: 50/s, poisson: true, writer: a}\n" BIG_POOL);

    (void)state;
    for (uint32_t n = 0; n < 5; n++) {
        struct world *world = world_of(scenario, n, NULL);
        double level =
            statistic_of(world, (struct wanted){"unreplicated_writes", NULL, 1, NULL, NULL});
        double lag = statistic_of(world, (struct wanted){"replication_lag", "mean", 1, NULL, NULL});
        double writes = statistic_of(world, (struct wanted){"store_writes", NULL, 0, NULL, NULL});

        assert_close(level, writes / 400 * lag / 1e9, 0.005);
        world_free(world);
    }
    scenario_free(scenario);
}

/*
 * An unplanned promotion, with a write every 10 ms and a constant lag of 40 ms: the last 4
 * acknowledged writes have not arrived. From the first one lost to the last one acknowledged the
 * RPO is 30 ms. The old primary accepts writes for 10 ms more, until it is notified of its
 * demotion: 1 more write and 10 ms.
 */
static void sudden_promotion_loses_what_is_in_flight(void **state)
{
    struct scenario *scenario =
        scenario_of(&client_registry, CLIENT_WORLD STEADY_LINKS
                    "duration: 20s\nwarmup: 0s\nreplication: {output_delay: 0ms, apply: 30ms}\n"
                    "driver: {rate: 100/s, writer: a, promote_at: 10005ms}\n" BIG_POOL);

    (void)state;
    world_free(world_of(scenario, 0, NULL));
    assert_int_equal(client_seen.writes_lost, 5);
    assert_int_equal(client_seen.rpo, 40 * SIM_MS);
    scenario_free(scenario);
}

/*
 * The stream is interrupted for 10 s, from 5 s: the writes wait in the link, 50/s x 10 s, and
 * continue once it heals and TCP retransmits; none is lost or overtaken, and the maximum lag is
 * between 10 s and twice that (doubling of the RTO).
 */
static void cut_stream_goes_on_where_it_was(void **state)
{
    struct scenario *scenario =
        scenario_of(&client_registry, CLIENT_WORLD STEADY_LINKS
                    "duration: 60s\nwarmup: 0s\nreplication: {output_delay: 0ms}\n"
                    "driver: {rate: 50/s, writer: a, cut: a -> b, cut_from: 5s, cut_for: 10s, "
                    "writes: 2000}\n" BIG_POOL);
    struct world *world = world_of(scenario, 0, NULL);
    double worst = statistic_of(world, (struct wanted){"replication_lag", "max", 1, NULL, NULL});
    double count = statistic_of(world, (struct wanted){"replication_lag", "count", 1, NULL, NULL});

    (void)state;
    assert_true(worst >= 10e9 && worst <= 20e9);
    assert_int_equal((int)count, 2000);
    world_free(world);
    scenario_free(scenario);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(miss_probability_after_d_covers_theory, client_seen_nothing),
        cmocka_unit_test_setup(read_before_the_stream_always_misses, client_seen_nothing),
        cmocka_unit_test_setup(constant_lag_leaves_rate_times_lag_unreplicated,
                               client_seen_nothing),
        cmocka_unit_test_setup(exponential_lag_with_order_covers_theory, client_seen_nothing),
        cmocka_unit_test_setup(unreplicated_writes_keep_littles_law, client_seen_nothing),
        cmocka_unit_test_setup(sudden_promotion_loses_what_is_in_flight, client_seen_nothing),
        cmocka_unit_test_setup(cut_stream_goes_on_where_it_was, client_seen_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
