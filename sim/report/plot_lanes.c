// SPDX-License-Identifier: GPL-3.0-or-later
#include "plot_lanes.h"

#include "incident_group.h"
#include "mem.h"
#include "quote.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LANES_MAX = 10, LANE_PIXELS = 24, TEXT_POINTS = 11 };

/* Light, so that black text is readable on them. */
static const char *const stage_colours[INCIDENT_STAGES] = {
    "#7FB8DA", "#AADAF4", "#7FCFB9", "#C5DFA8", "#F2CF80", "#E3BCD3", "#EAAE80"};
static const char fault_colour[] = "#BFBFBF";

static struct plot_lane *add_lane(struct plot_lanes *lanes, const char *key)
{
    if (lanes->count == LANES_MAX) {
        lanes->left_out++;
        return NULL;
    }
    MEM_GROW(lanes->lanes, lanes->capacity, lanes->count + 1);
    struct plot_lane *lane = &lanes->lanes[lanes->count++];
    *lane = (struct plot_lane){.key = mem_strdup(key)};
    return lane;
}

static void add_bar(struct plot_lane *lane, double from_ns, double to_ns)
{
    MEM_GROW(lane->bars, lane->bar_capacity, lane->bar_count + 1);
    lane->bars[lane->bar_count++] = (struct plot_bar){from_ns, to_ns};
}

/* --- faults ---------------------------------------------------------------------------------- */

struct fault_loader {
    struct plot_lanes *lanes;
    int64_t point;
};

static struct plot_lane *fault_lane(struct plot_lanes *lanes, const char *key)
{
    for (size_t i = 0; i < lanes->count; i++)
        if (strcmp(lanes->lanes[i].key, key) == 0)
            return &lanes->lanes[i];
    struct plot_lane *lane = add_lane(lanes, key);
    if (lane != NULL)
        lane->text = mem_strdup(key);
    return lane;
}

static void add_fault(void *self, const struct event_row *row)
{
    struct fault_loader *loader = self;
    bool begin;
    const char *fault = incident_fault_of(row->text, &begin);
    if (row->point != loader->point || strcmp(row->what, "fault") != 0 || fault == NULL)
        return;
    char *key = incident_fault_words(fault, row->subject);
    struct plot_lane *lane = fault_lane(loader->lanes, key);
    if (lane != NULL && begin)
        add_bar(lane, (double)row->t_ns, INFINITY);
    else if (lane != NULL && lane->bar_count > 0)
        lane->bars[lane->bar_count - 1].to_ns = (double)row->t_ns;
    free(key);
}

/* --- outages --------------------------------------------------------------------------------- */

/* Nothing if all of the outage is one stage. */
static void add_stage_words(struct strbuf *text, const struct incident_group *group)
{
    const char *separator = ": ";
    int stages = 0;
    for (int i = 0; i < INCIDENT_STAGES; i++)
        stages += group->stages[i].tally.mean > 0;
    if (stages < 2)
        return;
    for (int i = 0; i < INCIDENT_STAGES; i++) {
        if (group->stages[i].tally.mean > 0) {
            strbuf_addf(text, "%s%s ", separator, incident_stage_names[i]);
            units_add(text, group->stages[i].tally.mean, UNIT_NS, 2);
            separator = ", ";
        }
    }
}

static void add_outage(struct plot_lanes *lanes, const struct plot_job *job, size_t index,
                       const struct incident_group *group)
{
    const struct plot_study *study = &job->studies[index];
    size_t outages = incident_group_outages(group);
    bool ended = group->restored_count == outages;
    struct strbuf text = STRBUF_INIT;
    struct plot_lane *lane = outages > 0 ? add_lane(lanes, "") : NULL;
    if (lane == NULL)
        return;
    if (job->study_count > 1)
        strbuf_addf(&text, "%s, ", study->name);
    if (ended) {
        struct interval rto =
            estimate_interval(&group->rto, ESTIMATE_POSITIVE, study->row.level, NULL);
        strbuf_add(&text, "outage of ");
        interval_add(&text, &rto, UNIT_NS);
        add_stage_words(&text, group);
    } else if (group->restored_count == 0) {
        strbuf_addf(&text, "outage, not over at the end of %zu of %zu replications", outages,
                    group->count);
    } else {
        strbuf_addf(&text, "outage, over in %zu of %zu replications", group->restored_count,
                    outages);
    }
    lane->text = strbuf_detach(&text);
    lane->is_outage = true;
    lane->colour = job->study_count > 1 ? plot_colours[1 + index % (PLOT_COLOURS - 1)] : NULL;
    lane->has_stages = ended && !lane->colour;
    for (int i = 0; i < INCIDENT_STAGES; i++)
        lane->stages_ns[i] = group->stages[i].tally.mean;
    add_bar(lane, group->onset.mean,
            ended ? group->onset.mean + group->rto.tally.mean : (double)INFINITY);
}

