// SPDX-License-Identifier: GPL-3.0-or-later
#include "diag.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static void assert_prints(struct diag *diag, const char *expected)
{
    char *text = diag_text(diag);
    assert_string_equal(text, expected);
    free(text);
    diag_release(diag);
}

static void add_at(struct diag *diag, const char *file, int line, int column, const char *message)
{
    struct diag_place place = {file, line, column, NULL};
    diag_add(diag, DIAG_ERROR, &place, "%s", message);
}

/* Column 20: two blanks, the 16 bytes of "attempt_timeout:", a blank, and the 2. */
static void an_error_shows_its_place_line_and_caret(void **state)
{
    (void)state;
    struct diag diag = {0};
    struct diag_place place = {"region-loss.yaml", 4, 20, "  attempt_timeout: 2\r\n"};
    diag_add(&diag, DIAG_ERROR, &place, "'%s' needs a duration such as '2s', got '%d'",
             "attempt_timeout", 2);
    assert_prints(&diag, "region-loss.yaml:4:20: error: 'attempt_timeout' needs a duration such as "
                         "'2s', got '2'\n"
                         "  attempt_timeout: 2\n"
                         "                   ^\n");
}

static void each_part_of_a_place_may_be_missing(void **state)
{
    (void)state;
    struct diag diag = {0};
    struct diag_place no_column = {"a.yaml", 3, 0, "x: y"};
    add_at(&diag, "a.yaml", 0, 0, "whole file");
    diag_add(&diag, DIAG_WARNING, &no_column, "whole line");
    diag_add(&diag, DIAG_NOTE, NULL, "nowhere");
    assert_prints(&diag, "note: nowhere\n"
                         "a.yaml: error: whole file\n"
                         "a.yaml:3: warning: whole line\n"
                         "x: y\n");
}

static void entries_are_sorted_by_file_line_column_then_arrival(void **state)
{
    (void)state;
    struct diag diag = {0};
    add_at(&diag, "b.yaml", 1, 1, "sixth");
    add_at(&diag, "a.yaml", 10, 1, "fifth");
    add_at(&diag, "a.yaml", 9, 2, "third");
    add_at(&diag, "a.yaml", 9, 2, "fourth");
    add_at(&diag, "a.yaml", 9, 1, "second");
    diag_error(&diag, "%s", "first");
    assert_prints(&diag, "error: first\n"
                         "a.yaml:9:1: error: second\n"
                         "a.yaml:9:2: error: third\n"
                         "a.yaml:9:2: error: fourth\n"
                         "a.yaml:10:1: error: fifth\n"
                         "b.yaml:1:1: error: sixth\n");
}

static void exact_repeats_are_printed_once(void **state)
{
    (void)state;
    struct diag diag = {0};
    struct diag_place place = {"a.yaml", 1, 1, NULL};
    add_at(&diag, "a.yaml", 1, 1, "x");
    add_at(&diag, "a.yaml", 1, 1, "y");
    add_at(&diag, "a.yaml", 1, 1, "x");      /* not next to its first */
    add_at(&diag, "a.yaml", 2, 1, "x");      /* another place */
    diag_add(&diag, DIAG_NOTE, &place, "x"); /* another level */
    assert_prints(&diag, "a.yaml:1:1: error: x\n"
                         "a.yaml:1:1: error: y\n"
                         "a.yaml:1:1: note: x\n"
                         "a.yaml:2:1: error: x\n");
}

static void counts_are_by_level_and_release_empties(void **state)
{
    (void)state;
    struct diag diag = {0};
    diag_error(&diag, "a");
    diag_add(&diag, DIAG_WARNING, NULL, "b");
    diag_add(&diag, DIAG_WARNING, NULL, "c");
    diag_add(&diag, DIAG_NOTE, NULL, "d");
    assert_int_equal(diag.count, 4);
    assert_int_equal(diag.error_count, 1);
    assert_int_equal(diag.warning_count, 2);
    diag_release(&diag);
    assert_int_equal(diag.count, 0);
    assert_int_equal(diag.error_count, 0);
    assert_prints(&diag, "");
}

