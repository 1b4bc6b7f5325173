// SPDX-License-Identifier: GPL-3.0-or-later
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "failover.h"

#include "failover_rig.h"

/* --- the table ---------------------------------------------------------------------------------
 */

#define SAME FAILOVER_STATES
#define IDLE FAILOVER_IDLE
#define PAGED FAILOVER_PAGED
#define DECIDE FAILOVER_DECIDING
#define BLOCK FAILOVER_BLOCKED
#define HELD FAILOVER_HELD
#define PROMO FAILOVER_PROMOTING
#define POINT FAILOVER_REPOINTING
#define REPAIR FAILOVER_REPAIRING
// clang-format off
/* From the state diagram at the head of failover.c; `SAME`: the event changes nothing. */
static const enum failover_state expected[FAILOVER_STATES][FAILOVER_EVENTS] = {
    /*           alarm   page   acked   dismiss go     hold  refused no-target rival  promoted lost  repointed unreached stuck   repaired */
    [IDLE]   = {DECIDE, PAGED, SAME,   SAME,   PROMO, HELD, BLOCK,  SAME,     SAME,  SAME,    SAME, SAME,     SAME,     SAME,   SAME},
    [PAGED]  = {SAME,   SAME,  DECIDE, SAME,   PROMO, HELD, BLOCK,  SAME,     SAME,  SAME,    SAME, SAME,     SAME,     SAME,   SAME},
    [DECIDE] = {SAME,   SAME,  SAME,   IDLE,   PROMO, HELD, BLOCK,  IDLE,     SAME,  SAME,    SAME, SAME,     SAME,     SAME,   SAME},
    [BLOCK]  = {SAME,   SAME,  SAME,   SAME,   PROMO, HELD, BLOCK,  IDLE,     SAME,  SAME,    SAME, SAME,     SAME,     SAME,   SAME},
    [HELD]   = {SAME,   SAME,  SAME,   SAME,   PROMO, HELD, BLOCK,  IDLE,     SAME,  SAME,    SAME, SAME,     SAME,     SAME,   SAME},
    [PROMO]  = {SAME,   SAME,  SAME,   SAME,   SAME,  SAME, SAME,   SAME,     PROMO, POINT,   IDLE, SAME,     SAME,     SAME,   SAME},
    [POINT]  = {SAME,   SAME,  SAME,   SAME,   PROMO, HELD, BLOCK,  SAME,     SAME,  SAME,    SAME, IDLE,     IDLE,     REPAIR, SAME},
    [REPAIR] = {SAME,   SAME,  SAME,   SAME,   PROMO, HELD, BLOCK,  SAME,     SAME,  SAME,    SAME, SAME,     SAME,     SAME,   POINT},
};
// clang-format on

static void failover_moves_as_drawn_in_every_state_on_every_event(void **state)
{
    (void)state;
    for (int from = 0; from < FAILOVER_STATES; from++)
        for (int event = 0; event < FAILOVER_EVENTS; event++) {
            enum failover_state next = SAME;
            bool listed =
                failover_next((enum failover_state)from, (enum failover_event)event, &next);

            assert_int_equal(next, expected[from][event]);
            assert_int_equal(listed, next != SAME);
        }
}

/*
 * Writes fail from 300 s on. Periods end at 360 and 420 s, visible 30 s later: 2 of 3 breach at 450
 * s. Decision 2 s: 452; promotion 25 s: 477; notification 478; function 479; served 20 s later. Of
 * the secondaries region 2 holds more than region 1.
 */
static void failover_automatic_runs_the_whole_chain(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s);
    stage_wire(&s);
    break_writes_at_five_minutes(&s);
    rig_call(&s.rig, 480 * SIM_S, writes_recover, &s);
    rig_run(&s.rig);
    assert_string_equal(s.text.text,
                        "450 detected; 452 decided; 452 begin 2; 477 end 2; "
                        "477 promoted; 479 publish 2; 479 notified; 499 published; 509 cached; ");
    assert_close(rig_statistic(&s.rig, "failovers", 2, NULL), 1, 0);
    assert_close(rig_statistic(&s.rig, "failovers", -1, NULL), 1, 0);
    assert_close(rig_statistic(&s.rig, "alarms", -1, NULL), 1, 0);
    stage_close(&s);
}

