// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "run_log.h"

static void events_keep_copies_of_their_texts(void **state)
{
    struct incident_log log = {0};
    char subject[] = "us-west-1";

    (void)state;
    run_log_event(&log, 5, "fault", subject, NULL, "link drops %d %%", 30);
    subject[0] = 'X';
    assert_int_equal(log.event_count, 1);
    assert_int_equal(log.events[0].time, 5);
    assert_string_equal(log.events[0].what, "fault");
    assert_string_equal(log.events[0].subject, "us-west-1");
    assert_string_equal(log.events[0].cause, "");
    assert_string_equal(log.events[0].text, "link drops 30 %");
    run_log_release(&log);
    assert_int_equal(log.event_count, 0);
}

static void incidents_are_kept_in_order(void **state)
{
    struct incident_log log = {0};

    (void)state;
    for (sim_time onset = 1; onset <= 3; onset++) {
        struct incident incident = {.kind = "region-loss", .onset = onset, .rpo = -1};

        run_log_incident(&log, &incident);
    }
    assert_int_equal(log.incident_count, 3);
    assert_int_equal(log.incidents[2].onset, 3);
    assert_int_equal(log.incidents[2].rpo, -1);
    run_log_release(&log);
}

static void past_the_bound_rows_are_counted_only(void **state)
{
    struct incident_log log = {0};
    struct incident incident = {.kind = "link-fault"};

    (void)state;
    for (int i = 0; i < RUN_LOG_MAX + 7; i++) {
        run_log_event(&log, i, "health", "a", "b", "c");
        run_log_incident(&log, &incident);
    }
    assert_int_equal(log.event_count, RUN_LOG_MAX);
    assert_int_equal(log.incident_count, RUN_LOG_MAX);
    assert_int_equal(log.dropped_count, 14);
    run_log_release(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_keep_copies_of_their_texts),
        cmocka_unit_test(incidents_are_kept_in_order),
        cmocka_unit_test(past_the_bound_rows_are_counted_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
