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

/* A store that lost what a test says. */
struct fake_losses {
    uint64_t writes[LOSS_CAUSES], sessions[LOSS_CAUSES];
    sim_dur rpo;
};

static uint64_t writes_lost_of(const void *self, enum loss_cause by)
{
    return ((const struct fake_losses *)self)->writes[by];
}

static uint64_t sessions_lost_of(const void *self, enum loss_cause by)
{
    return ((const struct fake_losses *)self)->sessions[by];
}

static sim_dur rpo_of(const void *self)
{
    return ((const struct fake_losses *)self)->rpo;
}

struct objective_rig {
    struct rig rig;
    struct fake_losses losses;
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

/* Ten operations a second of a region, begun in [from, to). */
static void operations(struct objective_rig *r, enum operation_kind kind, int region, sim_time from,
                       sim_time to, bool good)
{
    for (sim_time at = from; at < to; at += 100 * SIM_MS)
        operation_tally_add(&r->objective->tallies[kind][region], at, good);
}

static void writes(struct objective_rig *r, int region, sim_time from, sim_time to, bool good)
{
    operations(r, OPERATION_WRITE, region, from, to, good);
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

    r->losses.writes[LOSS_IN_FLIGHT] += 20;
    r->losses.writes[LOSS_SPLIT_BRAIN] += 10;
    r->losses.sessions[LOSS_OUTPUT_BUFFER] += 4;
    r->losses.rpo = 700 * SIM_MS;
    r->objective->stage_ended(r->objective->self, INCIDENT_PROMOTE);
}

static void published(void *arg)
{
    struct objective_rig *r = arg;

    r->objective->stage_ended(r->objective->self, INCIDENT_PUBLISH);
}

/* What a stage without a test of its own does not take: it ends with the one before it. */
static void promoted_and_notified(void *arg)
{
    struct objective_rig *r = arg;

    promoted(arg);
    r->objective->stage_ended(r->objective->self, INCIDENT_NOTIFY);
}

static void published_and_cached(void *arg)
{
    struct objective_rig *r = arg;

    published(arg);
    r->objective->stage_ended(r->objective->self, INCIDENT_CACHE);
}

static double stage(const struct objective_rig *r, const char *name)
{
    return rig_statistic(&r->rig, "rto_stage", -1, name) / 1e9;
}

static void assert_stages(const struct objective_rig *r, double detect, double decide,
                          double promote, double publish, double reconnect)
{
    assert_close(stage(r, "detect"), detect, 1e-12);
    assert_close(stage(r, "decide"), decide, 1e-12);
    assert_close(stage(r, "promote"), promote, 1e-12);
    assert_close(stage(r, "publish"), publish, 1e-12);
    assert_close(stage(r, "notify"), 0, 0);
    assert_close(stage(r, "cache"), 0, 0);
    assert_close(stage(r, "reconnect"), reconnect, 1e-12);
    assert_close(rig_statistic(&r->rig, "rto", -1, NULL) / 1e9,
                 detect + decide + promote + publish + reconnect, 1e-12);
}

/*
 * Bad writes from 100 s to 250 s. A window of 30 s has 300 writes and allows 3 bad ones (99 %
 * good): the first is that from 249.7 s, with exactly 3. RTO 149.7 s.
 */
static void objective_finds_the_first_window_at_target(void **state)
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
    assert_int_equal(incidents(&r)->incidents[0].ended[INCIDENT_RECONNECT], 249700 * SIM_MS);
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

/* A fault that hurt nothing is an incident without an outage: 3 bad writes of 300 are at target. */
static void a_fault_that_hurt_nothing_has_no_rto(void **state)
{
    struct objective_rig r;

    (void)state;
    objective_rig_open(&r, 1);
    writes(&r, 0, 0, 100 * SIM_S, true);
    writes(&r, 0, 100 * SIM_S, 100300 * SIM_MS, false);
    writes(&r, 0, 100300 * SIM_MS, 600 * SIM_S, true);
    rig_call(&r.rig, 100 * SIM_S + 12345, fault, &r); /* not at an edge of a bin */
    rig_run(&r.rig);
    rig_assert_none(&r.rig, "rto", -1, NULL, "no outage");
    rig_assert_none(&r.rig, "rto_stage", -1, "reconnect", "no outage");
    assert_close(rig_statistic(&r.rig, "incidents", -1, NULL), 1, 0);
    assert_close(rig_statistic(&r.rig, "incidents_unrestored", -1, NULL), 0, 0);
    assert_false(incident_is_outage(&incidents(&r)->incidents[0]));
    rig_close(&r.rig);
}

/* One bad write more: an outage, from the onset to the first window with 3, that from 100.1 s. */
static void one_bad_operation_too_many_is_an_outage(void **state)
{
    struct objective_rig r;

    (void)state;
    objective_rig_open(&r, 1);
    writes(&r, 0, 0, 100 * SIM_S, true);
    writes(&r, 0, 100 * SIM_S, 100400 * SIM_MS, false);
    writes(&r, 0, 100400 * SIM_MS, 600 * SIM_S, true);
    rig_call(&r.rig, 100 * SIM_S, fault, &r);
    rig_run(&r.rig);
    assert_close(rig_statistic(&r.rig, "rto", -1, NULL), 0.1e9, 1e-12);
    rig_close(&r.rig);
}

/*
 * A fault at 100 s whose harm comes later than `hold`: a queue fills, and writes are bad from 200 s
 * to 250 s. The first good window after the first bad one is that from 249.7 s: RTO 149.7 s.
 */
static void harm_that_comes_later_than_hold_is_not_missed(void **state)
{
    struct objective_rig r;

    (void)state;
    objective_rig_open(&r, 1);
    writes(&r, 0, 0, 200 * SIM_S, true);
    writes(&r, 0, 200 * SIM_S, 250 * SIM_S, false);
    writes(&r, 0, 250 * SIM_S, 600 * SIM_S, true);
    rig_call(&r.rig, 100 * SIM_S, fault, &r);
    rig_run(&r.rig);
    assert_close(rig_statistic(&r.rig, "rto", -1, NULL), 149.7e9, 1e-12);
    rig_close(&r.rig);
}

/*
 * A fault at 100 s that hurts nothing, and one at 200 s that does, from then to 250 s. Windows that
 * end after 200 s say nothing about the first: two incidents, one outage of 49.7 s. A third fault
 * at 229.9 s joins it; so does one less than `hold` after a fault that hurt nothing yet (300 s and
 * 320 s, bad from 320 s to 350 s: 49.7 s from 300 s).
 */
static void harm_belongs_to_the_last_fault_before_it(void **state)
{
    struct objective_rig r;

    (void)state;
    objective_rig_open(&r, 1);
    writes(&r, 0, 0, 200 * SIM_S, true);
    writes(&r, 0, 200 * SIM_S, 250 * SIM_S, false);
    writes(&r, 0, 250 * SIM_S, 320 * SIM_S, true);
    writes(&r, 0, 320 * SIM_S, 350 * SIM_S, false);
    writes(&r, 0, 350 * SIM_S, 600 * SIM_S, true);
    rig_call(&r.rig, 100 * SIM_S, fault, &r);
    rig_call(&r.rig, 200 * SIM_S, fault, &r);
    rig_call(&r.rig, 229900 * SIM_MS, fault, &r);
    rig_call(&r.rig, 300 * SIM_S, fault, &r);
    rig_call(&r.rig, 320 * SIM_S, fault, &r);
    rig_run(&r.rig);
    assert_int_equal(incidents(&r)->count, 3);
    assert_false(incident_is_outage(&incidents(&r)->incidents[0]));
    assert_int_equal(incidents(&r)->incidents[1].ended[INCIDENT_RECONNECT], 249700 * SIM_MS);
    assert_int_equal(incidents(&r)->incidents[2].onset, 300 * SIM_S);
    assert_int_equal(incidents(&r)->incidents[2].ended[INCIDENT_RECONNECT], 349700 * SIM_MS);
    rig_close(&r.rig);
}

/*
 * A storm in the application tier: of the requests 1 of 300 is good, while every write is. By
 * default requests count too, so that nothing was restored; by writes alone there was no outage.
 */
static void requests_count_as_writes_do(void **state)
{
    (void)state;
    for (int with_requests = 0; with_requests < 2; with_requests++) {
        struct objective_rig r = {.losses = {.rpo = -1}};

        rig_open(&r.rig, &objective_ops, 1, 600 * SIM_S);
        if (!with_requests)
            rig_set(&r.rig, 0, "good.requests", "false");
        rig_wire(&r.rig);
        r.objective = port_need_objective(r.rig.ports, -1, -1);
        assert_int_equal(objective_counts(r.objective, OPERATION_REQUEST), with_requests);
        assert_false(objective_counts(r.objective, OPERATION_LOGIN) ||
                     objective_counts(r.objective, OPERATION_READ));
        writes(&r, 0, 0, 600 * SIM_S, true);
        for (sim_time at = 100 * SIM_S; with_requests && at < 600 * SIM_S; at += 30 * SIM_S) {
            operations(&r, OPERATION_REQUEST, 0, at, at + 100 * SIM_MS, true);
            operations(&r, OPERATION_REQUEST, 0, at + 100 * SIM_MS,
                       at + 30 * SIM_S < 600 * SIM_S ? at + 30 * SIM_S : 600 * SIM_S, false);
        }
        rig_call(&r.rig, 100 * SIM_S, fault, &r);
        rig_run(&r.rig);
        if (with_requests)
            rig_assert_censored(&r.rig, "rto", -1, NULL, 600 * SIM_S);
        else
            rig_assert_none(&r.rig, "rto", -1, NULL, "no outage");
        rig_close(&r.rig);
    }
}

/* 10 writes a second that never end, begun in [100 s, 600 s), as their model reports them. */
static void report_open(void *self)
{
    struct objective_rig *r = self;

    for (sim_time at = 100 * SIM_S; at < 600 * SIM_S; at += 100 * SIM_MS)
        r->objective->operation_open(r->objective->self, OPERATION_WRITE, 0, at);
}

/* A write under way counts as bad once it is older than `latency`: those of the last second do not
 * count yet. */
static void writes_that_never_end_are_bad(void **state)
{
    struct objective_rig r;

    (void)state;
    objective_rig_open(&r, 1);
    r.objective->add_source(r.objective->self,
                            (struct operation_source){.self = &r, .report_open = report_open});
    writes(&r, 0, 0, 100 * SIM_S, true);
    writes(&r, 0, 599 * SIM_S, 600 * SIM_S, true);
    rig_call(&r.rig, 100 * SIM_S, fault, &r);
    rig_run(&r.rig);
    rig_assert_censored(&r.rig, "rto", -1, NULL, 600 * SIM_S);
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
    rig_call(&r.rig, 220 * SIM_S, promoted_and_notified, &r);
    rig_call(&r.rig, 245 * SIM_S, published_and_cached, &r);
    rig_run(&r.rig);
    assert_stages(&r, 90, 2, 28, 25, 14.7);
    assert_close(rig_statistic(&r.rig, "rpo", -1, NULL), 0.7e9, 1e-12);
    assert_close(rig_statistic(&r.rig, "rpo_writes", -1, NULL), 30, 0);
    assert_close(rig_statistic(&r.rig, "rpo_writes", -1, "in-flight"), 20, 0);
    assert_close(rig_statistic(&r.rig, "rpo_writes", -1, "backlog"), 0, 0);
    assert_close(rig_statistic(&r.rig, "rpo_writes", -1, "split-brain"), 10, 0);
    assert_close(rig_statistic(&r.rig, "rpo_sessions", -1, NULL), 4, 0);
    assert_close(rig_statistic(&r.rig, "rpo_sessions", -1, "output-buffer"), 4, 0);
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
    rig_call(&r.rig, 220 * SIM_S, promoted_and_notified, &r);
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
    assert_int_equal(incidents(&r)->incidents[0].ended[INCIDENT_RECONNECT], SIM_NEVER);
    rig_close(&r.rig);
}

/* No write at all after the bad ones: nothing shows that service is back. */
static void objective_needs_some_writes_to_call_it_restored(void **state)
{
    struct objective_rig r;

    (void)state;
    objective_rig_open(&r, 1);
    writes(&r, 0, 0, 100 * SIM_S, true);
    writes(&r, 0, 100 * SIM_S, 101 * SIM_S, false);
    rig_call(&r.rig, 100 * SIM_S, fault, &r);
    rig_run(&r.rig);
    assert_int_equal(incidents(&r)->incidents[0].ended[INCIDENT_RECONNECT], SIM_NEVER);
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
    rig_call(&r.rig, 160 * SIM_S, promoted_and_notified, &r);
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
    rig_call(&r.rig, 125 * SIM_S, promoted_and_notified, &r);
    rig_call(&r.rig, 135 * SIM_S, published_and_cached, &r);
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
    rig_assert_none(&r.rig, "rto_stage", -1, "reconnect", "no outage");
    rig_assert_none(&r.rig, "rpo", -1, NULL, "no outage");
    rig_assert_none(&r.rig, "rpo_writes", -1, NULL, "no outage");
    rig_assert_none(&r.rig, "rpo_sessions", -1, NULL, "no outage");
    rig_close(&r.rig);
}

static void objective_refuses_to_look_at_no_operation(void **state)
{
    struct objective_rig r;

    (void)state;
    objective_rig_open(&r, 1);
    rig_set(&r.rig, 0, "good.requests", "false");
    assert_true(rig_check(&r.rig, 0));
    rig_set(&r.rig, 0, "good.writes", "false");
    assert_false(rig_check(&r.rig, 0));
    assert_non_null(strstr(rig_validation.text, "good.requests: one kind of operation at least"));
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
        cmocka_unit_test(objective_finds_the_first_window_at_target),
        cmocka_unit_test(objective_waits_for_every_region_that_writes),
        cmocka_unit_test(a_fault_that_hurt_nothing_has_no_rto),
        cmocka_unit_test(one_bad_operation_too_many_is_an_outage),
        cmocka_unit_test(harm_that_comes_later_than_hold_is_not_missed),
        cmocka_unit_test(harm_belongs_to_the_last_fault_before_it),
        cmocka_unit_test(requests_count_as_writes_do),
        cmocka_unit_test(writes_that_never_end_are_bad),
        cmocka_unit_test(objective_splits_the_rto_into_stages),
        cmocka_unit_test(objective_clips_stages_to_the_restoration),
        cmocka_unit_test(objective_censors_the_rto_where_the_end_came_first),
        cmocka_unit_test(objective_needs_some_writes_to_call_it_restored),
        cmocka_unit_test(objective_joins_faults_that_overlap_and_keeps_others_apart),
        cmocka_unit_test(objective_opens_an_outage_for_a_failover_without_a_fault),
        cmocka_unit_test(incidents_name_their_subject_and_the_event_that_opened_them),
        cmocka_unit_test(objective_says_why_there_is_no_value_without_an_outage),
        cmocka_unit_test(objective_refuses_to_look_at_no_operation),
        cmocka_unit_test(objective_refuses_a_hold_between_steps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
