// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Panels over time with a common axis, what happened above them. Up to seven regions share a panel;
 * more have a row of small panels each, so that no colour means two regions.
 */
#include "plot_lanes.h"
#include "plot_lines.h"

#include "mem.h"
#include "text_bar.h"
#include "text_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    PANELS_MAX = 12,
    LEFT = 90,        /* of the panels, in pixels */
    LEFT_TEXT = 160,  /* the same in text output, where a character has 16 pixels */
    RIGHT = 1576,     /* PLOT_WIDTH without a margin */
    PANEL_TITLE = 28, /* above a panel */
    AXIS = 56,        /* below the last panel */
    SMALL = 84,       /* height of a small panel with its gap */
    SMALL_COLUMNS = 7 /* at most; a note says what has none */
};

struct time_sheet {
    struct plot_job *job;
    struct plot_lanes lanes;
    struct plot_lines lines[PANELS_MAX], dashed[PANELS_MAX];
    struct panel_metric metrics[PANELS_MAX];
    size_t count;
    double ns_per_unit;
    const char *time_unit;
};

/* One panel: the lines of a metric, or of one region of it. */
struct time_panel {
    struct panel_metric metric;
    const struct plot_lines *lines, *dashed;
    const char *region; /* only this one; NULL: all */
    int left, right, top, bottom;
    bool has_title, has_axis, is_small;
};

/* --- one panel ------------------------------------------------------------------------------- */

static void set_value_axis(struct plot_job *job, const struct time_panel *panel, double divisor,
                           const char *unit)
{
    const struct plot_lines *lines = panel->lines;
    double max = fmax(lines->max, panel->dashed->max) / divisor, min = lines->min / divisor,
           low = 0, high = max * 1.06;
    /* If all values are near 100 %, start the axis a little below the lowest one instead of at 0.
     */
    if (lines->unit == UNIT_SHARE && min > 50) {
        low = fmax(0, min - (100 - min) * 0.1);
        high = 100;
    }
    high = high > low ? high : low + 1;
    if (job->study_count > 1 && low <= 0 && !plot_is_text(job))
        low = -0.02 * high; /* a line at zero is seen above the axis */
    strbuf_addf(&job->script, "set yrange [%.9g:%.9g]\nset format y '%%g'\n", low, high);
    if (panel->is_small)
        strbuf_addf(&job->script, "set ytics (%.3g, %.3g) font ',10'\n", low, max);
    else
        strbuf_add(&job->script, "set ytics autofreq\n");
    if (!panel->has_title)
        return;
    char *words = plot_words(panel->metric.metric);
    char *dashed = plot_words(panel->metric.dashed != NULL ? panel->metric.dashed : "");
    struct strbuf label = STRBUF_INIT;
    const char *shown = unit[0] != '\0'                    ? unit
                        : panel->lines->unit == UNIT_COUNT ? "count"
                                                           : "ratio";
    strbuf_addf(&label, "%s (%s)", words, shown);
    if (panel->dashed->count > 0 && !panel->is_small)
        strbuf_addf(&label, "; dashed: %s", dashed);
    strbuf_add(&job->script, "set label ");
    plot_quote(job, label.text);
    strbuf_addf(&job->script, " at screen %.4f, screen %.4f%s\n", (double)panel->left / PLOT_WIDTH,
                1 - (panel->top - (plot_is_text(job) ? 20.0 : 13.0)) / job->height,
                panel->is_small ? " font ',11'" : "");
    strbuf_release(&label);
    free(words);
    free(dashed);
}

static void set_time_axis(const struct time_sheet *sheet, const struct time_panel *panel)
{
    struct plot_job *job = sheet->job;
    strbuf_addf(&job->script, "set xrange [0:%.9g]\nset xtics autofreq font ',%d'\n",
                plot_time_end(job) / sheet->ns_per_unit, panel->is_small ? 10 : 12);
    if (panel->has_axis)
        strbuf_addf(&job->script,
                    "set format x '%%g'\nset xlabel '%s (%s)' offset 0, 0.3 font ',%d'\n",
                    panel->is_small ? "time" : "simulated time", sheet->time_unit,
                    panel->is_small ? 11 : 14);
    else
        strbuf_add(&job->script, "set format x ''\nunset xlabel\n");
    if (plot_is_text(job) && panel->has_title && panel->lines == &sheet->lines[0])
        strbuf_add(
            &job->script,
            "set key at screen 0.985, screen 0.99 right top horizontal Left reverse samplen 2\n");
    else
        strbuf_add(&job->script, "unset key\n");
}

