// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "circuit_breaker.h"

/* Every state and event: the diagram has four arrows; otherwise the state stays. */
static void every_state_and_event_goes_where_the_drawing_says(void **state)
{
    static const enum breaker_state expected[BREAKER_STATES][BREAKER_EVENTS] = {
        [BREAKER_CLOSED] = {[BREAKER_TRIPPED] = BREAKER_OPEN,
                            [BREAKER_WAITED] = BREAKER_CLOSED,
                            [BREAKER_PROVED] = BREAKER_CLOSED,
                            [BREAKER_RELAPSED] = BREAKER_CLOSED},
        [BREAKER_OPEN] = {[BREAKER_TRIPPED] = BREAKER_OPEN,
                          [BREAKER_WAITED] = BREAKER_HALF_OPEN,
                          [BREAKER_PROVED] = BREAKER_OPEN,
                          [BREAKER_RELAPSED] = BREAKER_OPEN},
        [BREAKER_HALF_OPEN] = {[BREAKER_TRIPPED] = BREAKER_HALF_OPEN,
                               [BREAKER_WAITED] = BREAKER_HALF_OPEN,
                               [BREAKER_PROVED] = BREAKER_CLOSED,
                               [BREAKER_RELAPSED] = BREAKER_OPEN},
    };

    (void)state;
    for (int from = 0; from < BREAKER_STATES; from++)
        for (int event = 0; event < BREAKER_EVENTS; event++)
            assert_int_equal(breaker_next((enum breaker_state)from, (enum breaker_event)event),
                             expected[from][event]);
}

static void call(struct circuit_breaker *breaker, sim_time now, bool good)
{
    uint32_t epoch;

    assert_true(circuit_breaker_ask(breaker, now, &epoch));
    circuit_breaker_report(breaker, now, epoch, good);
}

static const struct circuit_breaker_config five = {
    .trip = TRIP_CONSECUTIVE, .consecutive = 5, .open_ns = 5 * SIM_S, .trials = 2};

static void opens_at_the_fifth_failure_in_a_row(void **state)
{
    struct circuit_breaker breaker;
    uint32_t epoch;

    (void)state;
    circuit_breaker_init(&breaker, &five);
    for (int i = 0; i < 4; i++)
        call(&breaker, 0, false);
    call(&breaker, 0, true);
    for (int i = 0; i < 4; i++)
        call(&breaker, 0, false);
    assert_int_equal(breaker.state, BREAKER_CLOSED);
    call(&breaker, SIM_S, false);
    assert_int_equal(breaker.state, BREAKER_OPEN);
    assert_false(circuit_breaker_ask(&breaker, 6 * SIM_S - 1, &epoch));
    assert_true(circuit_breaker_refuses(&breaker, 6 * SIM_S - 1));
    assert_false(circuit_breaker_refuses(&breaker, 6 * SIM_S));
}

static void open_breaker(struct circuit_breaker *breaker,
                         const struct circuit_breaker_config *config)
{
    circuit_breaker_init(breaker, config);
    for (int i = 0; i < 5; i++)
        call(breaker, 0, false);
    assert_int_equal(breaker->state, BREAKER_OPEN);
}

/* Two trials, no third; both succeed: closed, with all counts at 0. */
static void half_open_lets_its_trials_through_and_closes_on_success(void **state)
{
    struct circuit_breaker breaker;
    uint32_t first, second, third;

    (void)state;
    open_breaker(&breaker, &five);
    assert_true(circuit_breaker_ask(&breaker, 5 * SIM_S, &first));
    assert_int_equal(breaker.state, BREAKER_HALF_OPEN);
    assert_true(circuit_breaker_ask(&breaker, 5 * SIM_S, &second));
    assert_false(circuit_breaker_ask(&breaker, 5 * SIM_S, &third));
    circuit_breaker_report(&breaker, 6 * SIM_S, first, true);
    assert_int_equal(breaker.state, BREAKER_HALF_OPEN);
    circuit_breaker_report(&breaker, 6 * SIM_S, second, true);
    assert_int_equal(breaker.state, BREAKER_CLOSED);
    for (int i = 0; i < 4; i++)
        call(&breaker, 6 * SIM_S, false);
    assert_int_equal(breaker.state, BREAKER_CLOSED);
}

