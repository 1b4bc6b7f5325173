// SPDX-License-Identifier: GPL-3.0-or-later
#include "progress.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static int64_t clock_ns;

static int64_t now_ns(void)
{
    return clock_ns;
}

/* 40 runs of 5 million events, `each_s` seconds each, `recalled` of them recorded before. Returns
 * the output; the caller frees it. */
static char *shown(bool terminal, size_t recalled, int64_t each_s)
{
    char *text = NULL;
    size_t size = 0;
    struct progress progress = {
        .out = open_memstream(&text, &size), .terminal = terminal, .now_ns = now_ns};
    struct study_progress now = {.done = recalled, .recalled = recalled, .total = 40};

    clock_ns = 0;
    progress_show(&progress, &now);
    for (; now.done < now.total;) {
        clock_ns += each_s * 1000000000;
        now.done++;
        now.event_count += 5000000;
        progress_show(&progress, &now);
    }
    progress_erase(&progress);
    fclose(progress.out);
    return text;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static size_t lines_of(const char *text)
{
    size_t count = 0;

    for (; *text; text++)
        count += *text == '\n';
    return count;
}

/* 1 s per run: no output in the first 9 s, then one line per 4 runs: at 12 s, 16 s, ... 40 s. */
static void a_log_gets_a_line_each_tenth_once_it_takes_long(void **state)
{
    char *text = shown(false, 0, 1);

    (void)state;
    assert_int_equal(lines_of(text), 8);
    assert_true(begins(text, "isthmus: 12/40 runs, 5 million events/s, 28 s left\n"));
    assert_non_null(strstr(text, "isthmus: 40/40 runs, 5 million events/s\n"));
    assert_null(strchr(text, '\r'));
    free(text);
}

static void a_short_study_says_nothing_in_a_log(void **state)
{
    char *text = shown(false, 0, 0);

    (void)state;
    assert_string_equal(text, "");
    free(text);
}

static void a_terminal_has_one_line_that_is_erased(void **state)
{
    char *text = shown(true, 0, 1);

    (void)state;
    assert_int_equal(lines_of(text), 0);
    assert_true(begins(text, "\r\033[K0/40 runs\r"));
    assert_non_null(strstr(text, "\r\033[K10/40 runs, 5 million events/s, 30 s left\r"));
    assert_string_equal(text + strlen(text) - 4, "\r\033[K");
    free(text);
}

/* 30 runs are recorded: rate and time left are computed from the other ten, 2 s each. */
static void what_was_there_is_done_and_no_part_of_the_rate(void **state)
{
    char *text = shown(true, 30, 2);

    (void)state;
    assert_non_null(strstr(text, "\r\033[K30/40 runs\r"));
    assert_non_null(strstr(text, "\r\033[K35/40 runs, 2.5 million events/s, 10 s left\r"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_gets_a_line_each_tenth_once_it_takes_long),
        cmocka_unit_test(a_short_study_says_nothing_in_a_log),
        cmocka_unit_test(a_terminal_has_one_line_that_is_erased),
        cmocka_unit_test(what_was_there_is_done_and_no_part_of_the_rate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
