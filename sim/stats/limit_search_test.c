// SPDX-License-Identifier: GPL-3.0-or-later
#include "limit_search.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"

static void an_exact_step_is_found(void **state)
{
    struct limit_search search;
    double load;

    (void)state;
    limit_search_init(&search, 10, 1000, 0.01);
    while (limit_search_next(&search, &load)) {
        bool holds = load <= 123;
        limit_search_add(&search, &(struct limit_trial){load, holds, holds, !holds});
    }
    struct limit limit = limit_search_result(&search);
    assert_int_equal(limit.place, LIMIT_WITHIN);
    assert_true(limit.last_held <= 123 && 123 < limit.first_broken);
    assert_true(limit.first_broken - limit.last_held <= 0.01 * limit.first_broken);
    /* log2(ln(100) / 0.01) = 8.8 halvings and the two ends */
    assert_in_range(search.tried_count, 10, 12);
}

static void a_limit_outside_the_range_is_said_to_be(void **state)
{
    struct limit_search search;
    double load;

    (void)state;
    limit_search_init(&search, 10, 20, 0.01);
    assert_true(limit_search_next(&search, &load));
    limit_search_add(&search, &(struct limit_trial){load, false, false, true});
    assert_false(limit_search_next(&search, &load));
    assert_int_equal(limit_search_result(&search).place, LIMIT_BELOW);

    limit_search_init(&search, 10, 20, 0.01);
    while (limit_search_next(&search, &load))
        limit_search_add(&search, &(struct limit_trial){load, true, load < 12, false});
    struct limit limit = limit_search_result(&search);
    assert_int_equal(limit.place, LIMIT_ABOVE);
    assert_int_equal(search.tried_count, 2);
    assert_true(limit.has_low && !limit.has_high);
    assert_close(limit.low, 10, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_exact_step_is_found),
        cmocka_unit_test(a_limit_outside_the_range_is_said_to_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
