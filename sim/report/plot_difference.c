// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What a comparison changed: a row for each metric, with the interval of its paired difference and
 * the verdict. Metrics have different units, so a difference is drawn relative to the larger of the
 * two values: -1 vanishes, -0.5 is half, 0 the same, 0.5 the double, 1 new (from zero). The numbers
 * are at the right, in the metric's unit.
 */
#include "plot.h"
#include "statistic_text.h"
#include "text_bar.h"

#include "mem.h"
#include "quote.h"
#include "text_table.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROW = 34, LEFT = 330, RIGHT = 860, ROWS_MAX = 60, BAR = 31 };

struct difference {
    int64_t point;
    char *subject, *verdict, *text;
    enum unit unit;
    bool has_value, has_interval;
    double base, value, low, high; /* the last three are differences; base NAN: unknown */
};
struct differences {
    struct difference *rows;
    size_t count, capacity, left_out;
    struct statistic_table *table;
};

static void add_row(void *self, const struct finding_row *row)
{
    struct differences *all = self;
    if (strcmp(row->kind, "compare") != 0)
        return;
    if (all->count == ROWS_MAX) {
        all->left_out++;
        return;
    }
    MEM_GROW(all->rows, all->capacity, all->count + 1);
    struct difference *next = &all->rows[all->count++];
    *next = (struct difference){.point = row->point,
                                .subject = mem_strdup(row->subject),
                                .verdict = mem_strdup(row->verdict),
                                .text = mem_strdup(row->text),
                                .has_value = row->has_value,
                                .has_interval = row->has_interval,
                                .base = NAN,
                                .value = row->value,
                                .low = row->low,
                                .high = row->high};
    if (!unit_from_name(row->unit, &next->unit))
        next->unit = UNIT_NONE;
}

/* The base's mean, from the statistic of that name at point 0. */
static void find_bases(struct differences *all)
{
    for (size_t i = 0; i < all->count; i++) {
        struct statistic_text name;
        statistic_text_parse(&name, all->rows[i].subject);
        const struct statistic_row *row = statistic_text_find(&name, all->table, 0);
        if (row != NULL && row->interval.n > 0)
            all->rows[i].base = row->interval.mean;
        statistic_text_release(&name);
    }
}

/* A difference on the axis from -1 to 1. */
static double relative(const struct difference *row, double difference)
{
    double value = row->base + difference, larger = fmax(fabs(row->base), fabs(value));
    return isnan(larger) || larger <= 0 ? 0 : fmax(-1, fmin(1, difference / larger));
}

static bool is_drawn(const struct difference *row)
{
    return row->has_value && !isnan(row->base);
}

/* "91.2% -> 6.0%: -85.2% [-85.5%, -85%], better". */
static void add_numbers(struct strbuf *out, const struct difference *row)
{
    const char *outcomes = strstr(row->text, "; ");
    outcomes = outcomes != NULL ? strstr(outcomes + 2, "; ") : NULL; /* margin, p; the outcomes */
    if (is_drawn(row)) {
        units_add(out, row->base, row->unit, 3);
        strbuf_add(out, " -> ");
        units_add(out, row->base + row->value, row->unit, 3);
        strbuf_add(out, ": ");
        units_add(out, row->value, row->unit, 3);
        if (row->has_interval && row->high > row->low)
            interval_add_bounds(out, row->low, row->high, row->unit);
        else
            strbuf_add(out, " (no spread seen)");
    } else {
        strbuf_add(out, outcomes != NULL ? outcomes + 2 : "no data");
    }
}

static const char *colour_of(const struct difference *row)
{
    static const struct {
        const char *verdict, *colour;
    } colours[] = {{"better", "#009E73"}, {"worse", "#D55E00"}, {"equivalent", "#0072B2"}};
    for (size_t i = 0; i < sizeof(colours) / sizeof(*colours); i++)
        if (strcmp(row->verdict, colours[i].verdict) == 0)
            return colours[i].colour;
    return "#808080";
}

/* --- as a picture ---------------------------------------------------------------------------- */

/* Rows of a point begin with its name. */
static bool begins_point(const struct differences *all, size_t i)
{
    return i == 0 || all->rows[i].point != all->rows[i - 1].point;
}

static void add_label(struct plot_job *job, const char *text, int x, double y, const char *align,
                      const char *style)
{
    strbuf_add(&job->script, "set label ");
    plot_quote(job, text);
    strbuf_addf(&job->script, " at screen %.4f, first %.2f %s %s\n", (double)x / PLOT_WIDTH, y,
                align, style);
}

struct point_name {
    struct strbuf text;
    int64_t point;
};

static void add_param(void *self, int64_t point, const char *path, const char *value)
{
    struct point_name *name = self;
    if (point == name->point)
        strbuf_addf(&name->text, "%s%s = %s", name->text.length > 0 ? ", " : "", path, value);
}

/* "client.timeout = 500ms"; the caller frees it. */
static char *name_of_point(struct plot_job *job, int64_t point)
{
    struct point_name name = {STRBUF_INIT, point};
    if (results_each_param(job->results, job->study->id, add_param, &name, job->diag) != 0 ||
        name.text.length == 0)
        strbuf_addf(&name.text, "point %" PRId64, point);
    return strbuf_detach(&name.text);
}

