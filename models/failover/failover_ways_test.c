// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * People, the store's API, when to promote, rivals, repair and the way back. The chain of a plain
 * failover is in failover_test.c.
 */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "failover_rig.h"

/* --- a person -------------------------------------------------------------------------------- */

/* The alarm is over at 600 s, before the decision at 750 s: writes are good again from 500 s on, so
 * the periods ending at 540 and 600 s are good, and 1 of 3 breaches at 630 s. */
static void a_person_does_not_promote_when_the_alarm_is_over(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s);
    rig_set(&s.rig, 0, "mode", "manual");
    stage_wire(&s);
    break_writes_at_five_minutes(&s);
    rig_call(&s.rig, 480 * SIM_S, writes_recover, &s);
    rig_run(&s.rig);
    assert_string_equal(s.text.text, "450 detected; ");
    assert_close(rig_statistic(&s.rig, "pages", -1, NULL), 1, 0);
    assert_close(rig_statistic(&s.rig, "failovers_abandoned", -1, "dismissed"), 1, 0);
    stage_close(&s);
}

/* By night the page is answered after 600 s instead of 60 s: 450 + 600 + 240. */
static void a_person_is_slower_by_night(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s);
    rig_set(&s.rig, 0, "mode", "manual");
    rig_set(&s.rig, 0, "operator.clock", "3h");
    rig_set(&s.rig, 0, "operator.night.acknowledge", "600s");
    stage_wire(&s);
    break_writes_at_five_minutes(&s);
    rig_run(&s.rig);
    assert_string_equal(
        s.text.text, "450 detected; 1290 decided; 1290 begin 2; 1315 end 2; "
                     "1315 promoted; 1317 publish 2; 1317 notified; 1337 published; 1347 cached; ");
    stage_close(&s);
}

/* Always wrong: waits while the alarm lasts, and promotes once it is over: checks at 750 and each
 * 300 s later; the alarm is over at 930 s (periods ending at 840 and 900 s are good). */
static void a_person_who_is_wrong_does_the_opposite(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s);
    rig_set(&s.rig, 0, "mode", "manual");
    rig_set(&s.rig, 0, "operator.wrong", "100%");
    rig_set(&s.rig, 0, "operator.reconsider", "300s");
    stage_wire(&s);
    break_writes_at_five_minutes(&s);
    rig_call(&s.rig, 780 * SIM_S, writes_recover, &s);
    rig_run(&s.rig);
    assert_string_equal(
        s.text.text, "450 detected; 1050 decided; 1050 begin 2; 1075 end 2; "
                     "1075 promoted; 1077 publish 2; 1077 notified; 1097 published; 1107 cached; ");
    stage_close(&s);
}

/* --- the store's API ------------------------------------------------------------------------- */

/* The API of the target's region is called, wherever the others are. */
static void the_api_is_that_of_the_region_to_promote(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s);
    stage_wire(&s);
    rig_call(&s.rig, 90 * SIM_S, other_api_fails, &s);
    rig_call(&s.rig, 100 * SIM_S, order_one, &s);
    rig_run(&s.rig);
    assert_non_null(strstr(s.text.text, "100 begin 1; "));
    stage_close(&s);
}

/* Refused at 452 s and each 10 s, until 520 s: granted at 522 s. */
static void a_throttled_api_is_asked_again(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s);
    rig_set(&s.rig, 0, "api_retry", "10s");
    rig_set(&s.rig, 0, "target", "north");
    stage_wire(&s);
    break_writes_at_five_minutes(&s);
    rig_call(&s.rig, 100 * SIM_S, api_throttles, &s);
    rig_call(&s.rig, 520 * SIM_S, api_returns, &s);
    rig_run(&s.rig);
    assert_string_equal(s.text.text,
                        "450 detected; 452 decided; 520 begin 2; 545 end 2; "
                        "545 promoted; 547 publish 2; 547 notified; 567 published; 577 cached; ");
    assert_int_equal(rig_logged(&s.rig, "failover", "was refused"), 1);
    stage_close(&s);
}

/* --- when to promote ------------------------------------------------------------------------- */

static void second_catches_up(void *arg)
{
    ((struct stage *)arg)->applied[2] = 9;
}

/* Region 2 lacks a write until 500 s; it is looked at each 100 ms. */
static void promote_when_lag_is_0_waits_for_the_last_write(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s);
    rig_set(&s.rig, 0, "promote_when", "lag = 0");
    stage_wire(&s);
    break_writes_at_five_minutes(&s);
    rig_call(&s.rig, 499950 * SIM_MS, second_catches_up, &s);
    rig_run(&s.rig);
    assert_string_equal(s.text.text,
                        "450 detected; 500 decided; 500 begin 2; 525 end 2; "
                        "525 promoted; 527 publish 2; 527 notified; 547 published; 557 cached; ");
    assert_int_equal(rig_logged(&s.rig, "failover", "the target lacks 1 writes"), 1);
    stage_close(&s);
}

