// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Latency by percentile, as HdrHistogram plots it: the axis counts nines (x = -log10(1 - q)), so
 * that the tail gets as much room as the rest. A curve ends where it would depend on a single
 * value.
 *
 * Up to seven regions, or several studies: a panel for each metric and window, a curve for each
 * region or study. More regions: a panel for each region, a curve for each metric, dashed while a
 * fault is active.
 */
#include "plot.h"
#include "histogram.h"
#include "mem.h"
#include "text_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const latencies[] = {"login_latency", "request_latency", "write_latency",
                                        "read_latency", "replication_lag"};
enum { LATENCIES = sizeof(latencies) / sizeof(*latencies), WINDOWS = 2, COLUMNS = 4 };
static const char *const windows[WINDOWS] = {"all", "fault"};
static const char *const window_titles[WINDOWS] = {"whole run, after the warm-up",
                                                   "while a fault is active"};
enum { LEFT = 90, RIGHT = 1590, PANEL = 400, PANEL_SMALL = 290, TITLE = 52, AXIS = 84 };
#define NINES_MAX 4.0
#define NINES_STEP 0.02
#define SAMPLES_MIN 10 /* fewer make no curve */

/* One distribution; count 0: too few values. */
struct curve {
    size_t study, region; /* region: SIZE_MAX: the total */
    size_t metric, window;
    struct histogram values;
};
struct curves {
    struct curve *items;
    size_t count;
    double low_ms, high_ms; /* of the axis */
};

static size_t lines_per_panel(const struct plot_job *job)
{
    if (job->study_count > 1)
        return job->study_count;
    return job->options->region != NULL || job->region_count == 0 ? 1 : job->region_count;
}

static const char *region_of(const struct plot_job *job, size_t line)
{
    if (job->options->region != NULL)
        return job->options->region;
    return job->study_count > 1 || job->region_count == 0 ? "all" : job->regions[line];
}

static const char *name_of(const struct plot_job *job, size_t line)
{
    if (job->study_count > 1)
        return job->studies[line].name;
    const char *region = region_of(job, line);
    return strcmp(region, "all") == 0 ? "all regions" : region;
}

static struct curve *curve_at(const struct curves *curves, size_t line, size_t metric,
                              size_t window)
{
    return &curves->items[(line * LATENCIES + metric) * WINDOWS + window];
}

static int load(struct plot_job *job, struct curves *curves)
{
    size_t lines = lines_per_panel(job);
    curves->items = mem_zalloc(lines * LATENCIES * WINDOWS, sizeof(*curves->items));
    for (size_t line = 0; line < lines; line++) {
        const struct plot_study *study = &job->studies[job->study_count > 1 ? line : 0];
        for (size_t i = 0; i < LATENCIES * WINDOWS; i++) {
            struct histogram *values = &curve_at(curves, line, i / WINDOWS, i % WINDOWS)->values;
            if (results_histogram(study->results, study->row.id, study->point,
                                  latencies[i / WINDOWS], region_of(job, line), "",
                                  windows[i % WINDOWS], values, job->diag) != 0)
                return -1;
            if (values->count < SAMPLES_MIN)
                histogram_clear(values);
            curves->count += values->count > 0;
        }
    }
    return 0;
}

/* A logarithmic axis has no 0: shorter latencies are drawn as 1 us. */
static double quantile_ms(const struct histogram *values, double q)
{
    return fmax((double)histogram_quantile(values, q) / 1e6, 0.001);
}

static void find_range(struct curves *curves, size_t lines)
{
    curves->low_ms = INFINITY;
    for (size_t i = 0; i < lines * LATENCIES * WINDOWS; i++) {
        const struct histogram *values = &curves->items[i].values;
        if (values->count == 0)
            continue;
        curves->low_ms = fmin(curves->low_ms, quantile_ms(values, 0));
        curves->high_ms = fmax(curves->high_ms, quantile_ms(values, 1));
    }
}

static bool has_window(const struct curves *curves, size_t lines, size_t window)
{
    for (size_t line = 0; line < lines; line++)
        for (size_t metric = 0; metric < LATENCIES; metric++)
            if (curve_at(curves, line, metric, window)->values.count > 0)
                return true;
    return false;
}

static bool has_metric(const struct curves *curves, size_t lines, size_t metric)
{
    for (size_t i = 0; i < lines * WINDOWS; i++)
        if (curve_at(curves, i / WINDOWS, metric, i % WINDOWS)->values.count > 0)
            return true;
    return false;
}

/* --- as a picture ---------------------------------------------------------------------------- */

static void add_data(struct plot_job *job, const struct histogram *values, size_t number)
{
    double nines = fmin(NINES_MAX, log10((double)values->count));
    double before = -1;
    strbuf_addf(&job->script, "$curve%zu << EOD\n", number);
    for (double x = 0; x <= nines + 1e-9; x += NINES_STEP) {
        double ms = quantile_ms(values, 1 - pow(10, -x));
        bool last = x + NINES_STEP > nines + 1e-9;
        if (ms > before || last) /* a step needs its ends only */
            strbuf_addf(&job->script, "%.4f %.6g\n", x, ms);
        before = ms;
    }
    strbuf_add(&job->script, "EOD\n");
}

