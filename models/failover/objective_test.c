// SPDX-License-Identifier: GPL-3.0-or-later
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "model_rig.h"
#include "edge.h"
#include "incident.h"
#include "link.h"
#include "objective.h"
#include "session.h"
#include "losses.h"
#include "registry.h"

/* A stub of the store with prescribed losses. */
struct losses {
    uint64_t writes, sessions;
    sim_dur rpo;
};

static uint64_t writes_lost_of(const void *self)
{
    return ((const struct losses *)self)->writes;
}

static uint64_t sessions_lost_of(const void *self)
{
    return ((const struct losses *)self)->sessions;
}

static sim_dur rpo_of(const void *self)
{
    return ((const struct losses *)self)->rpo;
}

struct objective_rig {
    struct rig rig;
    struct losses losses;
    struct losses_port port;
    struct objective_port *objective;
};

/* 10 min; a bin of 100 ms, hold 30 s, target 99 % as by default. */
static void objective_rig_open(struct objective_rig *r, uint32_t region_count)
{
    *r = (struct objective_rig){.losses = {.rpo = -1}};
    rig_open(&r->rig, &objective_ops, region_count, 600 * SIM_S);
    r->port = (struct losses_port){
        .self = &r->losses, .writes = writes_lost_of, .sessions = sessions_lost_of, .rpo = rpo_of};
    port_offer_losses(r->rig.ports, -1, -1, &r->port);
    rig_wire(&r->rig);
    r->objective = port_need_objective(r->rig.ports, -1, -1);
}

static const struct incident_list *incidents(const struct objective_rig *r)
{
    return port_need_incidents(r->rig.ports, -1, -1);
}

/* Ten writes a second of a region, begun in [from, to). */
static void writes(struct objective_rig *r, int region, sim_time from, sim_time to, bool good)
{
    for (sim_time at = from; at < to; at += 100 * SIM_MS)
        r->objective->write_done(r->objective->self, region, at, good);
}

static void fault(void *arg)
{
    struct objective_rig *r = arg;

    r->objective->fault_begin(r->objective->self, "link-fault");
}

static void detected(void *arg)
{
    struct objective_rig *r = arg;

    r->objective->stage_ended(r->objective->self, INCIDENT_DETECT);
}

static void decided(void *arg)
{
    struct objective_rig *r = arg;

    r->objective->stage_ended(r->objective->self, INCIDENT_DECIDE);
}

static void promoted(void *arg)
{
    struct objective_rig *r = arg;

    r->losses = (struct losses){r->losses.writes + 30, r->losses.sessions + 4, 700 * SIM_MS};
    r->objective->stage_ended(r->objective->self, INCIDENT_PROMOTE);
}

static void published(void *arg)
{
    struct objective_rig *r = arg;

    r->objective->stage_ended(r->objective->self, INCIDENT_PUBLISH);
}

static double stage(const struct objective_rig *r, const char *name)
{
    return rig_statistic(&r->rig, "rto_stage", -1, name) / 1e9;
}

static void assert_stages(const struct objective_rig *r, double detect, double decide,
                          double promote, double publish, double drain)
{
    assert_close(stage(r, "detect"), detect, 1e-12);
    assert_close(stage(r, "decide"), decide, 1e-12);
    assert_close(stage(r, "promote"), promote, 1e-12);
    assert_close(stage(r, "publish"), publish, 1e-12);
    assert_close(stage(r, "drain"), drain, 1e-12);
    assert_close(rig_statistic(&r->rig, "rto", -1, NULL) / 1e9,
                 detect + decide + promote + publish + drain, 1e-12);
}

/*
 * Bad writes from 100 s to 250 s. A window of 30 s has 300 writes and allows 3 bad ones (99 %
 * good): the first is that from 249.7 s, with exactly 3. RTO 149.7 s.
 */