static void order_two(void *arg)
{
    struct stage *s = arg;

    s->control->promote(s->control->self, 2);
}

/* The wait has a limit, 60 s from 452 s on; or a person does not wait any longer, at 470 s. */
static void promote_when_lag_is_0_ends_at_its_limit_or_by_an_order(void **state)
{
    (void)state;
    for (int ordered = 0; ordered < 2; ordered++) {
        struct stage s;

        stage_open(&s);
        rig_set(&s.rig, 0, "promote_when", "lag = 0");
        rig_set(&s.rig, 0, "promote_wait", "60s");
        stage_wire(&s);
        break_writes_at_five_minutes(&s);
        if (ordered)
            rig_call(&s.rig, 470 * SIM_S, order_two, &s);
        rig_run(&s.rig);
        assert_non_null(strstr(s.text.text, ordered ? "470 begin 2; " : "512 begin 2; "));
        stage_close(&s);
    }
}

/* --- concurrent promotions ------------------------------------------------------------------- */

/*
 * Region 1 is ordered at 100 s and region 2 at 110 s: both are granted, one wins at 135 s, when the
 * later one ends. Which one is drawn: over 64 seeds each wins at least 16 times (by chance: 0.003 %
 * of tests would fail).
 */
static void concurrent_promotions_have_one_winner(void **state)
{
    int wins[3] = {0};

    (void)state;
    for (uint64_t seed = 0; seed < 64; seed++) {
        struct stage s;

        stage_open_seeded(&s, seed);
        stage_wire(&s);
        rig_call(&s.rig, 100 * SIM_S, order_one, &s);
        rig_call(&s.rig, 110 * SIM_S, order_two, &s);
        rig_run(&s.rig);
        assert_non_null(strstr(s.text.text, "100 begin 1; 135 end "));
        assert_close(rig_statistic(&s.rig, "failovers", -1, NULL), 1, 0);
        wins[s.primary]++;
        stage_close(&s);
    }
    assert_int_equal(wins[0], 0);
    assert_in_range(wins[1], 16, 48);
    assert_int_equal(wins[1] + wins[2], 64);
}

static void a_rival_that_is_down_at_the_end_does_not_win(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 8; seed++) {
        struct stage s;

        stage_open_seeded(&s, seed);
        stage_wire(&s);
        rig_call(&s.rig, 100 * SIM_S, order_one, &s);
        rig_call(&s.rig, 110 * SIM_S, order_two, &s);
        rig_call(&s.rig, 120 * SIM_S, third_fails, &s);
        rig_run(&s.rig);
        assert_int_equal(s.primary, 1);
        stage_close(&s);
    }
}

/* A second failover during the first: region 2 is ordered while clients are being pointed to 1. */
static void a_second_failover_replaces_the_repointing_of_the_first(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s);
    stage_wire(&s);
    rig_call(&s.rig, 100 * SIM_S, order_one, &s);
    rig_call(&s.rig, 130 * SIM_S, order_two, &s);
    rig_run(&s.rig);
    assert_string_equal(
        s.text.text,
        "100 decided; 100 begin 1; 125 end 1; 125 promoted; 127 publish 1; 127 notified; "
        "130 decided; 130 begin 2; 155 end 2; 155 promoted; 157 publish 2; 157 notified; "
        "177 published; 187 cached; ");
    assert_close(rig_statistic(&s.rig, "failovers", -1, NULL), 2, 0);
    stage_close(&s);
}

/* --- repair ---------------------------------------------------------------------------------- */

/*
 * The broken function's third try fails at 309 s (see above). An operator is paged, answers after
 * 60 s and knows what to do after 100 s more: the record is changed at 469 s, served 20 s later.
 */
static void an_operator_repairs_what_the_function_did_not_do(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s);
    rig_set(&s.rig, 0, "function_state", "broken");
    rig_set(&s.rig, 0, "repair", "operator");
    rig_set(&s.rig, 0, "repair_time", "100s");
    stage_wire(&s);
    rig_call(&s.rig, 100 * SIM_S, order_one, &s);
    rig_run(&s.rig);
    assert_string_equal(s.text.text, "100 decided; 100 begin 1; 125 end 1; 125 promoted; "
                                     "469 publish 1; 469 notified; 489 published; 499 cached; ");
    assert_close(rig_statistic(&s.rig, "failovers_abandoned", -1, "function-dropped"), 1, 0);
    stage_close(&s);
}

static void dns_returns(void *arg)
{
    ((struct stage *)arg)->dns_up = true;
}

