// SPDX-License-Identifier: GPL-3.0-or-later
/* The summary as one JSON object: every plot, in the units of the file (ns, shares), to all
 * digits. */
#include "summary_print.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static void add_number(struct strbuf *out, double value)
{
    if (isfinite(value)) {
        strbuf_addf(out, "%.17g", value);
    } else {
        strbuf_add(out, "null");
    }
}

static void add_text(struct strbuf *out, const char *name, const char *value)
{
    strbuf_addf(out, "\"%s\": ", name);
    strbuf_add_json(out, value);
    strbuf_add(out, ", ");
}

static void add_mean(struct strbuf *out, const struct interval *interval)
{
    strbuf_addf(out, "\"n\": %" PRIu64 ", \"mean\": ", interval->n);
    add_number(out, interval->mean);
    strbuf_add(out, ", \"low\": ");
    add_number(out, interval->valid ? interval->low : NAN);
    strbuf_add(out, ", \"high\": ");
    add_number(out, interval->valid ? interval->high : NAN);
}

static void add_study(struct strbuf *out, const struct study_row *study)
{
    strbuf_addf(out, "{\"study\": {\"id\": %" PRId64 ", ", study->id);
    add_text(out, "verb", study->verb);
    add_text(out, "argv", study->argv);
    add_text(out, "version", study->version);
    add_text(out, "scenario", study->scenario_name);
    add_text(out, "question", study->question);
    add_text(out, "started", study->started);
    /* As a text: readers of JSON round integers above 2^53. */
    strbuf_addf(out,
                "\"seed\": \"%" PRIu64 "\", \"level\": %.17g, \"points\": %" PRIu32
                ", \"replications\": %" PRIu32 ", \"runs\": %" PRIu32 ", \"duration_ns\": %" PRId64
                ", \"warmup_ns\": %" PRId64 ", \"complete\": %s},\n",
                study->seed, study->level, study->point_count, study->replication_count,
                study->run_count, study->duration_ns, study->warmup_ns,
                study->complete ? "true" : "false");
}

static void add_params(struct strbuf *out, const struct summary *summary)
{
    strbuf_add(out, "\"params\": [");
    for (size_t i = 0; i < summary->param_count; i++) {
        strbuf_addf(out, "%s{\"point\": %" PRId64 ", ", i > 0 ? ",\n" : "\n",
                    summary->params[i].point);
        add_text(out, "path", summary->params[i].path);
        strbuf_add(out, "\"value\": ");
        strbuf_add_json(out, summary->params[i].value);
        strbuf_add(out, "}");
    }
    strbuf_add(out, "],\n");
}

static void add_expectations(struct strbuf *out, const struct summary *summary)
{
    strbuf_add(out, "\"expectations\": [");
    for (size_t i = 0; i < summary->expectation_count; i++) {
        const struct summary_expectation *row = &summary->expectations[i];
        strbuf_addf(out, "%s{\"point\": %" PRId64 ", ", i > 0 ? ",\n" : "\n", row->point);
        add_text(out, "text", row->text);
        add_text(out, "verdict", row->verdict);
        strbuf_add(out, "\"value\": ");
        add_number(out, row->has_value ? row->value : NAN);
        strbuf_add(out, ", \"low\": ");
        add_number(out, row->has_interval ? row->low : NAN);
        strbuf_add(out, ", \"high\": ");
        add_number(out, row->has_interval ? row->high : NAN);
        strbuf_add(out, "}");
    }
    strbuf_add(out, "],\n");
}

static void add_plots(struct strbuf *out, const char *name, const struct statistic_table *plots)
{
    strbuf_addf(out, "\"%s\": [", name);
    for (size_t i = 0; i < plots->count; i++) {
        const struct statistic_row *row = &plots->rows[i];
        strbuf_addf(out, "%s{\"point\": %" PRId64 ", ", i > 0 ? ",\n" : "\n", row->point);
        add_text(out, "metric", row->metric);
        add_text(out, "stat", row->stat);
        add_text(out, "region", row->region);
        add_text(out, "label", row->label);
        add_text(out, "window", row->window);
        add_text(out, "unit", unit_name(row->unit));
        add_mean(out, &row->interval);
        strbuf_add(out, "}");
    }
    strbuf_add(out, "],\n");
}

static void add_named_mean(struct strbuf *out, const char *name, const struct tally *tally,
                           double level)
{
    struct interval interval = interval_student(tally, level);
    strbuf_addf(out, ", \"%s\": {", name);
    add_mean(out, &interval);
    strbuf_add(out, "}");
}

