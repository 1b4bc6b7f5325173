// SPDX-License-Identifier: GPL-3.0-or-later
/* Re-authentications stacked by cause: per region on the left, over time on the right. */
#include "plot.h"
#include "quote.h"
#include "mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BARS_MAX = 8 };

struct causes {
    char **names;
    size_t count, capacity;
    const char *bars[BARS_MAX]; /* regions, the total last */
    size_t bar_count;
};

/* Causes that occurred, in the order of the model's table. */
static void find_causes(struct causes *causes, const struct statistic_table *table, int64_t point)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct statistic_row *row = &table->rows[i];
        if (row->point == point && row->label[0] != '\0' && strcmp(row->window, "all") == 0 &&
            row->interval.mean > 0)
            text_list_add(&causes->names, &causes->count, &causes->capacity, row->label);
    }
    for (size_t i = 0; i < table->region_count && causes->bar_count < BARS_MAX - 1; i++)
        causes->bars[causes->bar_count++] = table->regions[i];
    causes->bars[causes->bar_count++] = "all";
}

static double mean_of(const struct statistic_table *table, int64_t point, const char *region,
                      const char *cause)
{
    const struct statistic_row *row =
        statistic_table_find(table, point, "reauths", "", region, cause, "all");
    return row != NULL ? row->interval.mean : 0;
}

/* $cause0 ..: one box per bar, stacked on the previous causes; $sums: the total with its interval.
 */
static double add_bars(struct plot_job *job, const struct causes *causes,
                       const struct statistic_table *table)
{
    int64_t point = job->options->point;
    double base[BARS_MAX] = {0}, max = 0;
    for (size_t c = 0; c < causes->count; c++) {
        strbuf_addf(&job->script, "$cause%zu << EOD\n", c);
        for (size_t b = 0; b < causes->bar_count; b++) {
            double value = mean_of(table, point, causes->bars[b], causes->names[c]);
            strbuf_addf(&job->script, "%zu %.9g %g %g %.9g %.9g\n", b, base[b], (double)b - 0.32,
                        (double)b + 0.32, base[b], base[b] + value);
            base[b] += value;
            max = fmax(max, base[b]);
        }
        strbuf_add(&job->script, "EOD\n");
    }
    strbuf_add(&job->script, "$sums << EOD\n");
    for (size_t b = 0; b < causes->bar_count; b++) {
        const struct statistic_row *row =
            statistic_table_find(table, point, "reauths", "", causes->bars[b], "", "all");
        if (row != NULL && row->interval.valid) {
            strbuf_addf(&job->script, "%zu %.9g %.9g %.9g\n", b, row->interval.mean,
                        row->interval.low, row->interval.high);
            max = fmax(max, row->interval.high);
        }
    }
    strbuf_add(&job->script, "NaN NaN NaN NaN\nEOD\n");
    return max;
}

static void draw_bars(struct plot_job *job, const struct causes *causes,
                      const struct statistic_table *table, double right)
{
    double max = add_bars(job, causes, table);
    plot_panel(job, 0.065, right, 0.12, 0.86);
    strbuf_addf(&job->script,
                "set yrange [0:%.9g]\nset xrange [-0.6:%g]\nset style fill solid 1 border lc rgb "
                "'#ffffff'\n"
                "set label 10 're-auths per run' at graph 0, screen 0.885\nset xtics (",
                max * 1.08, (double)causes->bar_count - 0.4);
    for (size_t b = 0; b < causes->bar_count; b++) {
        strbuf_add(&job->script, b > 0 ? ", " : "");
        quote_add(&job->script, QUOTE_GNUPLOT_TIC,
                  strcmp(causes->bars[b], "all") == 0 ? "all regions" : causes->bars[b]);
        strbuf_addf(&job->script, " %zu", b);
    }
    strbuf_add(&job->script,
               ")\nset key at screen 0.835, screen 0.86 left top vertical Left reverse invert"
               " samplen 1.5 spacing 1.25\nplot ");
    for (size_t c = 0; c < causes->count; c++) {
        strbuf_addf(&job->script, "$cause%zu using 1:2:3:4:5:6 with boxxyerror lc rgb '%s' title ",
                    c, plot_colours[1 + c % (PLOT_COLOURS - 1)]);
        quote_add(&job->script, QUOTE_GNUPLOT, causes->names[c]);
        strbuf_add(&job->script, ", ");
    }
    strbuf_add(&job->script,
               "$sums using 1:2:3:4 with yerrorbars pt 7 ps 0.8 lw 2 lc rgb '#000000' notitle\n");
}

