// SPDX-License-Identifier: GPL-3.0-or-later
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "failover.h"

#include "model_rig.h"
#include "control.h"
#include "dns.h"
#include "objective.h"
#include "promotion.h"
#include "registry.h"

/* --- the table ---------------------------------------------------------------------------------
 */

#define SAME FAILOVER_STATES
// clang-format off
/* From the state diagram at the head of failover.c; `SAME`: the event changes nothing. */
static const enum failover_state expected[FAILOVER_STATES][FAILOVER_EVENTS] = {
    /*                        alarm              go                  refused           no target      promoted             target lost    repointed      unreached */
    [FAILOVER_IDLE]       = {FAILOVER_DECIDING, FAILOVER_PROMOTING, FAILOVER_BLOCKED, SAME,          SAME,                SAME,          SAME,          SAME},
    [FAILOVER_DECIDING]   = {SAME,              FAILOVER_PROMOTING, FAILOVER_BLOCKED, FAILOVER_IDLE, SAME,                SAME,          SAME,          SAME},
    [FAILOVER_BLOCKED]    = {SAME,              FAILOVER_PROMOTING, SAME,             FAILOVER_IDLE, SAME,                SAME,          SAME,          SAME},
    [FAILOVER_PROMOTING]  = {SAME,              SAME,               SAME,             SAME,          FAILOVER_REPOINTING, FAILOVER_IDLE, SAME,          SAME},
    [FAILOVER_REPOINTING] = {SAME,              SAME,               SAME,             SAME,          SAME,                SAME,          FAILOVER_IDLE, FAILOVER_IDLE},
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

/* --- the model -----------------------------------------------------------------------------------
 */

/* Stubs of store, zone and objective that record their calls: "150 begin 1". */
struct stage {
    struct rig rig;
    struct strbuf text;
    int primary;
    bool up[3], dns_up;
    uint64_t applied[3];
    probe_id write_attempts, write_errors, latency, hosts; /* of region 1 */
    double error_rate;                                     /* of the attempts that tick() makes */
    int attempts;
    struct promotion_port promotion;
    struct dns_port dns;
    struct objective_port objective;
    struct control_port *control;
    uint32_t changes;
    kind_id tick_kind, served_kind;
};

static void note(struct stage *stage, const char *what, int region)
{
    strbuf_addf(&stage->text, "%g %s", (double)sim_now(stage->rig.sim) / 1e9, what);
    if (region >= 0)
        strbuf_addf(&stage->text, " %d", region);
    strbuf_add(&stage->text, "; ");
}

static int stage_primary(const void *self)
{
    return ((const struct stage *)self)->primary;
}

static bool stage_is_candidate(const void *self, int region)
{
    const struct stage *stage = self;

    return region != stage->primary && stage->up[region];
}

static uint64_t stage_held(const void *self, int region)
{
    return ((const struct stage *)self)->applied[region];
}

static void stage_begin(void *self, int region)
{
    note(self, "begin", region);
}

static void stage_end(void *self, int region)
{
    struct stage *stage = self;

    note(stage, "end", region);
    if (stage->up[region])
        stage->primary = region;
}

static uint32_t stage_publish(void *self, struct dns_target target)
{
    struct stage *stage = self;

    note(stage, stage->dns_up ? "publish" : "refuse", target.region);
    if (!stage->dns_up)
        return 0;
    stage->changes++;
    sim_after(stage->rig.sim, 20 * SIM_S, stage->served_kind, (uint32_t)target.region,
              stage->changes);
    return stage->changes;
}

static void stage_subscribe(void *self, kind_id served)
{
    ((struct stage *)self)->served_kind = served;
}

static void stage_ended(void *self, enum incident_stage stage)
{
    static const char *const ends[] = {"detected", "decided", "promoted", "published"};

    note(self, ends[stage], -1);
}

/* What the store's client counts. */
static const struct metric client_metrics[] = {
    {.name = "write_attempts", .kind = METRIC_COUNT},
    {.name = "write_errors", .kind = METRIC_COUNT},
    {.name = "write_error_rate",
     .unit = UNIT_SHARE,
     .kind = METRIC_RATIO,
     .over = "write_errors",
     .under = "write_attempts"},
    {.name = "write_attempt_latency", .unit = UNIT_NS, .kind = METRIC_LATENCY},
    {.name = "hosts", .unit = UNIT_COUNT, .kind = METRIC_LEVEL},
};
static const struct service_metric client_published[] = {
    {.name = "write-error-rate",
     .scale = 1,
     .metric = "write_error_rate",
     .statistic = TAP_AVERAGE,
     .period_ns = SIM_S},
    {.name = "write-latency",
     .scale = 1e-9,
     .metric = "write_attempt_latency",
     .statistic = TAP_AVERAGE,
     .period_ns = SIM_S},
    {.name = "HostsInDozens",
     .scale = 1.0 / 12,
     .metric = "hosts",
     .statistic = TAP_MINIMUM,
     .period_ns = 60 * SIM_S},
};
static const struct model_rows client_rows = {SERVICE_METRIC_TABLE(client_published)};

/* Each second `attempts` attempts in region 1, of which a share fails. */
static void stage_tick(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct stage *stage = self;

    (void)entity, (void)generation;
    probe_count_many(sim_probes(sim), stage->write_attempts, (uint64_t)stage->attempts);
    probe_count_many(sim_probes(sim), stage->write_errors,
                     (uint64_t)(stage->attempts * stage->error_rate));
    for (int i = 0; i < stage->attempts; i++)
        probe_latency(sim_probes(sim), stage->latency, 5 * SIM_MS);
    sim_after(sim, SIM_S, stage->tick_kind, 0, 0);
}

static const struct event_kind tick_kind = {
    .name = "tick", .phase = PHASE_WORK, .fire = stage_tick};

/* Automatic, with constant lengths: alarm after 30 s, decision 2 s, promotion 25 s, notification 1
 * s, function 1 s. */
static void stage_open(struct stage *s)
{
    static const char *const settings[][2] = {
        {"mode", "automatic"}, {"alarm.delay", "30s"}, {"decide", "2s"},  {"operator", "300s"},
        {"promotion", "25s"},  {"notification", "1s"}, {"function", "1s"}};

    *s = (struct stage){.text = STRBUF_INIT,
                        .up = {true, true, true},
                        .dns_up = true,
                        .applied = {9, 7, 8},
                        .attempts = 10};
    rig_open(&s->rig, &failover_ops, 3, 1800 * SIM_S);
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
        rig_set(&s->rig, 0, settings[i][0], settings[i][1]);
    s->promotion = (struct promotion_port){.self = s,
                                           .primary = stage_primary,
                                           .is_candidate = stage_is_candidate,
                                           .held = stage_held,
                                           .begin = stage_begin,
                                           .end = stage_end};
    s->dns = (struct dns_port){.self = s, .publish = stage_publish, .subscribe = stage_subscribe};
    s->objective = (struct objective_port){.self = s, .stage_ended = stage_ended};
    port_offer_promotion(s->rig.ports, -1, -1, &s->promotion);
    port_offer_dns(s->rig.ports, -1, -1, &s->dns);
    port_offer_objective(s->rig.ports, -1, -1, &s->objective);
    probes_declare(s->rig.probes, client_metrics, 5);
    supplied_rows_add(&s->rig.rows, &client_rows);
    s->write_attempts = probe_count_open(s->rig.probes, "write_attempts", 1, NULL);
    s->write_errors = probe_count_open(s->rig.probes, "write_errors", 1, NULL);
    s->latency = probe_latency_open(s->rig.probes, "write_attempt_latency", 1, NULL);
    s->hosts = probe_level_open(s->rig.probes, "hosts", 1, NULL);
}

static void stage_wire(struct stage *s)
{
    rig_wire(&s->rig);
    s->control = port_need_control(s->rig.ports, -1, -1);
    s->tick_kind = sim_kind_add(s->rig.sim, &tick_kind, "test", s);
    sim_at(s->rig.sim, 500 * SIM_MS, s->tick_kind, 0, 0);
}

static void stage_close(struct stage *s)
{
    rig_close(&s->rig);
    strbuf_release(&s->text);
}

static void writes_fail(void *arg)
{
    ((struct stage *)arg)->error_rate = 0.6;
}

static void writes_recover(void *arg)
{
    ((struct stage *)arg)->error_rate = 0;
}

static void writes_stop(void *arg)
{
    ((struct stage *)arg)->attempts = 0;
}

static void set_part(struct stage *s, enum control_part part, bool up)
{
    s->control->set(s->control->self, part, up);
}

static void api_fails(void *arg)
{
    set_part(arg, CONTROL_STORE_API, false);
}

static void api_returns(void *arg)
{
    set_part(arg, CONTROL_STORE_API, true);
}

static void function_fails(void *arg)
{
    set_part(arg, CONTROL_FUNCTION, false);
}

static void function_returns(void *arg)
{
    set_part(arg, CONTROL_FUNCTION, true);
}

static void monitoring_fails(void *arg)
{
    set_part(arg, CONTROL_MONITORING, false);
}

static void monitoring_returns(void *arg)
{
    set_part(arg, CONTROL_MONITORING, true);
}

static void dns_fails(void *arg)
{
    ((struct stage *)arg)->dns_up = false;
}

static void third_fails(void *arg)
{
    ((struct stage *)arg)->up[2] = false;
}

static void order_one(void *arg)
{
    struct stage *s = arg;

    s->control->promote(s->control->self, 1);
}

static void order_the_primary(void *arg)
{
    struct stage *s = arg;

    s->control->promote(s->control->self, s->primary);
}

static void break_writes_at_five_minutes(struct stage *s)
{
    rig_call(&s->rig, 300 * SIM_S, writes_fail, s);
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
    assert_string_equal(s.text.text, "450 detected; 452 decided; 452 begin 2; 477 end 2; "
                                     "477 promoted; 479 publish 2; 499 published; ");
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
    assert_string_equal(s.text.text, "450 detected; 750 decided; 750 begin 1; 775 end 1; "
                                     "775 promoted; 777 publish 1; 797 published; ");
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
    assert_int_equal(rig_logged(&s.rig, "failover", "will be called again"), 2);
    assert_int_equal(rig_logged(&s.rig, "failover", "nobody will try again"), 1);
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
                                     "309 publish 1; 329 published; ");
    stage_close(&s);
}

/* Claim 6 of the design: with the DNS control plane down the record does not follow. */
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
    assert_string_equal(s.text.text, "450 detected; 452 decided; 600 begin 2; 625 end 2; "
                                     "625 promoted; 627 publish 2; 647 published; ");
    stage_close(&s);
}

static void failover_gives_up_where_the_target_dies_in_the_promotion(void **state)
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
    assert_string_equal(s.text.text, "450 detected; 451 decided; 451 begin 1; 476 end 1; "
                                     "476 promoted; 478 publish 1; 498 published; ");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failover_moves_as_drawn_in_every_state_on_every_event),
        cmocka_unit_test(failover_automatic_runs_the_whole_chain),
        cmocka_unit_test(failover_manual_waits_for_the_operator_and_promotes_the_target),
        cmocka_unit_test(failover_none_does_nothing),
        cmocka_unit_test(failover_broken_function_is_tried_three_times_and_dropped),
        cmocka_unit_test(failover_function_succeeds_at_a_later_try),
        cmocka_unit_test(failover_drops_the_record_with_the_dns_control_plane),
        cmocka_unit_test(failover_waits_for_the_store_api),
        cmocka_unit_test(failover_gives_up_where_the_target_dies_in_the_promotion),
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