static void add_incidents(struct strbuf *out, const struct summary *summary)
{
    double level = summary->study.level;
    strbuf_add(out, "\"incidents\": [");
    for (size_t i = 0; i < summary->incidents.count; i++) {
        const struct incident_group *group = &summary->incidents.groups[i];
        struct interval share = interval_wilson(group->restored_count, group->count, level);
        strbuf_addf(out, "%s{\"point\": %" PRId64 ", \"number\": %" PRId64 ", ",
                    i > 0 ? ",\n" : "\n", group->point, group->number);
        add_text(out, "kind", group->kind);
        strbuf_addf(out, "\"n\": %zu, \"restored\": %zu, \"failovers\": %zu, \"restored_low\": ",
                    group->count, group->restored_count, group->failover_count);
        add_number(out, share.low);
        strbuf_add(out, ", \"restored_high\": ");
        add_number(out, share.high);
        if (group->restored_count == group->count) {
            add_named_mean(out, "rto_ns", &group->rto, level);
            for (int k = 0; k < INCIDENT_STAGES; k++) {
                add_named_mean(out, incident_stage_names[k], &group->stages[k], level);
            }
        }
        if (group->failover_count == group->count) {
            add_named_mean(out, "rpo_ns", &group->rpo, level);
        }
        add_named_mean(out, "writes_lost", &group->writes_lost, level);
        add_named_mean(out, "sessions_lost", &group->sessions_lost, level);
        strbuf_add(out, "}");
    }
    strbuf_add(out, "],\n");
}

/* Where a point's runs ended in two ways, `plots` holds means that are neither's: each way has
 * its own here. */
static void add_outcomes(struct strbuf *out, const struct summary *summary)
{
    bool first = true;
    strbuf_add(out, "\"outcomes\": [");
    for (size_t i = 0; i < summary->outcome_count; i++) {
        const struct outcome_row *row = &summary->outcomes[i];
        struct interval share = interval_wilson(row->stuck, row->count, summary->study.level);
        strbuf_addf(out,
                    "%s{\"point\": %" PRId64 ", \"n\": %" PRIu64 ", \"stuck\": %" PRIu64
                    ", \"stuck_low\": ",
                    first ? "\n" : ",\n", row->point, row->count, row->stuck);
        add_number(out, share.low);
        strbuf_add(out, ", \"stuck_high\": ");
        add_number(out, share.high);
        strbuf_add(out, "}");
        first = false;
    }
    strbuf_add(out, "],\n");
    add_plots(out, "figures_recovered", &summary->recovered);
    add_plots(out, "figures_stuck", &summary->stuck);
}

static void add_events(struct strbuf *out, const struct summary *summary)
{
    strbuf_add(out, "\"events\": [");
    for (size_t i = 0; i < summary->event_count; i++) {
        const struct summary_event *event = &summary->events[i];
        strbuf_addf(out, "%s{\"t_ns\": %" PRId64 ", ", i > 0 ? ",\n" : "\n", event->t_ns);
        add_text(out, "what", event->what);
        add_text(out, "subject", event->subject);
        strbuf_add(out, "\"text\": ");
        strbuf_add_json(out, event->text);
        strbuf_add(out, "}");
    }
    strbuf_add(out, "],\n");
}

static void add_findings(struct strbuf *out, const struct summary *summary)
{
    strbuf_add(out, "\"findings\": [");
    for (size_t i = 0; i < summary->finding_count; i++) {
        const struct summary_finding *row = &summary->findings[i];
        strbuf_add(out, i > 0 ? ",\n{" : "\n{");
        if (row->point >= 0) {
            strbuf_addf(out, "\"point\": %" PRId64 ", ", row->point);
        }
        add_text(out, "kind", row->kind);
        add_text(out, "subject", row->subject);
        add_text(out, "verdict", row->verdict);
        add_text(out, "unit", row->unit);
        add_text(out, "text", row->text);
        strbuf_addf(out, "\"n\": %" PRIu64 ", \"value\": ", row->n);
        add_number(out, row->value);
        strbuf_add(out, ", \"low\": ");
        add_number(out, row->low);
        strbuf_add(out, ", \"high\": ");
        add_number(out, row->high);
        strbuf_add(out, "}");
    }
    strbuf_add(out, "],\n");
}

static void add_assumptions(struct strbuf *out, const struct summary *summary)
{
    strbuf_add(out, "\"assumptions\": [");
    for (size_t i = 0; i < summary->assumption_count; i++) {
        strbuf_add(out, i > 0 ? ",\n{" : "\n{");
        add_text(out, "path", summary->assumptions[i].path);
        add_text(out, "value", summary->assumptions[i].value);
        strbuf_add(out, "\"meaning\": ");
        strbuf_add_json(out, summary->assumptions[i].meaning);
        strbuf_add(out, "}");
    }
    strbuf_add(out, "]}\n");
}

void summary_add_json(struct strbuf *out, const struct summary *summary)
{
    add_study(out, &summary->study);
    add_params(out, summary);
    add_expectations(out, summary);
    add_plots(out, "figures", &summary->plots);
    add_outcomes(out, summary);
    add_incidents(out, summary);
    add_events(out, summary);
    add_findings(out, summary);
    add_assumptions(out, summary);
}
