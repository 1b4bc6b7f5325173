// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Duration of each incident by stage: one bar per incident, divided into its mean stages. If an
 * incident ended in some replications only, there is no mean; the fraction that recovered is
 * printed instead.
 */
#include "plot.h"
#include "quote.h"
#include "incident_group.h"

#include <math.h>
#include <string.h>

enum { BARS_MAX = 8 };

static void add_stage_text(struct strbuf *text, const struct estimate_sums *sums, const char *name,
                           double level)
{
    struct interval interval = estimate_interval(sums, ESTIMATE_POSITIVE, level, NULL);
    strbuf_addf(text, "%s%s ", text->length > 0 ? "     " : "", name);
    units_add(text, interval.mean, UNIT_NS, 3);
    if (interval.valid && interval.high > interval.low)
        interval_add_bounds(text, interval.low, interval.high, UNIT_NS);
}

static void add_text_at(struct plot_job *job, const struct strbuf *text, double x, double y)
{
    strbuf_add(&job->script, "set label ");
    quote_add(&job->script, QUOTE_GNUPLOT, text->text);
    strbuf_addf(&job->script, " at first %.9g, first %.9g left font ',12' front\n", x, y);
}

/* A bar is of outages that all ended. */
static bool has_bar(const struct incident_group *group)
{
    return group->restored_count > 0 && group->restored_count == incident_group_outages(group);
}

/* Print the stages below the bar, or how often the incident ended if there is no bar. */
static void describe(struct plot_job *job, const struct incident_group *group, double y)
{
    struct strbuf text = STRBUF_INIT;
    double level = job->study->level;
    size_t outages = incident_group_outages(group);
    if (has_bar(group)) {
        add_stage_text(&text, &group->rto, "RTO", level);
        for (int i = 0; i < INCIDENT_STAGES; i++)
            if (group->stages[i].tally.max > 0)
                add_stage_text(&text, &group->stages[i], incident_stage_names[i], level);
        add_text_at(job, &text, 0, y - 0.42);
    } else if (outages == 0) {
        strbuf_addf(&text, "no outage in %zu replications: no RTO", group->count);
        add_text_at(job, &text, 0, y);
    } else {
        struct interval share = interval_wilson(group->restored_count, outages, level);
        strbuf_addf(&text,
                    "restored in %zu of %zu outages (%g %% interval: ", group->restored_count,
                    outages, level * 100);
        units_add(&text, share.low, UNIT_SHARE, 2);
        strbuf_add(&text, " to ");
        units_add(&text, share.high, UNIT_SHARE, 2);
        strbuf_add(&text, "): no mean");
        add_text_at(job, &text, 0, y);
    }
    strbuf_release(&text);
}

static double bar_divisor(const struct incident_group *const *bars, size_t count, const char **unit)
{
    double max = 0, divisor;
    for (size_t i = 0; i < count; i++)
        max = fmax(max, bars[i]->rto.tally.max);
    plot_scale(UNIT_NS, max, &divisor, unit);
    return divisor;
}

static double add_data(struct plot_job *job, const struct incident_group *const *bars, size_t count,
                       double divisor)
{
    double max = 0;
    for (int stage = 0; stage < INCIDENT_STAGES; stage++) {
        strbuf_addf(&job->script, "$stage%d << EOD\n", stage);
        for (size_t i = 0; i < count; i++) {
            double from = 0, y = -(double)i;
            for (int k = 0; k < stage; k++)
                from += bars[i]->stages[k].tally.mean / divisor;
            if (has_bar(bars[i])) {
                double to = from + bars[i]->stages[stage].tally.mean / divisor;
                strbuf_addf(&job->script, "%.9g %.9g %.9g %.9g %.9g %.9g\n", from, y, from, to,
                            y - 0.25, y + 0.25);
            }
        }
        strbuf_add(&job->script, "NaN NaN NaN NaN NaN NaN\nEOD\n");
    }
    strbuf_add(&job->script, "$rto << EOD\n");
    for (size_t i = 0; i < count; i++) {
        struct interval interval =
            estimate_interval(&bars[i]->rto, ESTIMATE_POSITIVE, job->study->level, NULL);
        bool whole = has_bar(bars[i]);
        max = fmax(max, whole ? bars[i]->rto.tally.mean / divisor : 0);
        if (whole && interval.valid) {
            strbuf_addf(&job->script, "%.9g %.9g %.9g %.9g\n", interval.mean / divisor, -(double)i,
                        interval.low / divisor, interval.high / divisor);
            max = fmax(max, interval.high / divisor);
        }
    }
    strbuf_add(&job->script, "NaN NaN NaN NaN\nEOD\n");
    return max;
}

