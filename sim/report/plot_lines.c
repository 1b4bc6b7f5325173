// SPDX-License-Identifier: GPL-3.0-or-later
#include "plot_lines.h"

#include "mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool plot_line_is_drawn(const struct plot_job *job, const struct plot_lines *lines,
                        const struct plot_line *line)
{
    if (line->label[0] != '\0')
        return false;
    if (job->study_count > 1 || job->options->region != NULL || strcmp(line->region, "all") != 0)
        return true;
    for (size_t i = 0; i < lines->count; i++)
        if (lines->lines[i].label[0] == '\0' && strcmp(lines->lines[i].region, "all") != 0)
            return false;
    return true;
}

bool plot_lines_any(const struct plot_job *job, const struct plot_lines *lines)
{
    bool any = false;
    for (size_t i = 0; i < lines->count; i++)
        any = any || plot_line_is_drawn(job, lines, &lines->lines[i]);
    return any;
}

const char *plot_line_colour(const struct plot_job *job, const struct plot_line *line)
{
    if (job->study_count > 1)
        return plot_colours[1 + line->study % (PLOT_COLOURS - 1)];
    return plot_region_colour(job, line->region);
}

const char *plot_line_title(const struct plot_job *job, const struct plot_line *line)
{
    if (job->study_count > 1)
        return job->studies[line->study].name;
    return strcmp(line->region, "all") == 0 ? "all regions" : line->region;
}

struct loader {
    struct plot_lines *lines;
    const struct plot_job *job;
    size_t study;
};

static struct plot_line *line_of(const struct loader *loader, const char *region, const char *label)
{
    struct plot_lines *lines = loader->lines;
    for (size_t i = lines->count; i-- > 0;) {
        struct plot_line *line = &lines->lines[i];
        if (line->study == loader->study && strcmp(line->region, region) == 0 &&
            strcmp(line->label, label) == 0)
            return line;
    }
    MEM_GROW(lines->lines, lines->capacity, lines->count + 1);
    struct plot_line *line = &lines->lines[lines->count++];
    *line = (struct plot_line){
        .region = mem_strdup(region), .label = mem_strdup(label), .study = loader->study};
    return line;
}

static void add_point(void *self, const struct timeline_row *row)
{
    struct loader *loader = self;
    const struct plot_job *job = loader->job;
    const char *region = job->options->region;
    if (region == NULL && job->study_count > 1)
        region = "all";
    if (row->point != job->studies[loader->study].point ||
        (region != NULL && strcmp(region, row->region) != 0))
        return;
    struct plot_line *line = line_of(loader, row->region, row->label);
    MEM_GROW(line->rows, line->capacity, line->count + 1);
    line->rows[line->count++] = *row;
    if (!unit_from_name(row->unit, &loader->lines->unit))
        loader->lines->unit = UNIT_NONE;
    loader->lines->is_rate = row->is_rate && loader->lines->unit == UNIT_COUNT;
}

/* Extremes of the lines that are drawn; a hidden total must not stretch the axis. */
static void find_extremes(struct plot_lines *lines, const struct plot_job *job)
{
    bool first = true;
    for (size_t i = 0; i < lines->count; i++) {
        const struct plot_line *line = &lines->lines[i];
        for (size_t k = 0; plot_line_is_drawn(job, lines, line) && k < line->count; k++) {
            const struct interval *interval = &line->rows[k].interval;
            /* A bound on what was not seen says how little was tried: it must not stretch the axis.
             */
            double high = interval->valid && interval->form != INTERVAL_NONE_SEEN ? interval->high
                                                                                  : interval->mean;
            lines->max = first ? high : fmax(lines->max, high);
            lines->min = first ? interval->mean : fmin(lines->min, interval->mean);
            first = false;
        }
    }
}

int plot_lines_load(struct plot_lines *lines, struct plot_job *job, const char *metric)
{
    *lines = (struct plot_lines){0};
    for (size_t i = 0; i < job->study_count; i++) {
        struct loader loader = {lines, job, i};
        if (results_each_timeline(job->studies[i].results, job->studies[i].row.id, metric,
                                  add_point, &loader, job->diag) != 0)
            return -1;
    }
    find_extremes(lines, job);
    return 0;
}

void plot_lines_release(struct plot_lines *lines)
{
    for (size_t i = 0; i < lines->count; i++) {
        free(lines->lines[i].region);
        free(lines->lines[i].label);
        free(lines->lines[i].rows);
    }
    free(lines->lines);
    *lines = (struct plot_lines){0};
}

void plot_line_data(struct plot_job *job, const struct plot_line *line, const char *name,
                    double ns_per_unit, double divisor)
{
    int64_t bin = job->studies[line->study].row.bin_ns;
    strbuf_addf(&job->script, "$%s << EOD\n", name);
    for (size_t i = 0; i < line->count; i++) {
        const struct timeline_row *row = &line->rows[i];
        const struct interval *interval = &row->interval;
        if (i > 0 && row->t_ns - line->rows[i - 1].t_ns > bin)
            strbuf_add(&job->script, "\n"); /* bins are missing in between: no line */
        double low = interval->valid ? interval->low : interval->mean;
        double high = interval->valid ? interval->high : interval->mean;
        strbuf_addf(&job->script, "%.6g %.6g %.6g %.6g\n",
                    ((double)row->t_ns + (double)bin / 2) / ns_per_unit, interval->mean / divisor,
                    low / divisor, high / divisor);
    }
    strbuf_add(&job->script, "EOD\n");
}