static void objective_finds_the_first_span_at_target(void **state)
{
    struct objective_rig r;

    (void)state;
    objective_rig_open(&r, 1);
    writes(&r, 0, 0, 100 * SIM_S, true);
    writes(&r, 0, 100 * SIM_S, 250 * SIM_S, false);
    writes(&r, 0, 250 * SIM_S, 600 * SIM_S, true);
    rig_call(&r.rig, 100 * SIM_S, fault, &r);
    rig_run(&r.rig);
    assert_close(rig_statistic(&r.rig, "rto", -1, NULL), 149.7e9, 1e-12);
    assert_int_equal(incidents(&r)->count, 1);
    assert_int_equal(incidents(&r)->incidents[0].onset, 100 * SIM_S);
    assert_int_equal(incidents(&r)->incidents[0].ended[INCIDENT_DRAIN], 249700 * SIM_MS);
    assert_string_equal(incidents(&r)->incidents[0].kind, "link-fault");
    assert_int_equal(incidents(&r)->incidents[0].rpo, -1);
    rig_assert_none(&r.rig, "rpo", -1, NULL, "no failover");
    assert_close(rig_statistic(&r.rig, "rpo_writes", -1, NULL), 0, 0);
    rig_close(&r.rig);
}

static void objective_waits_for_every_region_that_writes(void **state)
{
    struct objective_rig r;

    (void)state;
    objective_rig_open(&r, 3); /* the third writes nothing, and does not block */
    writes(&r, 0, 0, 600 * SIM_S, true);
    writes(&r, 1, 0, 100 * SIM_S, true);
    writes(&r, 1, 100 * SIM_S, 200 * SIM_S, false);
    writes(&r, 1, 200 * SIM_S, 600 * SIM_S, true);
    rig_call(&r.rig, 100 * SIM_S, fault, &r);
    rig_run(&r.rig);
    assert_close(rig_statistic(&r.rig, "rto", -1, NULL), 99.7e9, 1e-12);
    rig_close(&r.rig);
}

static void objective_says_zero_where_no_write_suffered(void **state)
{
    struct objective_rig r;

    (void)state;
    objective_rig_open(&r, 1);
    writes(&r, 0, 0, 600 * SIM_S, true);
    rig_call(&r.rig, 100 * SIM_S + 12345, fault, &r); /* not at an edge of a bin */
    rig_run(&r.rig);
    assert_stages(&r, 0, 0, 0, 0, 0);
    assert_close(rig_statistic(&r.rig, "incidents_unrestored", -1, NULL), 0, 0);
    rig_close(&r.rig);
}

static void objective_splits_the_rto_into_stages(void **state)
{
    struct objective_rig r;

    (void)state;
    objective_rig_open(&r, 1);
    writes(&r, 0, 100 * SIM_S, 260 * SIM_S, false);
    writes(&r, 0, 260 * SIM_S, 600 * SIM_S, true);
    rig_call(&r.rig, 100 * SIM_S, fault, &r);
    rig_call(&r.rig, 190 * SIM_S, detected, &r);
    rig_call(&r.rig, 192 * SIM_S, decided, &r);
    rig_call(&r.rig, 220 * SIM_S, promoted, &r);
    rig_call(&r.rig, 245 * SIM_S, published, &r);
    rig_run(&r.rig);
    assert_stages(&r, 90, 2, 28, 25, 14.7);
    assert_close(rig_statistic(&r.rig, "rpo", -1, NULL), 0.7e9, 1e-12);
    assert_close(rig_statistic(&r.rig, "rpo_writes", -1, NULL), 30, 0);
    assert_close(rig_statistic(&r.rig, "rpo_sessions", -1, NULL), 4, 0);
    rig_close(&r.rig);
}

/* Restored at 209.7 s, during the promotion: later stages end there too, and detect is longest.
 */
static void objective_clips_stages_to_the_restoration(void **state)
{
    struct objective_rig r;

    (void)state;
    objective_rig_open(&r, 1);
    writes(&r, 0, 100 * SIM_S, 210 * SIM_S, false);
    writes(&r, 0, 210 * SIM_S, 600 * SIM_S, true);
    rig_call(&r.rig, 100 * SIM_S, fault, &r);
    rig_call(&r.rig, 190 * SIM_S, detected, &r);
    rig_call(&r.rig, 192 * SIM_S, decided, &r);
    rig_call(&r.rig, 220 * SIM_S, promoted, &r);
    rig_run(&r.rig);
    assert_stages(&r, 90, 2, 17.7, 0, 0);
    assert_int_equal(incidents(&r)->incidents[0].ended[INCIDENT_PROMOTE],
                     220 * SIM_S); /* the log keeps the instant */
    assert_int_equal(incidents(&r)->incidents[0].ended[INCIDENT_PUBLISH], SIM_NEVER);
    rig_close(&r.rig);
}

