// SPDX-License-Identifier: GPL-3.0-or-later
#include "samples.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

static void empty_has_no_rows_to_show(void **state)
{
    struct samples samples = {.row_count = 2};

    (void)state;
    assert_null(samples_row(&samples, 1));
    samples_release(&samples);
}

/* Values set from the last replication to the first, over several growths: each is found again, and
 * unset ones are NAN. */
static void values_stay_where_they_were_put_as_it_grows(void **state)
{
    struct samples samples = {.row_count = 3};

    (void)state;
    samples_set(&samples, 1, 2, 12);
    for (uint32_t i = 0; i <= 300; i += 3)
        samples_set(&samples, 2, 300 - i, 1000 + 300 - i);
    assert_int_equal(samples.count, 301);
    for (uint32_t i = 0; i <= 300; i++) {
        assert_true(isnan(samples_row(&samples, 0)[i]));
        assert_true(i == 2 ? samples_row(&samples, 1)[i] == 12
                           : isnan(samples_row(&samples, 1)[i]));
        assert_true(i % 3 == 0 ? samples_row(&samples, 2)[i] == 1000 + i
                               : isnan(samples_row(&samples, 2)[i]));
    }
    samples_release(&samples);
    assert_int_equal(samples.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_has_no_rows_to_show),
        cmocka_unit_test(values_stay_where_they_were_put_as_it_grows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
