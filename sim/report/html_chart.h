// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The time lines of an HTML report: read from the file, drawn as SVG for a page without script, and
 * written as JSON for the one with it. Private to report.
 */
#ifndef HTML_CHART_H
#define HTML_CHART_H

#include "html.h"
#include "json_writer.h"
#include "query.h"

struct chart_line {
    char *region;              /* "all": the total; of several points: the point's name */
    double *mean, *low, *high; /* by bin; NAN: none */
};
struct chart {
    const char *metric, *title; /* not owned */
    enum unit unit;
    struct chart_line *lines;
    size_t line_count, line_capacity;
    double max;
};
struct chart_set {
    struct chart *charts; /* those that have a value other than 0 */
    size_t count, capacity;
    struct fault_row *faults;
    size_t fault_count, fault_capacity;
    size_t bin_count; /* of every line */
    int64_t bin_ns;
    int64_t from_ns; /* the end of the warm-up */
};

/* A point whose lines are drawn. */
struct chart_point {
    int64_t number;
    const char *name; /* NULL: a line for each region; else one of this name, the total */
};
/*
 * Read the time lines of points; line_count: of one chart. A study of more bins than CHART_BINS_MAX
 * is drawn with as many as fit: `bin_ns` grows, a wide bin has the mean of its bins and the widest
 * of their intervals. With more lines than CHART_LINES_FEW, CHART_VALUES_MAX bins of all of them
 * fit. 0, or -1 with an error. Release in any case.
 */
#define CHART_BINS_MAX 720
#define CHART_LINES_FEW 5
#define CHART_VALUES_MAX 1000
int chart_set_load(struct chart_set *set, struct results *results, const struct study_row *study,
                   const struct chart_point *points, size_t point_count, size_t line_count,
                   struct diag *diag);
void chart_set_release(struct chart_set *set);

/* A figure with the drawing and its text. */
void chart_draw(struct html *html, const struct chart_set *set, const struct chart *chart);
/* Members "bin_s", "faults" and "charts" of the open object. */
void chart_set_write(struct json_writer *json, const struct chart_set *set);

#endif
