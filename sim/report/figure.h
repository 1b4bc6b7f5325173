// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What the figures share: the job, colours, the sheet with its title and caption, axes of time.
 * Private to report.
 *
 * A figure is one file fig_*.c with one function that appends gnuplot commands to the job's script.
 * Panels stand at fixed places of the sheet (screen coordinates), so that the same data give the
 * same file.
 */
#ifndef FIGURE_H
#define FIGURE_H

#include "figure_table.h"
#include "gnuplot.h"
#include "report.h"
#include "strbuf.h"

struct figure_job {
    struct results *results;
    const struct plot_options *options;
    const struct study_row *study;
    const struct figure_kind *kind;
    struct diag *diag;
    struct fault_row *faults;
    size_t fault_count, fault_capacity;
    struct strbuf script;
    struct strbuf note;   /* a remark for the caption */
    bool pooled;          /* the values of all replications in one curve: there is no interval */
    bool over_points;     /* it shows all points of the study, not one */
    const char *grid;     /* the command that sets it */
    unsigned panel_count; /* so far */
    int height;           /* of the sheet, in pixels of 1600 wide */
};

enum drawn { DRAWN_FAILED = -1, DRAWN = 0, DRAWN_NO_DATA = 1 };

typedef enum drawn figure_draw(struct figure_job *job);
figure_draw fig_timeline, fig_workload, fig_latency, fig_reauth_causes, fig_rto_stages, fig_curve,
    fig_heatmap;

/* Okabe and Ito, Color universal design, 2008: eight colours that colour-blind people can tell
 * apart. */
enum { FIGURE_COLOURS = 8 };
extern const char
    *const figure_colours[FIGURE_COLOURS]; /* of regions and curves; [0] is black, for totals */

/* Set size and margins of the sheet, title, caption; open the multiplot. height in pixels. */
void figure_sheet(struct figure_job *job, int height);
void figure_sheet_end(struct figure_job *job);
/* The next plot stands at [left, right] x [bottom, top] of the sheet. */
void figure_panel(struct figure_job *job, double left, double right, double bottom, double top);
/* An axis of time over the study's duration: sets range and format, gives ns per unit and the
 * unit's name. */
double figure_time_unit(const struct figure_job *job, const char **name);
/* Grey boxes where some fault acts, for panels over time. */
void figure_fault_shades(struct figure_job *job, double ns_per_unit);
/* A scale for values of a unit up to `max`: values are divided by *divisor and labelled with *name
 * ("ms", "%", "/s"). */
void figure_scale(enum unit unit, double max, double *divisor, const char **name);
/* "write_timeout_rate" as words: "write timeout rate". To be freed. */
char *figure_words(const char *metric);
static inline bool figure_is_text(const struct figure_job *job)
{
    return job->options->format == PLOT_TEXT;
}

/* The series of one metric at the job's point: a line per (region, label). */
struct figure_line {
    char *region, *label;
    struct timeline_row *rows; /* texts of the rows are not valid */
    size_t count, capacity;
};
struct figure_lines {
    int64_t point;
    enum unit unit;
    struct figure_line *lines;
    size_t count, capacity;
    double max; /* of highs and means */
    double min; /* of means */
};
int figure_lines_load(struct figure_lines *lines, struct figure_job *job, const char *metric);
void figure_lines_release(struct figure_lines *lines);
/* One data block "$name": t, mean, low, high, with an empty line where bins are missing. */
void figure_line_data(struct figure_job *job, const struct figure_line *line, const char *name,
                      double ns_per_unit, double divisor);
/*
 * One panel over time of a loaded metric, at its place: per region a line with the band of its
 * interval, or the total where there are no regions. `last`: carries the axis of time; `key`:
 * carries the legend.
 */
struct time_panel {
    const char *metric;
    const struct figure_lines *lines;
    double bottom, top;
    bool last, key;
};
void figure_time_panel(struct figure_job *job, const struct time_panel *panel);
/* Panels below each other for those of `metrics` that have data and are not zero throughout. */
enum drawn figure_time_panels(struct figure_job *job, const char *const *metrics, size_t count);

#endif
