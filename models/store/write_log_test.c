// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "write_log.h"

/* Write n of n bytes ends at n (n + 1) / 2, after any growth of the ring and any trim that keeps
 * it. */
static void write_log_keeps_offsets_over_growth(void **state)
{
    struct write_log log = {0};

    (void)state;
    write_log_begin(&log, 0);
    for (uint32_t n = 1; n <= 1000; n++) {
        write_log_append(&log, n);
        if (n == 500)
            write_log_trim(&log, 100);
    }
    assert_int_equal(log.low, 100);
    for (uint64_t n = 100; n <= 1000; n++)
        assert_int_equal(write_log_end(&log, n), n * (n + 1) / 2);
    write_log_release(&log);
}

/* A cut resets the offset to the end of the last write kept; write_log_begin() keeps it. */
static void write_log_goes_on_after_a_cut(void **state)
{
    struct write_log log = {0};

    (void)state;
    write_log_begin(&log, 7);
    for (int i = 0; i < 5; i++)
        write_log_append(&log, 100);
    write_log_cut(&log, 9);
    assert_int_equal(log.offset, 200);
    write_log_append(&log, 1);
    assert_int_equal(write_log_end(&log, 10), 201);
    write_log_begin(&log, 50);
    assert_int_equal(write_log_end(&log, 50), 201);
    write_log_trim(&log, 90);
    assert_int_equal(log.low, 50);
    write_log_release(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(write_log_keeps_offsets_over_growth),
        cmocka_unit_test(write_log_goes_on_after_a_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
