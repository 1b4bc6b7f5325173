// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Shared by all plots: the job, colours, the page with title and caption, time axes. Private to
 * report.
 *
 * A plot is one file plot_*.c with one function that appends gnuplot commands to the job's script.
 * Panels have fixed positions on the page (screen coordinates), so the same data give the same
 * file.
 */
#ifndef PLOT_H
#define PLOT_H

#include "statistic_table.h"
#include "gnuplot.h"
#include "report.h"
#include "strbuf.h"

struct plot_job {
    struct results *results;
    const struct plot_options *options;
    const struct study_row *study;
    const struct plot_kind *kind;
    struct diag *diag;
    struct fault_row *faults;
    size_t fault_count, fault_capacity;
    struct strbuf script;
    struct strbuf note;   /* a remark for the caption */
    bool pooled;          /* one curve of the values of all replications, without interval */
    bool over_points;     /* shows all points of the study, not one */
    const char *grid;     /* gnuplot command that sets the grid */
    unsigned panel_count; /* so far */
    int height;           /* of the page, in pixels; the width is 1600 */
};

enum drawn { DRAWN_FAILED = -1, DRAWN = 0, DRAWN_NO_DATA = 1 };

typedef enum drawn plot_draw(struct plot_job *job);
plot_draw plot_timeline, plot_workload, plot_latency, plot_reauth_causes, plot_rto_stages,
    plot_curve, plot_heatmap;

/* Okabe and Ito, Color universal design, 2008: eight colours that colour-blind people can
 * distinguish. */
enum { PLOT_COLOURS = 8 };
extern const char
    *const plot_colours[PLOT_COLOURS]; /* for regions and curves; [0] is black, for totals */

/* Set the page's size, margins, title and caption; begin the multiplot. height in pixels. */
void plot_sheet(struct plot_job *job, int height);
void plot_sheet_end(struct plot_job *job);
/* Place the next plot at [left, right] x [bottom, top] of the page. */
void plot_panel(struct plot_job *job, double left, double right, double bottom, double top);
/* Set up a time axis over the study's duration: range and format. Returns ns per unit and the
 * unit's name. */
double plot_time_unit(const struct plot_job *job, const char **name);
/* Draw grey boxes while a fault is active, in panels over time. */
void plot_fault_shades(struct plot_job *job, double ns_per_unit);
/* A scale for values of a unit up to `max`: values are divided by *divisor and labelled with *name
 * ("ms", "%", "/s"). */
void plot_scale(enum unit unit, double max, double *divisor, const char **name);
/* "write_timeout_rate" as words: "write timeout rate". The caller frees it. */
char *plot_words(const char *metric);
static inline bool plot_is_text(const struct plot_job *job)
{
    return job->options->format == PLOT_TEXT;
}

/* The series of one metric at the job's point: a line per (region, label). */
struct plot_line {
    char *region, *label;
    struct timeline_row *rows; /* texts of the rows are not valid */
    size_t count, capacity;
};
struct plot_lines {
    int64_t point;
    enum unit unit;
    struct plot_line *lines;
    size_t count, capacity;
    double max; /* of highs and means */
    double min; /* of means */
};
int plot_lines_load(struct plot_lines *lines, struct plot_job *job, const char *metric);
void plot_lines_release(struct plot_lines *lines);
/* Append a data block "$name": t, mean, low, high, with an empty line for missing bins. */
void plot_line_data(struct plot_job *job, const struct plot_line *line, const char *name,
                    double ns_per_unit, double divisor);
/*
 * Draw a panel over time of a loaded metric: one line per region with its interval as a band, or
 * the total if there are no regions. `last`: has the time axis; `key`: has the legend.
 */
struct time_panel {
    const char *metric;
    const struct plot_lines *lines;
    double bottom, top;
    bool last, key;
};
void plot_time_panel(struct plot_job *job, const struct time_panel *panel);
/* Draw a column of panels for the `metrics` that have data and are not always zero. */
enum drawn plot_time_panels(struct plot_job *job, const char *const *metrics, size_t count);

#endif
