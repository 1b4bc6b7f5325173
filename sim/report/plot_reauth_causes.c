// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Re-authentications by cause: over time, all regions together, and the sum of each region. The
 * most frequent causes have a colour each, the others share a grey.
 */
#include "plot_lanes.h"
#include "plot_lines.h"
#include "statistic_table.h"
#include "text_bar.h"

#include "mem.h"
#include "quote.h"
#include "text_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    CAUSES_MAX = PLOT_COLOURS - 1,
    LEFT = 200,
    RIGHT = 1576,
    TIME_PANEL = 360,
    BAR = 40,
    AXIS = 60,
    TEXT_BAR = 50
};
static const char other_colour[] = "#A0A0A0";

struct reauth_cause {
    const char *name; /* "": the others */
    double sum;
};
struct causes {
    struct plot_job *job;
    struct statistic_table table;
    struct plot_lines lines;
    struct plot_lanes lanes;
    struct reauth_cause items[32];
    size_t count; /* with the others, if any */
    bool has_others;
};

static double mean_of(const struct causes *causes, const char *region, const char *cause)
{
    const struct statistic_row *row = statistic_table_find(&causes->table, causes->job->point,
                                                           "reauths", "", region, cause, "all");
    return row != NULL ? row->interval.mean : 0;
}

static int by_sum(const void *a, const void *b)
{
    const struct reauth_cause *one = a, *two = b;
    return (one->sum < two->sum) - (one->sum > two->sum);
}

/* Causes that occurred, the most frequent first. */
static void find_causes(struct causes *causes)
{
    for (size_t i = 0; i < causes->table.count; i++) {
        const struct statistic_row *row = &causes->table.rows[i];
        if (row->point == causes->job->point && row->label[0] != '\0' &&
            strcmp(row->window, "all") == 0 && strcmp(row->region, "all") == 0 &&
            row->interval.mean > 0 &&
            causes->count < sizeof(causes->items) / sizeof(struct reauth_cause))
            causes->items[causes->count++] = (struct reauth_cause){row->label, row->interval.mean};
    }
    qsort(causes->items, causes->count, sizeof(struct reauth_cause), by_sum);
    causes->has_others = causes->count > CAUSES_MAX;
    if (causes->has_others) {
        causes->count = CAUSES_MAX + 1;
        causes->items[CAUSES_MAX].name = "";
    }
}

static const char *colour_of(const struct causes *causes, size_t c)
{
    return causes->has_others && c + 1 == causes->count ? other_colour : plot_colours[1 + c];
}

/* The mean of a cause in a region; of the others: what is left of the sum. */
static double value_of(const struct causes *causes, const char *region, size_t c)
{
    if (causes->items[c].name[0] != '\0')
        return mean_of(causes, region, causes->items[c].name);
    double rest = mean_of(causes, region, "");
    for (size_t i = 0; i < c; i++)
        rest -= mean_of(causes, region, causes->items[i].name);
    return fmax(rest, 0);
}

static const char *bar_region(const struct causes *causes, size_t bar)
{
    return bar < causes->job->region_count ? causes->job->regions[bar] : "all";
}

static const char *bar_name(const struct causes *causes, size_t bar)
{
    return bar < causes->job->region_count ? causes->job->regions[bar] : "all regions";
}

/* --- over time ------------------------------------------------------------------------------- */

static const struct plot_line *line_of(const struct causes *causes, const char *cause)
{
    for (size_t i = 0; i < causes->lines.count; i++) {
        const struct plot_line *line = &causes->lines.lines[i];
        if (strcmp(line->region, "all") == 0 && strcmp(line->label, cause) == 0)
            return line;
    }
    return NULL;
}

