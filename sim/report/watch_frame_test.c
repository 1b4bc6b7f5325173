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
#include <math.h>
#include <string.h>
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

/* Sixteen regions, twelve bins of 10 s; from the fourth bin on r7 is down and applies no writes. */
static struct watch_run *make_wide_run(void)
{
    static const char *const names[] = {"r0", "r1", "r2",  "r3",  "r4",  "r5",  "r6",  "r7",
                                        "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"};
    struct watch_run *run = watch_create("wide", 0, 120 * NS_PER_S, 10 * NS_PER_S, names, 16);
    for (size_t bin = 0; bin < 12; bin++)
        for (size_t r = 0; r <= 16; r++)
            for (size_t c = 0; c < watch_column_count(); c++) {
                const char *column = watch_column(c);
                bool down = r == 7 && bin >= 3;
                if (strcmp(column, "availability") == 0)
                    watch_set_value(run, c, r, bin, down ? 0.25 : 1);
                else if (strcmp(column, "replication_lag.p99") == 0 && !down)
                    watch_set_value(run, c, r, bin, 42e6);
                else if (strcmp(column, "unreplicated_writes") == 0)
                    watch_set_value(run, c, r, bin, down ? 500 : 1);
            }
    watch_add_event(run, 30 * NS_PER_S, "fault", "r7", "begins: down");
    return run;
}

static void of_many_regions_the_worst_are_shown(void **state)
{
    (void)state;
    struct watch_run *run = make_wide_run();
    char *screen = screen_at(run, 115 * NS_PER_S, 80, 24);
    assert_has(screen, "r7 ", true);
    assert_has(screen, "more regions, none less available)", true);
    assert_has(screen, "all regions", true);
    assert_has(screen, "fault: down on r7, since 0:00:30", true);
    assert_has(screen, "q quit", true);
    free(screen);
    screen = screen_at(run, 115 * NS_PER_S, 80, 60);
    assert_has(screen, "more regions", false);
    free(screen);
    watch_free(run);
}

/* The last write was applied in the bin that ended at 30 s; bin 11 is the ninth without any. */
static void a_lag_that_cannot_be_measured_grows(void **state)
{
    (void)state;
    struct watch_run *run = make_wide_run();
    char *before = screen_at(run, 25 * NS_PER_S, 120, 40);
    char *later = screen_at(run, 115 * NS_PER_S, 120, 40);
    assert_has(before, "42 ms", true);
    assert_has(before, "> ", false);
    assert_has(later, "> 90 s", true);
    free(before);
    free(later);
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
        cmocka_unit_test(of_many_regions_the_worst_are_shown),
        cmocka_unit_test(a_lag_that_cannot_be_measured_grows),
        cmocka_unit_test(a_run_that_is_not_there_is_an_error),
    };
    return cmocka_run_group_tests(tests, make_test_folder, remove_test_folder);
}
