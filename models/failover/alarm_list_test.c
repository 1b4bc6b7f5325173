// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Alarms at work: when they are raised, from which data, and composite ones. Writes of two regions,
 * one attempt a second each at half past, all good until a given time.
 */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "model_rig.h"
#include "alarms.h"
#include "control.h"
#include "impairment.h"
#include "registry.h"

#define FAULT (600 * SIM_S)

static const char *const kinds[] = {"fast", "slow", NULL};
static const struct metric client_metrics[] = {
    {.name = "attempts", .kind = METRIC_COUNT},
    {.name = "errors", .kind = METRIC_COUNT},
    {.name = "error_rate",
     .unit = UNIT_SHARE,
     .kind = METRIC_RATIO,
     .over = "errors",
     .under = "attempts"},
    {.name = "latency", .unit = UNIT_NS, .kind = METRIC_LATENCY},
    {.name = "reads", .kind = METRIC_COUNT, .label = "kind", .label_values = kinds},
    {.name = "rto", .unit = UNIT_NS, .kind = METRIC_VALUE},
};

static const struct service_metric published[] = {
    {.name = "Rejections",
     .space = "AWS/Test",
     .scale = 1,
     .metric = "errors",
     .statistic = TAP_SUM,
     .period_ns = 60 * SIM_S,
     .absent_at_zero = true},
    {.name = "Received",
     .space = "AWS/Test",
     .scale = 1e-6,
     .metric = "latency",
     .statistic = TAP_AVERAGE,
     .period_ns = 60 * SIM_S,
     .at_source = true},
    {.name = "Unheard", .space = "AWS/Test", .meaning = "it is not collected"},
    {.name = "Elsewhere",
     .space = "AWS/Test",
     .metric = "conflicts",
     .statistic = TAP_SUM,
     .period_ns = 60 * SIM_S},
};
static const struct model_rows published_rows = {SERVICE_METRIC_TABLE(published)};

static struct {
    struct rig rig;
    probe_id attempts[2], errors[2], latency[2], fast[2], slow[2];
    uint32_t attempts_per_s[2];
    sim_time fails_from, fails_until;
    sim_dur slow_ns;
    kind_id tick_kind;
    struct impairments impairments;
    struct alarms_port *alarms;
    struct strbuf text; /* "700 alarm; 900 ok; " of the alarm that is listened to */
} bench;

static void on_tick(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct probes_hot *probes = sim_probes(sim);
    sim_time now = sim_now(sim);
    bool fails = now >= bench.fails_from && now < bench.fails_until;

    (void)self, (void)entity, (void)generation;
    for (int r = 0; r < 2; r++)
        for (uint32_t i = 0; i < bench.attempts_per_s[r]; i++) {
            probe_count(probes, bench.attempts[r]);
            if (r == 1 && fails)
                probe_count(probes, bench.errors[r]);
            probe_latency(probes, bench.latency[r], fails ? bench.slow_ns : SIM_MS);
        }
    probe_count(probes, fails ? bench.slow[1] : bench.fast[1]);
    sim_after(sim, SIM_S, bench.tick_kind, 0, 0);
}

static const struct event_kind tick = {.name = "tick", .phase = PHASE_WORK, .fire = on_tick};

static void on_change(void *self, enum alarm_state before, enum alarm_state now)
{
    static const char *const states[] = {"ok", "alarm", "insufficient"};

    (void)self;
    assert_int_not_equal(before, now);
    strbuf_addf(&bench.text, "%g %s; ", (double)sim_now(bench.rig.sim) / 1e9, states[now]);
}

static int bench_open(void **state)
{
    static const char *const settings[][2] = {
        {"name", "errors"}, {"metric", "error_rate"}, {"delay", "0s"}, {"samples_min", "1"}};

    (void)state;
    memset(&bench, 0, sizeof bench);
    bench.text = (struct strbuf)STRBUF_INIT;
    bench.attempts_per_s[0] = bench.attempts_per_s[1] = 1;
    bench.fails_from = FAULT;
    bench.fails_until = SIM_NEVER;
    bench.slow_ns = SIM_MS;
    rig_open(&bench.rig, &alarm_list_ops, 2, 3600 * SIM_S);
    rig_declare(&bench.rig, client_metrics, sizeof client_metrics / sizeof client_metrics[0]);
    supplied_rows_add(&bench.rig.rows, &published_rows);
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
        rig_set(&bench.rig, 0, settings[i][0], settings[i][1]);
    for (int r = 0; r < 2; r++) {
        bench.attempts[r] = probe_count_open(bench.rig.probes, "attempts", r, NULL);
        bench.errors[r] = probe_count_open(bench.rig.probes, "errors", r, NULL);
        bench.latency[r] = probe_latency_open(bench.rig.probes, "latency", r, NULL);
        bench.fast[r] = probe_count_open(bench.rig.probes, "reads", r, "fast");
        bench.slow[r] = probe_count_open(bench.rig.probes, "reads", r, "slow");
    }
    port_offer_impairments(bench.rig.ports, -1, -1, &bench.impairments);
    return 0;
}

