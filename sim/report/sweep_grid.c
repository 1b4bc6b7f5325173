// SPDX-License-Identifier: GPL-3.0-or-later
#include "sweep_grid.h"
#include "quote.h"

#include "mem.h"
#include "text_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The main metrics; the first ones that vary over the grid are drawn. */
static const struct {
    const char *metric, *stat;
} candidates[] = {
    {"login_latency", "p99"},
    {"login_failure_rate", ""},
    {"write_failure_rate", ""},
    {"write_timeout_rate", ""},
    {"reauth_rate", ""},
    {"request_latency", "p99"},
    {"availability", ""},
    {"rto", ""},
    {"rpo", ""},
    {"cost_per_hour", ""},
};

static struct grid_axis *find_axis(struct sweep_grid *grid, const char *path)
{
    for (size_t i = 0; i < grid->axis_count; i++)
        if (strcmp(grid->axes[i].path, path) == 0)
            return &grid->axes[i];
    MEM_GROW(grid->axes, grid->axis_capacity, grid->axis_count + 1);
    struct grid_axis *axis = &grid->axes[grid->axis_count++];
    *axis = (struct grid_axis){.path = mem_strdup(path)};
    return axis;
}

static void add_value(void *self, int64_t point, const char *path, const char *value)
{
    struct grid_axis *axis = find_axis(self, path);
    (void)point;
    text_list_add(&axis->values, &axis->count, &axis->capacity, value);
}

static void add_place(void *self, int64_t point, const char *path, const char *value)
{
    struct sweep_grid *grid = self;
    struct grid_axis *axis = find_axis(grid, path);
    if ((size_t)point < grid->point_count) {
        grid->places[(size_t)point * grid->axis_count + (size_t)(axis - grid->axes)] =
            text_list_add(&axis->values, &axis->count, &axis->capacity, value);
    }
}

/* The quantity that a value is, in the base unit of its kind; false if it is none. */
static bool parse_any(const char *text, double *value)
{
    static const enum unit units[] = {UNIT_NONE,  UNIT_COUNT, UNIT_NS,       UNIT_SHARE,
                                      UNIT_BYTES, UNIT_PER_S, UNIT_BIT_PER_S};
    struct strbuf why = STRBUF_INIT;
    bool good = false;
    for (size_t i = 0; i < sizeof(units) / sizeof(*units) && !good; i++)
        good = units_parse(text, units[i], value, &why);
    strbuf_release(&why);
    return good;
}

/* Insertion sort: values are few, and mostly in order. */
static void sort_values(struct grid_axis *axis)
{
    double value;
    for (size_t i = 0; i < axis->count; i++)
        if (!parse_any(axis->values[i], &value))
            return;
    for (size_t i = 1; i < axis->count; i++) {
        char *text = axis->values[i];
        double size, other;
        size_t k = i;
        parse_any(text, &size);
        for (; k > 0 && parse_any(axis->values[k - 1], &other) && other > size; k--)
            axis->values[k] = axis->values[k - 1];
        axis->values[k] = text;
    }
}

/* The axis with the most values except `other`, if it has at least two. */
static const struct grid_axis *widest(const struct sweep_grid *grid, const struct grid_axis *other)
{
    const struct grid_axis *found = NULL;
    for (size_t i = 0; i < grid->axis_count; i++) {
        const struct grid_axis *axis = &grid->axes[i];
        if (axis != other && axis->count >= 2 && (found == NULL || axis->count > found->count))
            found = axis;
    }
    return found;
}

static size_t place_of(const struct sweep_grid *grid, size_t point, const struct grid_axis *axis)
{
    return grid->places[point * grid->axis_count + (size_t)(axis - grid->axes)];
}

/* The point at this position, with the first value of every other axis; point_count: none. */
static size_t point_at(const struct sweep_grid *grid, size_t x, size_t y)
{
    for (size_t point = 0; point < grid->point_count; point++) {
        bool here = true;
        for (size_t i = 0; i < grid->axis_count && here; i++) {
            const struct grid_axis *axis = &grid->axes[i];
            size_t wanted = axis == grid->x ? x : axis == grid->y ? y : 0;
            here = place_of(grid, point, axis) == wanted;
        }
        if (here)
            return point;
    }
    return grid->point_count;
}

static void note_others(const struct sweep_grid *grid, struct plot_job *job)
{
    for (size_t i = 0; i < grid->axis_count; i++) {
        const struct grid_axis *axis = &grid->axes[i];
        if (axis != grid->x && axis != grid->y && axis->count > 1) {
            strbuf_addf(&job->note, "%s%s = %s", job->note.length > 0 ? ", " : "", axis->path,
                        axis->values[0]);
        }
    }
}

/* Fill the next metric; true if it varies. */
static bool fill_metric(struct sweep_grid *grid, const struct statistic_table *table,
                        const char *metric, const char *stat, const char *region)
{
    struct grid_metric *row = &grid->metrics[grid->metric_count];
    size_t rows = grid->y != NULL ? grid->y->count : 1;
    double least = INFINITY, most = -INFINITY;
    *row = (struct grid_metric){.metric = metric, .stat = stat};
    row->cells = mem_zalloc(grid->x->count * rows, sizeof(*row->cells));
    for (size_t i = 0; i < grid->x->count * rows; i++) {
        size_t point = point_at(grid, i % grid->x->count, i / grid->x->count);
        const struct statistic_row *found =
            statistic_table_find(table, (int64_t)point, metric, stat, region, "", "all");
        if (point == grid->point_count || found == NULL)
            continue;
        row->cells[i] = found->interval;
        row->unit = found->unit;
        row->max =
            fmax(row->max, found->interval.valid ? found->interval.high : found->interval.mean);
        least = fmin(least, found->interval.mean);
        most = fmax(most, found->interval.mean);
    }
    if (!(most > least)) {
        free(row->cells);
        return false;
    }
    row->least = least;
    plot_scale(row->unit, row->max, &row->divisor, &row->scale);
    return true;
}

