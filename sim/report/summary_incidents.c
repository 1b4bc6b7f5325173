// SPDX-License-Identifier: GPL-3.0-or-later
/* The incidents of a summary with the stages of their RTO and their losses, and the events of the
 * first replication. */
#include "rank_quantile.h"
#include "summary_text_internal.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { EVENTS_MAX = 20 };

static void add_estimate(struct printer *printer, const char *name,
                         const struct estimate_sums *sums, enum estimate_law law, enum unit unit,
                         size_t n)
{
    struct interval interval = estimate_interval(sums, law, printer->summary->study.level, NULL);
    text_table_add(printer->table, "%s", name);
    /* One replication of several has no interval, and says so. */
    printer_add_mean(text_table_cell(printer->table), &interval, unit,
                     interval.n == 1 ? printer->n : n);
}

/* "loss 30% on us-west-2 -> us-west-1 at 10min: restored in 7 of 10 [39.7%, 89.2%]". */
static void add_incident_head(struct printer *printer, const struct incident_group *group)
{
    struct strbuf text = STRBUF_INIT;
    size_t outages = incident_group_outages(group);
    incident_group_add_name(&text, group);
    strbuf_add(&text, ": ");
    if (outages == 0) {
        strbuf_addf(&text, "no outage in %zu of %zu, so no RTO", group->count, group->count);
    } else {
        if (group->harmless_count > 0)
            strbuf_addf(&text, "an outage in %zu of %zu, ", outages, group->count);
        if (group->restored_count == 0)
            printer_add_share(&text, "never restored", outages, outages, printer);
        else
            printer_add_share(&text, "restored", group->restored_count, outages, printer);
    }
    printer_add_paragraph(printer, text.text);
    strbuf_release(&text);
}

/* A quantile over all outages, by rank: those never restored come last. */
static void add_rto_quantile(struct printer *printer, const struct incident_group *group,
                             const char *name, double q)
{
    struct rank_quantile rank =
        rank_quantile(group->rtos_ns, group->rto_count, q, printer->summary->study.level);
    text_table_add(printer->table, "%s", name);
    struct strbuf *cell = text_table_cell(printer->table);
    struct interval interval = {
        .valid = rank.n >= 2, .mean = rank.value, .low = rank.low, .high = rank.high};
    interval_add(cell, &interval, UNIT_NS);
    if (interval.valid && rank.is_range)
        strbuf_addf(cell, ", from the lowest to the highest: a %.3g %% interval", rank.level * 100);
}

/* How many stages have a part of the RTO. */
static int stages_with_time(const struct incident_group *group)
{
    int count = 0;
    for (int i = 0; i < INCIDENT_STAGES; i++)
        count += group->stages[i].tally.max > 0;
    return count;
}

static void add_rto(struct printer *printer, const struct incident_group *group)
{
    bool all = group->restored_count == incident_group_outages(group);
    if (group->restored_count > 0) {
        add_estimate(printer, all ? "  RTO" : "  RTO of those restored", &group->rto,
                     ESTIMATE_POSITIVE, UNIT_NS, group->restored_count);
    }
    /* If none was restored there is nothing to rank. */
    if (!all && group->restored_count > 0) {
        add_rto_quantile(printer, group, "  rto.p50, never as the worst", 0.5);
        add_rto_quantile(printer, group, "  rto.p90, never as the worst", 0.9);
    }
    /* An outage that passed by itself has no stages to distinguish. */
    for (int i = 0; i < INCIDENT_STAGES && stages_with_time(group) > 1; i++) {
        if (group->stages[i].tally.max > 0) {
            struct strbuf name = STRBUF_INIT;
            strbuf_addf(&name, "    %s", incident_stage_names[i]);
            add_estimate(printer, name.text, &group->stages[i], ESTIMATE_POSITIVE, UNIT_NS,
                         group->restored_count);
            strbuf_release(&name);
        }
    }
}

/* If only some runs failed over, the zero losses of the others would lower a mean. */
static void add_losses(struct printer *printer, const struct incident_group *group)
{
    const struct tally *writes = &group->writes_lost.tally;
    const struct tally *sessions = &group->sessions_lost.tally;
    if (group->failover_count == group->count && group->count > 0) {
        add_estimate(printer, "  RPO", &group->rpo, ESTIMATE_POSITIVE, UNIT_NS, group->count);
        add_estimate(printer, "  writes lost", &group->writes_lost, ESTIMATE_COUNT, UNIT_COUNT,
                     group->count);
        add_estimate(printer, "  sessions lost", &group->sessions_lost, ESTIMATE_COUNT, UNIT_COUNT,
                     group->count);
    } else if (group->failover_count > 0) {
        text_table_add(printer->table, "  failover");
        printer_add_share(text_table_cell(printer->table), "", group->failover_count, group->count,
                          printer);
        text_table_add(printer->table, "  writes lost");
        text_table_add(printer->table, "%g to %g", writes->min, writes->max);
        text_table_add(printer->table, "  sessions lost");
        text_table_add(printer->table, "%g to %g", sessions->min, sessions->max);
    }
}

static void add_incident(struct printer *printer, const struct incident_group *group)
{
    bool markdown = printer->options->markdown;
    add_incident_head(printer, group);
    printer->table = markdown ? text_table_create("stage\tvalue") : text_table_create_bare(2);
    if (incident_group_outages(group) == 0 && group->failover_count == 0) {
        text_table_free(printer->table);
        return;
    }
    add_rto(printer, group);
    add_losses(printer, group);
    printer_end_table(printer);
}

void summary_add_incidents(struct printer *printer, int64_t point)
{
    bool titled = false;
    for (size_t i = 0; i < printer->summary->incidents.count; i++) {
        if (printer->summary->incidents.groups[i].point == point) {
            if (!titled)
                printer_add_heading(printer, "Incidents");
            titled = true;
            add_incident(printer, &printer->summary->incidents.groups[i]);
        }
    }
}

void summary_add_events(struct printer *printer)
{
    const struct summary *summary = printer->summary;
    /* For a pull request the incidents are enough. */
    if (summary->event_count == 0 || (printer->options->markdown && !printer->options->all))
        return;
    printer_add_heading(printer, summary->study.run_count > 1 ? "Events of the first replication"
                                                              : "Events");
    size_t shown = printer->options->all || summary->event_count <= EVENTS_MAX
                       ? summary->event_count
                       : EVENTS_MAX - 1;
    printer->table = text_table_create("time\twhat\tsubject\t");
    struct text_table *table = printer->table;
    text_table_limit(table, (size_t)printer->width);
    for (size_t i = 0; i < shown; i++) {
        const struct summary_event *event = &summary->events[i];
        int64_t ms = event->t_ns / NS_PER_MS;
        text_table_add(table, "%3" PRId64 ":%02d:%02d.%03d", ms / 3600000, (int)(ms / 60000 % 60),
                       (int)(ms / 1000 % 60), (int)(ms % 1000));
        text_table_add(table, "%s", event->what);
        text_table_add(table, "%s", event->subject);
        text_table_add(table, "%s", event->text);
    }
    printer_end_table(printer);
    if (shown < summary->event_count)
        strbuf_addf(printer->out, "  ... and %zu more (--all)\n", summary->event_count - shown);
}
