// SPDX-License-Identifier: GPL-3.0-or-later
#include "bug.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "child.h"

#include <string.h>

static void assert_aborts_with(void (*act)(void), const char *expected)
{
    char output[2048];
    int status = run_child(act, output, sizeof(output));
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_string_equal(output, expected);
}

static const struct bug_context context = {
    .scenario = "region-loss.yaml",
    .set_options = " --set client.timeout=1s",
    .event = "wan_link.deliver",
    .seed = UINT64_C(18446744073709551615),
    .replication = 3,
    .now_ns = INT64_C(90000000001),
};

static void report_in_context(void)
{
    bug_set_context(&context);
    bug_report("/some/where/sim/engine/eventq.c", 12, "queue of %d is empty", 7);
}

static void report_before_time_zero(void)
{
    static const struct bug_context early = {.scenario = "", .event = "", .now_ns = -1};
    bug_set_context(&early);
    bug_report("sim.c", 1, "too early");
}

static void report_without_context(void)
{
    bug_report("eventq.c", 12, "no context");
}

static void keep_invariant(void)
{
    invariant(2 + 2 == 4);
    invariant_debug(2 + 2 == 4);
}

static void break_invariant(void)
{
#line 100 "bug_test.c"
    invariant(2 + 2 == 5);
}

static void bug_names_place_instant_event_seed_and_replay(void **state)
{
    (void)state;
    /* 90000000001 ns is 90 s and 1 ns; the seed is the largest of 64 bits. Replication 3 is the
     * fourth of four: the only run of the last of four parts. */
    assert_aborts_with(report_in_context,
                       "isthmus: bug at eventq.c:12: queue of 7 is empty\n"
                       "  at 90.000000001 s of simulated time, in event 'wan_link.deliver'\n"
                       "  seed 18446744073709551615, replication 3\n"
                       "  replay with: isthmus run region-loss.yaml --set client.timeout=1s "
                       "--seed 18446744073709551615 --replications 4 --shard 4/4 --no-output "
                       "--quiet --trace /dev/stderr --trace-replication 3 --trace-window 89s..\n");
}

static void bug_leaves_out_what_the_context_does_not_say(void **state)
{
    (void)state;
    assert_aborts_with(report_before_time_zero, "isthmus: bug at sim.c:1: too early\n"
                                                "  at -0.000000001 s of simulated time\n"
                                                "  seed 0, replication 0\n");
    assert_aborts_with(report_without_context, "isthmus: bug at eventq.c:12: no context\n");
}

static void broken_invariant_prints_its_condition(void **state)
{
    (void)state;
    assert_aborts_with(break_invariant,
                       "isthmus: bug at bug_test.c:100: invariant broken: 2 + 2 == 5\n");
}

static void kept_invariant_is_silent(void **state)
{
    (void)state;
    char output[256];
    assert_int_equal(run_child(keep_invariant, output, sizeof(output)), 0);
    assert_string_equal(output, "");
}

static void setting_the_context_returns_the_one_before(void **state)
{
    (void)state;
    assert_null(bug_set_context(&context));
    assert_ptr_equal(bug_set_context(NULL), &context);
    assert_null(bug_set_context(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bug_names_place_instant_event_seed_and_replay),
        cmocka_unit_test(bug_leaves_out_what_the_context_does_not_say),
        cmocka_unit_test(broken_invariant_prints_its_condition),
        cmocka_unit_test(kept_invariant_is_silent),
        cmocka_unit_test(setting_the_context_returns_the_one_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
