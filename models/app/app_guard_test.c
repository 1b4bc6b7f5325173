// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The tier as a queue with another order, with requests that are dropped, with admission control,
 * with requests that share the processor and with a fleet that scales: against closed forms.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "tier_rig.h"

#define RUN(rate) "regions: {a: {}}\nduration: 220s\nwarmup: 20s\ndriver: {rate: " rate "}\n"
#define RUN_S 200

static struct tally count_of(const char *text, const char *metric)
{
    return tally_of(&registry, text, 10, (struct wanted){metric, NULL, 0, NULL, NULL});
}

/* --- order of the queue ---------------------------------------------------------------------- */

/* The mean wait does not depend on the order as long as it does not look at service times (Little):
 * M/M/1 of app_tier_test.c, 4 ms. The wait varies more, so the interval is wider. */
static void lifo_has_the_mean_wait_of_fifo(void **state)
{
    struct tally tally =
        tally_of(&registry,
                 RUN("800/s") "app: {instances: 1, workers: 1, queue: 1000000, queue_order: lifo, "
                              "service: exponential(1ms)}\n",
                 20, (struct wanted){"app_wait", "mean", 0, NULL, NULL});

    (void)state;
    assert_covers(&tally, 0.8 / 200.0 * 1e9, 0.05);
}

/* Five pages at once, one worker, a queue of 3: page 0 is served, 1 to 3 wait, 4 is rejected. Then
 * the last to come is the first. */
static void lifo_serves_the_newest_first(void **state)
{
    static const uint32_t order[] = {4, 0, 3, 2, 1};

    (void)state;
    run_text("regions: {a: {}}\nduration: 2s\nwarmup: 0s\ndriver: {burst: 5}\n"
             "app: {instances: 1, workers: 1, queue: 3, queue_order: lifo, service: 2ms}\n");
    assert_int_equal(seen.answered, 5);
    for (int i = 0; i < 5; i++)
        assert_int_equal(seen.pages[i], order[i]);
}

/* --- dropped requests ------------------------------------------------------------------------ */

/*
 * M/M/1 whose customers leave once they have waited tau (Barrer, Operations Research 5, 1957). The
 * offered wait has the density P0 lambda e^(-(mu - lambda) w) up to tau and falls as e^(-mu w)
 * beyond, so 1 / P0 = 1 + rho (1 - e) / (1 - rho) + rho e with e = e^(-(mu - lambda) tau), and the
 * share that is dropped is P(W > tau) = P0 rho e.
 *
 * Overload: lambda = 1200/s, mu = 1000/s, tau = 5 ms: 22.4 % are dropped, and all others are
 * answered in time. Both rules drop the same here, since requests arrive as they are sent.
 */
static void expired_requests_are_dropped_as_in_theory(void **state)
{
    static const char *const texts[] = {
        RUN("1200/s") "app: {instances: 1, workers: 1, queue: 1000000, queue_timeout: 5ms, "
                      "service: exponential(1ms)}\n",
        "regions: {a: {}}\nduration: 220s\nwarmup: 20s\n"
        "driver: {rate: 1200/s, patience: 5ms}\n"
        "app: {instances: 1, workers: 1, queue: 1000000, drop_abandoned: true, "
        "service: exponential(1ms)}\n"};
    double rho = 1.2, e = exp(200 * 0.005);
    double share = rho * e / (1 + rho * (1 - e) / (1 - rho) + rho * e);

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct tally tally = count_of(texts[i], "requests_dropped");

        assert_covers(&tally, share * 1200 * RUN_S, 0.05);
    }
}

/* --- admission ------------------------------------------------------------------------------- */

/*
 * A bucket of one token is a counter with a dead time (type I): after a request it admits the first
 * one that comes 1/r later, so a cycle takes 1/r + 1/lambda. r = 500/s, lambda = 1000/s: 333.3/s
 * are admitted, 666.7/s are refused.
 */
static void token_bucket_of_one_has_a_dead_time(void **state)
{
    struct tally tally = count_of(RUN("1000/s") "app: {service: 1ms, admission: {rate: 500/s, "
                                                "burst: 1}}\n",
                                  "requests_refused");

    (void)state;
    assert_covers(&tally, (1000 - 1 / (1 / 500.0 + 1 / 1000.0)) * RUN_S, 0.02);
}

/* A full bucket of 8 admits 8 of 20 at once. */
static void token_bucket_admits_its_burst(void **state)
{
    (void)state;
    run_text("regions: {a: {}}\nduration: 2s\nwarmup: 0s\ndriver: {burst: 20}\n"
             "app: {service: 1ms, admission: {rate: 1/s, burst: 8}}\n");
    assert_int_equal(seen.answered, 20);
    for (int i = 0; i < 20; i++)
        assert_int_equal(seen.kinds[i], i < 12 ? RESPONSE_REJECTED : RESPONSE_OK);
}

/* Two instances with two workers and a limit of 4 are M/M/4/4, lambda = 800/s, mu = 250/s: the
 * share refused is Erlang's B of a = 3.2. */