static void draw_row(struct plot_job *job, const struct difference *row, double y)
{
    struct strbuf numbers = STRBUF_INIT;
    add_numbers(&numbers, row);
    add_label(job, row->subject, LEFT - 16, y, "right", "font ',12'");
    add_label(job, numbers.text, RIGHT + 20, y, "left", "font ',11'");
    add_label(job, row->verdict, PLOT_WIDTH - 24, y, "right", "font ',12'");
    if (is_drawn(row)) {
        double low = row->has_interval ? row->low : row->value;
        double high = row->has_interval ? row->high : row->value;
        strbuf_addf(
            &job->script,
            "set arrow from %.6g, %.2f to %.6g, %.2f nohead lw 5 lc rgb '%s'\n"
            "set object circle at %.6g, %.2f size screen 0.004 front fc rgb '%s' fs solid\n",
            relative(row, low), y, relative(row, high), y, colour_of(row),
            relative(row, row->value), y, colour_of(row));
    }
    strbuf_release(&numbers);
}

static void draw(struct plot_job *job, const struct differences *all)
{
    size_t sections = 0;
    for (size_t i = 0; i < all->count; i++)
        sections += begins_point(all, i);
    size_t rows = all->count + sections;
    int top = plot_head(job) + 10;
    plot_sheet(job, top + (int)rows * ROW + 90 + PLOT_FOOT);
    plot_panel_at(job, LEFT, RIGHT, top, top + (int)rows * ROW);
    strbuf_addf(
        &job->script,
        "set xrange [-1:1]\nset yrange [0:%zu]\nset border 1 lc rgb '#606060'\nunset ytics\n"
        "set xtics ('to zero' -1, 'half' -0.5, 'same' 0, 'double' 0.5, 'from zero' 1) font"
        " ',11'\nset xlabel 'change of the value'\n"
        "set grid xtics\n"
        "set arrow from 0, graph 0 to 0, graph 1 nohead lw 1.5 lc rgb '#606060'\n",
        rows);
    double y = (double)rows - 0.5;
    for (size_t i = 0; i < all->count; i++) {
        if (begins_point(all, i)) {
            char *name = name_of_point(job, all->rows[i].point);
            add_label(job, name, 24, y, "left", "font ',14'");
            free(name);
            y--;
        }
        draw_row(job, &all->rows[i], y--);
    }
    strbuf_add(&job->script, "plot NaN notitle\n");
    plot_sheet_end(job);
}

/* --- as text --------------------------------------------------------------------------------- */

static void draw_text(struct plot_job *job, const struct differences *all)
{
    struct text_table *table = NULL;
    strbuf_add(
        &job->text,
        "Differences from the base, with intervals (: same, left less, right more).\nThe two "
        "means before each difference have no intervals here: see the summary. "
        "Plain numbers are counts\nof a replication, or ratios.\n");
    for (size_t i = 0; i < all->count; i++) {
        const struct difference *row = &all->rows[i];
        if (begins_point(all, i)) {
            if (table != NULL)
                text_table_add_to_and_free(table, &job->text);
            char *name = name_of_point(job, row->point);
            strbuf_add_char(&job->text, '\n');
            quote_add(&job->text, QUOTE_TERMINAL, name);
            strbuf_add_char(&job->text, '\n');
            free(name);
            table = text_table_create_bare(4);
        }
        text_table_add(table, "%s", row->subject);
        struct strbuf *cell = text_table_cell(table);
        if (is_drawn(row)) {
            double low = row->has_interval ? row->low : row->value;
            double high = row->has_interval ? row->high : row->value;
            text_bar_add_interval(cell, (relative(row, low) + 1) / 2,
                                  (relative(row, row->value) + 1) / 2,
                                  (relative(row, high) + 1) / 2, 0.5, BAR);
        }
        text_table_add(table, "%s", row->verdict);
        add_numbers(text_table_cell(table), row);
    }
    text_table_add_to_and_free(table, &job->text);
}

enum drawn plot_difference(struct plot_job *job)
{
    struct differences all = {0};
    struct statistic_table table = {0};
    enum drawn drawn = DRAWN_FAILED;
    all.table = &table;
    if (results_each_finding(job->results, job->study->id, add_row, &all, job->diag) == 0 &&
        statistic_table_load(&table, job->results, job->study->id, NULL, job->diag) == 0) {
        find_bases(&all);
        job->over_points = true;
        if (all.left_out > 0)
            strbuf_addf(&job->note, "%zu more metrics are not drawn; ", all.left_out);
        strbuf_add(&job->note, "means beside the arrows: no intervals here");
        drawn = all.count > 0 ? DRAWN : plot_nothing(job, "the study compares nothing");
        if (drawn == DRAWN && plot_is_text(job))
            draw_text(job, &all);
        else if (drawn == DRAWN)
            draw(job, &all);
    }
    for (size_t i = 0; i < all.count; i++) {
        free(all.rows[i].subject);
        free(all.rows[i].verdict);
        free(all.rows[i].text);
    }
    free(all.rows);
    statistic_table_release(&table);
    return drawn;
}