struct panel {
    int left, right, top, bottom;
    const char *title, *over; /* over: above the title */
    bool has_axis, has_scale;
};

static void begin_panel(struct plot_job *job, const struct curves *curves,
                        const struct panel *panel)
{
    plot_panel_at(job, panel->left, panel->right, panel->top, panel->bottom);
    strbuf_addf(&job->script,
                "set logscale y\nset yrange [%.6g:%.6g]\nset xrange [0:%g]\nset grid xtics\n"
                "set ytics ('1 us' 0.001, '10 us' 0.01, '0.1 ms' 0.1, '1 ms' 1, '10 ms' 10, "
                "'100 ms' 100, '1 s' 1000, '10 s' 10000, '100 s' 100000) font ',11'\n",
                curves->low_ms / 1.5, curves->high_ms * 1.5, NINES_MAX);
    if (!panel->has_scale)
        strbuf_add(&job->script, "set ytics ('' 1, '' 10, '' 100, '' 1000, '' 10000)\n");
    if (panel->has_axis)
        strbuf_add(&job->script, "set xtics ('50 %%' 0.30103, '90 %%' 1, '99 %%' 2, '99.9' 3, "
                                 "'99.99' 4) font ',11'\nset xlabel 'percentile'\n");
    else
        strbuf_add(&job->script, "set xtics ('' 0.30103, '' 1, '' 2, '' 3, '' 4)\nunset xlabel\n");
    strbuf_add(&job->script, "set label ");
    plot_quote(job, panel->title);
    strbuf_addf(&job->script, " at graph 0, screen %.4f font ',12'\nset label ",
                1 - (panel->top - 13.0) / job->height);
    plot_quote(job, panel->over);
    strbuf_addf(&job->script, " at graph 0, screen %.4f font ',13'\n",
                1 - (panel->top - 38.0) / job->height);
}

static void add_curve(struct plot_job *job, size_t number, const char *colour, bool dashed)
{
    strbuf_addf(&job->script, "%s$curve%zu using 1:2 with lines lw 2 lc rgb '%s'%s",
                number == 0 ? "plot " : ", ", number, colour, dashed ? " dt '-'" : "");
}

static const char *colour_of(const struct plot_job *job, size_t line)
{
    return job->study_count > 1 ? plot_colours[1 + line]
                                : plot_region_colour(job, region_of(job, line));
}

/* One metric in one window: a curve for each line. */
static void draw_metric(struct plot_job *job, const struct curves *curves,
                        const struct panel *panel, size_t metric, size_t window)
{
    size_t number = 0, lines = lines_per_panel(job);
    for (size_t line = 0; line < lines; line++) {
        const struct histogram *values = &curve_at(curves, line, metric, window)->values;
        if (values->count > 0)
            add_data(job, values, number++);
    }
    begin_panel(job, curves, panel);
    number = 0;
    for (size_t line = 0; line < lines; line++)
        if (curve_at(curves, line, metric, window)->values.count > 0)
            add_curve(job, number++, colour_of(job, line), false);
    strbuf_add(&job->script, number > 0 ? "\n" : "plot NaN notitle\n");
}

static void draw_by_metric(struct plot_job *job, const struct curves *curves)
{
    size_t lines = lines_per_panel(job), metrics[LATENCIES], columns = 0;
    size_t rows = 1 + has_window(curves, lines, 1);
    for (size_t metric = 0; metric < LATENCIES; metric++)
        if (has_metric(curves, lines, metric))
            metrics[columns++] = metric;
    for (size_t line = 0; line < lines; line++)
        plot_legend_add(job, colour_of(job, line), SAMPLE_LINE, name_of(job, line));
    int top = plot_head(job), width = (RIGHT - LEFT) / (int)columns;
    plot_sheet(job, top + (int)rows * PANEL + AXIS + PLOT_FOOT - 20);
    for (size_t i = 0; i < rows * columns; i++) {
        size_t row = i / columns, column = i % columns;
        char *title = plot_words(latencies[metrics[column]]);
        const struct panel panel = {.left = LEFT + (int)column * width,
                                    .right = LEFT + (int)(column + 1) * width - 30,
                                    .top = top + (int)row * PANEL + TITLE,
                                    .bottom = top + (int)(row + 1) * PANEL - 16,
                                    .title = title,
                                    .over = rows > 1 && column == 0 ? window_titles[row] : "",
                                    .has_axis = row + 1 == rows,
                                    .has_scale = column == 0};
        draw_metric(job, curves, &panel, metrics[column], row);
        free(title);
    }
}

