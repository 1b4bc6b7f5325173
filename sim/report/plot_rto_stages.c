// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The RTO of each outage as a waterfall: a row for each stage, which begins where the one before it
 * ends, then the whole with its interval. If an outage ended in some replications only, there is no
 * mean; the share that recovered is printed instead.
 */
#include "plot_lanes.h"
#include "incident_group.h"
#include "text_bar.h"

#include "mem.h"
#include "quote.h"
#include "text_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROW = 34, HEAD_ROW = 36, LEFT = 150, RIGHT = 1100, AXIS = 60, OUTAGES_MAX = 8, BAR = 48 };

static const char *const stage_meanings[INCIDENT_STAGES] = {
    "the alarm",       "the decision",      "the promotion", "the change is accepted",
    "it is published", "caches have ended", "the clients"};

struct waterfall {
    struct plot_job *job;
    const struct incident_group *outages[OUTAGES_MAX];
    size_t count, left_out, harmless;
    double divisor, max;
    const char *unit;
};

/* A bar is of outages that all ended. */
static bool has_bar(const struct incident_group *group)
{
    return group->restored_count > 0 && group->restored_count == incident_group_outages(group);
}

static size_t rows_of(const struct incident_group *group)
{
    size_t rows = 0;
    for (int i = 0; has_bar(group) && i < INCIDENT_STAGES; i++)
        rows += group->stages[i].tally.max > 0;
    return rows + has_bar(group);
}

/* "loss 30% on us-west-2 -> us-west-1 at 10min: over in 7 of 10 outages [40%, 89%]". */
static void add_head(struct strbuf *out, const struct waterfall *fall,
                     const struct incident_group *group)
{
    size_t outages = incident_group_outages(group);
    incident_group_add_name(out, group);
    if (group->restored_count == outages && group->harmless_count == 0)
        return;
    if (group->harmless_count > 0)
        strbuf_addf(out, ": an outage in %zu of %zu replications", outages, group->count);
    if (group->restored_count < outages) {
        struct interval share =
            interval_wilson(group->restored_count, outages, fall->job->study->level);
        strbuf_addf(out, ": over in %zu of %zu outages", group->restored_count, outages);
        interval_add_bounds(out, share.low, share.high, UNIT_SHARE);
        strbuf_add(out, ", so it has no mean");
    }
}

static struct interval interval_of(const struct waterfall *fall, const struct estimate_sums *sums)
{
    return estimate_interval(sums, ESTIMATE_POSITIVE, fall->job->study->level, NULL);
}

/* --- as a picture ---------------------------------------------------------------------------- */

static void add_text(struct plot_job *job, const char *text, int x, double y, const char *align,
                     int points)
{
    strbuf_add(&job->script, "set label ");
    plot_quote(job, text);
    strbuf_addf(&job->script, " at screen %.4f, first %.3f %s font ',%d'\n", (double)x / PLOT_WIDTH,
                y, align, points);
}

static void add_row(const struct waterfall *fall, const struct estimate_sums *sums, double from,
                    double y, const char *name, const char *meaning, const char *colour)
{
    struct plot_job *job = fall->job;
    struct interval interval = interval_of(fall, sums);
    double to = from + interval.mean / fall->divisor;
    struct strbuf numbers = STRBUF_INIT;
    interval_add(&numbers, &interval, UNIT_NS);
    strbuf_addf(&numbers, "   %s", meaning);
    add_text(job, name, LEFT - 12, y, "right", 12);
    add_text(job, numbers.text, RIGHT + 16, y, "left", 12);
    strbuf_addf(&job->script,
                "set object rectangle from %.9g, %.3f to %.9g, %.3f fc rgb '%s' fs solid"
                " noborder\n",
                from, y - 0.36, fmax(to, from + fall->max * 0.001), y + 0.36, colour);
    if (interval.valid && interval.high > interval.low)
        strbuf_addf(&job->script,
                    "set arrow from %.9g, %.3f to %.9g, %.3f heads size screen 0.002, 90 front"
                    " lw 1.5 lc rgb '#000000'\n",
                    from + interval.low / fall->divisor, y, from + interval.high / fall->divisor,
                    y);
    strbuf_release(&numbers);
}

static double draw_outage(const struct waterfall *fall, const struct incident_group *group,
                          double y)
{
    static const int colours[INCIDENT_STAGES] = {1, 6, 3, 4, 5, 7, 2};
    struct strbuf head = STRBUF_INIT, meaning = STRBUF_INIT;
    double from = 0;
    add_head(&head, fall, group);
    add_text(fall->job, head.text, 24, y--, "left", 14);
    for (int i = 0; has_bar(group) && i < INCIDENT_STAGES; i++) {
        if (!(group->stages[i].tally.max > 0))
            continue;
        strbuf_clear(&meaning);
        strbuf_addf(&meaning, "until %s", stage_meanings[i]);
        add_row(fall, &group->stages[i], from, y--, incident_stage_names[i],
                i + 1 < INCIDENT_STAGES ? meaning.text : "until users are served again",
                plot_colours[colours[i]]);
        from += group->stages[i].tally.mean / fall->divisor;
    }
    if (has_bar(group))
        add_row(fall, &group->rto, 0, y--, "RTO", "", "#909090");
    strbuf_release(&head);
    strbuf_release(&meaning);
    return y;
}