static int load_metrics(struct sweep_grid *grid, struct plot_job *job)
{
    for (size_t i = 0; i < sizeof(candidates) / sizeof(*candidates); i++) {
        struct statistic_table table;
        int status = statistic_table_load(&table, job->results, job->study->id,
                                          candidates[i].metric, job->diag);
        if (status == 0 && grid->metric_count < GRID_METRICS_MAX &&
            fill_metric(grid, &table, candidates[i].metric, candidates[i].stat,
                        job->options->region != NULL ? job->options->region : "all"))
            grid->metric_count++;
        statistic_table_release(&table);
        if (status != 0)
            return -1;
    }
    return 0;
}

enum drawn sweep_grid_load(struct sweep_grid *grid, struct plot_job *job)
{
    *grid = (struct sweep_grid){.point_count = job->study->point_count};
    if (results_each_param(job->results, job->study->id, add_value, grid, job->diag) != 0)
        return DRAWN_FAILED;
    for (size_t i = 0; i < grid->axis_count; i++)
        sort_values(&grid->axes[i]);
    size_t places = grid->point_count * grid->axis_count;
    grid->places = mem_alloc(places, sizeof(*grid->places));
    for (size_t i = 0; i < places; i++)
        grid->places[i] = SIZE_MAX;
    if (results_each_param(job->results, job->study->id, add_place, grid, job->diag) != 0)
        return DRAWN_FAILED;
    grid->x = widest(grid, NULL);
    grid->y = widest(grid, grid->x);
    for (size_t i = 0; i < places; i++)
        if (grid->places[i] == SIZE_MAX)
            return plot_nothing(job, "its points set different parameters, so they are no grid");
    if (grid->x == NULL)
        return plot_nothing(job, "the study sweeps no parameter");
    if (grid->x->count > GRID_VALUES_MAX)
        return plot_nothing(job, "'%s' has %zu values, more than %d", grid->x->path, grid->x->count,
                            (int)GRID_VALUES_MAX);
    if (load_metrics(grid, job) != 0)
        return DRAWN_FAILED;
    note_others(grid, job);
    job->over_points = true;
    return grid->metric_count > 0 ? DRAWN : plot_nothing(job, "no main metric varies");
}

void sweep_grid_release(struct sweep_grid *grid)
{
    for (size_t i = 0; i < grid->metric_count; i++)
        free(grid->metrics[i].cells);
    for (size_t i = 0; i < grid->axis_count; i++) {
        free(grid->axes[i].path);
        text_list_release(&grid->axes[i].values, &grid->axes[i].count, &grid->axes[i].capacity);
    }
    free(grid->axes);
    free(grid->places);
}

const struct interval *sweep_grid_cell(const struct sweep_grid *grid,
                                       const struct grid_metric *metric, size_t x, size_t y)
{
    return &metric->cells[y * grid->x->count + x];
}

void sweep_grid_title(struct strbuf *out, const struct grid_metric *metric)
{
    char *words = plot_words(metric->metric);
    strbuf_addf(out, "%s%s%s%s%s", words, *metric->stat ? " " : "", metric->stat,
                *metric->scale ? ", " : "", metric->scale);
    free(words);
}

void sweep_grid_text(struct plot_job *job, const struct sweep_grid *grid)
{
    size_t columns = grid->y != NULL ? grid->y->count : 1;
    for (size_t m = 0; m < grid->metric_count; m++) {
        const struct grid_metric *metric = &grid->metrics[m];
        struct text_table *table = text_table_create_bare(1 + columns);
        sweep_grid_title(&job->text, metric);
        if (grid->y != NULL) {
            strbuf_add(&job->text, "; columns: ");
            quote_add(&job->text, QUOTE_TERMINAL, grid->y->path);
        }
        strbuf_add_char(&job->text, '\n');
        text_table_add(table, "%s", grid->x->path);
        for (size_t y = 0; y < columns; y++)
            text_table_add(table, "%s", grid->y != NULL ? grid->y->values[y] : "");
        for (size_t x = 0; x < grid->x->count; x++) {
            text_table_add(table, "%s", grid->x->values[x]);
            for (size_t y = 0; y < columns; y++) {
                const struct interval *cell = sweep_grid_cell(grid, metric, x, y);
                if (cell->n > 0)
                    interval_add(text_table_cell(table), cell, metric->unit);
                else
                    text_table_add(table, "-");
            }
        }
        text_table_add_to_and_free(table, &job->text);
    }
}

void sweep_grid_tics(struct plot_job *job, const struct grid_axis *axis, char which)
{
    strbuf_addf(&job->script, "set %ctics (", which);
    for (size_t i = 0; i < axis->count; i++) {
        strbuf_add(&job->script, i > 0 ? ", " : "");
        quote_add(&job->script, QUOTE_GNUPLOT_TIC, axis->values[i]);
        strbuf_addf(&job->script, " %zu", i);
    }
    strbuf_add(&job->script, ")\n");
}