static void objective_censors_the_rto_where_the_end_came_first(void **state)
{
    struct objective_rig r;

    (void)state;
    objective_rig_open(&r, 1);
    writes(&r, 0, 100 * SIM_S, 571 * SIM_S, false);
    writes(&r, 0, 571 * SIM_S, 600 * SIM_S, true); /* good for 29 s, of 30 */
    rig_call(&r.rig, 100 * SIM_S, fault, &r);
    rig_run(&r.rig);
    rig_assert_censored(&r.rig, "rto", -1, NULL, 600 * SIM_S);
    rig_assert_none(&r.rig, "rto_stage", -1, "detect", "not restored");
    assert_close(rig_statistic(&r.rig, "incidents_unrestored", -1, NULL), 1, 0);
    assert_int_equal(incidents(&r)->incidents[0].ended[INCIDENT_DRAIN], SIM_NEVER);
    rig_close(&r.rig);
}

/* No write in the windows: nothing shows that the service is restored. */
static void objective_needs_some_writes_to_call_it_restored(void **state)
{
    struct objective_rig r;

    (void)state;
    objective_rig_open(&r, 1);
    rig_call(&r.rig, 100 * SIM_S, fault, &r);
    rig_run(&r.rig);
    assert_int_equal(incidents(&r)->incidents[0].ended[INCIDENT_DRAIN], SIM_NEVER);
    rig_close(&r.rig);
}

/* Faults at 100 s and 150 s are one outage, restored at 199.7 s; one at 300 s is another, of 49.7
 * s; the worst counts. */
static void objective_joins_faults_that_overlap_and_keeps_others_apart(void **state)
{
    struct objective_rig r;

    (void)state;
    objective_rig_open(&r, 1);
    writes(&r, 0, 100 * SIM_S, 200 * SIM_S, false);
    writes(&r, 0, 200 * SIM_S, 300 * SIM_S, true);
    writes(&r, 0, 300 * SIM_S, 350 * SIM_S, false);
    writes(&r, 0, 350 * SIM_S, 600 * SIM_S, true);
    rig_call(&r.rig, 100 * SIM_S, fault, &r);
    rig_call(&r.rig, 150 * SIM_S, fault, &r);
    rig_call(&r.rig, 160 * SIM_S, promoted, &r);
    rig_call(&r.rig, 300 * SIM_S, fault, &r);
    rig_run(&r.rig);
    assert_int_equal(incidents(&r)->count, 2);
    assert_close(rig_statistic(&r.rig, "incidents", -1, NULL), 2, 0);
    assert_close(rig_statistic(&r.rig, "rto", -1, NULL), 99.7e9, 1e-12);
    assert_int_equal(incidents(&r)->incidents[0].writes_lost, 30);
    assert_int_equal(incidents(&r)->incidents[1].writes_lost, 0);
    assert_int_equal(incidents(&r)->incidents[1].rpo, -1);
    rig_close(&r.rig);
}

/* A promotion without a fault is an outage of its own, from the time of its request. */
static void objective_opens_an_outage_for_a_failover_without_a_fault(void **state)
{
    struct objective_rig r;

    (void)state;
    objective_rig_open(&r, 1);
    writes(&r, 0, 0, 100 * SIM_S, true);
    writes(&r, 0, 100 * SIM_S, 140 * SIM_S, false);
    writes(&r, 0, 140 * SIM_S, 600 * SIM_S, true);
    rig_call(&r.rig, 100 * SIM_S, decided, &r);
    rig_call(&r.rig, 125 * SIM_S, promoted, &r);
    rig_call(&r.rig, 135 * SIM_S, published, &r);
    rig_run(&r.rig);
    assert_string_equal(incidents(&r)->incidents[0].kind, "failover");
    assert_stages(&r, 0, 0, 25, 10, 4.7);
    rig_close(&r.rig);
}

/* An event of the log, and the cause of later events in this call. */
static void cause_event(struct objective_rig *r, const char *what, const char *subject)
{
    struct sim *sim = r->rig.sim;
    struct cause cause = sim_cause(sim);

    cause.number = run_log_event(&r->rig.log, sim_now(sim), what, subject, cause, NULL, "text");
    sim_set_cause(sim, cause);
}

static void fault_of_a_link(void *arg)
{
    cause_event(arg, "fault", "us-west-2 -> us-west-1");
    fault(arg);
}