static bool is_shown(const struct plot_job *job, const struct time_panel *panel,
                     const struct plot_lines *lines, const struct plot_line *line)
{
    return plot_line_is_drawn(job, lines, line) &&
           (panel->region == NULL || strcmp(panel->region, line->region) == 0);
}

/* The lines of one metric; returns the separator before the next one. */
static const char *add_lines(struct plot_job *job, const struct time_panel *panel,
                             const struct plot_lines *lines, bool dashed, const char *separator)
{
    const char *name = dashed ? "dashed" : "line";
    for (size_t i = 0; i < lines->count; i++) {
        const struct plot_line *line = &lines->lines[i];
        if (!is_shown(job, panel, lines, line))
            continue;
        const char *rgb = panel->region != NULL ? plot_colours[1] : plot_line_colour(job, line);
        strbuf_add(&job->script, separator);
        if (!plot_is_text(job) && !dashed) {
            strbuf_addf(&job->script,
                        "$line%zu using 1:3:4 with filledcurves lc rgb '%s'"
                        " fs transparent solid 0.2 noborder notitle, ",
                        i, rgb);
        }
        strbuf_addf(&job->script, "$%s%zu using 1:2 with lines lw %s lc rgb '%s'%s ", name, i,
                    dashed                 ? "1.5"
                    : job->study_count > 1 ? "3"
                                           : "2",
                    rgb, dashed ? " dt '-'" : "");
        strbuf_add(&job->script, dashed ? "notitle" : "title ");
        if (!dashed)
            plot_quote(job, plot_line_title(job, line));
        separator = ", ";
    }
    return separator;
}

static void add_data(struct time_sheet *sheet, const struct time_panel *panel,
                     const struct plot_lines *lines, const char *name, double divisor)
{
    for (size_t i = 0; i < lines->count; i++) {
        if (is_shown(sheet->job, panel, lines, &lines->lines[i])) {
            char block[32];
            snprintf(block, sizeof(block), "%s%zu", name, i);
            plot_line_data(sheet->job, &lines->lines[i], block, sheet->ns_per_unit, divisor);
        }
    }
}

static void draw_panel(struct time_sheet *sheet, const struct time_panel *panel)
{
    struct plot_job *job = sheet->job;
    const char *unit;
    double divisor;
    plot_scale(panel->lines->unit, fmax(panel->lines->max, panel->dashed->max), &divisor, &unit);
    if (panel->lines->is_rate)
        unit = "/s";
    add_data(sheet, panel, panel->lines, "line", divisor);
    add_data(sheet, panel, panel->dashed, "dashed", divisor);
    plot_panel_at(job, panel->left, panel->right, panel->top, panel->bottom);
    plot_lanes_shade(job, &sheet->lanes);
    set_time_axis(sheet, panel);
    set_value_axis(job, panel, divisor, unit);
    if (panel->is_small && panel->left < 300) {
        strbuf_add(&job->script, "set label ");
        plot_quote(job, panel->region);
        strbuf_addf(&job->script, " at screen 0.015, graph 0.5 font ',12'\n");
    }
    const char *separator = add_lines(job, panel, panel->lines, false, "plot ");
    separator = add_lines(job, panel, panel->dashed, true, separator);
    strbuf_add(&job->script, separator[0] == 'p' ? "plot NaN notitle\n" : "\n");
}

/* --- the sheet ------------------------------------------------------------------------------- */