static const struct plot_line *line_of_cause(const struct plot_lines *lines, const char *cause)
{
    for (size_t i = 0; i < lines->count; i++)
        if (strcmp(lines->lines[i].region, "all") == 0 && strcmp(lines->lines[i].label, cause) == 0)
            return &lines->lines[i];
    return NULL;
}

/* Stacked areas of the total over regions. Counts have no missing bins. */
static double add_areas(struct plot_job *job, const struct causes *causes,
                        const struct plot_lines *lines, double ns_per_unit)
{
    double *base = NULL, max = 0;
    size_t bins = 0;
    for (size_t c = 0; c < causes->count; c++) {
        const struct plot_line *line = line_of_cause(lines, causes->names[c]);
        if (base == NULL && line != NULL) {
            bins = line->count;
            base = mem_zalloc(bins, sizeof(*base));
        }
        strbuf_addf(&job->script, "$area%zu << EOD\n", c);
        for (size_t i = 0; line != NULL && i < bins && i < line->count; i++) {
            double t = ((double)line->rows[i].t_ns + (double)job->study->bin_ns / 2) / ns_per_unit;
            double top = base[i] + line->rows[i].interval.mean;
            strbuf_addf(&job->script, "%.9g %.9g %.9g\n", t, base[i], top);
            base[i] = top;
            max = fmax(max, top);
        }
        strbuf_add(&job->script, "NaN NaN NaN\nEOD\n");
    }
    free(base);
    return max;
}

static void draw_areas(struct plot_job *job, const struct causes *causes,
                       const struct plot_lines *lines)
{
    const char *unit;
    double ns_per_unit = plot_time_unit(job, &unit),
           max = add_areas(job, causes, lines, ns_per_unit);
    plot_panel(job, 0.475, 0.825, 0.12, 0.86);
    plot_fault_shades(job, ns_per_unit);
    strbuf_addf(&job->script,
                "unset key\nset xrange [0:%.9g]\nset yrange [0:%.9g]\nset xtics autofreq\n"
                "set xlabel 'simulated time (%s)'\n"
                "set label 10 're-auths per second, all regions' at graph 0, screen 0.885\nplot ",
                (double)job->study->duration_ns / ns_per_unit, max > 0 ? max * 1.08 : 1, unit);
    for (size_t c = 0; c < causes->count; c++) {
        strbuf_addf(&job->script,
                    "%s$area%zu using 1:2:3 with filledcurves fs solid 1 noborder lc rgb '%s'",
                    c > 0 ? ", " : "", c, plot_colours[1 + c % (PLOT_COLOURS - 1)]);
    }
    strbuf_add(&job->script, "\n");
}

enum drawn plot_reauth_causes(struct plot_job *job)
{
    struct statistic_table table = {0};
    struct plot_lines lines = {0};
    struct causes causes = {0};
    enum drawn drawn = DRAWN_FAILED;
    if (statistic_table_load(&table, job->results, job->study->id, "reauths", job->diag) == 0 &&
        plot_lines_load(&lines, job, "reauths") == 0) {
        find_causes(&causes, &table, job->options->point);
        bool over_time = causes.count > 0 && line_of_cause(&lines, causes.names[0]) != NULL;
        drawn = causes.count > 0 ? DRAWN : DRAWN_NO_DATA;
        if (causes.count > 0) {
            plot_sheet(job, 900);
            draw_bars(job, &causes, &table, over_time ? 0.405 : 0.8);
            if (over_time)
                draw_areas(job, &causes, &lines);
            plot_sheet_end(job);
        }
    }
    text_list_release(&causes.names, &causes.count, &causes.capacity);
    plot_lines_release(&lines);
    statistic_table_release(&table);
    return drawn;
}