static int bench_close(void **state)
{
    (void)state;
    rig_close(&bench.rig);
    strbuf_release(&bench.text);
    return 0;
}

static void again(void)
{
    void *none = NULL;

    bench_close(&none);
    bench_open(&none);
}

static void wire(const char *name)
{
    const struct alarm_listener listener = {&bench, on_change};

    for (size_t i = 0; i < bench.rig.config_count; i++)
        if (!rig_check(&bench.rig, i))
            fail_msg("%s", rig_validation.text);
    rig_wire(&bench.rig);
    bench.tick_kind = sim_kind_add(bench.rig.sim, &tick, "test", &bench);
    sim_at(bench.rig.sim, 500 * SIM_MS, bench.tick_kind, 0, 0);
    bench.alarms = port_need_alarms(bench.rig.ports, -1, -1);
    bench.alarms->listen(bench.alarms->self, bench.alarms->find(bench.alarms->self, name),
                         &listener);
}

/* When the state of this alarm changed. */
static const char *changes_of(const char *name)
{
    wire(name);
    rig_run(&bench.rig);
    return bench.text.text;
}

static sim_time raised_at(void)
{
    double at = -1;

    assert_int_equal(sscanf(changes_of("errors"), "%lf alarm; ", &at), 1);
    return (sim_time)(at * 1e9 + 0.5);
}

static void set(size_t alarm, const char *name, const char *value)
{
    rig_set(&bench.rig, alarm, name, value);
}

/* --- the delay ------------------------------------------------------------------------------- */

/*
 * Every attempt fails from T on. Let R be the rest of the period of length P in which T lies, M the
 * points needed, d the publication delay, theta the threshold. The share of failed attempts in that
 * period is R/P. Where it is at least theta, that period is the first of the M:
 *
 *     T + R + (M - 1) P + d,    else    T + R + M P + d.
 *
 * With a clock of interval E at phase psi it is the first time psi + j E that is not earlier. All
 * phases of whole seconds, so R = 1 to 60 s; T = 600 s, P = 60 s, M = 2, d = 33 s, theta = 50 %.
 */
static sim_time derived(int phase, sim_dur clock)
{
    sim_dur period = 60 * SIM_S, rest = period - (FAULT - phase * SIM_S) % period;
    sim_time raised = FAULT + rest + (2 - 1) * period + 33 * SIM_S;
    sim_dur psi = clock > 0 ? phase * SIM_S % clock : 0;

    if (2 * rest < period) /* less than half of it */
        raised += period;
    return clock > 0 ? psi + (raised - psi + clock - 1) / clock * clock : raised;
}

static void alarm_delay_follows_from_period_phase_and_publication(void **state)
{
    sim_dur sum = 0;

    (void)state;
    for (int phase = 0; phase < 60; phase++) {
        struct strbuf text = STRBUF_INIT;
        sim_time raised;

        again();
        strbuf_addf(&text, "{given: %ds}", phase);
        set(0, "phase", text.text);
        set(0, "delay", "33s");
        raised = raised_at();
        assert_int_equal(raised, derived(phase, 0));
        sum += raised - FAULT;
        strbuf_release(&text);
    }
    /* R is uniform on 1 to 60 s: E R + P (M - 1) + d + P P(R < theta P) = 30.5 + 60 + 33 + 60 x
     * 29/60 */
    assert_int_equal(sum, 60 * 152500 * SIM_MS);
}

static void alarm_delay_by_a_clock_ends_at_its_next_tick(void **state)
{
    (void)state;
    for (int phase = 0; phase < 60; phase += 7) {
        struct strbuf text = STRBUF_INIT;

        again();
        strbuf_addf(&text, "{given: %ds}", phase);
        set(0, "phase", text.text);
        set(0, "delay", "33s");
        set(0, "evaluation", "{clock: 25s}");
        assert_int_equal(raised_at(), derived(phase, 25 * SIM_S));
        strbuf_release(&text);
    }
}