static void add_legend(struct time_sheet *sheet, bool has_lines)
{
    struct plot_job *job = sheet->job;
    const struct plot_lines *most = &sheet->lines[0];
    bool has_fault = false;
    for (size_t i = 1; i < sheet->count; i++)
        if (sheet->lines[i].count > most->count)
            most = &sheet->lines[i];
    for (size_t i = 0; has_lines && i < most->count; i++)
        if (plot_line_is_drawn(job, most, &most->lines[i]))
            plot_legend_add(job, plot_line_colour(job, &most->lines[i]), SAMPLE_LINE,
                            plot_line_title(job, &most->lines[i]));
    for (size_t i = 0; i < sheet->lanes.count; i++)
        has_fault = has_fault || !sheet->lanes.lanes[i].is_outage;
    if (has_fault)
        plot_legend_add(job, "#e9e9e9", SAMPLE_AREA, "fault active");
    const char *last = NULL;
    for (size_t i = 0; i < sheet->count && !has_lines; i++) {
        if (sheet->dashed[i].count == 0)
            continue;
        char *words = plot_words(sheet->metrics[i].dashed);
        const char *quantile = strstr(sheet->metrics[i].dashed, ".p50");
        if (quantile == NULL || last == NULL)
            plot_legend_add(job, "#0072B2", SAMPLE_DASHES,
                            quantile != NULL ? "p50 of a latency" : words);
        last = quantile != NULL ? quantile : last;
        free(words);
    }
}

static void draw_column(struct time_sheet *sheet)
{
    struct plot_job *job = sheet->job;
    int pixels = sheet->count > 3 ? 200 : sheet->count == 1 ? 560 : 340;
    add_legend(sheet, true);
    int lanes_at = plot_head(job);
    int top = lanes_at + (plot_is_text(job) ? 0 : plot_lanes_height(&sheet->lanes));
    plot_sheet(job, top + (int)sheet->count * pixels + AXIS + PLOT_FOOT - 10);
    int left = plot_is_text(job) ? LEFT_TEXT : LEFT;
    plot_lanes_draw(job, &sheet->lanes, left, RIGHT, lanes_at);
    for (size_t i = 0; i < sheet->count; i++) {
        int panel_top = top + pixels * (int)i + PANEL_TITLE;
        struct time_panel panel = {.metric = sheet->metrics[i],
                                   .lines = &sheet->lines[i],
                                   .dashed = &sheet->dashed[i],
                                   .left = left,
                                   .right = RIGHT,
                                   .top = panel_top,
                                   .bottom = panel_top + pixels - PANEL_TITLE - 10,
                                   .has_title = true,
                                   .has_axis = i + 1 == sheet->count};
        draw_panel(sheet, &panel);
    }
}

/* A row for each region, a column for each metric. */
static void draw_small(struct time_sheet *sheet)
{
    struct plot_job *job = sheet->job;
    int first = 200, columns = sheet->count < SMALL_COLUMNS ? (int)sheet->count : SMALL_COLUMNS;
    int each = (RIGHT - first) / columns;
    add_legend(sheet, false);
    int lanes_at = plot_head(job), top = lanes_at + plot_lanes_height(&sheet->lanes) + PANEL_TITLE;
    plot_sheet(job, top + (int)job->region_count * SMALL + AXIS + PLOT_FOOT - 6);
    plot_lanes_list(job, &sheet->lanes, 24, lanes_at);
    for (size_t r = 0; r < job->region_count; r++) {
        for (int c = 0; c < columns; c++) {
            int panel_top = top + (int)r * SMALL;
            struct time_panel panel = {.metric = sheet->metrics[c],
                                       .lines = &sheet->lines[c],
                                       .dashed = &sheet->dashed[c],
                                       .region = job->regions[r],
                                       .left = first + c * each,
                                       .right = first + (c + 1) * each - (columns > 5 ? 52 : 70),
                                       .top = panel_top,
                                       .bottom = panel_top + SMALL - 20,
                                       .has_title = r == 0,
                                       .has_axis = r + 1 == job->region_count,
                                       .is_small = true};
            draw_panel(sheet, &panel);
        }
    }
}

/* --- many regions as text -------------------------------------------------------------------- */

enum { BLOCKS = 60 };

/* The line as block characters, each the mean of the bins that it covers. */
static void add_blocks(struct strbuf *out, const struct plot_job *job, const struct plot_line *line,
                       double max)
{
    double end = plot_time_end(job);
    for (size_t column = 0, i = 0; column < BLOCKS; column++) {
        double until = end * (double)(column + 1) / BLOCKS, sum = 0, count = 0;
        for (; i < line->count && (double)line->rows[i].t_ns < until; i++, count++)
            sum += line->rows[i].interval.mean;
        text_bar_add_block(out, count > 0 ? sum / count / max : (double)NAN);
    }
}

