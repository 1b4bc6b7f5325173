// SPDX-License-Identifier: GPL-3.0-or-later
/* Plot of metrics over a swept parameter: one curve for each value of the second parameter, with
 * intervals. The values are evenly spaced, in the order of the sweep. */
#include "sweep_grid.h"
#include "quote.h"

#include <math.h>

static void add_data(struct plot_job *job, const struct sweep_grid *grid,
                     const struct grid_metric *metric, size_t number, size_t curves)
{
    for (size_t y = 0; y < curves; y++) {
        /* Shift each curve a little, or their error bars would overlap. */
        double shift = ((double)y - ((double)curves - 1) / 2) * 0.06;
        strbuf_addf(&job->script, "$c%zu_%zu << EOD\n", number, y);
        for (size_t x = 0; x < grid->x->count; x++) {
            const struct interval *cell = sweep_grid_cell(grid, metric, x, y);
            if (cell->n == 0) {
                strbuf_add(&job->script, "\n"); /* a gap */
                continue;
            }
            double low = cell->valid ? cell->low : cell->mean;
            double high = cell->valid ? cell->high : cell->mean;
            strbuf_addf(&job->script, "%.9g %.9g %.9g %.9g\n", (double)x + shift,
                        cell->mean / metric->divisor, fmax(0, low) / metric->divisor,
                        high / metric->divisor);
        }
        strbuf_add(&job->script, "EOD\n");
    }
}

static void draw_panel(struct plot_job *job, const struct sweep_grid *grid, size_t number,
                       size_t curves, bool has_key)
{
    const struct grid_metric *metric = &grid->metrics[number];
    struct strbuf title = STRBUF_INIT;

    sweep_grid_title(&title, metric);
    strbuf_add(&job->script, "set title ");
    quote_add(&job->script, QUOTE_GNUPLOT, title.text);
    strbuf_add(&job->script, " offset 0,-0.4\nset xlabel ");
    quote_add(&job->script, QUOTE_GNUPLOT, grid->x->path);
    /* Start the axis at zero unless that would flatten values near the top, such as ratios near 1.
     */
    strbuf_addf(&job->script, "\nset xrange [-0.5:%.1f]\nset yrange [%s:*]\n",
                (double)grid->x->count - 0.5, metric->least > 0.8 * metric->max ? "*" : "0");
    sweep_grid_tics(job, grid->x, 'x');
    add_data(job, grid, metric, number, curves);
    strbuf_addf(&job->script,
                has_key ? "set key at screen 0.99, screen 0.83 right top vertical Right samplen 2 "
                          "spacing 1.3\n"
                        : "unset key\n");
    for (size_t y = 0; y < curves; y++) {
        const char *colour = plot_colours[1 + y % (PLOT_COLOURS - 1)];
        strbuf_addf(&job->script,
                    "%s$c%zu_%zu using 1:2:3:4 with yerrorbars lc rgb '%s' lw 1.5 pt 7 ps 0.6 "
                    "notitle, $c%zu_%zu using 1:2 with lines lc rgb '%s' lw 2 title ",
                    y == 0 ? "plot " : ", ", number, y, colour, number, y, colour);
        quote_add(&job->script, QUOTE_GNUPLOT, grid->y != NULL ? grid->y->values[y] : "");
    }
    strbuf_add(&job->script, "\n");
    strbuf_release(&title);
}

static void draw_all(struct plot_job *job, const struct sweep_grid *grid)
{
    size_t panels = grid->metric_count;
    size_t curves = grid->y != NULL ? grid->y->count : 1;
    size_t columns = panels > 1 ? 2 : 1, rows = (panels + 1) / 2;
    double right = grid->y != NULL ? 0.87 : 0.98, width = (right - 0.06) / (double)columns;
    int height = rows > 1 ? 1100 : 700;
    double top = 1 - 150.0 / height, bottom = 110.0 / height;
    double step = (top - bottom + 130.0 / height) / (double)rows;

    plot_sheet(job, height);
    for (size_t i = 0; i < panels; i++) {
        double left = 0.06 + width * (double)(i % columns);
        double panel_top = top - step * (double)(i / columns);
        plot_panel(job, left, left + width - 0.05, panel_top - step + 130.0 / height, panel_top);
        if (i == 0 && grid->y != NULL) {
            strbuf_add(&job->script, "set label 20 ");
            quote_add(&job->script, QUOTE_GNUPLOT, grid->y->path);
            strbuf_addf(&job->script, " at screen 0.99, screen %.3f right font ',12'\n", 0.855);
        }
        draw_panel(job, grid, i, curves, i == 0 && grid->y != NULL);
    }
    plot_sheet_end(job);
}

enum drawn plot_curve(struct plot_job *job)
{
    struct sweep_grid grid;
    enum drawn drawn = sweep_grid_load(&grid, job);

    if (drawn == DRAWN && grid.y != NULL && grid.y->count >= PLOT_COLOURS)
        drawn = plot_nothing(job, "'%s' has %zu values, more than there are colours; use 'heatmap'",
                             grid.y->path, grid.y->count);
    if (drawn == DRAWN && plot_is_text(job))
        sweep_grid_text(job, &grid);
    else if (drawn == DRAWN)
        draw_all(job, &grid);
    sweep_grid_release(&grid);
    return drawn;
}
