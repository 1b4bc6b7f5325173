// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Latency by percentile, as HdrHistogram plots it: the axis counts nines (x = -log10(1 - q)), so
 * that the tail gets as much room as the rest. A curve ends where it would depend on a single
 * value.
 */
#include "plot.h"
#include "quote.h"
#include "histogram.h"
#include "mem.h"

#include <math.h>
#include <string.h>

static const char *const latencies[] = {"login_latency", "request_latency", "write_latency",
                                        "read_latency"};
enum { LATENCIES = sizeof(latencies) / sizeof(*latencies), REGIONS_MAX = 6 };
#define NINES_MAX 4.0
#define NINES_STEP 0.02

struct latency_panel {
    struct statistic_table *table;
    const char *window, *title;
    double left, right, bottom, top;
    bool key, text;
    double low_ms, high_ms; /* over all panels */
};

/* Append one curve's data; false if there are too few values. */
static int add_curve(struct plot_job *job, struct latency_panel *panel, const char *metric,
                     const char *region, const char *name, bool *there)
{
    struct histogram merged = {0};
    int status = results_histogram(job->results, job->study->id, job->options->point, metric,
                                   region, "", panel->window, &merged, job->diag);
    *there = status == 0 && merged.count >= 10;
    if (*there) {
        double nines = fmin(NINES_MAX, log10((double)merged.count));
        strbuf_addf(&job->script, "$%s << EOD\n", name);
        for (double x = 0; x <= nines + 1e-9; x += NINES_STEP) {
            /* A logarithmic axis has no 0: draw shorter latencies as 1 us. */
            double ms = fmax((double)histogram_quantile(&merged, 1 - pow(10, -x)) / 1e6, 0.001);
            strbuf_addf(&job->script, "%.4f %.9g\n", x, ms);
            panel->low_ms = fmin(panel->low_ms, ms);
            panel->high_ms = fmax(panel->high_ms, ms);
        }
        strbuf_add(&job->script, "EOD\n");
    }
    histogram_release(&merged);
    return status;
}

/* All curves' data of a panel, named by window, metric and region. there[m][r]: the curve exists.
 */
static int add_curves(struct plot_job *job, struct latency_panel *panel,
                      bool there[LATENCIES][REGIONS_MAX], size_t *curve_count)
{
    size_t regions =
        panel->table->region_count < REGIONS_MAX ? panel->table->region_count : REGIONS_MAX;
    for (size_t m = 0; m < LATENCIES; m++) {
        for (size_t r = 0; r < regions; r++) {
            char name[64];
            snprintf(name, sizeof(name), "%s_%zu_%zu", panel->window, m, r);
            if (add_curve(job, panel, latencies[m], panel->table->regions[r], name, &there[m][r]) !=
                0)
                return -1;
            *curve_count += there[m][r];
        }
    }
    return 0;
}

static void add_curve_title(struct plot_job *job, const char *metric, const char *region)
{
    struct strbuf title = STRBUF_INIT;
    strbuf_addf(&title, "%.*s, %s", (int)strcspn(metric, "_"), metric, region);
    quote_add(&job->script, QUOTE_GNUPLOT, title.text);
    strbuf_release(&title);
}

static void draw_panel(struct plot_job *job, const struct latency_panel *panel,
                       bool there[LATENCIES][REGIONS_MAX])
{
    static const char *const dashes[] = {"1", "'-'", "'.'", "'-.'", "'_'", "'_.'"};
    struct strbuf *script = &job->script;
    plot_panel(job, panel->left, panel->right, panel->bottom, panel->top);
    strbuf_addf(
        script,
        "set logscale y\nset yrange [%.9g:%.9g]\nset xrange [0:%g]\n"
        "set ytics ('1 us' 0.001, '10 us' 0.01, '0.1 ms' 0.1, '1 ms' 1, '10 ms' 10, '100 ms' 100,"
        " '1 s' 1000, '10 s' 10000, '100 s' 100000)\n"
        "set xtics ('' 0, '50 %%%%' 0.30103, '90 %%%%' 1, '99 %%%%' 2, '99.9 %%%%' 3, '99.99 %%%%' "
        "4)\n"
        "set xlabel 'percentile'\n"
        "set label 10 '%s' at graph 0, screen %.4f\n",
        panel->low_ms / 1.5, panel->high_ms * 1.5, NINES_MAX, panel->title,
        panel->top + (panel->text ? 0.03 : 16.0 / job->height));
    if (!panel->text)
        strbuf_add(script, "set grid xtics\n");
    if (!panel->key) {
        strbuf_add(script, "unset key\n");
    } else if (panel->text) {
        strbuf_add(script, "set key top left\n");
    } else {
        strbuf_addf(script,
                    "set key at screen 0.835, screen %.4f left top vertical Left reverse samplen 3 "
                    "spacing 1.25\n",
                    panel->top);
    }
    const char *separator = "plot ";
    for (size_t m = 0; m < LATENCIES; m++) {
        for (size_t r = 0; r < REGIONS_MAX; r++) {
            if (!there[m][r])
                continue;
            strbuf_addf(script,
                        "%s$%s_%zu_%zu using 1:2 with lines lw 2.5 lc rgb '%s' dt %s title ",
                        separator, panel->window, m, r, plot_colours[m + 1], dashes[r]);
            add_curve_title(job, latencies[m], panel->table->regions[r]);
            separator = ", ";
        }
    }
    strbuf_add(script, "\n");
}

static enum drawn draw_all(struct plot_job *job, struct statistic_table *table)
{
    bool text = plot_is_text(job);
    struct latency_panel whole = {
        table,    "all", "whole run, after the warm-up", 0.065, 0.825, 0.13, 0.86, true, text,
        INFINITY, 0};
    struct latency_panel fault = {
        table,    "fault", "while a fault is active", 0.475, 0.825, 0.13, 0.86, false, text,
        INFINITY, 0};
    bool whole_there[LATENCIES][REGIONS_MAX] = {0}, fault_there[LATENCIES][REGIONS_MAX] = {0};
    size_t whole_count = 0, fault_count = 0;
    if (add_curves(job, &whole, whole_there, &whole_count) != 0 ||
        add_curves(job, &fault, fault_there, &fault_count) != 0)
        return DRAWN_FAILED;
    if (whole_count == 0)
        return DRAWN_NO_DATA;
    whole.low_ms = fault.low_ms = fmin(whole.low_ms, fault.low_ms);
    whole.high_ms = fault.high_ms = fmax(whole.high_ms, fault.high_ms);
    job->pooled = true;
    plot_sheet(job, 900);
    if (text) {
        whole.left = 0.12;
        whole.right = 0.97;
    } else if (fault_count > 0) {
        whole.right = 0.405;
    }
    draw_panel(job, &whole, whole_there);
    if (fault_count > 0 && !text)
        draw_panel(job, &fault, fault_there);
    plot_sheet_end(job);
    return DRAWN;
}

enum drawn plot_latency(struct plot_job *job)
{
    struct statistic_table table;
    enum drawn drawn = DRAWN_FAILED;
    if (statistic_table_load(&table, job->results, job->study->id, NULL, job->diag) == 0)
        drawn = draw_all(job, &table);
    statistic_table_release(&table);
    return drawn;
}