static void draw_blocks(struct time_sheet *sheet)
{
    struct plot_job *job = sheet->job;
    strbuf_addf(&job->text, "%s, 0 to %g %s; means, from 0 to the value at the right\n",
                job->kind->title, plot_time_end(job) / sheet->ns_per_unit, sheet->time_unit);
    for (size_t m = 0; m < sheet->count; m++) {
        const struct plot_lines *lines = &sheet->lines[m];
        struct text_table *table = text_table_create_bare(3);
        char *words = plot_words(sheet->metrics[m].metric);
        strbuf_addf(&job->text, "\n%s\n", words);
        free(words);
        for (size_t i = 0; i < lines->count; i++) {
            if (!plot_line_is_drawn(job, lines, &lines->lines[i]))
                continue;
            text_table_add(table, "%s", plot_line_title(job, &lines->lines[i]));
            add_blocks(text_table_cell(table), job, &lines->lines[i],
                       lines->max > 0 ? lines->max : 1);
            struct strbuf *cell = text_table_cell(table);
            units_add(cell, lines->max, lines->is_rate ? UNIT_PER_S : lines->unit, 3);
        }
        text_table_add_to_and_free(table, &job->text);
    }
}

/* --- the plot -------------------------------------------------------------------------------- */

/* Load the metrics of the plot; keep those that have values other than zero, in order, and note the
 * others. */
static int load_panels(struct time_sheet *sheet, const struct panel_metric *metrics, size_t count)
{
    struct plot_job *job = sheet->job;
    for (size_t i = 0; i < count && sheet->count < PANELS_MAX; i++) {
        struct plot_lines *next = &sheet->lines[sheet->count];
        struct plot_lines *dashed = &sheet->dashed[sheet->count];
        if (plot_lines_load(next, job, metrics[i].metric) != 0 ||
            (metrics[i].dashed != NULL && plot_lines_load(dashed, job, metrics[i].dashed) != 0)) {
            plot_lines_release(next);
            plot_lines_release(dashed);
            return -1;
        }
        if (plot_lines_any(job, next) && (next->max != 0 || next->min != 0)) {
            sheet->metrics[sheet->count++] = metrics[i];
            continue;
        }
        if (plot_lines_any(job, next)) {
            strbuf_add(&job->note, job->note.length == 0 ? "zero throughout: " : ", ");
            char *words = plot_words(metrics[i].metric);
            strbuf_add(&job->note, words);
            free(words);
        }
        plot_lines_release(next);
        plot_lines_release(dashed);
    }
    return plot_lanes_load(&sheet->lanes, job);
}

static bool needs_small(const struct plot_job *job)
{
    return job->study_count == 1 && job->options->region == NULL &&
           job->region_count >= PLOT_COLOURS;
}

enum drawn plot_time_panels(struct plot_job *job, const struct panel_metric *metrics, size_t count)
{
    struct time_sheet *sheet = mem_zalloc(1, sizeof(*sheet));
    enum drawn drawn = DRAWN;
    sheet->job = job;
    sheet->ns_per_unit = plot_time_unit(job, &sheet->time_unit);
    if (load_panels(sheet, metrics, count) != 0) {
        drawn = DRAWN_FAILED;
    } else if (sheet->count == 0) {
        drawn = job->note.length > 0 ? DRAWN_NO_DATA
                                     : plot_nothing(job, "none of its metrics has a series");
    } else {
        if (sheet->lanes.left_out > 0)
            strbuf_addf(&job->note, "%s%zu more faults and outages are not drawn",
                        job->note.length > 0 ? "; " : "", sheet->lanes.left_out);
        plot_lanes_note(job, &sheet->lanes);
        if (needs_small(job) && sheet->count > SMALL_COLUMNS)
            strbuf_addf(&job->note, "%s%zu more metrics are not drawn",
                        job->note.length > 0 ? "; " : "", sheet->count - SMALL_COLUMNS);
        if (plot_is_text(job))
            plot_lanes_text(job, &sheet->lanes);
        if (needs_small(job) && plot_is_text(job))
            draw_blocks(sheet);
        else if (needs_small(job))
            draw_small(sheet);
        else
            draw_column(sheet);
        if (job->script.length > 0)
            plot_sheet_end(job);
    }
    plot_lanes_release(&sheet->lanes);
    for (size_t i = 0; i < sheet->count; i++) {
        plot_lines_release(&sheet->lines[i]);
        plot_lines_release(&sheet->dashed[i]);
    }
    free(sheet);
    return drawn;
}
