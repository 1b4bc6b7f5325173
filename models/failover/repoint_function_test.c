// SPDX-License-Identifier: GPL-3.0-or-later
/* The method alone, with a stub of the zone that serves a change 20 s after it was published. */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "repoint_rig.h"

/* --- the table ------------------------------------------------------------------------------- */

#define SAME FUNCTION_STATES
// clang-format off
/* From the state diagram at the head of repoint_function.c; `SAME`: the event changes nothing. */
static const enum function_run_state expected[FUNCTION_STATES][FUNCTION_EVENTS] = {
    /*                       begun               notified          accepted       try failed         throttled          dropped */
    [FUNCTION_IDLE]      = {FUNCTION_NOTIFYING, SAME,             SAME,          SAME,              SAME,              SAME},
    [FUNCTION_NOTIFYING] = {SAME,               FUNCTION_RUNNING, SAME,          SAME,              FUNCTION_RETRYING, SAME},
    [FUNCTION_RUNNING]   = {SAME,               SAME,             FUNCTION_IDLE, FUNCTION_RETRYING, SAME,              FUNCTION_IDLE},
    [FUNCTION_RETRYING]  = {SAME,               FUNCTION_RUNNING, SAME,          SAME,              FUNCTION_RETRYING, FUNCTION_IDLE},
};
// clang-format on

static void a_run_moves_as_drawn_in_every_state_on_every_event(void **state)
{
    (void)state;
    for (int from = 0; from < FUNCTION_STATES; from++)
        for (int event = 0; event < FUNCTION_EVENTS; event++) {
            enum function_run_state next = SAME;
            bool listed = function_run_next((enum function_run_state)from,
                                            (enum function_run_event)event, &next);

            assert_int_equal(next, expected[from][event]);
            assert_int_equal(listed, next != SAME);
        }
}

/* --- the method ------------------------------------------------------------------------------ */

/* Notification 1 s, function 1 s. */
static int function_open(void **state)
{
    (void)state;
    host_open(&repoint_function_ops, offsetof(struct host_config, function));
    rig_set(&host.rig, 0, "notification", "1s");
    rig_set(&host.rig, 0, "function", "1s");
    return 0;
}

static int function_close(void **state)
{
    (void)state;
    host_close();
    return 0;
}

static void set_functions(const struct control_state *state)
{
    struct control_plane *plane;

    for (int i = 0; (plane = port_find_control_plane(host.rig.ports, CONTROL_FUNCTION, i)); i++)
        plane->set(plane->self, plane->index, state);
}

static void break_function(void *arg)
{
    const struct control_state state = {.up = *(int *)arg};

    set_functions(&state);
}

static void throttle_function(void *arg)
{
    const struct control_state state = {.up = true, .throttled = *(int *)arg};

    set_functions(&state);
}

/* Begun at 10 s: the function is called at 11, publishes at 12; served at 32. */
static void record_is_changed_once_the_function_has_run(void **state)
{
    (void)state;
    rig_wire(&host.rig);
    rig_call(&host.rig, 10 * SIM_S, begin, &one);
    rig_run(&host.rig);
    assert_string_equal(host.text.text, "12 publish 1; 12 notify; 32 publish; 32 done; ");
}

/* The second is begun while the first one's change propagates: the host hears of the second alone,
 * though the first change is served at 32 s. */
static void a_later_repointing_drops_the_one_under_way(void **state)
{
    (void)state;
    rig_wire(&host.rig);
    rig_call(&host.rig, 10 * SIM_S, begin, &one);
    rig_call(&host.rig, 20 * SIM_S, begin, &zero);
    rig_run(&host.rig);
    assert_string_equal(host.text.text,
                        "12 publish 1; 12 notify; 22 publish 0; 22 notify; 42 publish; 42 done; ");
}

/* Attempts end at 12, 12 + 60 + 1 and 73 + 120 + 1 s. After the last failure it does nothing more,
 * repaired or not. */
static void a_function_that_is_down_fails_after_three_tries(void **state)
{
    (void)state;
    rig_wire(&host.rig);
    rig_call(&host.rig, 5 * SIM_S, break_function, &zero);
    rig_call(&host.rig, 10 * SIM_S, begin, &one);
    rig_call(&host.rig, 200 * SIM_S, break_function, &one);
    rig_run(&host.rig);
    assert_string_equal(host.text.text, "194 failed; ");
    /* what the service shows of it, in the region of the function */
    assert_close(rig_statistic(&host.rig, "function_invocations", 1, NULL), 3, 0);
    assert_close(rig_statistic(&host.rig, "function_errors", 1, NULL), 3, 0);
    assert_close(rig_statistic(&host.rig, "function_events_dropped", 1, NULL), 1, 0);
    assert_close(rig_statistic(&host.rig, "function_throttles", 1, NULL), 0, 0);
}

/* Tries of the second end at 102, 163 and 284 s; those of the first go on beside it: its third one
 * is at 194 s, after the repair at 170 s, and sets the record to the same region. */
static void each_repointing_has_three_tries_of_its_own(void **state)
{
    (void)state;
    rig_wire(&host.rig);
    rig_call(&host.rig, 5 * SIM_S, break_function, &zero);
    rig_call(&host.rig, 10 * SIM_S, begin, &one);
    rig_call(&host.rig, 100 * SIM_S, begin, &one); /* after two tries */
    rig_call(&host.rig, 170 * SIM_S, break_function, &one);
    rig_run(&host.rig);
    assert_string_equal(host.text.text,
                        "194 publish 1; 214 publish; 214 done; 284 publish 1; 284 notify; ");
}

