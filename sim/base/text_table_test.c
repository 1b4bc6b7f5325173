// SPDX-License-Identifier: GPL-3.0-or-later
#include "text_table.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "child.h"

static void assert_becomes(struct text_table *table, const char *expected)
{
    struct strbuf out = STRBUF_INIT;
    text_table_add_to_and_free(table, &out);
    assert_string_equal(out.text, expected);
    strbuf_release(&out);
}

/* "é" is two bytes and one column. */
static void columns_are_as_wide_as_their_widest_cell(void **state)
{
    (void)state;
    struct text_table *table = text_table_create("name\tn\twhat");
    text_table_add(table, "é");
    text_table_add(table, "%d", 1000);
    text_table_add(table, "last");
    text_table_add(table, "longer");
    strbuf_add(text_table_cell(table), "1");
    text_table_add(table, "a b");
    assert_becomes(table, "  name    n     what\n"
                          "  é       1000  last\n"
                          "  longer  1     a b\n");
}

static void lines_never_end_in_blanks(void **state)
{
    (void)state;
    struct text_table *table = text_table_create_bare(3);
    text_table_add(table, "a");
    text_table_cell(table);
    text_table_cell(table);
    text_table_cell(table);
    text_table_add(table, "b");
    text_table_cell(table);
    assert_becomes(table, "  a\n     b\n");
}

static void a_column_may_be_wider_and_the_last_one_cut(void **state)
{
    (void)state;
    struct text_table *table = text_table_create_bare(2);
    text_table_widen(table, 0, 4);
    text_table_limit(table, 15);
    text_table_add(table, "a");
    text_table_add(table, "1234567");
    text_table_add(table, "b");
    text_table_add(table, "ééééééé8");
    assert_becomes(table, "  a     1234567\n  b     éééé...\n");
}

/* A cell is text of others: it cannot break the row, nor drive the terminal; our colours can. */
static void cells_are_quoted_and_may_be_coloured(void **state)
{
    (void)state;
    struct text_table *table = text_table_create_bare(2);
    text_table_add(table, "a\x1b[2J\n\x80");
    text_table_colour(table, "\033[31m");
    text_table_add(table, "b");
    assert_becomes(table, "  \033[31ma?[2J ?\033[0m  b\n");
}

static void print_half_a_row(void)
{
    struct text_table *table = text_table_create("a\tb");
    text_table_add(table, "1");
    text_table_print_and_free(table, stdout);
}

static void half_a_row_is_a_bug(void **state)
{
    (void)state;
    assert_aborts(print_half_a_row);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
        cmocka_unit_test(lines_never_end_in_blanks),
        cmocka_unit_test(a_column_may_be_wider_and_the_last_one_cut),
        cmocka_unit_test(cells_are_quoted_and_may_be_coloured),
        cmocka_unit_test(half_a_row_is_a_bug),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
