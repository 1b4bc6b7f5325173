// SPDX-License-Identifier: GPL-3.0-or-later
/* Recording on disks that are full, that fail, and how much and how long it takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "record_rig.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* --- full disks ------------------------------------------------------------------------------ */

static int page_count_max; /* of every database opened from now on */

static int limit_pages(sqlite3 *handle, const char **error, const struct sqlite3_api_routines *api)
{
    (void)error;
    (void)api;
    char sql[64];
    snprintf(sql, sizeof(sql), "PRAGMA max_page_count = %d", page_count_max);
    return sqlite3_exec(handle, sql, NULL, NULL, NULL);
}

static void a_full_disk_at_the_start_leaves_no_file(void **state)
{
    (void)state;
    page_count_max = 5;
    sqlite3_auto_extension((void (*)(void))limit_pages);
    char *path = in_folder("full.db");
    assert_refused(path, "error: cannot write results database '@': database or disk is full");
    sqlite3_reset_auto_extension();
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(access(in_folder("full.db-journal"), F_OK), -1);
}

static void a_disk_that_fills_up_keeps_the_completed_runs(void **state)
{
    (void)state;
    char *path = in_folder("fills.db");
    assert_int_equal(write_fake(path, false, 1, 1, 1), 0);
    page_count_max = (int)ask(path, "PRAGMA page_count") + 20;
    sqlite3_auto_extension((void (*)(void))limit_pages);
    struct diag diag = {0};
    struct record *record = record_open(path, RECORD_APPEND, &diag);
    sqlite3_reset_auto_extension();
    assert_non_null(record);
    assert_true(fake_study(record_sink(record), 1, 2, 2) < 0);
    record_close(record);
    assert_says(&diag, "error: cannot write results database '@': database or disk is full", path);
    assert_int_equal(ask(path, "SELECT count(*) FROM run"), 1);
    assert_int_equal(ask(path, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
}

static void a_failed_write_is_reported_with_its_reason(void **state)
{
    (void)state;
    struct rlimit before, small = {64 * 1024, 0};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    char *path = in_folder("limited.db");
    struct diag diag = {0};
    struct record *record = record_open(path, RECORD_APPEND, &diag);
    int status = record != NULL ? fake_study(record_sink(record), 1, 2, 2) : -1;
    if (record != NULL)
        record_close(record);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_true(status < 0);
    /* 778: SQLITE_IOERR_WRITE */
    assert_says(&diag,
                "error: cannot write results database '@': disk I/O error (SQLite's code 778)",
                path);
}

/* --- size and speed -------------------------------------------------------------------------- */

static void ten_replications_are_small_and_fast(void **state)
{
    (void)state;
    char *path = in_folder("size.db");
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    assert_int_equal(write_fake(path, false, 1, 10, 10), 0);
    clock_gettime(CLOCK_MONOTONIC, &to);
    double seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    print_message("10 replications: %.1f MB, %.2f s with their making\n",
                  (double)info.st_size / 1e6, seconds);
    assert_true(info.st_size < 20000000);
    assert_true(seconds < 60); /* sanitizers and busy machines included */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_disk_at_the_start_leaves_no_file),
        cmocka_unit_test(a_disk_that_fills_up_keeps_the_completed_runs),
        cmocka_unit_test(a_failed_write_is_reported_with_its_reason),
        cmocka_unit_test(ten_replications_are_small_and_fast),
    };
    return cmocka_run_group_tests(tests, make_test_folder, remove_test_folder);
}