static int load_outages(struct plot_lanes *lanes, struct plot_job *job)
{
    for (size_t i = 0; i < job->study_count; i++) {
        const struct plot_study *study = &job->studies[i];
        struct incident_groups groups;
        int status = incident_groups_load(&groups, study->results, study->row.id, job->diag);
        for (size_t k = 0; status == 0 && k < groups.count; k++)
            if (groups.groups[k].point == study->point)
                add_outage(lanes, job, i, &groups.groups[k]);
        incident_groups_release(&groups);
        if (status != 0)
            return -1;
    }
    return 0;
}

int plot_lanes_load(struct plot_lanes *lanes, struct plot_job *job)
{
    *lanes = (struct plot_lanes){0};
    struct fault_loader loader = {lanes, job->point};
    if (results_each_event(job->results, job->study->id, 0, add_fault, &loader, job->diag) != 0)
        return -1;
    return load_outages(lanes, job);
}

void plot_lanes_release(struct plot_lanes *lanes)
{
    for (size_t i = 0; i < lanes->count; i++) {
        free(lanes->lanes[i].key);
        free(lanes->lanes[i].text);
        free(lanes->lanes[i].bars);
    }
    free(lanes->lanes);
    *lanes = (struct plot_lanes){0};
}

/* --- drawing --------------------------------------------------------------------------------- */

int plot_lanes_height(const struct plot_lanes *lanes)
{
    return lanes->count > 0 ? (int)lanes->count * LANE_PIXELS + 10 : 0;
}

/* `fill`: share of the colour; black text is readable on half of it. */
static void draw_box(struct plot_job *job, double from, double to, double y, const char *colour,
                     double fill)
{
    strbuf_addf(&job->script,
                "set object rectangle from %.9g, %.2f to %.9g, %.2f front fc rgb '%s' fs solid %g"
                " noborder\n",
                from, y - 0.4, to, y + 0.4, colour, fill);
}

/* The text of an outage without its interval, then without its stages, if it does not fit in so
 * many pixels otherwise. The caller frees it. */
static char *lane_label(const struct plot_lane *lane, double pixels)
{
    char *text = mem_strdup(lane->text);
    char *interval = lane->is_outage ? strstr(text, " [") : NULL;
    char *stages = lane->is_outage ? strstr(text, ": ") : NULL;

    if (plot_text_width(text, TEXT_POINTS) > pixels && interval != NULL && stages != NULL) {
        memmove(interval, stages, strlen(stages) + 1);
        stages = interval;
    }
    if (plot_text_width(text, TEXT_POINTS) > pixels && stages != NULL)
        *stages = '\0';
    return text;
}

static const char *lane_colour(const struct plot_lane *lane)
{
    if (lane->colour)
        return lane->colour;
    return lane->is_outage ? stage_colours[INCIDENT_STAGES - 1] : fault_colour;
}

static void draw_lane(struct plot_job *job, const struct plot_lane *lane, double y,
                      double ns_per_unit, int pixels)
{
    double end = plot_time_end(job) / ns_per_unit;
    double first = end, last = 0;
    for (size_t i = 0; i < lane->bar_count; i++) {
        double from = lane->bars[i].from_ns / ns_per_unit;
        double to = fmin(lane->bars[i].to_ns / ns_per_unit, end);
        first = fmin(first, from);
        last = fmax(last, to);
        draw_box(job, from, fmax(to, from + end * 0.001), y, lane_colour(lane),
                 lane->colour ? 0.5 : 1);
        for (int stage = 0; lane->has_stages && stage < INCIDENT_STAGES; stage++) {
            double until = fmin(from + lane->stages_ns[stage] / ns_per_unit, end);
            if (until > from)
                draw_box(job, from, until, y, stage_colours[stage], 1);
            from = until;
        }
    }
    /* The text: after the bar, else in it, else before it. */
    double gap = end * 0.004, room = fmax(end - first, first) - gap;
    char *text = lane_label(lane, room * pixels / end);
    double width = plot_text_width(text, TEXT_POINTS) * end / pixels;
    bool after = last + gap + width < end, in = first + gap + width < end;
    strbuf_add(&job->script, "set label ");
    plot_quote(job, text);
    free(text);
    strbuf_addf(&job->script, " at first %.9g, first %.2f %s font ',%d' front\n",
                after ? last + gap
                : in  ? first + gap
                      : first - gap,
                y, after || in ? "left" : "right", TEXT_POINTS);
}

