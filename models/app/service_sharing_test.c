// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "service_sharing.h"

#include <math.h>

static void factors_follow_their_formulas(void **state)
{
    const struct contention linear = {CONTENTION_LINEAR, .linear = 0.5, .cores = 2};
    const struct contention power = {CONTENTION_POWER, .power = 2, .cores = 2};
    const struct contention exponential = {CONTENTION_EXPONENTIAL, .exponential = 0.1, .cores = 2};

    (void)state;
    assert_close(contention_factor(&linear, 2), 1, 0);
    assert_close(contention_factor(&linear, 5), 1 + 0.5 * 3, 1e-15);
    assert_close(contention_factor(&power, 1), 1, 0);
    assert_close(contention_factor(&power, 6), 9, 1e-15);
    assert_close(contention_factor(&exponential, 12), exp(1), 1e-15);
}

/*
 * One core, processor sharing. A (10 ms) enters at 0, B (10 ms) at 5 ms, C (1 ms) at 8 ms. A alone
 * receives 5 ms; with B each receives 1.5 ms until 8 ms; three receive 1 ms each until 11 ms, when
 * C ends: A has 7.5, B 2.5 ms. A ends after 2 x 2.5 ms, at 16 ms; B has 5 ms left, alone: 21 ms.
 */
static void shared_services_end_when_their_share_is_done(void **state)
{
    const struct contention rule = {CONTENTION_POWER, .power = 1, .cores = 1};
    struct service_sharing sharing;

    (void)state;
    service_sharing_init(&sharing, &rule);
    assert_int_equal(service_sharing_next(&sharing), SIM_NEVER);
    service_sharing_add(&sharing, 0, 10 * SIM_MS, 1);
    assert_int_equal(service_sharing_next(&sharing), 10 * SIM_MS);
    service_sharing_add(&sharing, 5 * SIM_MS, 10 * SIM_MS, 2);
    assert_int_equal(service_sharing_next(&sharing), 15 * SIM_MS);
    service_sharing_add(&sharing, 8 * SIM_MS, 1 * SIM_MS, 3);
    assert_int_equal(service_sharing_next(&sharing), 11 * SIM_MS);
    assert_int_equal(service_sharing_take(&sharing, 11 * SIM_MS), 3);
    assert_int_equal(service_sharing_next(&sharing), 16 * SIM_MS);
    assert_int_equal(service_sharing_take(&sharing, 16 * SIM_MS), 1);
    assert_int_equal(service_sharing_next(&sharing), 21 * SIM_MS);
    assert_int_equal(service_sharing_take(&sharing, 21 * SIM_MS), 2);
    assert_int_equal(service_sharing_next(&sharing), SIM_NEVER);
    service_sharing_release(&sharing);
}

/* A thousand services at once leave in the order of their lengths, those of one length in that of
 * their numbers. */
static void services_of_one_instant_leave_by_length(void **state)
{
    const struct contention rule = {CONTENTION_LINEAR, .linear = 0.1, .cores = 1};
    struct service_sharing sharing;

    (void)state;
    service_sharing_init(&sharing, &rule);
    for (uint32_t i = 0; i < 1000; i++)
        service_sharing_add(&sharing, 0, (sim_dur)(i * 7 % 1000 / 2 + 1) * SIM_MS, i);
    for (uint32_t i = 0, last = 0, length = 0; i < 1000; i++) {
        uint32_t request = service_sharing_take(&sharing, service_sharing_next(&sharing));
        uint32_t its = request * 7 % 1000 / 2 + 1;

        assert_true(i == 0 || its > length || (its == length && request > last));
        last = request;
        length = its;
    }
    service_sharing_release(&sharing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(factors_follow_their_formulas),
        cmocka_unit_test(shared_services_end_when_their_share_is_done),
        cmocka_unit_test(services_of_one_instant_leave_by_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