static void draw_region(struct plot_job *job, const struct curves *curves,
                        const struct panel *panel, size_t line)
{
    size_t number = 0;
    for (size_t i = 0; i < LATENCIES * WINDOWS; i++) {
        const struct histogram *values = &curve_at(curves, line, i / WINDOWS, i % WINDOWS)->values;
        if (values->count > 0)
            add_data(job, values, number++);
    }
    begin_panel(job, curves, panel);
    number = 0;
    for (size_t i = 0; i < LATENCIES * WINDOWS; i++)
        if (curve_at(curves, line, i / WINDOWS, i % WINDOWS)->values.count > 0)
            add_curve(job, number++, plot_colours[1 + i / WINDOWS], i % WINDOWS == 1);
    strbuf_add(&job->script, number > 0 ? "\n" : "plot NaN notitle\n");
}

static void draw_by_region(struct plot_job *job, const struct curves *curves)
{
    size_t lines = lines_per_panel(job), rows = (lines + COLUMNS - 1) / COLUMNS;
    for (size_t metric = 0; metric < LATENCIES; metric++) {
        char *words = plot_words(latencies[metric]);
        if (has_metric(curves, lines, metric))
            plot_legend_add(job, plot_colours[1 + metric], SAMPLE_LINE, words);
        free(words);
    }
    if (has_window(curves, lines, 1))
        plot_legend_add(job, "#000000", SAMPLE_DASHES, window_titles[1]);
    int top = plot_head(job), width = (RIGHT - LEFT) / COLUMNS;
    plot_sheet(job, top + (int)rows * PANEL_SMALL + AXIS + PLOT_FOOT - 20);
    for (size_t line = 0; line < lines; line++) {
        int row = (int)line / COLUMNS, column = (int)line % COLUMNS;
        const struct panel panel = {.left = LEFT + column * width,
                                    .right = LEFT + (column + 1) * width - 30,
                                    .top = top + row * PANEL_SMALL + TITLE,
                                    .bottom = top + (row + 1) * PANEL_SMALL - 16,
                                    .title = name_of(job, line),
                                    .over = "",
                                    .has_axis = line + COLUMNS >= lines,
                                    .has_scale = column == 0};
        draw_region(job, curves, &panel, line);
    }
}

/* --- as text --------------------------------------------------------------------------------- */

static void add_row(struct text_table *table, const struct plot_job *job, const struct curve *curve,
                    size_t line, size_t metric)
{
    static const double quantiles[] = {0.5, 0.9, 0.99, 0.999, 0.9999, 1};
    text_table_add(table, "%s", latencies[metric]);
    text_table_add(table, "%s", name_of(job, line));
    text_table_add(table, "%llu", (unsigned long long)curve->values.count);
    for (size_t i = 0; i < sizeof(quantiles) / sizeof(*quantiles); i++) {
        struct strbuf *cell = text_table_cell(table);
        double beyond = (double)curve->values.count * (1 - quantiles[i]);
        if (beyond >= 1 || i + 1 == sizeof(quantiles) / sizeof(*quantiles))
            units_add(cell, (double)histogram_quantile(&curve->values, quantiles[i]), UNIT_NS, 3);
        else
            strbuf_add(cell, "-");
    }
}

static void draw_text(struct plot_job *job, const struct curves *curves)
{
    size_t lines = lines_per_panel(job);
    for (size_t window = 0; window < WINDOWS; window++) {
        if (!has_window(curves, lines, window))
            continue;
        strbuf_addf(&job->text, "Latency, %s; values of all replications pooled, no interval\n",
                    window_titles[window]);
        struct text_table *table =
            text_table_create("metric\t\tvalues\tp50\tp90\tp99\tp99.9\tp99.99\tmax");
        for (size_t metric = 0; metric < LATENCIES; metric++) {
            for (size_t line = 0; line < lines; line++) {
                const struct curve *curve = curve_at(curves, line, metric, window);
                if (curve->values.count > 0)
                    add_row(table, job, curve, line, metric);
            }
        }
        text_table_add_to_and_free(table, &job->text);
    }
}

enum drawn plot_latency(struct plot_job *job)
{
    struct curves curves = {0};
    size_t lines = lines_per_panel(job);
    enum drawn drawn = DRAWN_FAILED;
    job->pooled = true;
    if (load(job, &curves) == 0) {
        find_range(&curves, lines);
        drawn = curves.count > 0 ? DRAWN : plot_nothing(job, "no latency has ten values or more");
        if (drawn == DRAWN && plot_is_text(job))
            draw_text(job, &curves);
        else if (drawn == DRAWN && job->study_count == 1 && lines >= PLOT_COLOURS)
            draw_by_region(job, &curves);
        else if (drawn == DRAWN)
            draw_by_metric(job, &curves);
        if (drawn == DRAWN && !plot_is_text(job))
            plot_sheet_end(job);
    }
    for (size_t i = 0; i < lines * LATENCIES * WINDOWS; i++)
        histogram_release(&curves.items[i].values);
    free(curves.items);
    return drawn;
}