/* $area0 ..: t, lower edge, upper edge, stacked. Returns the highest edge. */
static double add_areas(const struct causes *causes, double ns_per_unit)
{
    struct plot_job *job = causes->job;
    const struct plot_line *sum = line_of(causes, "");
    size_t bins = sum != NULL ? sum->count : 0;
    double *base = mem_zalloc(bins + 1, sizeof(*base)), max = 0;
    for (size_t c = 0; c < causes->count; c++) {
        bool others = causes->items[c].name[0] == '\0';
        const struct plot_line *line = others ? sum : line_of(causes, causes->items[c].name);
        strbuf_addf(&job->script, "$area%zu << EOD\n", c);
        for (size_t i = 0; line != NULL && i < bins && i < line->count; i++) {
            double t = ((double)line->rows[i].t_ns + (double)job->study->bin_ns / 2) / ns_per_unit;
            double top = others ? fmax(line->rows[i].interval.mean, base[i])
                                : base[i] + line->rows[i].interval.mean;
            strbuf_addf(&job->script, "%.6g %.6g %.6g\n", t, base[i], top);
            base[i] = top;
            max = fmax(max, top);
        }
        strbuf_add(&job->script, "NaN NaN NaN\nEOD\n");
    }
    free(base);
    return max;
}

static void draw_areas(const struct causes *causes, int top)
{
    struct plot_job *job = causes->job;
    const char *unit;
    double ns_per_unit = plot_time_unit(job, &unit), max = add_areas(causes, ns_per_unit);
    plot_panel_at(job, LEFT, RIGHT, top, top + TIME_PANEL - AXIS - 30);
    plot_lanes_shade(job, &causes->lanes);
    strbuf_addf(&job->script,
                "set xrange [0:%.9g]\nset yrange [0:%.9g]\nset xtics autofreq\n"
                "set xlabel 'simulated time (%s)'\n"
                "set label 're-auths, all regions (/s)' at graph 0, screen %.4f\nplot ",
                plot_time_end(job) / ns_per_unit, max > 0 ? max * 1.08 : 1, unit,
                1 - (top - 14.0) / job->height);
    for (size_t c = 0; c < causes->count; c++)
        strbuf_addf(&job->script,
                    "%s$area%zu using 1:2:3 with filledcurves fs solid 1 noborder lc rgb '%s'",
                    c > 0 ? ", " : "", c, colour_of(causes, c));
    strbuf_add(&job->script, "\n");
}

/* --- sums ------------------------------------------------------------------------------------ */

/* $cause0 ..: boxes stacked from left to right; $sums: the totals with their intervals. */
static double add_bars(const struct causes *causes)
{
    struct plot_job *job = causes->job;
    size_t bars = job->region_count + 1;
    double *base = mem_zalloc(bars, sizeof(*base)), max = 0;
    for (size_t c = 0; c < causes->count; c++) {
        strbuf_addf(&job->script, "$cause%zu << EOD\n", c);
        for (size_t b = 0; b < bars; b++) {
            double value = value_of(causes, bar_region(causes, b), c), y = -(double)b;
            strbuf_addf(&job->script, "%.6g %.6g %.6g %.6g %.6g %.6g\n", base[b], y, base[b],
                        base[b] + value, y - 0.36, y + 0.36);
            base[b] += value;
            max = fmax(max, base[b]);
        }
        strbuf_add(&job->script, "EOD\n");
    }
    strbuf_add(&job->script, "$sums << EOD\n");
    for (size_t b = 0; b < bars; b++) {
        const struct statistic_row *row = statistic_table_find(
            &causes->table, job->point, "reauths", "", bar_region(causes, b), "", "all");
        if (row != NULL && row->interval.valid) {
            strbuf_addf(&job->script, "%.6g %.6g %.6g %.6g\n", row->interval.mean, -(double)b,
                        row->interval.low, row->interval.high);
            max = fmax(max, row->interval.high);
        }
    }
    strbuf_add(&job->script, "NaN NaN NaN NaN\nEOD\n");
    free(base);
    return max;
}