/* M of N: 3 of 3 one period later than 2 of 3; at a share of exactly the threshold it breaches. */
static void alarm_needs_m_points_and_breaches_at_its_threshold(void **state)
{
    (void)state;
    set(0, "phase", "{given: 30s}"); /* half of the period from 570 s fails */
    assert_int_equal(raised_at(), 690 * SIM_S);
    again();
    set(0, "phase", "{given: 30s}");
    set(0, "threshold", "50.1%");
    assert_int_equal(raised_at(), 750 * SIM_S);
    again();
    set(0, "phase", "{given: 30s}");
    set(0, "datapoints", "3");
    assert_int_equal(raised_at(), 750 * SIM_S);
}

/* --- which data ------------------------------------------------------------------------------ */

static void alarm_evaluates_the_worst_region_or_one(void **state)
{
    (void)state;
    assert_string_equal(changes_of("errors"), "720 alarm; ");
    again();
    set(0, "region", "west"); /* nothing fails there */
    assert_string_equal(changes_of("errors"), "");
    again();
    set(0, "region", "east");
    assert_string_equal(changes_of("errors"), "720 alarm; ");
}

static void east_is_lost(void *arg)
{
    (void)arg;
    bench.impairments.region[1].count = 1;
}

/* The region that fails is down when its points are published: only those of the other are left;
 * an alarm on that region alone has no data. */
static void a_lost_region_publishes_nothing(void **state)
{
    (void)state;
    rig_call(&bench.rig, FAULT + SIM_S, east_is_lost, NULL);
    assert_string_equal(changes_of("errors"), "");
    again();
    set(0, "region", "east");
    rig_call(&bench.rig, FAULT + SIM_S, east_is_lost, NULL);
    /* N + 2 = 5 points are missing at 900 s; one breaches before, at 660 s it is missing too */
    assert_string_equal(changes_of("errors"), "900 insufficient; ");
    again();
    set(0, "region", "east");
    set(0, "missing_data", "breaching");
    rig_call(&bench.rig, FAULT + SIM_S, east_is_lost, NULL);
    /* 2 real good points of 5 are left at 780 s: 1 filled in; one is left at 840 s: 2 filled in */
    assert_string_equal(changes_of("errors"), "840 alarm; ");
}

/*
 * A service that publishes no zero: all 5 points of the evaluation are missing at 300 s. From 600 s
 * on errors are counted; the lone breach of 660 s is younger than M = 2, the next one alarms.
 */
static void a_count_may_be_absent_at_zero(void **state)
{
    (void)state;
    set(0, "metric", "Test/Rejections");
    set(0, "value", "1");
    assert_string_equal(changes_of("errors"), "300 insufficient; 720 alarm; ");
    again();
    set(0, "metric", "AWS/Test/Rejections");
    set(0, "value", "1");
    set(0, "missing_data", "not-breaching");
    assert_string_equal(changes_of("errors"), "720 alarm; ");
}

static void west_is_lost(void *arg)
{
    (void)arg;
    bench.impairments.region[0].count = 1;
}

/* What east receives is kept in west: with west lost the latency of east is out of reach, with east
 * itself lost it is there. */
static void a_metric_may_be_kept_where_it_is_sent(void **state)
{
    static void (*const losses[])(void *) = {west_is_lost, east_is_lost};
    static const char *const changes[] = {"900 insufficient; ", "720 alarm; "};

    (void)state;
    for (int i = 0; i < 2; i++) {
        again();
        bench.slow_ns = 200 * SIM_MS;
        set(0, "metric", "Received");
        set(0, "region", "east");
        set(0, "latency", "190ms");
        rig_call(&bench.rig, FAULT + SIM_S, losses[i], NULL);
        assert_string_equal(changes_of("errors"), changes[i]);
    }
}

