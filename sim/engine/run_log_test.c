// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "run_log.h"

static void events_keep_copies_of_their_texts(void **state)
{
    struct run_log log = {0};
    char subject[] = "us-west-1";

    (void)state;
    run_log_event(&log, 5, "fault", subject, (struct cause){0}, NULL, "link drops %d %%", 30);
    subject[0] = 'X';
    assert_int_equal(log.event_count, 1);
    assert_int_equal(log.events[0].time, 5);
    assert_string_equal(log.events[0].what, "fault");
    assert_string_equal(log.events[0].subject, "us-west-1");
    assert_string_equal(log.events[0].cause_text, "");
    assert_string_equal(log.events[0].text, "link drops 30 %");
    run_log_release(&log);
    assert_int_equal(log.event_count, 0);
}

static void an_event_names_what_caused_it_and_what_it_waited_for(void **state)
{
    struct run_log log = {0};
    uint32_t fault, point, alarm;

    (void)state;
    fault = run_log_event(&log, 1, "fault", "", (struct cause){0}, NULL, "a");
    point = run_log_event(&log, 2, "alarm", "", (struct cause){.number = fault}, NULL, "b");
    alarm =
        run_log_event(&log, 3, "alarm", "", (struct cause){fault, .waited_for = point}, "why", "c");
    assert_int_equal(fault, 1);
    assert_int_equal(alarm, 3);
    assert_int_equal(log.events[0].cause, 0);
    assert_int_equal(log.events[1].cause, fault);
    assert_int_equal(log.events[1].waited_for, 0);
    assert_int_equal(log.events[2].number, alarm);
    assert_int_equal(log.events[2].cause, fault);
    assert_int_equal(log.events[2].waited_for, point);
    assert_string_equal(log.events[2].cause_text, "why");
    run_log_release(&log);
}

static void past_the_bound_events_are_counted_only(void **state)
{
    struct run_log log = {0};

    (void)state;
    for (int i = 0; i < RUN_LOG_MAX + 7; i++) {
        uint32_t number = run_log_event(&log, i, "health", "a", (struct cause){0}, NULL, "c");

        assert_int_equal(number, i < RUN_LOG_MAX ? i + 1 : 0);
    }
    assert_int_equal(log.event_count, RUN_LOG_MAX);
    assert_int_equal(log.dropped_count, 7);
    run_log_release(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_keep_copies_of_their_texts),
        cmocka_unit_test(an_event_names_what_caused_it_and_what_it_waited_for),
        cmocka_unit_test(past_the_bound_events_are_counted_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