static void failover_manual_waits_for_the_operator_and_promotes_the_target(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s);
    rig_set(&s.rig, 0, "mode", "manual");
    rig_set(&s.rig, 0, "target", "east");
    stage_wire(&s);
    break_writes_at_five_minutes(&s);
    rig_run(&s.rig);
    assert_string_equal(s.text.text,
                        "450 detected; 750 decided; 750 begin 1; 775 end 1; "
                        "775 promoted; 777 publish 1; 777 notified; 797 published; 807 cached; ");
    stage_close(&s);
}

static void failover_none_does_nothing(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s);
    rig_set(&s.rig, 0, "mode", "none");
    stage_wire(&s);
    break_writes_at_five_minutes(&s);
    rig_run(&s.rig);
    assert_string_equal(s.text.text, "");
    stage_close(&s);
}

/* The published code fails at each of its three attempts, at about 0, 1 and 3 min: the record never
 * changes. */
static void failover_broken_function_is_tried_three_times_and_dropped(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s);
    rig_set(&s.rig, 0, "function_state", "broken");
    stage_wire(&s);
    rig_call(&s.rig, 100 * SIM_S, order_one, &s);
    rig_run(&s.rig);
    assert_string_equal(s.text.text, "100 decided; 100 begin 1; 125 end 1; 125 promoted; ");
    assert_int_equal(rig_logged(&s.rig, "failover", "the function will be called again"), 2);
    assert_int_equal(rig_logged(&s.rig, "failover", "will not be called again"), 1);
    /* called at 126, 187 and 308 s, each failing a second later */
    assert_int_equal(s.rig.log.events[s.rig.log.event_count - 1].time, 309 * SIM_S);
    assert_close(rig_statistic(&s.rig, "failovers_abandoned", -1, "function-dropped"), 1, 0);
    stage_close(&s);
}

static void failover_function_succeeds_at_a_later_try(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s);
    stage_wire(&s);
    rig_call(&s.rig, 90 * SIM_S, function_fails, &s);
    rig_call(&s.rig, 100 * SIM_S, order_one, &s);
    rig_call(&s.rig, 200 * SIM_S, function_returns, &s);
    rig_run(&s.rig);
    assert_string_equal(s.text.text, "100 decided; 100 begin 1; 125 end 1; 125 promoted; "
                                     "309 publish 1; 309 notified; 329 published; 339 cached; ");
    stage_close(&s);
}

/* seed 000: with the DNS control plane down the record does not follow. */
static void failover_drops_the_record_with_the_dns_control_plane(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s);
    stage_wire(&s);
    rig_call(&s.rig, 90 * SIM_S, dns_fails, &s);
    rig_call(&s.rig, 100 * SIM_S, order_one, &s);
    rig_run(&s.rig);
    assert_string_equal(s.text.text, "100 decided; 100 begin 1; 125 end 1; 125 promoted; "
                                     "127 refuse 1; 188 refuse 1; 309 refuse 1; ");
    stage_close(&s);
}

static void failover_waits_for_the_store_api(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s);
    stage_wire(&s);
    break_writes_at_five_minutes(&s);
    rig_call(&s.rig, 100 * SIM_S, api_fails, &s);
    rig_call(&s.rig, 600 * SIM_S, api_returns, &s);
    rig_run(&s.rig);
    assert_string_equal(s.text.text,
                        "450 detected; 452 decided; 600 begin 2; 625 end 2; "
                        "625 promoted; 627 publish 2; 627 notified; 647 published; 657 cached; ");
    stage_close(&s);
}

static void failover_ends_where_the_target_fails_in_the_promotion(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s);
    stage_wire(&s);
    break_writes_at_five_minutes(&s);
    rig_call(&s.rig, 460 * SIM_S, third_fails, &s);
    rig_run(&s.rig);
    assert_string_equal(s.text.text, "450 detected; 452 decided; 452 begin 2; 477 end 2; ");
    assert_close(rig_statistic(&s.rig, "failovers_abandoned", -1, "target-lost"), 1, 0);
    assert_close(rig_statistic(&s.rig, "failovers", -1, NULL), 0, 0);
    stage_close(&s);
}

/* Promote actions during a promotion, or for the primary itself, change nothing; one in DECIDING
 * overrides the timer. */
