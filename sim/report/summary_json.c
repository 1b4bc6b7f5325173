// SPDX-License-Identifier: GPL-3.0-or-later
/* The summary as one JSON object: all statistics in the units of the results file (ns, ratios), in
 * full precision. */
#include "json_writer.h"
#include "rank_quantile.h"
#include "summary_print.h"

#include <math.h>

static void write_mean(struct json_writer *json, const struct interval *interval)
{
    json_count(json, "n", interval->n);
    json_number(json, "mean", interval->mean);
    json_number(json, "low", interval->valid ? interval->low : NAN);
    json_number(json, "high", interval->valid ? interval->high : NAN);
    if (interval->form != INTERVAL_PLAIN)
        json_text(json, "seen", interval_form_name(interval->form));
    if (interval->trials > 0)
        json_count(json, "trials", interval->trials);
}

static void write_study(struct json_writer *json, const struct study_row *study)
{
    json_open_object(json, "study");
    json_integer(json, "id", study->id);
    json_text(json, "verb", study->verb);
    json_text(json, "argv", study->argv);
    json_text(json, "version", study->version);
    json_text(json, "scenario", study->scenario_name);
    json_text(json, "question", study->question);
    json_text(json, "started", study->started);
    json_seed(json, "seed", study->seed);
    json_number(json, "level", study->level);
    json_count(json, "points", study->point_count);
    json_count(json, "replications", study->replication_count);
    json_count(json, "runs", study->run_count);
    json_integer(json, "duration_ns", study->duration_ns);
    json_integer(json, "warmup_ns", study->warmup_ns);
    json_flag(json, "complete", study->complete);
    json_close(json);
}

static void write_params(struct json_writer *json, const struct summary *summary)
{
    json_open_array(json, "params");
    for (size_t i = 0; i < summary->param_count; i++) {
        json_open_object(json, NULL);
        json_integer(json, "point", summary->params[i].point);
        json_text(json, "path", summary->params[i].path);
        json_text(json, "value", summary->params[i].value);
        json_close(json);
    }
    json_close(json);
}

static void write_expectations(struct json_writer *json, const struct summary *summary)
{
    json_open_array(json, "expectations");
    for (size_t i = 0; i < summary->expectation_count; i++) {
        const struct summary_expectation *row = &summary->expectations[i];
        json_open_object(json, NULL);
        json_integer(json, "point", row->point);
        json_text(json, "text", row->text);
        json_text(json, "verdict", row->verdict);
        json_text(json, "unit", unit_name(summary_unit_of(summary, row->text)));
        json_number(json, "value", row->has_value ? row->value : NAN);
        json_number(json, "low", row->has_interval ? row->low : NAN);
        json_number(json, "high", row->has_interval ? row->high : NAN);
        if (row->reason[0] != '\0')
            json_text(json, "reason", row->reason);
        json_close(json);
    }
    json_close(json);
}

static void write_statistics(struct json_writer *json, const char *name,
                             const struct statistic_table *table)
{
    json_open_array(json, name);
    for (size_t i = 0; i < table->count; i++) {
        const struct statistic_row *row = &table->rows[i];
        json_open_object(json, NULL);
        json_integer(json, "point", row->point);
        json_text(json, "metric", row->metric);
        json_text(json, "stat", row->stat);
        json_text(json, "region", row->region);
        json_text(json, "label", row->label);
        json_text(json, "window", row->window);
        json_text(json, "unit", unit_name(row->unit));
        write_mean(json, &row->interval);
        if (row->censored > 0)
            json_count(json, "censored", row->censored);
        json_close(json);
    }
    json_close(json);
}

static void write_estimate(struct json_writer *json, const char *name,
                           const struct estimate_sums *sums, enum estimate_law law, double level)
{
    struct interval interval = estimate_interval(sums, law, level, NULL);
    json_open_object(json, name);
    json_text(json, "unit", unit_name(law == ESTIMATE_COUNT ? UNIT_COUNT : UNIT_NS));
    write_mean(json, &interval);
    json_close(json);
}

/* Over all outages, by rank; null: never restored. */
static void write_rto_quantiles(struct json_writer *json, const struct incident_group *group,
                                double level)
{
    static const struct {
        const char *name;
        double q;
    } rows[] = {{"rto_p50_ns", 0.5}, {"rto_p90_ns", 0.9}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct rank_quantile rank =
            rank_quantile(group->rtos_ns, group->rto_count, rows[i].q, level);
        json_open_object(json, rows[i].name);
        json_text(json, "unit", unit_name(UNIT_NS));
        json_count(json, "n", rank.n);
        json_count(json, "never", rank.censored);
        json_number(json, "value", isfinite(rank.value) ? rank.value : NAN);
        json_number(json, "low", isfinite(rank.low) ? rank.low : NAN);
        json_number(json, "high", isfinite(rank.high) ? rank.high : NAN);
        json_number(json, "level", rank.level);
        json_close(json);
    }
}

