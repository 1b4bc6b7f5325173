// SPDX-License-Identifier: GPL-3.0-or-later
#include "text_bar.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Of ten columns 0.2 to 0.7 are the columns 2 to 6. */
static void a_bar_covers_its_share_of_the_columns(void **state)
{
    (void)state;
    struct strbuf out = STRBUF_INIT;
    text_bar_add(&out, 0.2, 0.7, 10, '#');
    assert_string_equal(out.text, "  #####");
    strbuf_clear(&out);
    text_bar_add(&out, 0, 0.001, 10, '#'); /* too short for a column, but not nothing */
    assert_string_equal(out.text, "#");
    strbuf_clear(&out);
    text_bar_add(&out, 0.5, 0.5, 10, '#');
    assert_string_equal(out.text, "     ");
    strbuf_release(&out);
}

static void an_interval_shows_its_ends_its_mean_and_zero(void **state)
{
    (void)state;
    struct strbuf out = STRBUF_INIT;
    text_bar_add_interval(&out, 0.2, 0.4, 0.6, 0, 11);
    assert_string_equal(out.text, ": |-o-|    ");
    strbuf_clear(&out);
    text_bar_add_interval(&out, 0.5, 0.5, 0.5, 2, 11); /* no interval; zero is outside */
    assert_string_equal(out.text, "     o     ");
    strbuf_clear(&out);
    text_bar_add_interval(&out, -3, 0, 0.1, 0, 11); /* cut off at the axis */
    assert_string_equal(out.text, "o|         ");
    strbuf_release(&out);
}

static void blocks_grow_with_the_value_and_a_gap_is_empty(void **state)
{
    (void)state;
    struct strbuf out = STRBUF_INIT;
    text_bar_add_block(&out, 0);
    text_bar_add_block(&out, NAN);
    text_bar_add_block(&out, 1);
    text_bar_add_block(&out, 7);
    assert_string_equal(out.text, "▁ ██");
    strbuf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bar_covers_its_share_of_the_columns),
        cmocka_unit_test(an_interval_shows_its_ends_its_mean_and_zero),
        cmocka_unit_test(blocks_grow_with_the_value_and_a_gap_is_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
