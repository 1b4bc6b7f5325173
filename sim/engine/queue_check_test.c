// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue_check.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

/* Lengths 1 over [10, 15), 2 over [15, 40), 1 over [40, 100): 5 + 50 + 60 = 115 = 30 + 85. */
static void sums_agree_whatever_the_order(void **state)
{
    (void)state;
    for (int last_first = 0; last_first < 2; last_first++) {
        struct queue_check check = {0};

        queue_check_enter(&check, 10);
        queue_check_enter(&check, 15);
        queue_check_leave(&check, 40, last_first ? 15 : 10);
        assert_false(queue_check_balances(&check)); /* one waits */
        queue_check_remains(&check, 100, last_first ? 10 : 15);
        assert_true(queue_check_balances(&check));
        assert_int_equal(check.waited_ns, last_first ? 25 + 90 : 30 + 85);
        assert_true(time_avg_area(&check.length, 100) == 5 + 50 + 60);
    }
}

static void one_that_left_as_another_is_seen(void **state)
{
    struct queue_check check = {0};

    (void)state;
    queue_check_enter(&check, 10);
    queue_check_enter(&check, 15);
    queue_check_leave(&check, 40, 15);
    queue_check_remains(&check, 100, 15);
    assert_false(queue_check_balances(&check));
}

static void sums_may_pass_2_to_the_64(void **state)
{
    struct queue_check check = {0};

    (void)state;
    for (int i = 0; i < 5; i++)
        queue_check_enter(&check, 0);
    for (int i = 0; i < 5; i++)
        queue_check_remains(&check, INT64_MAX, 0);
    assert_true(queue_check_balances(&check));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_agree_whatever_the_order),
        cmocka_unit_test(one_that_left_as_another_is_seen),
        cmocka_unit_test(sums_may_pass_2_to_the_64),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
