// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "retry_budget.h"
#include "rng_stream.h"

#include <math.h>

static const struct retry_budget_config aws = {.kind = BUDGET_BUCKET,
                                               .capacity = 500,
                                               .cost = 5,
                                               .timeout_cost = 10,
                                               .refund = 1,
                                               .refund_cost = true};

/* botocore's quota: 500 / 5 = 100 retries, or 500 / 10 = 50 after timeouts, and no more. */
static void aws_bucket_pays_a_hundred_retries_or_fifty_after_timeouts(void **state)
{
    struct retry_budget budget;
    uint32_t paid = 0;
    int count = 0;

    (void)state;
    retry_budget_init(&budget, &aws);
    while (retry_budget_pay(&budget, 0, false, &paid))
        count++;
    assert_int_equal(count, 100);
    assert_int_equal(paid, 5000);
    retry_budget_init(&budget, &aws);
    for (count = 0; retry_budget_pay(&budget, 0, true, &paid); count++)
        ;
    assert_int_equal(count, 50);
    assert_int_equal(paid, 10000);
    assert_int_equal(budget.tokens_milli, 0);
}

/* A success after retries refunds the cost of the last retry, one without retries 1, a failure
 * nothing. */
static void aws_bucket_refunds(void **state)
{
    struct retry_budget budget;
    uint32_t paid = 0;

    (void)state;
    retry_budget_init(&budget, &aws);
    for (int i = 0; i < 3; i++)
        retry_budget_began(&budget, 0);
    for (int i = 0; i < 4; i++)
        assert_true(retry_budget_pay(&budget, 0, true, &paid));
    assert_int_equal(budget.tokens_milli, 460000);
    retry_budget_ended(&budget, 0, true, paid);
    assert_int_equal(budget.tokens_milli, 470000);
    retry_budget_ended(&budget, 0, true, 0);
    assert_int_equal(budget.tokens_milli, 471000);
    retry_budget_ended(&budget, 0, false, paid);
    assert_int_equal(budget.tokens_milli, 471000);
}

/*
 * gRPC A6: 10 tokens, a failure costs 1, a success adds 0.1, and at or below 5 nothing is retried.
 * Four failures leave 6 and a retry; the fifth leaves 5 and none; one success, 5.1, allows again.
 */
static void grpc_bucket_stops_at_half(void **state)
{
    const struct retry_budget_config grpc = {.kind = BUDGET_BUCKET,
                                             .capacity = 10,
                                             .cost = 1,
                                             .timeout_cost = 1,
                                             .refund = 0.1,
                                             .charge = BUDGET_CHARGE_FAILURE,
                                             .floor = 0.5};
    struct retry_budget budget;
    uint32_t paid = 0;

    (void)state;
    retry_budget_init(&budget, &grpc);
    retry_budget_began(&budget, 0);
    for (int i = 0; i < 4; i++)
        retry_budget_failed(&budget, 0);
    assert_true(retry_budget_pay(&budget, 0, true, &paid));
    assert_int_equal(budget.tokens_milli, 6000);
    retry_budget_failed(&budget, 0);
    assert_false(retry_budget_pay(&budget, 0, true, &paid));
    retry_budget_ended(&budget, 0, true, 0);
    assert_int_equal(budget.tokens_milli, 5100);
    assert_true(retry_budget_pay(&budget, 0, true, &paid));
    for (int i = 0; i < 20; i++)
        retry_budget_failed(&budget, 0);
    assert_int_equal(budget.tokens_milli, 0);
}

/* A denied retry costs nothing; the bucket refills at its rate, up to its capacity. */
static void bucket_refills_by_time(void **state)
{
    const struct retry_budget_config config = {
        .kind = BUDGET_BUCKET, .capacity = 10, .cost = 4, .timeout_cost = 4, .refill_per_s = 2};
    struct retry_budget budget;
    uint32_t paid = 0;

    (void)state;
    retry_budget_init(&budget, &config);
    assert_true(retry_budget_pay(&budget, 0, false, &paid));
    assert_true(retry_budget_pay(&budget, 0, false, &paid));
    assert_false(retry_budget_pay(&budget, 0, false, &paid));
    assert_false(retry_budget_pay(&budget, SIM_S - SIM_MS, false, &paid)); /* 3.998 tokens */
    assert_true(retry_budget_pay(&budget, SIM_S, false, &paid));
    assert_int_equal(budget.tokens_milli, 0);
    assert_false(retry_budget_pay(&budget, SIM_S + SIM_MS, false, &paid));
    assert_true(retry_budget_pay(&budget, 1000 * SIM_S, false, &paid));
    assert_int_equal(budget.tokens_milli, 6000);
}