/*
 * A late run of the old region's function: its first two tries fail at 12 and 73 s. At 100 s
 * clients are pointed to region 0, which the function there does at 102 s. The third try of region
 * 1's run, at 194 s, sets the record back.
 */
static void a_late_run_of_the_old_regions_function_sets_the_record_back(void **state)
{
    (void)state;
    rig_wire(&host.rig);
    rig_call(&host.rig, 5 * SIM_S, break_function, &zero);
    rig_call(&host.rig, 10 * SIM_S, begin, &one);
    rig_call(&host.rig, 90 * SIM_S, break_function, &one);
    rig_call(&host.rig, 100 * SIM_S, begin, &zero);
    rig_run(&host.rig);
    assert_string_equal(host.text.text,
                        "102 publish 0; 102 notify; 122 publish; 122 done; 194 publish 1; ");
}

static void a_lost_notification_calls_nobody(void **state)
{
    (void)state;
    rig_set(&host.rig, 0, "notification_lost", "100%");
    rig_wire(&host.rig);
    rig_call(&host.rig, 10 * SIM_S, begin, &one);
    rig_run(&host.rig);
    assert_string_equal(host.text.text, "10 failed; ");
}

/* The second delivery is 30 s after the first; where that one is lost it does the work alone. */
static void a_duplicated_notification_calls_the_function_twice(void **state)
{
    (void)state;
    rig_set(&host.rig, 0, "notification_duplicated", "100%");
    rig_set(&host.rig, 0, "notification_duplicate", "30s");
    rig_wire(&host.rig);
    rig_call(&host.rig, 10 * SIM_S, begin, &one);
    rig_run(&host.rig);
    assert_string_equal(host.text.text,
                        "12 publish 1; 12 notify; 32 publish; 32 done; 42 publish 1; ");
}

/* Cold start and run take 3 + 1 s: within a limit of 4 s, above one of 3.9 s. Above, each of the
 * tries ends at the limit: 11 + 3.9, + 60 + 3.9, + 120 + 3.9. */
static void a_run_beyond_its_time_limit_has_failed(void **state)
{
    (void)state;
    rig_set(&host.rig, 0, "function_cold", "3s");
    rig_set(&host.rig, 0, "function_time_limit", "4s");
    rig_wire(&host.rig);
    rig_call(&host.rig, 10 * SIM_S, begin, &one);
    rig_run(&host.rig);
    assert_string_equal(host.text.text, "15 publish 1; 15 notify; 35 publish; 35 done; ");
    function_close(state);
    function_open(state);
    rig_set(&host.rig, 0, "function_cold", "3s");
    rig_set(&host.rig, 0, "function_time_limit", "3900ms");
    rig_wire(&host.rig);
    rig_call(&host.rig, 10 * SIM_S, begin, &one);
    rig_run(&host.rig);
    assert_string_equal(host.text.text, "202.7 failed; ");
}

/* Throttled at 11, 12, 14, 18, 26, 42 s (waits of 1, 2, 4, 8, 16, 32 s), and called at 74 s. */
static void a_throttled_function_is_called_again_with_backoff(void **state)
{
    (void)state;
    rig_wire(&host.rig);
    rig_call(&host.rig, 5 * SIM_S, throttle_function, &one);
    rig_call(&host.rig, 10 * SIM_S, begin, &one);
    rig_call(&host.rig, 43 * SIM_S, throttle_function, &zero);
    rig_run(&host.rig);
    assert_string_equal(host.text.text, "75 publish 1; 75 notify; 95 publish; 95 done; ");
    /* calls at 11, 12, 14, 18, 26 and 42 s; a throttled call is no invocation and no error */
    assert_close(rig_statistic(&host.rig, "function_throttles", 1, NULL), 6, 0);
    assert_close(rig_statistic(&host.rig, "function_invocations", 1, NULL), 1, 0);
    assert_close(rig_statistic(&host.rig, "function_errors", 1, NULL), 0, 0);
}

/* A person needs no function. */
static void a_person_changes_the_record_without_the_function(void **state)
{
    (void)state;
    rig_wire(&host.rig);
    rig_call(&host.rig, 5 * SIM_S, break_function, &zero);
    rig_call(&host.rig, 10 * SIM_S, begin, &one);
    rig_call(&host.rig, 300 * SIM_S, by_hand, &one);
    rig_run(&host.rig);
    assert_string_equal(host.text.text,
                        "194 failed; 300 publish 1; 300 notify; 320 publish; 320 done; ");
}

#define HOSTED(test) cmocka_unit_test_setup_teardown(test, function_open, function_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_moves_as_drawn_in_every_state_on_every_event),
        HOSTED(record_is_changed_once_the_function_has_run),
        HOSTED(a_later_repointing_drops_the_one_under_way),
        HOSTED(a_function_that_is_down_fails_after_three_tries),
        HOSTED(each_repointing_has_three_tries_of_its_own),
        HOSTED(a_late_run_of_the_old_regions_function_sets_the_record_back),
        HOSTED(a_lost_notification_calls_nobody),
        HOSTED(a_duplicated_notification_calls_the_function_twice),
        HOSTED(a_run_beyond_its_time_limit_has_failed),
        HOSTED(a_throttled_function_is_called_again_with_backoff),
        HOSTED(a_person_changes_the_record_without_the_function),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
