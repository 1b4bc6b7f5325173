// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Goodput against offered load. Of one setting: a dot for each bin of time, coloured by before,
 * during and after the faults, so that a system that does not recover shows as a second branch. Of
 * a study with several points: one dot for each point, with intervals. On the diagonal every
 * request is good.
 */
#include "plot_lanes.h"
#include "plot_lines.h"
#include "statistic_table.h"

#include "mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEFT = 130, RIGHT = 1560, HEIGHT = 640, AXIS = 70 };

static const char *wanted_region(const struct plot_job *job)
{
    return job->options->region != NULL ? job->options->region : "all";
}

static const struct plot_line *line_of(const struct plot_job *job, const struct plot_lines *lines,
                                       size_t study)
{
    for (size_t i = 0; i < lines->count; i++) {
        const struct plot_line *line = &lines->lines[i];
        if (line->study == study && line->label[0] == '\0' &&
            strcmp(line->region, wanted_region(job)) == 0)
            return line;
    }
    return NULL;
}

enum phase { BEFORE, DURING, AFTER, LOAD_PHASES };
static const struct {
    const char *name, *colour;
} phases[LOAD_PHASES] = {{"before the faults", "#0072B2"},
                         {"while a fault is active", "#606060"},
                         {"after a fault", "#D55E00"}};

static enum phase phase_of(const struct plot_lanes *lanes, double t_ns)
{
    enum phase phase = BEFORE;
    for (size_t i = 0; i < lanes->count; i++) {
        const struct plot_lane *lane = &lanes->lanes[i];
        for (size_t k = 0; !lane->is_outage && k < lane->bar_count; k++) {
            if (t_ns >= lane->bars[k].from_ns && t_ns < lane->bars[k].to_ns)
                return DURING;
            if (t_ns >= lane->bars[k].to_ns)
                phase = AFTER;
        }
    }
    return phase;
}

static void begin(struct plot_job *job, double max_x, double max_y)
{
    int top = plot_head(job) + 20;
    plot_sheet(job, top + HEIGHT + AXIS + PLOT_FOOT);
    plot_panel_at(job, LEFT + (plot_is_text(job) ? 50 : 0), RIGHT, top, top + HEIGHT);
    strbuf_addf(&job->script,
                "set xrange [0:%.9g]\nset yrange [0:%.9g]\nset xlabel 'offered requests (/s), %s'\n"
                "set ylabel 'good requests (/s)'\n$diagonal << EOD\n0 0\n%.9g %.9g\nEOD\n",
                max_x * 1.08, max_y * 1.08,
                strcmp(wanted_region(job), "all") == 0 ? "all regions" : "one region",
                fmin(max_x, max_y) * 1.08, fmin(max_x, max_y) * 1.08);
    if (plot_is_text(job))
        strbuf_add(&job->script, "set key top left\n");
}

static void end(struct plot_job *job)
{
    strbuf_add(&job->script, "$diagonal using 1:2 with lines dt '-' lw 1 lc rgb '#909090' title "
                             "'every request is good'\n");
    plot_sheet_end(job);
}

/* --- over time ------------------------------------------------------------------------------- */

struct load_sheet {
    struct plot_job *job;
    struct plot_lines offered, good;
    struct plot_lanes lanes;
    double max_x, max_y;
};

/* One block of dots: of a study, in one phase (LOAD_PHASES: any). Returns how many. */
static size_t add_dots(struct load_sheet *sheet, size_t study, enum phase phase)
{
    struct plot_job *job = sheet->job;
    const struct plot_line *x = line_of(job, &sheet->offered, study);
    const struct plot_line *y = line_of(job, &sheet->good, study);
    size_t count = 0;
    strbuf_addf(&job->script, "$dots%zu_%d << EOD\n", study, (int)phase);
    for (size_t i = 0, k = 0; x != NULL && y != NULL && i < x->count; i++) {
        while (k < y->count && y->rows[k].t_ns < x->rows[i].t_ns)
            k++;
        if (k == y->count || y->rows[k].t_ns != x->rows[i].t_ns ||
            (phase != LOAD_PHASES && phase_of(&sheet->lanes, (double)x->rows[i].t_ns) != phase))
            continue;
        strbuf_addf(&job->script, "%.6g %.6g\n", x->rows[i].interval.mean,
                    y->rows[k].interval.mean);
        sheet->max_x = fmax(sheet->max_x, x->rows[i].interval.mean);
        sheet->max_y = fmax(sheet->max_y, y->rows[k].interval.mean);
        count++;
    }
    strbuf_add(&job->script, count > 0 ? "EOD\n" : "NaN NaN\nEOD\n");
    return count;
}

static void add_curve(struct plot_job *job, bool first, size_t study, enum phase phase,
                      const char *colour, const char *title)
{
    strbuf_addf(&job->script,
                "%s$dots%zu_%d using 1:2 with linespoints pt 7 ps 0.5 lw 0.4 lc rgb '%s' title ",
                first ? "plot " : "", study, (int)phase, colour);
    plot_quote(job, title);
    strbuf_add(&job->script, ", ");
}