static void draw(struct waterfall *fall)
{
    struct plot_job *job = fall->job;
    size_t rows = 0;
    for (size_t i = 0; i < fall->count; i++)
        rows += rows_of(fall->outages[i]) + 1;
    int top = plot_head(job) + 4;
    plot_sheet(job, top + (int)rows * ROW + AXIS + PLOT_FOOT + 10);
    plot_panel_at(job, LEFT, RIGHT, top, top + (int)rows * ROW);
    strbuf_addf(&job->script,
                "set xrange [0:%.9g]\nset yrange [0:%zu]\nset border 1 lc rgb '#606060'\n"
                "unset ytics\nset grid noytics xtics\n"
                "set xlabel 'time since the start of the outage (%s)'\n",
                fall->max > 0 ? fall->max * 1.03 : 1, rows, fall->unit);
    double y = (double)rows - 0.5;
    for (size_t i = 0; i < fall->count; i++)
        y = draw_outage(fall, fall->outages[i], y);
    strbuf_add(&job->script, "plot NaN notitle\n");
    plot_sheet_end(job);
}

/* --- as text --------------------------------------------------------------------------------- */

static void add_text_row(struct text_table *table, const struct waterfall *fall,
                         const struct estimate_sums *sums, double from, const char *name)
{
    struct interval interval = interval_of(fall, sums);
    text_table_add(table, "%s", name);
    text_bar_add(text_table_cell(table), from / fall->max,
                 (from + interval.mean / fall->divisor) / fall->max, BAR, '#');
    interval_add(text_table_cell(table), &interval, UNIT_NS);
}

static void draw_text(const struct waterfall *fall)
{
    struct plot_job *job = fall->job;
    for (size_t i = 0; i < fall->count; i++) {
        const struct incident_group *group = fall->outages[i];
        struct text_table *table = text_table_create_bare(3);
        struct strbuf head = STRBUF_INIT;
        double from = 0;
        add_head(&head, fall, group);
        quote_add(&job->text, QUOTE_TERMINAL, head.text);
        strbuf_add_char(&job->text, '\n');
        for (int k = 0; has_bar(group) && k < INCIDENT_STAGES; k++) {
            if (group->stages[k].tally.max > 0)
                add_text_row(table, fall, &group->stages[k], from, incident_stage_names[k]);
            from += group->stages[k].tally.mean / fall->divisor;
        }
        if (has_bar(group))
            add_text_row(table, fall, &group->rto, 0, "RTO");
        text_table_add_to_and_free(table, &job->text);
        strbuf_release(&head);
    }
}

/* The outages of the point, and the axis. */
static void find_outages(struct waterfall *fall, const struct incident_groups *groups)
{
    double max = 0;
    for (size_t i = 0; i < groups->count; i++) {
        const struct incident_group *group = &groups->groups[i];
        if (group->point != fall->job->point)
            continue;
        if (incident_group_outages(group) == 0)
            fall->harmless++;
        else if (fall->count == OUTAGES_MAX)
            fall->left_out++;
        else
            fall->outages[fall->count++] = group;
    }
    for (size_t i = 0; i < fall->count; i++) {
        const struct incident_group *group = fall->outages[i];
        double from = 0;
        for (int k = 0; has_bar(group) && k <= INCIDENT_STAGES; k++) {
            const struct estimate_sums *sums =
                k < INCIDENT_STAGES ? &group->stages[k] : &group->rto;
            struct interval interval = interval_of(fall, sums);
            double start = k < INCIDENT_STAGES ? from : 0;
            max = fmax(max, start + (interval.valid ? interval.high : interval.mean));
            from += interval.mean;
        }
    }
    plot_scale(UNIT_NS, max, &fall->divisor, &fall->unit);
    fall->max = max / fall->divisor;
}

enum drawn plot_rto_stages(struct plot_job *job)
{
    struct incident_groups groups;
    struct waterfall fall = {.job = job};
    enum drawn drawn = DRAWN_FAILED;
    if (incident_groups_load(&groups, job->results, job->study->id, job->diag) == 0) {
        find_outages(&fall, &groups);
        if (fall.left_out > 0)
            strbuf_addf(&job->note, "%zu later outages are not drawn", fall.left_out);
        drawn = fall.count == 0 ? plot_nothing(job, fall.harmless > 0 ? "no incident was an outage"
                                                                      : "the study has no incident")
                : !(fall.max > 0)
                    ? plot_nothing(job, "no outage was over at the end of every replication")
                    : DRAWN;
        if (drawn == DRAWN && plot_is_text(job))
            draw_text(&fall);
        else if (drawn == DRAWN)
            draw(&fall);
    }
    incident_groups_release(&groups);
    return drawn;
}