void plot_lanes_draw(struct plot_job *job, const struct plot_lanes *lanes, int left, int right,
                     int top)
{
    const char *unit;
    double ns_per_unit = plot_time_unit(job, &unit);
    if (lanes->count == 0 || plot_is_text(job))
        return;
    plot_panel_at(job, left, right, top, top + plot_lanes_height(lanes) - 10);
    strbuf_addf(&job->script,
                "unset border\nunset xtics\nunset ytics\nunset grid\nset xrange [0:%.9g]\n"
                "set yrange [0:%zu]\n",
                plot_time_end(job) / ns_per_unit, lanes->count);
    for (size_t i = 0; i < lanes->count; i++)
        draw_lane(job, &lanes->lanes[i], (double)(lanes->count - i) - 0.5, ns_per_unit,
                  right - left);
    strbuf_addf(&job->script,
                "plot NaN notitle\nset border 3 lc rgb '#606060'\nset xtics nomirror out\n"
                "set ytics nomirror out\n%s\n",
                job->grid);
}

/* "8 min to 10 min: blackhole on gateway of us-east-1". */
static void add_line(struct strbuf *out, const struct plot_lane *lane)
{
    for (size_t k = 0; k < lane->bar_count && k < 3; k++) {
        strbuf_add(out, k > 0 ? ", " : "");
        units_add(out, lane->bars[k].from_ns, UNIT_NS, 4);
        strbuf_add(out, " to ");
        if (lane->bars[k].to_ns < (double)INFINITY)
            units_add(out, lane->bars[k].to_ns, UNIT_NS, 4);
        else
            strbuf_add(out, "the end");
    }
    strbuf_add(out, lane->bar_count > 3 ? ", ...: " : ": ");
    strbuf_add(out, lane->text);
}

void plot_lanes_note(struct plot_job *job, const struct plot_lanes *lanes)
{
    for (size_t i = 0; i < lanes->count; i++) {
        if (lanes->lanes[i].is_outage && strchr(lanes->lanes[i].text, ':') != NULL) {
            strbuf_addf(&job->note, "%soutages and stages: means; rto_stages has their intervals",
                        job->note.length > 0 ? "; " : "");
            return;
        }
    }
}

void plot_lanes_text(struct plot_job *job, const struct plot_lanes *lanes)
{
    for (size_t i = 0; i < lanes->count; i++) {
        struct strbuf line = STRBUF_INIT;
        add_line(&line, &lanes->lanes[i]);
        strbuf_add(&job->text, "  ");
        quote_add(&job->text, QUOTE_TERMINAL, line.text);
        strbuf_add_char(&job->text, '\n');
        strbuf_release(&line);
    }
    if (strstr(job->note.text != NULL ? job->note.text : "", "stages: means") != NULL)
        strbuf_add(&job->text,
                   "  stages are means without intervals; the plot rto_stages has them\n");
}

void plot_lanes_list(struct plot_job *job, const struct plot_lanes *lanes, int left, int top)
{
    for (size_t i = 0; i < lanes->count; i++) {
        struct strbuf line = STRBUF_INIT;
        double y = 1 - (top + LANE_PIXELS * ((double)i + 0.5)) / job->height;
        double x = (double)left / PLOT_WIDTH, half = 7.0 / job->height;
        add_line(&line, &lanes->lanes[i]);
        strbuf_addf(&job->script,
                    "set object rectangle from screen %.4f, %.4f to screen %.4f, %.4f front fc rgb"
                    " '%s' fs solid noborder\nset label ",
                    x, y - half, x + 28.0 / PLOT_WIDTH, y + half,
                    lanes->lanes[i].is_outage ? stage_colours[INCIDENT_STAGES - 1] : fault_colour);
        plot_quote(job, line.text);
        strbuf_addf(&job->script, " at screen %.4f, %.4f font ',%d'\n", x + 36.0 / PLOT_WIDTH, y,
                    TEXT_POINTS);
        strbuf_release(&line);
    }
}

void plot_lanes_shade(struct plot_job *job, const struct plot_lanes *lanes)
{
    const char *unit;
    double ns_per_unit = plot_time_unit(job, &unit), end = plot_time_end(job);
    for (size_t i = 0; i < lanes->count; i++) {
        const struct plot_lane *lane = &lanes->lanes[i];
        for (size_t k = 0; k < lane->bar_count; k++) {
            double from = lane->bars[k].from_ns / ns_per_unit;
            double to = fmin(lane->bars[k].to_ns, end) / ns_per_unit;
            if (lane->is_outage) {
                if (lane->has_stages && job->study_count == 1)
                    strbuf_addf(&job->script,
                                "set arrow from %.9g, graph 0 to %.9g, graph 1 nohead dt '.'%s\n",
                                to, to, plot_is_text(job) ? "" : " lw 1.5 lc rgb '#606060'");
            } else if (plot_is_text(job)) {
                strbuf_addf(&job->script,
                            "set arrow from %.9g, graph 0 to %.9g, graph 1 nohead dt 2\n"
                            "set arrow from %.9g, graph 0 to %.9g, graph 1 nohead dt 2\n",
                            from, from, to, to);
            } else {
                strbuf_addf(&job->script,
                            "set object rectangle from %.9g, graph 0 to %.9g, graph 1 behind"
                            " fc rgb '#e9e9e9' fs solid noborder\n",
                            from, to);
            }
        }
    }
}