/* The control plane of names is down until 500 s: an operator tries once in 60 s from 469 s on. */
static void an_operator_tries_until_the_control_plane_answers(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s);
    rig_set(&s.rig, 0, "repair", "operator");
    rig_set(&s.rig, 0, "repair_time", "100s");
    stage_wire(&s);
    rig_call(&s.rig, 90 * SIM_S, dns_fails, &s);
    rig_call(&s.rig, 100 * SIM_S, order_one, &s);
    rig_call(&s.rig, 500 * SIM_S, dns_returns, &s);
    rig_run(&s.rig);
    assert_non_null(strstr(
        s.text.text, "469 refuse 1; 529 publish 1; 529 notified; 549 published; 559 cached; "));
    stage_close(&s);
}

/* --- the way back ---------------------------------------------------------------------------- */

static void first_fails(void *arg)
{
    struct stage *s = arg;

    s->up[0] = false;
    s->syncing = true;
}

static void first_returns(void *arg)
{
    ((struct stage *)arg)->up[0] = true;
}

static void first_follows(void *arg)
{
    struct stage *s = arg;

    s->syncing = false;
    s->applied[0] = s->applied[1] = 20;
}

/*
 * Region 0 is lost at 90 s, back at 300 s and follows at 400 s. Looked at each 10 s: planned after
 * it has followed for 100 s, at 500 s; premature after it has run for 100 s, at 400 s.
 */
static void failback_is_planned_or_premature(void **state)
{
    (void)state;
    for (int premature = 0; premature < 2; premature++) {
        struct stage s;

        stage_open(&s);
        rig_set(&s.rig, 0, "mode", "none");
        rig_set(&s.rig, 0, "failback", premature ? "{premature: 100s}" : "{planned: 100s}");
        stage_wire(&s);
        rig_call(&s.rig, 90 * SIM_S, first_fails, &s);
        rig_call(&s.rig, 100 * SIM_S, order_one, &s);
        rig_call(&s.rig, 299 * SIM_S, first_returns, &s);
        rig_call(&s.rig, 399 * SIM_S, first_follows, &s);
        rig_run(&s.rig);
        assert_non_null(strstr(s.text.text, premature ? "400 begin 0; 425 end 0; "
                                                      : "500 begin 0; 525 end 0; "));
        assert_close(rig_statistic(&s.rig, "failbacks", -1, NULL), 1, 0);
        stage_close(&s);
    }
}

/* Disassociated: it belongs to the datastore 200 s after its return is seen, at 300 s. */
static void a_disassociated_primary_is_attached_by_hand(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s);
    rig_set(&s.rig, 0, "mode", "none");
    rig_set(&s.rig, 0, "lost_primary", "disassociated");
    rig_set(&s.rig, 0, "reattach", "200s");
    stage_wire(&s);
    rig_call(&s.rig, 90 * SIM_S, first_fails, &s);
    rig_call(&s.rig, 100 * SIM_S, order_one, &s);
    rig_call(&s.rig, 299 * SIM_S, first_returns, &s);
    rig_run(&s.rig);
    assert_non_null(strstr(s.text.text, "500 attach 0; "));
    stage_close(&s);
}

/* --- an alarm that is set -------------------------------------------------------------------- */

/* Raised at 310 s whatever the metric; not again when the metric raises it, at 450 s. */
static void an_alarm_can_be_raised_at_a_given_time(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s);
    rig_set(&s.rig, 0, "alarm.at", "310s");
    stage_wire(&s);
    break_writes_at_five_minutes(&s);
    rig_run(&s.rig);
    assert_non_null(strstr(s.text.text, "310 detected; 312 decided; 312 begin 2; "));
    assert_close(rig_statistic(&s.rig, "alarms", -1, NULL), 1, 0);
    stage_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_person_does_not_promote_when_the_alarm_is_over),
        cmocka_unit_test(a_person_is_slower_by_night),
        cmocka_unit_test(a_person_who_is_wrong_does_the_opposite),
        cmocka_unit_test(the_api_is_that_of_the_region_to_promote),
        cmocka_unit_test(a_throttled_api_is_asked_again),
        cmocka_unit_test(promote_when_lag_is_0_waits_for_the_last_write),
        cmocka_unit_test(promote_when_lag_is_0_ends_at_its_limit_or_by_an_order),
        cmocka_unit_test(concurrent_promotions_have_one_winner),
        cmocka_unit_test(a_rival_that_is_down_at_the_end_does_not_win),
        cmocka_unit_test(a_second_failover_replaces_the_repointing_of_the_first),
        cmocka_unit_test(an_operator_repairs_what_the_function_did_not_do),
        cmocka_unit_test(an_operator_tries_until_the_control_plane_answers),
        cmocka_unit_test(failback_is_planned_or_premature),
        cmocka_unit_test(a_disassociated_primary_is_attached_by_hand),
        cmocka_unit_test(an_alarm_can_be_raised_at_a_given_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