/* A cancelled trial frees its place; a result from an earlier epoch changes nothing. */
static void forgotten_trials_and_late_verdicts_do_not_count(void **state)
{
    struct circuit_breaker breaker;
    uint32_t early, first, second;

    (void)state;
    circuit_breaker_init(&breaker, &five);
    assert_true(circuit_breaker_ask(&breaker, 0, &early));
    for (int i = 0; i < 5; i++)
        call(&breaker, 0, false);
    assert_true(circuit_breaker_ask(&breaker, 5 * SIM_S, &first));
    assert_true(circuit_breaker_ask(&breaker, 5 * SIM_S, &second));
    circuit_breaker_report(&breaker, 5 * SIM_S, early, false);
    assert_int_equal(breaker.state, BREAKER_HALF_OPEN);
    circuit_breaker_forget(&breaker, first);
    assert_true(circuit_breaker_ask(&breaker, 5 * SIM_S, &first));
    circuit_breaker_report(&breaker, 5 * SIM_S, first, false);
    assert_int_equal(breaker.state, BREAKER_OPEN);
    circuit_breaker_report(&breaker, 5 * SIM_S, second, true);
    assert_int_equal(breaker.state, BREAKER_OPEN);
}

/* Finagle: open for 5 s, doubled at each failed trial: 10, 20, 30 (the maximum), 30 s. */
static void relapses_double_the_wait_up_to_the_most(void **state)
{
    struct circuit_breaker_config config = five;
    const sim_dur expected[] = {10, 20, 30, 30};
    struct circuit_breaker breaker;
    sim_time now = 5 * SIM_S;

    (void)state;
    config.open_ns_max = 30 * SIM_S;
    config.trials = 1;
    open_breaker(&breaker, &config);
    for (int i = 0; i < 4; i++) {
        call(&breaker, now, false);
        assert_int_equal(breaker.open_until - now, expected[i] * SIM_S);
        now = breaker.open_until;
    }
    call(&breaker, now, true);
    for (int i = 0; i < 5; i++)
        call(&breaker, now, false);
    assert_int_equal(breaker.open_until - now, 5 * SIM_S);
}

/* resilience4j: 50 % of the last 100 calls, and not before there are 100. */
static void counts_a_share_of_the_last_calls(void **state)
{
    const struct circuit_breaker_config config = {
        .trip = TRIP_CALLS, .calls_share = 0.5, .calls_count = 100, .open_ns = SIM_S, .trials = 1};
    struct circuit_breaker breaker;

    (void)state;
    circuit_breaker_init(&breaker, &config);
    for (int i = 0; i < 99; i++)
        call(&breaker, 0, i >= 49); /* 49 bad, 50 good */
    assert_int_equal(breaker.state, BREAKER_CLOSED);
    for (int i = 0; i < 40; i++)
        call(&breaker, 0, true); /* 39 failures leave the window */
    for (int i = 0; i < 10; i++)
        call(&breaker, 0, false); /* the other 10 failures leave it too */
    for (int i = 0; i < 39; i++)
        call(&breaker, 0, false);
    assert_int_equal(breaker.state, BREAKER_CLOSED);
    assert_int_equal(breaker.failures, 49);
    call(&breaker, 0, false);
    assert_int_equal(breaker.state, BREAKER_OPEN);
}

/* Polly: 10 % of at least 100 calls in 30 s; older calls do not count. */
static void counts_a_share_of_a_window(void **state)
{
    const struct circuit_breaker_config config = {.trip = TRIP_WINDOW,
                                                  .window_share = 0.1,
                                                  .window_ns = 30 * SIM_S,
                                                  .window_calls = 100,
                                                  .open_ns = SIM_S,
                                                  .trials = 1};
    struct circuit_breaker breaker;

    (void)state;
    circuit_breaker_init(&breaker, &config);
    for (int i = 0; i < 50; i++)
        call(&breaker, SIM_S, false); /* enough failures, too few calls */
    assert_int_equal(breaker.state, BREAKER_CLOSED);
    for (int i = 0; i < 95; i++)
        call(&breaker, 40 * SIM_S, true); /* the 50 have left the window */
    for (int i = 0; i < 10; i++)
        call(&breaker, 41 * SIM_S, false);
    assert_int_equal(breaker.state, BREAKER_CLOSED); /* 10 of 105 */
    call(&breaker, 42 * SIM_S, false);
    assert_int_equal(breaker.state, BREAKER_OPEN); /* 11 of 106 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_and_event_goes_where_the_drawing_says),
        cmocka_unit_test(opens_at_the_fifth_failure_in_a_row),
        cmocka_unit_test(half_open_lets_its_trials_through_and_closes_on_success),
        cmocka_unit_test(forgotten_trials_and_late_verdicts_do_not_count),
        cmocka_unit_test(relapses_double_the_wait_up_to_the_most),
        cmocka_unit_test(counts_a_share_of_the_last_calls),
        cmocka_unit_test(counts_a_share_of_a_window),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
