// SPDX-License-Identifier: GPL-3.0-or-later
#include "sweep_axis.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

/* The values with blanks between them, or "why: ..." or "from .. to". */
static void expect_axis(const char *text, const char *expected)
{
    struct strbuf found = STRBUF_INIT, why = STRBUF_INIT;
    struct sweep_axis axis = {0};

    if (!sweep_axis_parse(text, &axis, &why)) {
        strbuf_addf(&found, "why: %s", why.text);
        assert_int_equal(axis.value_count, 0);
    }
    for (size_t i = 0; i < axis.value_count; i++)
        strbuf_addf(&found, "%s%s", i ? " " : "", axis.values[i]);
    if (axis.value_count == 0 && axis.has_range) {
        quantity_add(&found, &axis.from);
        strbuf_add(&found, axis.is_log ? " .* " : " .. ");
        quantity_add(&found, &axis.to);
    }
    assert_string_equal(found.text, expected);
    sweep_axis_release(&axis);
    strbuf_release(&found);
    strbuf_release(&why);
}

static void values_are_listed_or_stepped(void **state)
{
    (void)state;
    expect_axis("100ms, 300ms,1s", "100ms 300ms 1s");
    expect_axis("full", "full");
    expect_axis("{fixed: 1s}, {exponential: {base: 1s, max: 2s}}",
                "{fixed: 1s} {exponential: {base: 1s, max: 2s}}");
    expect_axis("100ms..500ms/100ms", "100ms 200ms 300ms 400ms 500ms");
    expect_axis("100ms..1s / 400ms", "100ms 500ms 900ms");
    expect_axis("1..8/3", "1 4 7");
    expect_axis("0..1s/500ms", "0s 500ms 1s");
    expect_axis("0.1%..0.4%/0.1%", "0.1% 0.2% 0.3% 0.4%"); /* no step is lost to rounding */
    expect_axis("10/s..40/s/10/s", "10/s 20/s 30/s 40/s");
    expect_axis("10/s..1000/s*10", "10/s 100/s 1000/s");
    expect_axis("50ms..1s*2", "50ms 100ms 200ms 400ms 800ms");
    expect_axis("1 KiB..4 KiB/1 KiB", "1024 B 2048 B 3072 B 4096 B");
}

static void ranges_without_a_step_are_kept(void **state)
{
    (void)state;
    expect_axis("100ms..1s", "100ms .. 1s");
    expect_axis("10/s..1000/s*", "10/s .* 1000/s");
    expect_axis("1..8", "1 .. 8");
}

static void what_is_wrong_is_said(void **state)
{
    (void)state;
    expect_axis("1s..100ms/10ms", "why: needs a range in ascending order, got '1s..100ms'");
    expect_axis("1s..5", "why: goes from a duration to a number");
    expect_axis("1s..5s/2", "why: needs a duration above 0 after '/', got '2'");
    expect_axis("1s..5s/0s", "why: needs a duration above 0 after '/', got '0s'");
    expect_axis("1s..5s*1",
                "why: needs a factor above 1 after '*' and a start above 0, got '1' and "
                "'1s'");
    expect_axis("0s..5s*", "why: needs a start above 0 for a logarithmic range, got '0s'");
    expect_axis("a..5s", "why: needs a quantity at each end of a range, such as '100ms..1s/100ms', "
                         "got 'a'");
    expect_axis("1ms..1h/1ms", "why: has more than 1000 values");
    expect_axis("1s,,2s", "why: needs values such as '100ms, 1s' or a range such as "
                          "'100ms..1s/100ms', got '1s,,2s'");
    expect_axis("", "why: needs values such as '100ms, 1s' or a range such as '100ms..1s/100ms', "
                    "got ''");
}

static void expect_at(const char *text, double share, const char *expected)
{
    struct sweep_axis axis = {0};
    struct strbuf why = STRBUF_INIT;

    assert_true(sweep_axis_parse(text, &axis, &why));
    char *found = sweep_axis_at(&axis, share);
    assert_string_equal(found, expected);
    free(found);
    sweep_axis_release(&axis);
    strbuf_release(&why);
}

static void a_share_of_a_range_is_a_value(void **state)
{
    (void)state;
    expect_at("100ms..1s", 0.5, "550ms");
    expect_at("10/s..1000/s*", 0.5, "100/s");
    expect_at("0s..1s", 1.0 / 3, "333.3ms");
    /* eight integers, an eighth of the range each */
    expect_at("1..8", 0, "1");
    expect_at("1..8", 0.1249, "1");
    expect_at("1..8", 0.126, "2");
    expect_at("1..8", 1, "8");
    expect_at("1.0..8", 0.5, "4.5");
    expect_at("a, b, c", 0.99, "c");
    expect_at("a, b, c", 1, "c");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_listed_or_stepped),
        cmocka_unit_test(ranges_without_a_step_are_kept),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(a_share_of_a_range_is_a_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
