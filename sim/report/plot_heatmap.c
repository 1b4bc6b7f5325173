// SPDX-License-Identifier: GPL-3.0-or-later
/* Heat map over two swept parameters: each cell shows the mean and the half-width of its interval.
 * Points that were not simulated are white. */
#include "sweep_grid.h"
#include "quote.h"

#include <math.h>

static void add_cells(struct plot_job *job, const struct sweep_grid *grid,
                      const struct grid_metric *metric, size_t number)
{
    strbuf_addf(&job->script, "$h%zu << EOD\n", number);
    for (size_t y = 0; y < grid->y->count; y++) {
        for (size_t x = 0; x < grid->x->count; x++) {
            const struct interval *cell = sweep_grid_cell(grid, metric, x, y);
            if (cell->n > 0)
                strbuf_addf(&job->script, "%zu %zu %.9g\n", x, y, cell->mean / metric->divisor);
        }
    }
    strbuf_add(&job->script, "EOD\n");
}

/* A grid with more columns has no room for bounds: half their distance is printed. */
enum { BOUNDS_COLUMNS_MAX = 4 };

/* Print the values in the cells: dark on light, light on dark. */
static void add_texts(struct plot_job *job, const struct sweep_grid *grid,
                      const struct grid_metric *metric)
{
    double most = 0, least = INFINITY;
    size_t label = 100;
    int size = grid->x->count > 8 ? 9 : grid->x->count > 4 ? 11 : 13;

    for (size_t i = 0; i < grid->x->count * grid->y->count; i++) {
        if (metric->cells[i].n > 0) {
            most = fmax(most, metric->cells[i].mean);
            least = fmin(least, metric->cells[i].mean);
        }
    }
    for (size_t y = 0; y < grid->y->count; y++) {
        for (size_t x = 0; x < grid->x->count; x++) {
            const struct interval *cell = sweep_grid_cell(grid, metric, x, y);
            if (cell->n == 0)
                continue;
            bool dark = cell->mean - least > 0.55 * (most - least);
            strbuf_addf(&job->script, "set label %zu \"%.3g", label++,
                        cell->mean / metric->divisor);
            if (cell->form == INTERVAL_NONE_SEEN) {
                strbuf_addf(&job->script, "\\n< %.2g", cell->high / metric->divisor);
            } else if (cell->valid && grid->x->count > BOUNDS_COLUMNS_MAX) {
                strbuf_addf(&job->script, "\\n± %.3g",
                            (cell->high - cell->low) / 2 / metric->divisor);
            } else if (cell->valid) {
                strbuf_addf(&job->script, "\\n[%.3g, %.3g]", cell->low / metric->divisor,
                            cell->high / metric->divisor);
            }
            strbuf_addf(&job->script,
                        "\" at first %zu, first %zu center offset 0,0.35 font ',%d' tc rgb '%s' "
                        "front\n",
                        x, y, size, dark ? "white" : "black");
        }
    }
}

static void draw_panel(struct plot_job *job, const struct sweep_grid *grid, size_t number)
{
    const struct grid_metric *metric = &grid->metrics[number];
    struct strbuf title = STRBUF_INIT;

    sweep_grid_title(&title, metric);
    strbuf_add(&job->script, "unset key\nunset grid\nset title ");
    quote_add(&job->script, QUOTE_GNUPLOT, title.text);
    strbuf_add(&job->script, " offset 0,-0.4\nset xlabel ");
    quote_add(&job->script, QUOTE_GNUPLOT, grid->x->path);
    strbuf_add(&job->script, "\nset ylabel ");
    quote_add(&job->script, QUOTE_GNUPLOT, grid->y->path);
    strbuf_addf(&job->script, "\nset xrange [-0.5:%.1f]\nset yrange [-0.5:%.1f]\n",
                (double)grid->x->count - 0.5, (double)grid->y->count - 0.5);
    sweep_grid_tics(job, grid->x, 'x');
    sweep_grid_tics(job, grid->y, 'y');
    /* Light to dark in one hue: readable in grey and by colour-blind people. */
    strbuf_add(&job->script, "set palette defined (0 '#f7fbff', 0.35 '#9ecae1', 0.7 '#3182bd', 1 "
                             "'#08306b')\nset style fill solid 1 noborder\nunset colorbox\n");
    add_cells(job, grid, metric, number);
    add_texts(job, grid, metric);
    strbuf_addf(&job->script,
                "plot $h%zu using 1:2:($1-0.5):($1+0.5):($2-0.5):($2+0.5):3 with boxxyerror lc "
                "palette notitle\n",
                number);
    strbuf_release(&title);
}

static void draw_all(struct plot_job *job, const struct sweep_grid *grid)
{
    size_t panels = grid->metric_count < 2 ? grid->metric_count : 2;
    double width = 0.93 / (double)panels;
    int height = grid->y->count > 8 ? 1100 : 800;

    plot_sheet(job, height);
    for (size_t i = 0; i < panels; i++) {
        double left = 0.08 + width * (double)i;
        plot_panel(job, left, left + width - 0.09, 120.0 / height, 1 - 140.0 / height);
        draw_panel(job, grid, i);
    }
    plot_sheet_end(job);
}

enum drawn plot_heatmap(struct plot_job *job)
{
    struct sweep_grid grid;
    enum drawn drawn = sweep_grid_load(&grid, job);

    if (drawn == DRAWN && grid.y == NULL)
        drawn = plot_nothing(job, "the study sweeps one parameter only");
    else if (drawn == DRAWN && grid.y->count > GRID_VALUES_MAX)
        drawn = plot_nothing(job, "'%s' has %zu values, more than %d", grid.y->path, grid.y->count,
                             (int)GRID_VALUES_MAX);
    if (drawn == DRAWN && plot_is_text(job))
        sweep_grid_text(job, &grid);
    else if (drawn == DRAWN)
        draw_all(job, &grid);
    sweep_grid_release(&grid);
    return drawn;
}