static void entries_own_copies(void **state)
{
    (void)state;
    struct diag diag = {0};
    char file[] = "a.yaml";
    char line[] = "key: 1";
    struct diag_place place = {file, 1, 6, line};
    diag_add(&diag, DIAG_ERROR, &place, "wrong");
    memset(file, 'z', sizeof(file) - 1);
    memset(line, 'z', sizeof(line) - 1);
    assert_prints(&diag, "a.yaml:1:6: error: wrong\nkey: 1\n     ^\n");
}

/* A tab before the caret is a tab in the caret line, so both advance alike; a tab is one column. */
static void tabs_are_kept_before_the_caret(void **state)
{
    (void)state;
    struct diag diag = {0};
    struct diag_place place = {"a.csv", 2, 5, "\tab\tc\td"};
    diag_add(&diag, DIAG_ERROR, &place, "a\tb");
    assert_prints(&diag, "a.csv:2:5: error: a b\n\tab\tc\td\n\t  \t^\n");
}

/* Column 3 of a, e-acute (two bytes), b is b: the caret line has two blanks, not three. */
static void columns_are_characters(void **state)
{
    (void)state;
    struct diag diag = {0};
    struct diag_place place = {"a.yaml", 1, 3,
                               "a\xc3\xa9"
                               "b"};
    diag_add(&diag, DIAG_ERROR, &place, "m");
    assert_prints(&diag, "a.yaml:1:3: error: m\na\xc3\xa9"
                         "b\n  ^\n");
}

static void a_column_past_the_end_points_behind_it(void **state)
{
    (void)state;
    struct diag diag = {0};
    struct diag_place place = {"a.yaml", 1, 99, "abc"};
    diag_add(&diag, DIAG_ERROR, &place, "m");
    assert_prints(&diag, "a.yaml:1:99: error: m\nabc\n   ^\n");
}

/* ESC, DEL, a C1 control (two bytes of UTF-8, one character) and a byte that is not UTF-8. */
static void control_characters_never_reach_the_terminal(void **state)
{
    (void)state;
    struct diag diag = {0};
    struct diag_place place = {"a\x1b.yaml", 1, 5, "\x1b\x7f\xc2\x9b\xff!"};
    diag_add(&diag, DIAG_ERROR, &place, "two\nlines \x9b[31m");
    assert_prints(&diag, "a?.yaml:1:5: error: two lines ?[31m\n"
                         "????"
                         "!\n"
                         "    ^\n");
}

/* Prints with a line of 26 letters over and over, `count` of them, the caret at `column`. */
static char *text_of_long_line(size_t count, int column)
{
    struct diag diag = {0};
    char *line = calloc(count + 1, 1);
    assert_non_null(line);
    for (size_t i = 0; i < count; i++)
        line[i] = (char)('a' + (int)(i % 26));
    struct diag_place place = {"f", 1, column, line};
    diag_add(&diag, DIAG_ERROR, &place, "m");
    char *text = diag_text(&diag);
    diag_release(&diag);
    free(line);
    return text;
}

/* Where the printed caret stands, the printed line must show the letter of that column. */
static void assert_caret_under_letter(size_t count, int column, const char *head, const char *tail)
{
    char *text = text_of_long_line(count, column);
    char *line = strchr(text, '\n') + 1;
    char *carets = strchr(line, '\n') + 1;
    size_t length = (size_t)(carets - line) - 1;
    assert_true(length <= 160);
    assert_memory_equal(line, head, strlen(head));
    assert_memory_equal(line + length - strlen(tail), tail, strlen(tail));
    size_t at = strcspn(carets, "^");
    assert_int_equal(line[at], 'a' + (column - 1) % 26);
    free(text);
}

static void a_line_of_160_bytes_is_whole(void **state)
{
    (void)state;
    /* 160 = 6 * 26 + 4: it ends in d. */
    assert_caret_under_letter(160, 160, "abcdef", "abcd");
}

/* 154 letters are left between the dots: of 1000, column 500 (byte 499) shows bytes 422 to 575. */
static void a_longer_line_is_cut_around_the_caret(void **state)
{
    (void)state;
    assert_caret_under_letter(1000, 1, "abc", "...");
    assert_caret_under_letter(1000, 1000, "...", "jkl");      /* 999 = 38 * 26 + 11: l */
    assert_caret_under_letter(1000, 500, "...ghi", "bcd..."); /* 422 = 16 * 26 + 6: g; 575: 3, d */
    assert_caret_under_letter(161, 80, "...", "...");
}