static void set_names(struct plot_job *job, const struct incident_group *const *bars, size_t count)
{
    strbuf_add(&job->script, "set ytics (");
    for (size_t i = 0; i < count; i++) {
        struct strbuf name = STRBUF_INIT;
        strbuf_add(&name, bars[i]->kind);
        if (bars[i]->onset.max == bars[i]->onset.min) {
            strbuf_add(&name, " at ");
            units_add_duration(&name, (int64_t)bars[i]->onset.mean);
        }
        strbuf_add(&job->script, i > 0 ? ", " : "");
        quote_add(&job->script, QUOTE_GNUPLOT_TIC, name.text);
        strbuf_addf(&job->script, " %d", -(int)i);
        strbuf_release(&name);
    }
    strbuf_add(&job->script, ")\n");
}

static void draw(struct plot_job *job, const struct incident_group *const *bars, size_t count)
{
    const char *unit;
    double divisor = bar_divisor(bars, count, &unit);
    double max = add_data(job, bars, count, divisor);
    int height = 240 + (int)count * 170;
    plot_sheet(job, height < 480 ? 480 : height);
    plot_panel(job, 0.17, 0.98, 110.0 / job->height, 1 - 130.0 / job->height);
    strbuf_addf(&job->script, "set yrange [%.2f:0.5]\nset xrange [0:%.9g]\n", -(double)count + 0.3,
                max > 0 ? max * 1.05 : 1);
    strbuf_addf(
        &job->script,
        "set grid noytics xtics\nset xlabel 'time since the start of the incident (%s)'\n"
        "set style fill solid 1 border lc rgb '#ffffff'\n"
        "set key at screen 0.97, screen %.4f right top horizontal Left reverse samplen 1.5\n",
        unit, 1 - 84.0 / job->height);
    set_names(job, bars, count);
    for (size_t i = 0; i < count; i++)
        describe(job, bars[i], -(double)i);
    strbuf_add(&job->script, "plot ");
    static const int colours[INCIDENT_STAGES] = {1, 6, 3, 5, 2};
    for (int stage = 0; stage < INCIDENT_STAGES; stage++) {
        strbuf_addf(&job->script,
                    "$stage%d using 1:2:3:4:5:6 with boxxyerror lc rgb '%s' title '%s', ", stage,
                    plot_colours[colours[stage]], incident_stage_names[stage]);
    }
    strbuf_addf(&job->script,
                "$rto using 1:2:3:4 with xerrorbars pt 7 ps 1 lw 2 lc rgb '#000000' title 'RTO'\n");
    plot_sheet_end(job);
}

enum drawn plot_rto_stages(struct plot_job *job)
{
    struct incident_groups groups;
    enum drawn drawn = DRAWN_FAILED;
    if (incident_groups_load(&groups, job->results, job->study->id, job->diag) == 0) {
        const struct incident_group *bars[BARS_MAX];
        size_t count = 0, left_out = 0;
        bool any_mean = false;
        for (size_t i = 0; i < groups.count; i++) {
            if (groups.groups[i].point == job->options->point) {
                any_mean = any_mean || has_bar(&groups.groups[i]);
                if (count < BARS_MAX)
                    bars[count++] = &groups.groups[i];
                else
                    left_out++;
            }
        }
        if (left_out > 0)
            strbuf_addf(&job->note, "%zu later incidents are not drawn", left_out);
        /* Without any bar there is no plot; the summary shows how often each incident ended. */
        drawn = any_mean ? DRAWN : DRAWN_NO_DATA;
        if (any_mean)
            draw(job, bars, count);
        else if (count > 0)
            strbuf_add(&job->note, "no incident is an outage that ended in every replication");
    }
    incident_groups_release(&groups);
    return drawn;
}
