// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "retry_policy.h"
#include "rng_stream.h"

#include <math.h>

#define MS SIM_MS

static struct retry_policy exponential(sim_dur base, sim_dur max, int jitter)
{
    return (struct retry_policy){.attempts = 4,
                                 .backoff = BACKOFF_EXPONENTIAL,
                                 .base_ns = base,
                                 .max_ns = max,
                                 .factor = 2,
                                 .jitter = jitter};
}

/* e(n) = min(cap, base 2^n), n = 0, 1, ...: 100, 200, 400, 800, 1600, 2000, 2000 ms. */
static void exponential_doubles_to_its_cap(void **state)
{
    const struct retry_policy policy = exponential(100 * MS, 2000 * MS, JITTER_NONE);
    const sim_dur expected[] = {100, 200, 400, 800, 1600, 2000, 2000};

    (void)state;
    for (uint32_t i = 0; i < 7; i++)
        assert_int_equal(retry_policy_wait(&policy, i + 1, 0, 0.5), expected[i] * MS);
    assert_int_equal(retry_policy_wait(&policy, 100, 0, 0.5), 2000 * MS);
}

static void fixed_list_and_linear_are_what_they_say(void **state)
{
    sim_dur ladder[] = {100 * MS, 200 * MS, 400 * MS};
    struct retry_policy policy = {.backoff = BACKOFF_LIST, .list = {ladder, 3}};
    const sim_dur listed[] = {100, 200, 400, 400};

    (void)state;
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(retry_policy_wait(&policy, i + 1, 0, 0.5), listed[i] * MS);
    policy = (struct retry_policy){.backoff = BACKOFF_FIXED, .fixed_ns = 500 * MS};
    assert_int_equal(retry_policy_wait(&policy, 7, 0, 0.5), 500 * MS);
    /* ioredis 5: min(n 50, 2000) ms, so the cap is reached at the 40th. */
    policy = (struct retry_policy){
        .backoff = BACKOFF_LINEAR, .linear_step_ns = 50 * MS, .linear_max_ns = 2000 * MS};
    assert_int_equal(retry_policy_wait(&policy, 1, 0, 0.5), 50 * MS);
    assert_int_equal(retry_policy_wait(&policy, 39, 0, 0.5), 1950 * MS);
    assert_int_equal(retry_policy_wait(&policy, 41, 0, 0.5), 2000 * MS);
    policy.backoff = BACKOFF_NONE;
    assert_int_equal(retry_policy_wait(&policy, 3, 0, 0.5), 0);
}

/* Envoy: U[0, (2^N - 1) B), capped at 10 B; B = 25 ms: 25, 75, 175, 250, 250 ms. */
static void envoy_sums_its_doublings(void **state)
{
    const struct retry_policy policy = {.backoff = BACKOFF_ENVOY,
                                        .envoy_base_ns = 25 * MS,
                                        .envoy_max_ns = 250 * MS,
                                        .jitter = JITTER_FULL};
    const sim_dur bound[] = {25, 75, 175, 250, 250};

    (void)state;
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(retry_policy_nominal(&policy, i + 1), bound[i] * MS);
        assert_int_equal(retry_policy_wait(&policy, i + 1, 0, 0.5), bound[i] * MS / 2);
    }
}

/* w = 400 ms at u = 0, 1/2, 1. */
static void jitters_span_what_is_published(void **state)
{
    struct retry_policy policy = exponential(100 * MS, 2000 * MS, JITTER_FULL);
    const struct {
        int jitter;
        sim_dur low, middle, high;
    } rows[] = {
        {JITTER_NONE, 400, 400, 400},    {JITTER_FULL, 0, 200, 400},
        {JITTER_EQUAL, 200, 300, 400},   {JITTER_PLUS_MINUS, 320, 400, 480}, /* gRPC: U(0.8, 1.2) */
        {JITTER_ADDED, 400, 500, 600},   /* ioredis 6: + U(0, 200 ms) */
        {JITTER_ABOVE, 100, 300, 500},   /* go-redis: base + U(0, base 2^2) */
        {JITTER_BETWEEN, 100, 250, 400}, /* StackExchange.Redis: U(base, w) */
    };

    (void)state;
    policy.spread = 0.2;
    policy.added_ns = 200 * MS;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        policy.jitter = rows[i].jitter;
        assert_close((double)retry_policy_wait(&policy, 3, 0, 0), (double)rows[i].low * MS, 1e-9);
        assert_close((double)retry_policy_wait(&policy, 3, 0, 0.5), (double)rows[i].middle * MS,
                     1e-9);
        assert_close((double)retry_policy_wait(&policy, 3, 0, 1), (double)rows[i].high * MS, 1e-9);
    }
}

/*
 * go-redis caps the sum, not its growth: with base 10 ms and cap 1 s the eighth retry draws
 * base + U(0, 1280 ms), of which u = 1/2 gives 650 ms; capped growth would give 510 ms.
 */
static void go_redis_caps_the_sum(void **state)
{
    const struct retry_policy policy = exponential(10 * MS, 1000 * MS, JITTER_ABOVE);

    (void)state;
    assert_int_equal(retry_policy_wait(&policy, 8, 0, 0.5), 650 * MS);
    assert_int_equal(retry_policy_wait(&policy, 8, 0, 0.9), 1000 * MS);
    assert_int_equal(retry_policy_wait(&policy, 100, 0, 0.5), 1000 * MS);
}

/* s = min(cap, U(base, 3 s_prev)), s_0 = base: with u = 1 100 -> 300 -> 900 -> 2000 ms. */
static void decorrelated_grows_from_its_own_last(void **state)
{
    const struct retry_policy policy = exponential(100 * MS, 2000 * MS, JITTER_DECORRELATED);
    const sim_dur highest[] = {300, 900, 2000, 2000};
    sim_dur wait = 0;

    (void)state;
    for (uint32_t i = 0; i < 4; i++) {
        wait = retry_policy_wait(&policy, i + 1, wait, 1);
        assert_int_equal(wait, highest[i] * MS);
        assert_int_equal(retry_policy_wait(&policy, i + 1, wait, 0), 100 * MS);
    }
    assert_int_equal(retry_policy_wait(&policy, 2, 300 * MS, 0.5), 500 * MS);
}

/*
 * AWS standard, U(0, 1) x min(2^i, 20 s): the mean of the i-th wait is half of its bound; the third
 * waits of 40 000 draws have mean 2 s with a standard error of 4 s / sqrt(12 x 40 000) = 5.8 ms, so
 * 1 % is 3.4 of them.
 */
static void full_jitter_halves_the_mean(void **state)
{
    const struct retry_policy policy = exponential(1000 * MS, 20000 * MS, JITTER_FULL);
    const struct rng_stream stream = rng_stream_named(3, 0, "test", "jitter");
    double sum = 0;

    (void)state;
    for (uint64_t i = 0; i < 40000; i++)
        sum +=
            (double)retry_policy_wait(&policy, 3, 0, rng_unit(rng_block_at(&stream, i, 3).word[0]));
    assert_close(sum / 40000, 2000.0 * MS, 0.01);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exponential_doubles_to_its_cap),
        cmocka_unit_test(fixed_list_and_linear_are_what_they_say),
        cmocka_unit_test(envoy_sums_its_doublings),
        cmocka_unit_test(jitters_span_what_is_published),
        cmocka_unit_test(go_redis_caps_the_sum),
        cmocka_unit_test(decorrelated_grows_from_its_own_last),
        cmocka_unit_test(full_jitter_halves_the_mean),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