static void fault_of_a_region(void *arg)
{
    cause_event(arg, "fault", "us-west-1");
    fault(arg);
}

static void decided_after_an_alarm(void *arg)
{
    cause_event(arg, "metric", "us-west-2");
    cause_event(arg, "alarm", "");
    decided(arg);
}

/*
 * Three outages: of a link and of a region meanwhile, which joins it; of an alarm, which has no
 * subject of its own but that of its metric; and of something that logged nothing. Events 1 to 4.
 */
static void incidents_name_their_subject_and_the_event_that_opened_them(void **state)
{
    static const struct {
        const char *kind, *subject;
        uint32_t cause;
    } expected[] = {{"link-fault", "us-west-2 -> us-west-1", 1},
                    {"failover", "us-west-2", 4},
                    {"link-fault", "", 0}};
    struct objective_rig r;

    (void)state;
    objective_rig_open(&r, 1);
    for (int outage = 0; outage < 3; outage++) {
        writes(&r, 0, (100 + 150 * outage) * SIM_S, (140 + 150 * outage) * SIM_S, false);
        writes(&r, 0, (140 + 150 * outage) * SIM_S, (250 + 150 * outage) * SIM_S, true);
    }
    rig_call(&r.rig, 100 * SIM_S, fault_of_a_link, &r);
    rig_call(&r.rig, 110 * SIM_S, fault_of_a_region, &r);
    rig_call(&r.rig, 250 * SIM_S, decided_after_an_alarm, &r);
    rig_call(&r.rig, 400 * SIM_S, fault, &r);
    rig_run(&r.rig);
    assert_int_equal(incidents(&r)->count, 3);
    for (int outage = 0; outage < 3; outage++) {
        const struct incident *incident = &incidents(&r)->incidents[outage];

        assert_string_equal(incident->kind, expected[outage].kind);
        assert_string_equal(incident->subject, expected[outage].subject);
        assert_int_equal(incident->cause, expected[outage].cause);
    }
    rig_close(&r.rig);
}

static void objective_says_why_there_is_no_value_without_an_outage(void **state)
{
    struct objective_rig r;

    (void)state;
    objective_rig_open(&r, 1);
    writes(&r, 0, 0, 600 * SIM_S, false);
    rig_run(&r.rig);
    assert_int_equal(incidents(&r)->count, 0);
    assert_close(rig_statistic(&r.rig, "incidents", -1, NULL), 0, 0);
    rig_assert_none(&r.rig, "rto", -1, NULL, "no outage");
    rig_assert_none(&r.rig, "rto_stage", -1, "drain", "no outage");
    rig_assert_none(&r.rig, "rpo", -1, NULL, "no outage");
    rig_assert_none(&r.rig, "rpo_writes", -1, NULL, "no outage");
    rig_assert_none(&r.rig, "rpo_sessions", -1, NULL, "no outage");
    rig_close(&r.rig);
}

static void objective_refuses_a_hold_between_steps(void **state)
{
    struct objective_rig r;

    (void)state;
    objective_rig_open(&r, 1);
    assert_true(rig_check(&r.rig, 0));
    rig_set(&r.rig, 0, "hold", "250ms");
    assert_false(rig_check(&r.rig, 0));
    assert_non_null(strstr(rig_validation.text, "hold: must be a multiple of 'resolution'"));
    rig_close(&r.rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objective_finds_the_first_span_at_target),
        cmocka_unit_test(objective_waits_for_every_region_that_writes),
        cmocka_unit_test(objective_says_zero_where_no_write_suffered),
        cmocka_unit_test(objective_splits_the_rto_into_stages),
        cmocka_unit_test(objective_clips_stages_to_the_restoration),
        cmocka_unit_test(objective_censors_the_rto_where_the_end_came_first),
        cmocka_unit_test(objective_needs_some_writes_to_call_it_restored),
        cmocka_unit_test(objective_joins_faults_that_overlap_and_keeps_others_apart),
        cmocka_unit_test(objective_opens_an_outage_for_a_failover_without_a_fault),
        cmocka_unit_test(incidents_name_their_subject_and_the_event_that_opened_them),
        cmocka_unit_test(objective_says_why_there_is_no_value_without_an_outage),
        cmocka_unit_test(objective_refuses_a_hold_between_steps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