static void draw_bars(const struct causes *causes, int top)
{
    struct plot_job *job = causes->job;
    size_t bars = job->region_count + 1;
    double max = add_bars(causes);
    plot_panel_at(job, LEFT, RIGHT, top, top + (int)bars * BAR);
    strbuf_addf(&job->script,
                "set xrange [0:%.9g]\nset yrange [%g:0.6]\nset xlabel 're-auths in a run'\n"
                "set grid noytics xtics\nset style fill solid 1 border lc rgb '#ffffff'\n"
                "set ytics (",
                max * 1.05, -(double)bars + 0.4);
    for (size_t b = 0; b < bars; b++) {
        strbuf_add(&job->script, b > 0 ? ", " : "");
        quote_add(&job->script, QUOTE_GNUPLOT_TIC, bar_name(causes, b));
        strbuf_addf(&job->script, " %d", -(int)b);
    }
    strbuf_add(&job->script, ")\nplot ");
    for (size_t c = 0; c < causes->count; c++)
        strbuf_addf(&job->script, "$cause%zu using 1:2:3:4:5:6 with boxxyerror lc rgb '%s', ", c,
                    colour_of(causes, c));
    strbuf_add(&job->script,
               "$sums using 1:2:3:4 with xerrorbars pt 7 ps 0.7 lw 1.5 lc rgb '#000000'\n");
}

static void draw(const struct causes *causes)
{
    struct plot_job *job = causes->job;
    bool over_time = line_of(causes, "") != NULL;
    for (size_t c = 0; c < causes->count; c++)
        plot_legend_add(job, colour_of(causes, c), SAMPLE_AREA,
                        causes->items[c].name[0] != '\0' ? causes->items[c].name : "other causes");
    int head = plot_head(job);
    int time_top = head + plot_lanes_height(&causes->lanes) + 28;
    int bars_top = over_time ? time_top + TIME_PANEL : head + 10;
    plot_sheet(job, bars_top + (int)(job->region_count + 1) * BAR + AXIS + PLOT_FOOT);
    if (over_time) {
        plot_lanes_draw(job, &causes->lanes, LEFT, RIGHT, head);
        draw_areas(causes, time_top);
    }
    draw_bars(causes, bars_top);
    plot_sheet_end(job);
}

static void draw_text(const struct causes *causes)
{
    struct plot_job *job = causes->job;
    struct text_table *table = text_table_create("region\tcause\tre-auths of a replication\t");
    double max = 0;
    for (size_t b = 0; b <= job->region_count; b++)
        max = fmax(max, mean_of(causes, bar_region(causes, b), ""));
    for (size_t b = 0; b <= job->region_count; b++) {
        for (size_t c = 0; c < causes->count; c++) {
            double value = value_of(causes, bar_region(causes, b), c);
            const struct statistic_row *row =
                causes->items[c].name[0] != '\0'
                    ? statistic_table_find(&causes->table, job->point, "reauths", "",
                                           bar_region(causes, b), causes->items[c].name, "all")
                    : NULL;
            if (!(value > 0))
                continue;
            text_table_add(table, "%s", bar_name(causes, b));
            text_table_add(table, "%s", row != NULL ? causes->items[c].name : "other causes");
            struct strbuf *cell = text_table_cell(table);
            if (row != NULL)
                interval_add(cell, &row->interval, UNIT_COUNT);
            else
                units_add(cell, value, UNIT_COUNT, 3);
            text_bar_add(text_table_cell(table), 0, value / max, TEXT_BAR, '#');
        }
    }
    text_table_add_to_and_free(table, &job->text);
}

enum drawn plot_reauth_causes(struct plot_job *job)
{
    struct causes causes = {.job = job};
    enum drawn drawn = DRAWN_FAILED;
    if (statistic_table_load(&causes.table, job->results, job->study->id, "reauths", job->diag) ==
            0 &&
        plot_lines_load(&causes.lines, job, "reauths") == 0 &&
        plot_lanes_load(&causes.lanes, job) == 0) {
        find_causes(&causes);
        drawn = causes.count > 0 ? DRAWN : plot_nothing(job, "no user had to log in again");
        if (drawn == DRAWN && plot_is_text(job)) {
            draw_text(&causes);
        } else if (drawn == DRAWN) {
            plot_lanes_note(job, &causes.lanes);
            strbuf_addf(&job->note, "%sover time: means, no intervals",
                        job->note.length > 0 ? "; " : "");
            draw(&causes);
        }
    }
    plot_lanes_release(&causes.lanes);
    plot_lines_release(&causes.lines);
    statistic_table_release(&causes.table);
    return drawn;
}