/* Envoy: 20 % of the attempts under way, at least 3. */
static void active_allows_a_share_and_a_floor(void **state)
{
    const struct retry_budget_config config = {
        .kind = BUDGET_ACTIVE, .active_share = 0.2, .active_min = 3};
    struct retry_budget budget;
    uint32_t paid = 0;

    (void)state;
    retry_budget_init(&budget, &config);
    for (int i = 0; i < 10; i++)
        retry_budget_attempt(&budget);
    for (int i = 0; i < 3; i++)
        assert_true(retry_budget_pay(&budget, 0, false, &paid));
    assert_false(retry_budget_pay(&budget, 0, false, &paid));
    for (int i = 0; i < 10; i++)
        retry_budget_attempt(&budget);
    assert_true(retry_budget_pay(&budget, 0, false, &paid)); /* 20 % of 20 */
    assert_false(retry_budget_pay(&budget, 0, false, &paid));
    retry_budget_retry_done(&budget);
    assert_true(retry_budget_pay(&budget, 0, false, &paid));
}

/*
 * Envoy, N requests in flight on a connection that breaks (reports of envoy-mobile PR 811): those
 * that fail are no longer active, and their retries, in backoff, count from their admission.
 * Failure k, after r retries, is retried while r + 1 <= p (N - k), so pN/(1 + p) of them are: N =
 * 200: 100 at p = 100 %, 66 at 50 %, 33 at 20 %. With 6 in flight and 100 %: 3.
 */
static void requests_in_backoff_are_not_active(void **state)
{
    static const struct {
        double share;
        uint32_t requests, retries;
    } cases[] = {{1, 200, 100}, {0.5, 200, 66}, {0.2, 200, 33}, {1, 6, 3}};

    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        const struct retry_budget_config config = {.kind = BUDGET_ACTIVE,
                                                   .active_share = cases[c].share};
        struct retry_budget budget;
        uint32_t paid = 0, retries = 0;

        retry_budget_init(&budget, &config);
        for (uint32_t i = 0; i < cases[c].requests; i++)
            retry_budget_attempt(&budget);
        for (uint32_t i = 0; i < cases[c].requests; i++) {
            retry_budget_attempt_ended(&budget);
            retries += retry_budget_pay(&budget, 0, false, &paid);
        }
        assert_int_equal(retries, cases[c].retries);
    }
}

/*
 * Total failure: `per_s` operations a second, Poisson, each of which wants three retries at once.
 * The amplification is (operations + retries) / operations.
 */
static double amplification(const struct retry_budget_config *config, double per_s, sim_dur length)
{
    const struct rng_stream stream = rng_stream_named(5, 0, "test", "arrivals");
    struct retry_budget budget;
    double now = 0;
    uint64_t ops = 0, retries = 0;

    retry_budget_init(&budget, config);
    for (;;) {
        uint32_t paid = 0;

        now += -log(rng_unit(rng_block_at(&stream, ops, 0).word[0])) / per_s * 1e9;
        if (now > (double)length)
            return 1 + (double)retries / (double)ops;
        ops++;
        retry_budget_began(&budget, (sim_time)now);
        for (int i = 0; i < 3; i++) {
            if (!retry_budget_pay(&budget, (sim_time)now, true, &paid))
                continue;
            retries++;
            retry_budget_retry_done(&budget);
        }
        retry_budget_ended(&budget, (sim_time)now, false, paid);
    }
}

/*
 * Finagle's: at most 1 + share + rate / lambda = 1 + 0.2 + 10/100 = 1.3. Over 1000 s the initial
 * window (100 retries of 100 000) adds 0.001: the result is within 1 % below the bound and at most
 * 0.002 above.
 */
static void share_bounds_the_amplification(void **state)
{
    const struct retry_budget_config config = {
        .kind = BUDGET_SHARE, .share = 0.2, .rate_per_s = 10, .window_ns = 10 * SIM_S};
    double found = amplification(&config, 100, 1000 * SIM_S);

    (void)state;
    assert_close(found, 1.3, 0.01);
    assert_true(found <= 1.3 + 0.002);
    /* At 1/s the floor of 10/s pays all three. */
    assert_close(amplification(&config, 1, 1000 * SIM_S), 4, 1e-12);
}

/* A bucket of 500 at 10 a timeout, 100 tokens/s: 1 + 500/(10 x 10^5) + 100/(10 x 100) = 1.1005. */
static void bucket_bounds_the_amplification(void **state)
{
    struct retry_budget_config config = aws;
    double found;

    (void)state;
    config.refill_per_s = 100;
    found = amplification(&config, 100, 1000 * SIM_S);
    assert_close(found, 1.1005, 0.002);
    config.refill_per_s = 0;
    assert_close(amplification(&config, 100, 1000 * SIM_S), 1.0005, 0.0005);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aws_bucket_pays_a_hundred_retries_or_fifty_after_timeouts),
        cmocka_unit_test(aws_bucket_refunds),
        cmocka_unit_test(grpc_bucket_stops_at_half),
        cmocka_unit_test(bucket_refills_by_time),
        cmocka_unit_test(active_allows_a_share_and_a_floor),
        cmocka_unit_test(requests_in_backoff_are_not_active),
        cmocka_unit_test(share_bounds_the_amplification),
        cmocka_unit_test(bucket_bounds_the_amplification),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
