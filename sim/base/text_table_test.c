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

/* Columns of 4 and 30 with a gap and the indent are 38 wide; 26 leaves 18 for the second one. */
static void wide_columns_are_wrapped_at_spaces(void **state)
{
    (void)state;
    struct text_table *table = text_table_create_bare(2);
    text_table_wrap(table, 26);
    text_table_add(table, "name");
    text_table_add(table, "twelve words in one long cell.");
    text_table_add(table, "b");
    text_table_add(table, "without-any-space-in-it");
    text_table_add(table, "c");
    text_table_add(table, "short");
    assert_becomes(table, "  name  twelve words in\n"
                          "        one long cell.\n"
                          "  b     without-any-space-\n"
                          "        in-it\n"
                          "  c     short\n");
}

static void a_column_is_not_wrapped_to_nothing(void **state)
{
    (void)state;
    struct text_table *table = text_table_create_bare(1);
    text_table_wrap(table, 3);
    text_table_add(table, "twelve chars and more");
    assert_becomes(table, "  twelve chars\n  and more\n"); /* 12 columns */
}

/* "exponential|" is the longest piece of the first column: the second gives way, then a word is
 * broken. */
static void choices_are_wrapped_and_words_are_kept(void **state)
{
    (void)state;
    for (size_t width = 31; width >= 28; width -= 3) {
        struct text_table *table = text_table_create_bare(2);
        text_table_wrap(table, width);
        text_table_add(table, "none|exponential|list");
        text_table_add(table, "retry.backoff.x");
        assert_becomes(table, width == 31 ? "  none|         retry.backoff.x\n"
                                            "  exponential|\n"
                                            "  list\n"
                                          : "  none|         retry.backof\n"
                                            "  exponential|  f.x\n"
                                            "  list\n");
    }
}

static void a_note_is_below_its_row(void **state)
{
    (void)state;
    struct text_table *table = text_table_create_bare(2);
    text_table_wrap(table, 24);
    text_table_add(table, "a");
    text_table_add(table, "b");
    text_table_note(table, "what this row\x1b means in full");
    text_table_add(table, "c");
    text_table_add(table, "d");
    assert_becomes(table, "  a  b\n      what this row?\n      means in full\n  c  d\n");
}

static void markdown_has_a_head_and_quoted_cells(void **state)
{
    (void)state;
    struct strbuf out = STRBUF_INIT;
    struct text_table *table = text_table_create("metric\tmean");
    text_table_add(table, "a|b");
    text_table_add(table, "1");
    text_table_add_markdown_and_free(table, &out);
    assert_string_equal(out.text, "| metric | mean |\n|---|---|\n| a\\|b | 1 |\n");
    strbuf_release(&out);
}

static void what_is_no_terminal_is_120_wide(void **state)
{
    (void)state;
    FILE *file = tmpfile();
    assert_int_equal(output_width(file), 120);
    fclose(file);
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
        cmocka_unit_test(wide_columns_are_wrapped_at_spaces),
        cmocka_unit_test(a_column_is_not_wrapped_to_nothing),
        cmocka_unit_test(choices_are_wrapped_and_words_are_kept),
        cmocka_unit_test(a_note_is_below_its_row),
        cmocka_unit_test(markdown_has_a_head_and_quoted_cells),
        cmocka_unit_test(what_is_no_terminal_is_120_wide),
        cmocka_unit_test(half_a_row_is_a_bug),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
