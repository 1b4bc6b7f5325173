// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The series of one metric, and panels of them over time. Private to report.
 *
 * One study gives a line for each region (the total if there are none); several studies give one
 * line each, of the region that was asked for or of the total.
 */
#ifndef PLOT_LINES_H
#define PLOT_LINES_H

#include "plot.h"

struct plot_line {
    char *region, *label;
    size_t study;
    struct timeline_row *rows; /* texts of the rows are not valid */
    size_t count, capacity;
};
struct plot_lines {
    enum unit unit;
    bool is_rate; /* a count, drawn per second */
    struct plot_line *lines;
    size_t count, capacity;
    double max; /* of highs and means of the lines that are drawn */
    double min; /* of means */
};
int plot_lines_load(struct plot_lines *lines, struct plot_job *job, const char *metric);
void plot_lines_release(struct plot_lines *lines);
/* Is it one line of a region, the total or a study? Lines with a label belong to other plots. */
bool plot_line_is_drawn(const struct plot_job *job, const struct plot_lines *lines,
                        const struct plot_line *line);
bool plot_lines_any(const struct plot_job *job, const struct plot_lines *lines);
const char *plot_line_colour(const struct plot_job *job, const struct plot_line *line);
const char *plot_line_title(const struct plot_job *job, const struct plot_line *line);
/* Append a data block "$name": t, mean, low, high, with an empty line for missing bins. */
void plot_line_data(struct plot_job *job, const struct plot_line *line, const char *name,
                    double ns_per_unit, double divisor);

/* What a panel shows: a metric, and optionally another of the same unit as a dashed line. */
struct panel_metric {
    const char *metric, *dashed;
};
/*
 * Draw a column of panels for the metrics that have data and are not always zero; with more regions
 * than colours, a row of small panels for each region. Faults and outages are drawn above.
 */
enum drawn plot_time_panels(struct plot_job *job, const struct panel_metric *metrics, size_t count);

#endif
