// SPDX-License-Identifier: GPL-3.0-or-later
/* The capacity of a table against the closed form of a token bucket, and its changes minute by
 * minute. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "table_capacity.h"

/* Offer `per_s` units a second, evenly, for a number of seconds from `*now` on; returns how many
 * were refused. Minutes end where they end. */
static double offer(struct capacity *capacity, double per_s, int seconds, sim_time *now)
{
    double refused = 0;

    for (int s = 0; s < seconds; s++) {
        for (int i = 0; i < (int)per_s; i++) {
            *now += (sim_time)((double)SIM_S / per_s);
            refused += !capacity_take(capacity, 1, *now);
        }
        *now = (*now + SIM_S / 2) / SIM_S * SIM_S; /* what rounding has left out */
        if (*now % (60 * SIM_S) == 0)
            capacity_minute(capacity, *now);
    }
    return refused;
}

/*
 * A bucket of b tokens that gets r a second serves a constant load of l > r for b / (l - r), and r
 * a second from then on: in time t it refuses l t - (b + r t). r = 100/s, b = 10 s x r = 1000, l =
 * 150/s, t = 60 s: 9000 - 7000 = 2000, the first one after 20 s.
 */
static void bucket_refuses_what_its_closed_form_says(void **state)
{
    const struct capacity_config config = {.mode = CAPACITY_PROVISIONED, .burst_ns = 10 * SIM_S};
    const struct capacity_limits limits = {100, 100, 100};
    struct capacity capacity;
    sim_time now = 0;

    (void)state;
    capacity_init(&capacity, &config, &limits, false);
    assert_true(offer(&capacity, 150, 19, &now) == 0);
    assert_close(offer(&capacity, 150, 41, &now), 2000, 0.001);
    /* at half the rate it has recovered 50/s x 20 s = 1000, all that it keeps, after 20 s */
    assert_true(offer(&capacity, 50, 40, &now) == 0);
    assert_close(capacity.tokens, 1000, 0.001);
}

/* A command that cannot wait is refused; one that can gets its units when the bucket has refilled
 * them. */
static void borrower_waits_for_the_refill(void **state)
{
    const struct capacity_config config = {.mode = CAPACITY_PROVISIONED, .burst_ns = 1 * SIM_S};
    const struct capacity_limits limits = {100, 100, 100};
    struct capacity capacity;

    (void)state;
    capacity_init(&capacity, &config, &limits, false);
    assert_int_equal(capacity_borrow(&capacity, 100, 0), 0);
    assert_close((double)capacity_borrow(&capacity, 5, 0), 50e6, 1e-6);
    assert_close((double)capacity_borrow(&capacity, 5, 0), 100e6, 1e-6);
    assert_false(capacity_take(&capacity, 1, 105 * SIM_MS)); /* half a token */
    assert_true(capacity_take(&capacity, 1, 110 * SIM_MS));
}

/*
 * 100 units a second, a target of 70 %, and a load of 140: two minutes above the target, then 4
 * minutes until the capacity is 140 / 0.7 = 200. The bucket's 300 s are kept at the start: it holds
 * 30 000 and lasts 30 000 / 40 = 750 s, so nothing is refused. With a load of 50 the capacity is
 * reduced after 15 minutes below 80 % of the target, and 4 minutes later.
 */
static void auto_scaling_follows_whole_minutes(void **state)
{
    const struct capacity_config config = {.mode = CAPACITY_PROVISIONED,
                                           .burst_ns = 300 * SIM_S,
                                           .scales = true,
                                           .target_share = 0.7,
                                           .delay_ns = 240 * SIM_S};
    const struct capacity_limits limits = {100, 10, 1000};
    struct capacity capacity;
    sim_time now = 0;

    (void)state;
    capacity_init(&capacity, &config, &limits, false);
    assert_true(offer(&capacity, 140, 120 + 239, &now) == 0);
    assert_close(capacity.rate_per_s, 100, 0);
    offer(&capacity, 140, 2, &now);
    assert_close(capacity.rate_per_s, 200, 1e-9);
    offer(&capacity, 140, 59, &now);
    offer(&capacity, 50, 15 * 60 + 239, &now);
    assert_close(capacity.rate_per_s, 200, 1e-9);
    offer(&capacity, 50, 2, &now);
    assert_close(capacity.rate_per_s, 50 / 0.7, 1e-9);
}

/* The same load on a bucket of 1 s: refused are 40 a second until the capacity is there, after 360
 * s, less what the bucket held. */
static void cold_replica_throttles_until_it_is_scaled(void **state)
{
    const struct capacity_config config = {.mode = CAPACITY_PROVISIONED,
                                           .burst_ns = 1 * SIM_S,
                                           .scales = true,
                                           .target_share = 0.7,
                                           .delay_ns = 240 * SIM_S};
    const struct capacity_limits limits = {1000, 100, 1000};
    struct capacity capacity;
    sim_time now = 0;
    double refused;

    (void)state;
    capacity_init(&capacity, &config, &limits, true);
    refused = offer(&capacity, 140, 600, &now);
    /* auto scaling sees what was served, 100/s, which is all of the capacity: 100 / 0.7 = 143 */
    assert_close(refused, 40 * 360 - 100, 0.005);
    assert_close(capacity.rate_per_s, 100 / 0.7, 0.005);
}

/* On demand: 1000 units a second at the start. A load of 900 for 30 minutes makes it 1800. */
static void on_demand_serves_twice_an_old_peak(void **state)
{
    const struct capacity_config config = {
        .mode = CAPACITY_ON_DEMAND, .burst_ns = 1 * SIM_S, .step_ns = 1800 * SIM_S};
    const struct capacity_limits limits = {1000, 0, 5000};
    struct capacity capacity;
    sim_time now = 0;

    (void)state;
    capacity_init(&capacity, &config, &limits, false);
    assert_true(offer(&capacity, 900, 30 * 60, &now) == 0);
    assert_close(capacity.rate_per_s, 1000, 0);
    assert_true(offer(&capacity, 900, 60, &now) == 0);
    assert_close(capacity.rate_per_s, 1800, 1e-9);
    /* three times the first load: a third of it is refused, less what the bucket held before */
    assert_close(offer(&capacity, 2700, 60, &now), 900 * 60 - 1000, 0.001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bucket_refuses_what_its_closed_form_says),
        cmocka_unit_test(borrower_waits_for_the_refill),
        cmocka_unit_test(auto_scaling_follows_whole_minutes),
        cmocka_unit_test(cold_replica_throttles_until_it_is_scaled),
        cmocka_unit_test(on_demand_serves_twice_an_old_peak),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