static size_t add_all_dots(struct load_sheet *sheet)
{
    struct plot_job *job = sheet->job;
    size_t count = 0;
    if (job->study_count > 1) {
        for (size_t i = 0; i < job->study_count; i++) {
            count += add_dots(sheet, i, LOAD_PHASES);
            plot_legend_add(job, plot_colours[1 + i], SAMPLE_LINE, job->studies[i].name);
        }
        return count;
    }
    for (int phase = 0; phase < LOAD_PHASES; phase++) {
        size_t some = add_dots(sheet, 0, (enum phase)phase);
        if (some > 0)
            plot_legend_add(job, phases[phase].colour, SAMPLE_LINE, phases[phase].name);
        count += some;
    }
    return count;
}

static enum drawn draw_over_time(struct load_sheet *sheet)
{
    struct plot_job *job = sheet->job;
    if (plot_lines_load(&sheet->offered, job, "requests") != 0 ||
        plot_lines_load(&sheet->good, job, "good_requests") != 0 ||
        plot_lanes_load(&sheet->lanes, job) != 0)
        return DRAWN_FAILED;
    struct strbuf head = job->script;
    job->script = (struct strbuf)STRBUF_INIT;
    size_t count = add_all_dots(sheet);
    struct strbuf data = job->script;
    job->script = head;
    enum drawn drawn = DRAWN;
    if (count == 0) {
        drawn = plot_nothing(job, "no series of 'requests' and 'good_requests'");
    } else {
        strbuf_add(&job->note, "a dot is the mean of a bin of time; no interval is drawn");
        begin(job, sheet->max_x, sheet->max_y);
        strbuf_add(&job->script, data.text);
        for (size_t i = 0; job->study_count > 1 && i < job->study_count; i++)
            add_curve(job, i == 0, i, LOAD_PHASES, plot_colours[1 + i], job->studies[i].name);
        for (int phase = 0; job->study_count == 1 && phase < LOAD_PHASES; phase++)
            add_curve(job, phase == 0, 0, (enum phase)phase, phases[phase].colour,
                      phases[phase].name);
        end(job);
    }
    strbuf_release(&data);
    return drawn;
}

/* --- over points ----------------------------------------------------------------------------- */

static enum drawn draw_over_points(struct plot_job *job, const struct statistic_table *offered,
                                   const struct statistic_table *good)
{
    double seconds = (double)(job->study->duration_ns - job->study->warmup_ns) / 1e9;
    double max_x = 0, max_y = 0;
    struct strbuf data = STRBUF_INIT;
    const char *region = wanted_region(job);
    for (int64_t point = 0; point < (int64_t)job->study->point_count; point++) {
        const struct statistic_row *x =
            statistic_table_find(offered, point, "requests", "", region, "", "all");
        const struct statistic_row *y =
            statistic_table_find(good, point, "good_requests", "", region, "", "all");
        if (x == NULL || y == NULL)
            continue;
        const struct interval *a = &x->interval, *b = &y->interval;
        strbuf_addf(
            &data, "%.6g %.6g %.6g %.6g %.6g %.6g\n", a->mean / seconds, b->mean / seconds,
            (a->valid ? a->low : a->mean) / seconds, (a->valid ? a->high : a->mean) / seconds,
            (b->valid ? b->low : b->mean) / seconds, (b->valid ? b->high : b->mean) / seconds);
        max_x = fmax(max_x, (a->valid ? a->high : a->mean) / seconds);
        max_y = fmax(max_y, (b->valid ? b->high : b->mean) / seconds);
    }
    enum drawn drawn = DRAWN;
    job->over_points = true;
    if (data.length == 0) {
        drawn = plot_nothing(job, "no point has 'requests' and 'good_requests'");
    } else {
        plot_legend_add(job, plot_colours[1], SAMPLE_LINE, "a point of the study, whole run");
        begin(job, max_x, max_y);
        strbuf_addf(&job->script,
                    "$points << EOD\n%sEOD\nplot $points using 1:2:3:4:5:6 with xyerrorbars pt 7 ps"
                    " 1 lw 1.5 lc rgb '%s' title 'a point of the study', ",
                    data.text, plot_colours[1]);
        end(job);
    }
    strbuf_release(&data);
    return drawn;
}

enum drawn plot_load(struct plot_job *job)
{
    enum drawn drawn = DRAWN_FAILED;
    if (job->study_count == 1 && job->study->point_count > 1) {
        struct statistic_table offered = {0}, good = {0};
        if (statistic_table_load(&offered, job->results, job->study->id, "requests", job->diag) ==
                0 &&
            statistic_table_load(&good, job->results, job->study->id, "good_requests", job->diag) ==
                0)
            drawn = draw_over_points(job, &offered, &good);
        statistic_table_release(&offered);
        statistic_table_release(&good);
        return drawn;
    }
    struct load_sheet *sheet = mem_zalloc(1, sizeof(*sheet));
    sheet->job = job;
    drawn = draw_over_time(sheet);
    plot_lines_release(&sheet->offered);
    plot_lines_release(&sheet->good);
    plot_lanes_release(&sheet->lanes);
    free(sheet);
    return drawn;
}
