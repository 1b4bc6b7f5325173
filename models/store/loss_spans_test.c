// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "loss_spans.h"

/*
 * A planned promotion at 20 writes a second: in 600 s 12 000 writes, one every 50 ms, so a gap of
 * more than 500 ms is a pause. Lost: a write in flight at 600 s, and after 32.6 s of promotion 12
 * writes within 15 ms. The RPO is 15 ms, not 32.615 s.
 */
static void a_pause_in_which_nobody_wrote_is_no_loss(void **state)
{
    struct loss_spans spans;

    (void)state;
    loss_spans_begin(&spans, 600 * SIM_S, 12000);
    assert_int_equal(spans.sum, 0);
    loss_spans_add(&spans, 600 * SIM_S);
    for (int i = 0; i < 10; i++)
        loss_spans_add(&spans, 632600 * SIM_MS + i * SIM_MS);
    loss_spans_add(&spans, 632612 * SIM_MS);
    loss_spans_add(&spans, 632615 * SIM_MS);
    assert_int_equal(spans.sum, 15 * SIM_MS);
}

/* Two writes 39 s apart, at one a second: nothing was written between them. */
static void two_writes_far_apart_span_nothing(void **state)
{
    struct loss_spans spans;

    (void)state;
    loss_spans_begin(&spans, 600 * SIM_S, 600);
    loss_spans_add(&spans, 600 * SIM_S);
    loss_spans_add(&spans, 639 * SIM_S);
    assert_int_equal(spans.sum, 0);
}

/* At one write a second, 10 s belong to the span and a nanosecond more does not. */
static void a_gap_of_ten_mean_intervals_is_the_longest_of_a_span(void **state)
{
    struct loss_spans spans;

    (void)state;
    loss_spans_begin(&spans, 100 * SIM_S, 100);
    loss_spans_add(&spans, 100 * SIM_S);
    loss_spans_add(&spans, 110 * SIM_S);
    assert_int_equal(spans.sum, 10 * SIM_S);
    loss_spans_add(&spans, 120 * SIM_S + 1);
    assert_int_equal(spans.sum, 10 * SIM_S);
    loss_spans_reset(&spans);
    assert_int_equal(spans.sum, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pause_in_which_nobody_wrote_is_no_loss),
        cmocka_unit_test(two_writes_far_apart_span_nothing),
        cmocka_unit_test(a_gap_of_ten_mean_intervals_is_the_longest_of_a_span),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