static void failover_takes_one_order_at_a_time(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s);
    stage_wire(&s);
    break_writes_at_five_minutes(&s);
    rig_call(&s.rig, 50 * SIM_S, order_the_primary, &s);
    rig_call(&s.rig, 451 * SIM_S, order_one, &s);
    rig_call(&s.rig, 460 * SIM_S, order_one, &s);
    rig_run(&s.rig);
    assert_string_equal(s.text.text,
                        "450 detected; 451 decided; 451 begin 1; 476 end 1; "
                        "476 promoted; 478 publish 1; 478 notified; 498 published; 508 cached; ");
    assert_int_equal(rig_logged(&s.rig, "failover", "no action"), 2);
    stage_close(&s);
}

/* Without any data `missing` raises no alarm, `breaching` does: periods ending at 360 and 420 s
 * have none. */
static void failover_treats_missing_data_as_set(void **state)
{
    (void)state;
    for (int breaching = 0; breaching < 2; breaching++) {
        struct stage s;

        stage_open(&s);
        rig_set(&s.rig, 0, "alarm.missing_data", breaching ? "breaching" : "missing");
        stage_wire(&s);
        rig_call(&s.rig, 300 * SIM_S, writes_stop, &s);
        rig_run(&s.rig);
        assert_int_equal(rig_logged(&s.rig, "alarm", "raised"), breaching);
        stage_close(&s);
    }
}

/* The region's rate is 60 %, its mean latency 5 ms. */
static void failover_alarms_at_its_threshold(void **state)
{
    static const struct limit {
        const char *metric, *name, *value;
        bool alarm;
    } limits[] = {
        {"write-error-rate", "alarm.threshold", "60%", true},
        {"write-error-rate", "alarm.threshold", "61%", false},
        {"write-latency", "alarm.latency", "5ms", true},
        {"write-latency", "alarm.latency", "5.001ms", false},
        {"write-error-rate", "alarm.samples_min", "600", true}, /* 600 attempts a period */
        {"write-error-rate", "alarm.samples_min", "601", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        struct stage s;

        stage_open(&s);
        rig_set(&s.rig, 0, "alarm.metric", limits[i].metric);
        rig_set(&s.rig, 0, limits[i].name, limits[i].value);
        stage_wire(&s);
        break_writes_at_five_minutes(&s);
        rig_run(&s.rig);
        assert_int_equal(rig_logged(&s.rig, "alarm", "raised"), limits[i].alarm);
        stage_close(&s);
    }
}

static void hosts_leave(void *arg)
{
    struct stage *s = arg;

    probe_level(sim_probes(s->rig.sim), s->hosts, sim_now(s->rig.sim), 11);
}

/* Any published metric, here in dozens: 24 hosts until 5 min, then 11, which is 0.916...
 * dozens. The first point that breaches ends at 6 min, the second at 7 min, visible 30 s later. */
static void failover_watches_any_published_metric(void **state)
{
    static const struct {
        const char *value, *comparison;
        bool alarm;
    } limits[] = {{"0.9", "at-most", false},
                  {"0.917", "at-most", true},
                  {"2.1", "at-least", false},
                  {"1.9", "at-least", true}};

    (void)state;
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        struct stage s;

        stage_open(&s);
        rig_set(&s.rig, 0, "alarm.metric", "HostsInDozens");
        rig_set(&s.rig, 0, "alarm.comparison", limits[i].comparison);
        rig_set(&s.rig, 0, "alarm.value", limits[i].value);
        stage_wire(&s);
        probe_level(sim_probes(s.rig.sim), s.hosts, 0, 24);
        rig_call(&s.rig, 300 * SIM_S, hosts_leave, &s);
        rig_run(&s.rig);
        assert_int_equal(rig_logged(&s.rig, "alarm", "raised"), limits[i].alarm);
        assert_int_equal(rig_logged(&s.rig, "metric", "HostsInDozens is 11") > 0, i == 1);
        stage_close(&s);
    }
}

static void failover_refuses_a_metric_that_nobody_publishes(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s);
    rig_set(&s.rig, 0, "alarm.metric", "HostsInScores");
    assert_false(rig_check(&s.rig, 0));
    rig_set(&s.rig, 0, "alarm.metric", "HostsInDozens");
    assert_true(rig_check(&s.rig, 0));
    rig_set(&s.rig, 0, "alarm.period", "90s"); /* it is published once a minute */
    assert_false(rig_check(&s.rig, 0));
    rig_set(&s.rig, 0, "alarm.metric", "hosts"); /* the same, read by the alarm itself */
    assert_true(rig_check(&s.rig, 0));
    rig_set(&s.rig, 0, "alarm.statistic", "sum"); /* of a level */
    assert_false(rig_check(&s.rig, 0));
    rig_set(&s.rig, 0, "alarm.statistic", "average");
    stage_wire(&s);
    stage_close(&s);
}