static void write_incident(struct json_writer *json, const struct incident_group *group,
                           double level)
{
    size_t outages = incident_group_outages(group);
    struct interval share = interval_wilson(group->restored_count, outages, level);
    json_open_object(json, NULL);
    json_integer(json, "point", group->point);
    json_integer(json, "number", group->number);
    json_text(json, "kind", group->kind);
    json_text(json, "subject", group->subject);
    json_count(json, "n", group->count);
    json_count(json, "outages", outages);
    json_count(json, "restored", group->restored_count);
    json_count(json, "failovers", group->failover_count);
    json_number(json, "restored_low", share.low);
    json_number(json, "restored_high", share.high);
    if (outages > 0)
        write_rto_quantiles(json, group, level);
    if (group->restored_count > 0) { /* of those restored */
        write_estimate(json, "rto_ns", &group->rto, ESTIMATE_POSITIVE, level);
        for (int k = 0; k < INCIDENT_STAGES; k++) {
            write_estimate(json, incident_stage_names[k], &group->stages[k], ESTIMATE_POSITIVE,
                           level);
        }
    }
    if (group->failover_count == group->count)
        write_estimate(json, "rpo_ns", &group->rpo, ESTIMATE_POSITIVE, level);
    write_estimate(json, "writes_lost", &group->writes_lost, ESTIMATE_COUNT, level);
    write_estimate(json, "sessions_lost", &group->sessions_lost, ESTIMATE_COUNT, level);
    json_close(json);
}

static void write_incidents(struct json_writer *json, const struct summary *summary)
{
    json_open_array(json, "incidents");
    for (size_t i = 0; i < summary->incidents.count; i++)
        write_incident(json, &summary->incidents.groups[i], summary->study.level);
    json_close(json);
}

/* If a point's runs have two outcomes, the means in "figures" describe neither; these are the
 * statistics of each outcome. */
static void write_outcomes(struct json_writer *json, const struct summary *summary)
{
    json_open_array(json, "outcomes");
    for (size_t i = 0; i < summary->outcome_count; i++) {
        const struct outcome_row *row = &summary->outcomes[i];
        struct interval share = interval_wilson(row->stuck, row->count, summary->study.level);
        json_open_object(json, NULL);
        json_integer(json, "point", row->point);
        json_count(json, "n", row->count);
        json_count(json, "stuck", row->stuck);
        json_number(json, "stuck_low", share.low);
        json_number(json, "stuck_high", share.high);
        json_close(json);
    }
    json_close(json);
    write_statistics(json, "figures_recovered", &summary->recovered);
    write_statistics(json, "figures_stuck", &summary->stuck);
}

/* Statistics whose replications fall into two groups, each with its own mean. */
static void write_two_groups(struct json_writer *json, const struct summary *summary)
{
    json_open_array(json, "two_groups");
    for (size_t i = 0; i < summary->groups.count; i++) {
        const struct statistic_groups *row = &summary->groups.items[i];
        json_open_object(json, NULL);
        json_integer(json, "point", row->point);
        json_text(json, "metric", row->text);
        json_open_object(json, "low");
        json_text(json, "unit", unit_name(row->unit));
        write_mean(json, &row->low);
        json_close(json);
        json_open_object(json, "high");
        json_text(json, "unit", unit_name(row->unit));
        write_mean(json, &row->high);
        json_close(json);
        json_close(json);
    }
    json_close(json);
}

static void write_events(struct json_writer *json, const struct summary *summary)
{
    json_open_array(json, "events");
    for (size_t i = 0; i < summary->event_count; i++) {
        const struct summary_event *event = &summary->events[i];
        json_open_object(json, NULL);
        json_integer(json, "t_ns", event->t_ns);
        json_text(json, "what", event->what);
        json_text(json, "subject", event->subject);
        json_text(json, "text", event->text);
        json_close(json);
    }
    json_close(json);
}

static void write_findings(struct json_writer *json, const struct summary *summary)
{
    json_open_array(json, "findings");
    for (size_t i = 0; i < summary->finding_count; i++) {
        const struct summary_finding *row = &summary->findings[i];
        json_open_object(json, NULL);
        if (row->point >= 0)
            json_integer(json, "point", row->point);
        json_text(json, "kind", row->kind);
        json_text(json, "subject", row->subject);
        json_text(json, "verdict", row->verdict);
        json_text(json, "unit", row->unit);
        json_text(json, "text", row->text);
        json_count(json, "n", row->n);
        json_number(json, "value", row->value);
        json_number(json, "low", row->low);
        json_number(json, "high", row->high);
        json_close(json);
    }
    json_close(json);
}

static void write_assumptions(struct json_writer *json, const struct summary *summary)
{
    json_open_array(json, "assumptions");
    for (size_t i = 0; i < summary->assumption_count; i++) {
        json_open_object(json, NULL);
        json_text(json, "path", summary->assumptions[i].path);
        json_text(json, "value", summary->assumptions[i].value);
        json_text(json, "meaning", summary->assumptions[i].meaning);
        json_close(json);
    }
    json_close(json);
}

int summary_write_json(FILE *out, const struct summary *summary)
{
    struct json_writer json;
    json_begin(&json, out);
    json_open_object(&json, NULL);
    write_study(&json, &summary->study);
    write_params(&json, summary);
    write_expectations(&json, summary);
    write_statistics(&json, "figures", &summary->statistics);
    write_outcomes(&json, summary);
    write_two_groups(&json, summary);
    write_incidents(&json, summary);
    write_events(&json, summary);
    write_findings(&json, summary);
    write_assumptions(&json, summary);
    mechanisms_write(&json, &summary->mechanisms);
    json_close(&json);
    return json_end(&json);
}
