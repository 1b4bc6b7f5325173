// SPDX-License-Identifier: GPL-3.0-or-later
/* The rate limit alone, against its formulas. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "cubic_rate.h"

#include <math.h>

static const struct cubic_config config = {.beta = 0.7, .scale = 0.4, .rate_min_per_s = 0.5};

/* Replies 10 ms apart, none throttled, in (from, to]. */
static void replies(struct cubic_rate *rate, sim_time from, sim_time to)
{
    for (sim_time now = from + 10 * SIM_MS; now <= to; now += 10 * SIM_MS)
        cubic_rate_ended(rate, now, false);
}

/* Sends that get a token at once, 1 ms apart, in (from, to]. */
static uint32_t sends(struct cubic_rate *rate, sim_time from, sim_time to)
{
    uint32_t count = 0;

    for (sim_time now = from + SIM_MS; now <= to; now += SIM_MS)
        count += cubic_rate_ask(rate, now) == 0;
    return count;
}

/* Without a throttled reply there is no limit, however much is sent. */
static void a_client_that_was_never_throttled_has_no_limit(void **state)
{
    struct cubic_rate rate;

    (void)state;
    cubic_rate_init(&rate, &config);
    replies(&rate, 0, 10 * SIM_S);
    assert_int_equal(sends(&rate, 10 * SIM_S, 11 * SIM_S), 1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(cubic_rate_ask(&rate, 11 * SIM_S), 0);
}

/*
 * Throttled at 100 replies/s: 70/s, and t later 100 + 0.4 (t - k)^3 with k = cbrt(100 x 0.3 / 0.4)
 * = 4.217 s: 100/s again at k, 130/s at 2 k, at most twice the measured rate, 200/s, from k + 6.3 s
 * on.
 */
static void a_throttled_reply_starts_a_cubic_curve(void **state)
{
    double k = cbrt(75);
    sim_time start = 20 * SIM_S;
    struct cubic_rate rate;

    (void)state;
    cubic_rate_init(&rate, &config);
    replies(&rate, 0, start - 10 * SIM_MS);
    cubic_rate_ended(&rate, start, true);
    assert_close(rate.rate_max_per_s, 100, 1e-9);
    assert_close(rate.rate_per_s, 70, 1e-9);
    for (int tenths = 1; tenths <= 200; tenths++) {
        sim_time now = start + tenths * 100 * SIM_MS;
        double t = tenths * 0.1 - k;

        replies(&rate, now - 100 * SIM_MS, now);
        assert_close(rate.rate_per_s, fmin(100 + 0.4 * t * t * t, 200), 1e-9);
    }
}

/* Each throttled reply takes 30 % of the limit, down to the minimum: 100 x 0.7^n. */
static void each_throttled_reply_lowers_the_rate(void **state)
{
    struct cubic_rate rate;

    (void)state;
    cubic_rate_init(&rate, &config);
    replies(&rate, 0, 20 * SIM_S);
    for (int n = 1; n <= 20; n++) {
        cubic_rate_ended(&rate, 20 * SIM_S, true);
        assert_close(rate.rate_per_s, fmax(0.5, 100 * pow(0.7, n)), 1e-9);
    }
}

/* The bucket is empty at first and has room for the tokens of one second: 70 sends in a second, 2 s
 * without any, then 70 at once. A send that finds none gets the time until the next one. */
static void sends_take_tokens(void **state)
{
    struct cubic_rate rate;

    (void)state;
    cubic_rate_init(&rate, &config);
    replies(&rate, 0, 20 * SIM_S);
    cubic_rate_ended(&rate, 20 * SIM_S, true);
    while (cubic_rate_ask(&rate, 20 * SIM_S) == 0)
        ;
    assert_in_range(sends(&rate, 20 * SIM_S, 21 * SIM_S), 69, 71);
    for (int i = 0; i < 70; i++)
        assert_int_equal(cubic_rate_ask(&rate, 23 * SIM_S), 0);
    assert_close((double)cubic_rate_ask(&rate, 23 * SIM_S), 1e9 / 70, 1e-6);
    assert_int_equal(cubic_rate_ask(&rate, 23 * SIM_S + SIM_S / 70 + 1), 0);
}

/* The measured rate forgets: after 10 s at 100/s and then 50/s it is 50 + 50 x 0.2^n after n steps
 * of 0.5 s. */
static void the_measured_rate_is_smoothed(void **state)
{
    struct cubic_rate rate;

    (void)state;
    cubic_rate_init(&rate, &config);
    replies(&rate, 0, 20 * SIM_S);
    assert_close(rate.measured_per_s, 100, 1e-9);
    for (int n = 1; n <= 6; n++) {
        for (int i = 1; i <= 25; i++)
            cubic_rate_ended(&rate, 20 * SIM_S + ((n - 1) * 25 + i) * 20 * SIM_MS, false);
        assert_close(rate.measured_per_s, 50 + 50 * pow(0.2, n), 1e-9);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_that_was_never_throttled_has_no_limit),
        cmocka_unit_test(a_throttled_reply_starts_a_cubic_curve),
        cmocka_unit_test(each_throttled_reply_lowers_the_rate),
        cmocka_unit_test(sends_take_tokens),
        cmocka_unit_test(the_measured_rate_is_smoothed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
