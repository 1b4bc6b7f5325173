// SPDX-License-Identifier: GPL-3.0-or-later
#include "health_check.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

/* From the state diagram in health_check.h: rows are states, columns events. */
static void every_state_follows_the_drawing(void **state)
{
    static const enum health_state expected[HEALTH_STATES][HEALTH_EVENTS] = {
        /*                       passed             failed            threshold */
        [HEALTH_HEALTHY] = {HEALTH_HEALTHY, HEALTH_FAILING, HEALTH_HEALTHY},
        [HEALTH_FAILING] = {HEALTH_HEALTHY, HEALTH_FAILING, HEALTH_UNHEALTHY},
        [HEALTH_UNHEALTHY] = {HEALTH_RECOVERING, HEALTH_UNHEALTHY, HEALTH_UNHEALTHY},
        [HEALTH_RECOVERING] = {HEALTH_RECOVERING, HEALTH_UNHEALTHY, HEALTH_HEALTHY},
    };

    (void)state;
    for (int from = 0; from < HEALTH_STATES; from++)
        for (int event = 0; event < HEALTH_EVENTS; event++)
            assert_int_equal(health_next((enum health_state)from, (enum health_event)event),
                             expected[from][event]);
}

/*
 * The health changes after exactly `threshold` consecutive results against it: all 2^12 sequences
 * of 12 results, for all thresholds up to 4, against a literal implementation of the definition
 * (over the last results).
 */
static void opinion_changes_after_a_streak_of_the_threshold(void **state)
{
    (void)state;
    for (uint32_t up = 1; up <= 4; up++)
        for (uint32_t down = 1; down <= 4; down++)
            for (uint32_t bits = 0; bits < 1u << 12; bits++) {
                const struct health_check_rule rule = {.healthy_threshold = up,
                                                       .unhealthy_threshold = down};
                struct health_check check = {0};
                bool good = true;
                uint32_t last_change = 0; /* the result after which the health last changed */

                for (uint32_t i = 0; i < 12; i++) {
                    uint32_t needed = good ? down : up, against = 0;
                    bool passed = bits >> i & 1, changed;

                    while (against <= i - last_change && (bits >> (i - against) & 1) != good)
                        against++;
                    changed = health_check_result(&check, &rule, passed);
                    if (changed != (against >= needed))
                        fail_msg("thresholds %u and %u, results %03x, result %u", up, down, bits,
                                 i);
                    if (changed) {
                        good = !good;
                        last_change = i + 1;
                    }
                    assert_int_equal(health_is_good(&check), good);
                }
            }
}

/* Four targets each 30 s: 7.5 s apart. */
static void targets_are_spread_over_the_interval(void **state)
{
    const struct health_check_rule rule = {.interval_ns = 30 * SIM_S};

    (void)state;
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(health_check_phase_ns(&rule, i, 4), i * 7500 * SIM_MS);
}

/* A check has one result: its answer, or the end of its time. */
static void a_check_ends_once(void **state)
{
    const struct health_check_rule rule = {.healthy_threshold = 1, .unhealthy_threshold = 1};
    struct health_check check = {0};
    uint32_t first, second;
    bool changed;

    (void)state;
    first = health_check_begin(&check, &rule, &changed);
    assert_true(health_check_end(&check, &rule, first, false));
    assert_false(health_check_end(&check, &rule, first, true)); /* late */
    assert_false(health_is_good(&check));
    second = health_check_begin(&check, &rule, &changed);
    assert_false(health_check_end(&check, &rule, first, true)); /* that of the check before */
    assert_true(health_check_end(&check, &rule, second, true));
    assert_false(health_check_end(&check, &rule, second, false));
    assert_true(health_is_good(&check));
}

/* The next one begins: what is open has failed. */
static void a_check_that_is_open_at_the_next_has_failed(void **state)
{
    const struct health_check_rule rule = {.healthy_threshold = 1, .unhealthy_threshold = 2};
    struct health_check check = {0};
    bool changed;

    (void)state;
    health_check_begin(&check, &rule, &changed);
    assert_false(changed);
    health_check_begin(&check, &rule, &changed);
    assert_false(changed);
    health_check_begin(&check, &rule, &changed);
    assert_true(changed);
    assert_false(health_is_good(&check));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_follows_the_drawing),
        cmocka_unit_test(opinion_changes_after_a_streak_of_the_threshold),
        cmocka_unit_test(targets_are_spread_over_the_interval),
        cmocka_unit_test(a_check_ends_once),
        cmocka_unit_test(a_check_that_is_open_at_the_next_has_failed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