static void names_of_services_are_refused_with_a_reason(void **state)
{
    static const char *const cases[][2] = {
        {"Test/Unheard", "has no counterpart here: it is not collected"},
        {"Elsewhere", "is not recorded by this scenario: it shows 'conflicts'"},
        {"Test/Rejection", "did you mean 'Rejections'?"},
        {"Other/Rejections", "names no metric"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        again();
        set(0, "metric", cases[i][0]);
        strbuf_clear(&rig_validation);
        assert_false(rig_check(&bench.rig, 0));
        if (!strstr(rig_validation.text, cases[i][1]))
            fail_msg("%s: %s", cases[i][0], rig_validation.text);
    }
}

static void set_monitoring(bool up)
{
    const struct control_state state = {.up = up};
    struct control_plane *plane = port_need_control_plane(bench.rig.ports, CONTROL_MONITORING, 0);

    assert_string_equal(plane->home, "us-east-1");
    plane->set(plane->self, plane->index, &state);
}

static void monitoring_fails(void *arg)
{
    (void)arg;
    set_monitoring(false);
}

static void monitoring_returns(void *arg)
{
    (void)arg;
    set_monitoring(true);
}

/* Blind from 610 to 1000 s: the periods to 660 ... 960 s are missing, those to 1020 and 1080 s
 * breach. */
static void an_alarm_is_blind_without_its_monitoring(void **state)
{
    (void)state;
    set(0, "home", "us-east-1");
    rig_call(&bench.rig, 610 * SIM_S, monitoring_fails, NULL);
    rig_call(&bench.rig, 1000 * SIM_S, monitoring_returns, NULL);
    assert_non_null(strstr(changes_of("errors"), "1080 alarm; "));
}

/* Any metric of the run: a count is the sum of the period, or by second; a label; a percentile. */
static void alarms_read_any_metric_of_the_run(void **state)
{
    static const struct {
        const char *metric, *statistic, *name, *value;
        bool alarm;
    } cases[] = {
        {"errors", "published", "value", "60", true}, /* each second of 60 */
        {"errors", "published", "value", "61", false},
        {"errors", "average", "value", "1", true},
        {"errors", "average", "value", "1.01", false},
        {"reads{kind=slow}", "sum", "value", "60", true},
        {"reads{kind=slow}", "sum", "value", "61", false},
        {"reads", "sum", "value", "61", false},       /* 60 of either kind */
        {"latency", "p99", "latency", "190ms", true}, /* 200 ms within 1.6 % */
        {"latency", "p99", "latency", "210ms", false},
        {"latency", "minimum", "latency", "190ms", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        again();
        bench.slow_ns = 200 * SIM_MS;
        set(0, "metric", cases[i].metric);
        set(0, "statistic", cases[i].statistic);
        set(0, cases[i].name, cases[i].value);
        assert_string_equal(changes_of("errors"), cases[i].alarm ? "720 alarm; " : "");
    }
}

static void what_is_no_metric_is_refused(void **state)
{
    static const struct {
        const char *name, *value, *field;
    } cases[] = {
        {"metric", "erors", "metric"},
        {"metric", "reads{kind=old}", "metric"},
        {"metric", "reads{cause=slow}", "metric"},
        {"metric", "reads{", "metric"},
        {"metric", "rto", "metric"},
        {"statistic", "p99", "statistic"},
        {"datapoints", "4", "datapoints"},
        {"name", "not", "name"},
        {"name", "a b", "name"},
        {"period", "10500ms", "period"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        again();
        set(0, cases[i].name, cases[i].value);
        assert_false(rig_check(&bench.rig, 0));
        assert_int_equal(strncmp(rig_validation.text, cases[i].field, strlen(cases[i].field)), 0);
    }
    rig_wire(&bench.rig); /* so that it can be closed */
}

/*
 * p99 of few samples: below 10/(1 - 0.99) = 1000 in a period, `ignore` keeps the state. Each region
 * has 16 a second, 960 a period; with 17, 1020.
 */
static void a_percentile_of_few_samples_may_keep_the_state(void **state)
{
    (void)state;
    for (uint32_t rate = 16; rate <= 17; rate++)
        for (int ignored = 0; ignored < 2; ignored++) {
            again();
            bench.attempts_per_s[0] = bench.attempts_per_s[1] = rate;
            bench.slow_ns = 200 * SIM_MS;
            set(0, "metric", "latency");
            set(0, "statistic", "p99");
            set(0, "latency", "100ms");
            if (ignored)
                set(0, "low_samples", "ignore");
            assert_string_equal(changes_of("errors"), ignored && rate == 16 ? "" : "720 alarm; ");
        }
}

/* --- composite alarms ------------------------------------------------------------------------ */

/* `errors` is raised at 720 s and over at 1560 s (fails to 1500 s: one of three is bad then);
 * `many` at 60 errors in a minute, 3 of 3: 780 s to 1500 s + 60 s. */
static const char *changes_of_composite(const char *rule)
{
    again();
    bench.fails_until = 1500 * SIM_S;
    set(1, "name", "many");
    set(1, "metric", "errors");
    set(1, "value", "60");
    set(1, "datapoints", "3");
    set(1, "delay", "0s");
    set(2, "name", "both");
    set(2, "rule", rule);
    return changes_of("both");
}

static void composite_alarms_follow_their_rules(void **state)
{
    static const struct {
        const char *rule, *changes;
    } cases[] = {
        {"errors", "720 alarm; 1620 ok; "},
        {"many", "780 alarm; 1560 ok; "},
        {"errors and many", "780 alarm; 1560 ok; "},
        {"errors or many", "720 alarm; 1620 ok; "},
        {"errors and not many", "720 alarm; 780 ok; 1560 alarm; 1620 ok; "},
        {"not (errors or many)", "720 ok; 1620 alarm; "},
        {"not not errors and ok(many)", "720 alarm; 780 ok; 1560 alarm; 1620 ok; "},
        {"many or errors and insufficient(many)", "780 alarm; 1560 ok; "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(changes_of_composite(cases[i].rule), cases[i].changes);
}

/* Rules name alarms before them, so that none depends on itself. */
static void rules_are_refused_with_a_reason(void **state)
{
    static const struct {
        const char *rule, *error;
    } cases[] = {
        {"", "rule: ends where the name of an alarm is needed\n"},
        {"later", "rule: names no alarm before it: 'later'\n"},
        {"both", "rule: names no alarm before it: 'both'\n"},
        {"errors and", "rule: ends where the name of an alarm is needed\n"},
        {"errors errors", "rule: needs 'and' or 'or', got 'errors'\n"},
        {"(errors", "rule: ends where ')' is needed\n"},
        {"errors & errors", "rule: needs 'and' or 'or', got '&'\n"},
        {"ok errors", "rule: needs '(', got 'errors'\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        set(1, "name", "both");
        set(1, "rule", cases[i].rule[0] ? cases[i].rule : "''");
        set(2, "name", "later");
        assert_false(rig_check(&bench.rig, 1));
        assert_string_equal(rig_validation.text, cases[i].error);
    }
    set(1, "rule", "errors");
    set(2, "name", "errors");
    assert_false(rig_check(&bench.rig, 2));
    assert_non_null(
        strstr(rig_validation.text, "name: 'errors' is the name of another alarm: alarms.0\n"));
    set(2, "name", "later");
    set(2, "metric", "errors");
    rig_wire(&bench.rig);
}

/* The events of the log: the first breaching point causes the alarm, which waited for the second;
 * the composite alarm is caused by it. */
static void the_log_says_why_an_alarm_was_raised(void **state)
{
    const struct run_event *events;

    (void)state;
    set(1, "name", "both");
    set(1, "rule", "errors");
    changes_of("both");
    events = bench.rig.log.events;
    assert_int_equal(bench.rig.log.event_count, 4);
    assert_string_equal(events[0].what, "metric");
    assert_string_equal(events[0].subject, "east");
    assert_string_equal(events[0].text, "error_rate is 100% from 10 min to 11 min: breaching");
    assert_string_equal(events[2].text,
                        "the alarm 'errors' is raised: 2 of the last 3 periods of 1 min breach");
    assert_int_equal(events[2].cause, 1);
    assert_int_equal(events[2].waited_for, 2);
    assert_string_equal(events[3].text, "the alarm 'both' is raised");
    assert_int_equal(events[3].cause, 3);
}

#define BENCH(test) cmocka_unit_test_setup_teardown(test, bench_open, bench_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BENCH(alarm_delay_follows_from_period_phase_and_publication),
        BENCH(alarm_delay_by_a_clock_ends_at_its_next_tick),
        BENCH(alarm_needs_m_points_and_breaches_at_its_threshold),
        BENCH(alarm_evaluates_the_worst_region_or_one),
        BENCH(a_lost_region_publishes_nothing),
        BENCH(a_count_may_be_absent_at_zero),
        BENCH(a_metric_may_be_kept_where_it_is_sent),
        BENCH(names_of_services_are_refused_with_a_reason),
        BENCH(an_alarm_is_blind_without_its_monitoring),
        BENCH(alarms_read_any_metric_of_the_run),
        BENCH(what_is_no_metric_is_refused),
        BENCH(a_percentile_of_few_samples_may_keep_the_state),
        BENCH(composite_alarms_follow_their_rules),
        BENCH(rules_are_refused_with_a_reason),
        BENCH(the_log_says_why_an_alarm_was_raised),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
