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

/* One of the studies that a plot shows, at one of its points. */
struct plot_study {
    struct results *results;
    struct study_row row;
    int64_t point;
    char *name; /* for legends; unique in its plot */
};

enum { PLOT_WIDTH = 1600 };

/* An entry of the legend below the title. In text output gnuplot makes its own key instead. */
enum legend_sample { SAMPLE_LINE, SAMPLE_DASHES, SAMPLE_AREA };
struct legend_entry {
    const char *colour;
    enum legend_sample sample;
    char *text;
};

struct plot_job {
    const struct plot_options *options;
    struct plot_study *studies; /* one; more only if the kind overlays studies */
    size_t study_count;
    /* The first one, which gives titles, faults and the scale of time. */
    struct results *results;
    const struct study_row *study;
    int64_t point;
    char **regions; /* of the first study, in the order of the scenario */
    size_t region_count, region_capacity;
    const struct plot_kind *kind;
    struct diag *diag;
    struct legend_entry *legend; /* filled before plot_sheet() */
    size_t legend_count, legend_capacity;
    struct strbuf script;
    struct strbuf text;   /* PLOT_TEXT: printed before gnuplot's output; whole if script is empty */
    struct strbuf note;   /* a remark for the caption; why there is nothing to draw */
    bool pooled;          /* one curve of the values of all replications, without interval */
    bool of_parameters;   /* shows the scenario, no estimates */
    bool over_points;     /* shows all points of the study, not one */
    const char *grid;     /* gnuplot command that sets the grid */
    unsigned panel_count; /* so far */
    int height;           /* of the page, in pixels; the width is PLOT_WIDTH */
};

enum drawn { DRAWN_FAILED = -1, DRAWN = 0, DRAWN_NO_DATA = 1 }; /* no data: the note says why */

typedef enum drawn plot_draw(struct plot_job *job);
plot_draw plot_timeline, plot_workload, plot_goodput, plot_load, plot_lag, plot_latency,
    plot_reauth_causes, plot_rto_stages, plot_curve, plot_heatmap, plot_front, plot_difference,
    plot_capacity, plot_topology;

/* Okabe and Ito, Color universal design, 2008: eight colours that colour-blind people can
 * distinguish. */
enum { PLOT_COLOURS = 8 };
extern const char
    *const plot_colours[PLOT_COLOURS]; /* for regions and curves; [0] is black, for totals */
/* The colour of a region: always the same one in all plots of a study of up to seven regions. */
const char *plot_region_colour(const struct plot_job *job, const char *region);

void plot_legend_add(struct plot_job *job, const char *colour, enum legend_sample sample,
                     const char *text);
void plot_legend_clear(struct plot_job *job);
/* Height of title and legend in pixels: panels begin below it. */
int plot_head(struct plot_job *job);
enum { PLOT_FOOT = 36 }; /* height of the caption */
/* Approximate width in pixels of a text in this size. */
int plot_text_width(const char *text, int points);
/* Set the page's size, margins, title and caption; begin the multiplot. height in pixels. */
void plot_sheet(struct plot_job *job, int height);
void plot_sheet_end(struct plot_job *job);
/* Place the next plot at [left, right] x [bottom, top] of the page. */
void plot_panel(struct plot_job *job, double left, double right, double bottom, double top);
/* The same in pixels from the page's left and top. */
void plot_panel_at(struct plot_job *job, int left, int right, int top, int bottom);
/* Set up a time axis over the longest study: ns per unit, and the unit's name. */
double plot_time_unit(const struct plot_job *job, const char **name);
double plot_time_end(const struct plot_job *job); /* ns */
/* A scale for values of a unit up to `max`: values are divided by *divisor and labelled with *name
 * ("ms", "%", "/s"). */
void plot_scale(enum unit unit, double max, double *divisor, const char **name);
/* "write_timeout_rate" as words: "write timeout rate". The caller frees it. */
char *plot_words(const char *metric);
static inline bool plot_is_text(const struct plot_job *job)
{
    return job->options->format == PLOT_TEXT;
}
/* Set the note to why there is nothing to draw. */
enum drawn plot_nothing(struct plot_job *job, const char *why, ...)
    __attribute__((format(printf, 2, 3)));
/* Append `text` as a gnuplot string constant; `%` and escapes are literal. */
void plot_quote(struct plot_job *job, const char *text);

#endif