/* 300 euro signs of three bytes: a cut inside one would show as '?'. */
static void a_cut_never_splits_a_character(void **state)
{
    (void)state;
    for (int column = 1; column <= 300; column++) {
        struct diag diag = {0};
        char line[901] = "";
        for (size_t i = 0; i < 300; i++)
            memcpy(line + 3 * i, "\xe2\x82\xac", 4);
        struct diag_place place = {"f", 1, column, line};
        diag_add(&diag, DIAG_ERROR, &place, "m");
        char *text = diag_text(&diag);
        assert_null(strchr(text, '?'));
        free(text);
        diag_release(&diag);
    }
}

static void the_first_hundred_of_a_level_are_kept_and_the_rest_counted(void **state)
{
    (void)state;
    struct diag diag = {0};
    for (int i = 0; i < DIAG_KEPT_MAX + 1; i++)
        diag_error(&diag, "error %d", i);
    for (int i = 0; i < DIAG_KEPT_MAX + 20000; i++)
        diag_add(&diag, DIAG_WARNING, NULL, "warning %d", i);
    diag_add(&diag, DIAG_NOTE, NULL, "alone");
    char *text = diag_text(&diag);
    assert_int_equal(diag.error_count, DIAG_KEPT_MAX + 1);
    assert_int_equal(diag.warning_count, DIAG_KEPT_MAX + 20000);
    assert_int_equal(diag.count, 2 * DIAG_KEPT_MAX + 1);
    assert_non_null(strstr(text, "error: error 99\n"));
    assert_null(strstr(text, "error 100\n"));
    assert_non_null(strstr(text, "note: alone\n"
                                 "note: 1 more error is not shown\n"
                                 "note: 20000 more warnings are not shown\n"));
    free(text);
    diag_release(&diag);
}

/* 999 letters and the text on both sides: the middle is cut, and whole characters stay. */
static void a_long_message_keeps_both_ends(void **state)
{
    (void)state;
    struct diag diag = {0};
    char word[2 * 999 + 1];
    for (size_t i = 0; i + 1 < sizeof word; i += 2)
        memcpy(word + i, "\xC3\xA4", 2);
    word[sizeof word - 1] = '\0';
    diag_error(&diag, "unknown key '%s' in client", word);
    char *text = diag_text(&diag);
    assert_true(strlen(text) <= strlen("error: ") + DIAG_MESSAGE_SIZE_MAX + 1);
    assert_memory_equal(text, "error: unknown key '\xC3\xA4", 22);
    assert_non_null(strstr(text, "\xC3\xA4 ... \xC3\xA4"));
    assert_non_null(strstr(text, "\xC3\xA4' in client\n"));
    assert_null(strchr(text, '?'));
    free(text);
    diag_release(&diag);
}

static void print_writes_what_text_returns(void **state)
{
    (void)state;
    struct diag diag = {0};
    char printed[64] = "";
    FILE *file = tmpfile();
    assert_non_null(file);
    diag_error(&diag, "cannot open '%s'", "x");
    diag_print(&diag, file);
    rewind(file);
    assert_non_null(fgets(printed, sizeof(printed), file));
    assert_string_equal(printed, "error: cannot open 'x'\n");
    assert_null(fgets(printed, sizeof(printed), file));
    fclose(file);
    diag_release(&diag);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_shows_its_place_line_and_caret),
        cmocka_unit_test(each_part_of_a_place_may_be_missing),
        cmocka_unit_test(entries_are_sorted_by_file_line_column_then_arrival),
        cmocka_unit_test(exact_repeats_are_printed_once),
        cmocka_unit_test(counts_are_by_level_and_release_empties),
        cmocka_unit_test(entries_own_copies),
        cmocka_unit_test(tabs_are_kept_before_the_caret),
        cmocka_unit_test(columns_are_characters),
        cmocka_unit_test(a_column_past_the_end_points_behind_it),
        cmocka_unit_test(control_characters_never_reach_the_terminal),
        cmocka_unit_test(a_line_of_160_bytes_is_whole),
        cmocka_unit_test(a_longer_line_is_cut_around_the_caret),
        cmocka_unit_test(a_cut_never_splits_a_character),
        cmocka_unit_test(the_first_hundred_of_a_level_are_kept_and_the_rest_counted),
        cmocka_unit_test(a_long_message_keeps_both_ends),
        cmocka_unit_test(print_writes_what_text_returns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
