// SPDX-License-Identifier: GPL-3.0-or-later
#include "fake_study.h"

#include "record.h"
#include "strbuf.h"
#include "test_folder.h"
#include "watch_frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <unistd.h>

/* Two regions, 30 minutes, a fault from 10 to 15 minutes. */
static struct watch_run *make_run(int64_t replication, struct diag *diag)
{
    char *path = in_folder("study.db");
    unlink(path);
    struct record *record = record_open(path, RECORD_APPEND, diag);
    assert_non_null(record);
    assert_int_equal(fake_study(record_sink(record), 1, 2, 2), 0);
    assert_int_equal(record_close(record), 0);
    struct results *results = results_open(path, diag);
    assert_non_null(results);
    struct watch_run *run = watch_load(results, 0, 0, replication, diag);
    results_close(results);
    return run;
}

static char *screen_at(const struct watch_run *run, int64_t t_ns, int width, int height)
{
    struct watch_frame frame = {NULL, 0, 0};
    struct strbuf screen = STRBUF_INIT;
    const struct watch_view view = {.t_ns = t_ns, .speed = 60, .width = width, .height = height};
    watch_draw(&frame, run, &view);
    assert_int_equal(frame.count, height);
    for (size_t i = 0; i < frame.count; i++) {
        int columns = 0;
        for (const char *c = frame.lines[i].text; *c != '\0'; c++)
            columns += ((unsigned char)*c & 0xc0) != 0x80;
        assert_in_range(columns, 0, width);
        strbuf_addf(&screen, "%s\n", frame.lines[i].text);
    }
    watch_frame_release(&frame);
    return strbuf_detach(&screen);
}

static void assert_has(const char *text, const char *part, bool expected)
{
    if ((strstr(text, part) != NULL) != expected)
        fail_msg("'%s' is %sin:\n%s", part, expected ? "not " : "", text);
}

static void the_screen_shows_what_is_known_by_then(void **state)
{
    (void)state;
    struct diag diag = {0};
    struct watch_run *run = make_run(0, &diag);
    static const struct {
        int64_t t_s;
        bool fault, outage, over;
    } cases[] = {{0, false, false, false},
                 {599, false, false, false},
                 {601, true, true, false},
                 {899, true, true, true},
                 {901, false, true, true}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char *screen = screen_at(run, cases[i].t_s * NS_PER_S, 120, 30);
        assert_has(screen, "fault: down on us-west-1, since 0:10:00", cases[i].fault);
        assert_has(screen, "outage since 0:10:00", cases[i].outage);
        assert_has(screen, ", over after ", cases[i].over);
        assert_has(screen, "us-west-2 ", true);
        assert_has(screen, "all regions", true);
        assert_has(screen, "nan", false);
        free(screen);
    }
    watch_free(run);
}

static void it_fits_any_terminal_and_any_instant(void **state)
{
    (void)state;
    struct diag diag = {0};
    struct watch_run *run = make_run(1, &diag);
    for (int width = 1; width < 200; width += 33)
        for (int height = 1; height < 60; height += 7)
            free(screen_at(run, watch_end_ns(run), width, height));
    watch_free(run);
}

/* The columns need 85 characters: the last one is missing on 84, and whole on 85. */
static void a_column_is_whole_or_missing(void **state)
{
    (void)state;
    struct diag diag = {0};
    struct watch_run *run = make_run(0, &diag);
    char *wide = screen_at(run, watch_end_ns(run), 85, 30);
    char *narrow = screen_at(run, watch_end_ns(run), 84, 30);
    assert_has(wide, "re-auths  unrepl.\n", true);
    assert_has(narrow, "re-auths\n", true);
    free(wide);
    free(narrow);
    watch_free(run);
}

static void a_run_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    struct diag diag = {0};
    assert_null(make_run(2, &diag));
    char *said = diag_text(&diag);
    assert_has(said, "study 1 has no replication 2 of point 0", true);
    free(said);
    diag_release(&diag);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_screen_shows_what_is_known_by_then),
        cmocka_unit_test(it_fits_any_terminal_and_any_instant),
        cmocka_unit_test(a_column_is_whole_or_missing),
        cmocka_unit_test(a_run_that_is_not_there_is_an_error),
    };
    return cmocka_run_group_tests(tests, make_test_folder, remove_test_folder);
}