/* Blind from 350 to 650 s: the first points that count are those of 720 and 780 s. */
static void failover_sees_nothing_without_monitoring(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s);
    stage_wire(&s);
    break_writes_at_five_minutes(&s);
    rig_call(&s.rig, 350 * SIM_S, monitoring_fails, &s);
    rig_call(&s.rig, 650 * SIM_S, monitoring_returns, &s);
    rig_run(&s.rig);
    assert_non_null(strstr(s.text.text, "detected"));
    assert_int_equal(strncmp(s.text.text, "750 detected", 3), 0);
    stage_close(&s);
}

static void failover_refuses_m_above_n(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s);
    assert_true(rig_check(&s.rig, 0));
    rig_set(&s.rig, 0, "alarm.datapoints", "4");
    assert_false(rig_check(&s.rig, 0));
    assert_string_equal(rig_validation.text,
                        "alarm.datapoints: is 4, more than the 3 of 'alarm.periods'\n");
    rig_set(&s.rig, 0, "alarm.datapoints", "2");
    stage_wire(&s);
    stage_close(&s);
}

/*
 * No secondary runs: a snapshot is restored in region 1, the first that is not the primary's. It
 * takes 660 s instead of 25 s: decided at 452 s, restored at 1112 s; notification and function 2 s;
 * DNS 20 s.
 */
static void failover_restores_where_nothing_can_be_promoted(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s);
    s.up[1] = s.up[2] = false;
    s.snapshots = true;
    stage_wire(&s);
    break_writes_at_five_minutes(&s);
    rig_call(&s.rig, 480 * SIM_S, writes_recover, &s);
    rig_run(&s.rig);
    assert_string_equal(s.text.text,
                        "450 detected; 452 decided; 452 begin 1; 1112 restore 1; "
                        "1112 promoted; 1114 publish 1; 1114 notified; 1134 published; "
                        "1144 cached; ");
    assert_close(rig_statistic(&s.rig, "failovers", 1, NULL), 1, 0);
    stage_close(&s);
}

static void order_a_restore(void *arg)
{
    struct stage *s = arg;

    s->control->restore(s->control->self, 0);
}

/* In place of the primary, and only if there is a snapshot. */
static void restore_in_place_is_ordered(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s);
    stage_wire(&s);
    rig_call(&s.rig, 100 * SIM_S, order_a_restore, &s);
    rig_run(&s.rig);
    assert_string_equal(s.text.text, "");
    stage_close(&s);
    stage_open(&s);
    s.snapshots = true;
    stage_wire(&s);
    rig_call(&s.rig, 100 * SIM_S, order_a_restore, &s);
    rig_run(&s.rig);
    assert_string_equal(s.text.text, "100 decided; 100 begin 0; 760 restore 0; 760 promoted; "
                                     "762 publish 0; 762 notified; 782 published; 792 cached; ");
    stage_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failover_moves_as_drawn_in_every_state_on_every_event),
        cmocka_unit_test(failover_automatic_runs_the_whole_chain),
        cmocka_unit_test(failover_restores_where_nothing_can_be_promoted),
        cmocka_unit_test(restore_in_place_is_ordered),
        cmocka_unit_test(failover_manual_waits_for_the_operator_and_promotes_the_target),
        cmocka_unit_test(failover_none_does_nothing),
        cmocka_unit_test(failover_broken_function_is_tried_three_times_and_dropped),
        cmocka_unit_test(failover_function_succeeds_at_a_later_try),
        cmocka_unit_test(failover_drops_the_record_with_the_dns_control_plane),
        cmocka_unit_test(failover_waits_for_the_store_api),
        cmocka_unit_test(failover_ends_where_the_target_fails_in_the_promotion),
        cmocka_unit_test(failover_takes_one_order_at_a_time),
        cmocka_unit_test(failover_treats_missing_data_as_set),
        cmocka_unit_test(failover_alarms_at_its_threshold),
        cmocka_unit_test(failover_watches_any_published_metric),
        cmocka_unit_test(failover_refuses_a_metric_that_nobody_publishes),
        cmocka_unit_test(failover_sees_nothing_without_monitoring),
        cmocka_unit_test(failover_refuses_m_above_n),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