static void concurrency_limit_is_erlang_b(void **state)
{
    double a = 3.2, top = a * a * a * a / 24;
    double b = top / (1 + a + a * a / 2 + a * a * a / 6 + top);
    struct tally tally =
        count_of(RUN("800/s") "app: {instances: 2, workers: 4, service: exponential(4ms), "
                              "admission: {concurrency: 4}}\n",
                 "requests_refused");

    (void)state;
    assert_covers(&tally, b * 800 * RUN_S, 0.05);
}

/* --- contention ------------------------------------------------------------------------------ */

/*
 * M/G/1 processor sharing (power 1, one core): the mean number in service is rho / (1 - rho) = 4
 * for every distribution of mean 1 ms at 800/s.
 */
static void processor_sharing_is_insensitive(void **state)
{
    static const char *const services[] = {
        RUN("800/s") "app: {instances: 1, workers: 10000, contention: {power: 1}, service: 1ms}\n",
        RUN("800/s") "app: {instances: 1, workers: 10000, contention: {power: 1}, "
                     "service: exponential(1ms)}\n",
        RUN("800/s") "app: {instances: 1, workers: 10000, contention: {power: 1}, "
                     "service: {gamma: {mean: 1ms, shape: 0.3}}}\n",
    };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct tally tally = count_of(services[i], "workers_busy");

        assert_covers(&tally, 4, 0.1);
    }
}

/*
 * Linear contention: with rates 1 / f(k), f(k) = 1 + a (k - 1), the number in service has weights
 * rho^n prod f(k) / k, which is a negative binomial with r = 1/a and p = rho a: mean rho / (1 - rho
 * a). rho = 1.2, a = 0.5: 3, where without contention it is 1.2.
 */
static void linear_contention_is_negative_binomial(void **state)
{
    struct tally tally =
        count_of(RUN("1200/s") "app: {instances: 1, workers: 10000, contention: {linear: 0.5}, "
                               "service: {uniform: {low: 0ms, high: 2ms}}}\n",
                 "workers_busy");

    (void)state;
    assert_covers(&tally, 1.2 / (1 - 1.2 * 0.5), 0.05);
}

/*
 * Exponential contention collapses, as f grows faster than any rate; with 12 workers, no queue and
 * two cores it is a loss system: weights rho^n prod over k of f(k) / k, n <= 12, and what meets 12
 * is rejected.
 */
static void exponential_contention_loses_what_it_cannot_serve(void **state)
{
    double weight = 1, sum = 1, rho = 2.0, a = 0.2;
    struct tally tally =
        count_of(RUN("2000/s") "app: {instances: 1, workers: 12, queue: 0, cores: 2, "
                               "contention: {exponential: 0.2}, service: exponential(1ms)}\n",
                 "requests_rejected");

    (void)state;
    for (int n = 1; n <= 12; n++) {
        weight *= rho / n * (n > 2 ? exp(a * (n - 2)) : 1);
        sum += weight;
    }
    assert_covers(&tally, weight / sum * 2000 * RUN_S, 0.1);
}

/* --- a fleet that scales by its load -------------------------------------------------------- */

/*
 * 80 pages a second of 100 ms are 8 busy workers: of an instance with 10 workers 80 %, more than
 * the target of 50 %. Data points of 10, 20 and 30 s are above it; ceil(0.8 / 0.5) = 2 instances
 * are wanted, and the second is there at 35 s. Then 40 % are busy, and ceil(2 x 0.4 / 0.5) is 2.
 */
static void busy_fleet_scales_out(void **state)
{
    struct tally usable = tally_of(
        &registry,
        "regions: {a: {}}\nduration: 100s\nwarmup: 0s\nphase: 0s\ndriver: {rate: 80/s}\n"
        "app: {instances: 8, workers: 10, queue: 1000, service: 100ms, fleet: {scaling: {initial: "
        "1, launch: 5s, tracking: 50%, period: 10s, in_points: 3}}}\n",
        5, (struct wanted){"instances_usable", NULL, 0, NULL, NULL});

    (void)state;
    assert_close(usable.mean, (1 * 35 + 2 * 65) / 100.0, 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(lifo_has_the_mean_wait_of_fifo, token_pages),
        cmocka_unit_test_setup(lifo_serves_the_newest_first, token_pages),
        cmocka_unit_test_setup(expired_requests_are_dropped_as_in_theory, token_pages),
        cmocka_unit_test_setup(token_bucket_of_one_has_a_dead_time, token_pages),
        cmocka_unit_test_setup(token_bucket_admits_its_burst, token_pages),
        cmocka_unit_test_setup(concurrency_limit_is_erlang_b, token_pages),
        cmocka_unit_test_setup(processor_sharing_is_insensitive, token_pages),
        cmocka_unit_test_setup(linear_contention_is_negative_binomial, token_pages),
        cmocka_unit_test_setup(exponential_contention_loses_what_it_cannot_serve, token_pages),
        cmocka_unit_test_setup(busy_fleet_scales_out, token_pages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
