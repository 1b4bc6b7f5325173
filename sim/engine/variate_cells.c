// SPDX-License-Identifier: GPL-3.0-or-later
#include "variate_cells.h"

#include "mem.h"

#define TOLERANCE 5e-7 /* of the value */
#define CHECKS 8       /* points per cell: quarters would miss a kink near an end */

struct worker {
    double (*quantile)(const void *self, double u);
    const void *self;
    int upper;
};

/* The quantile as a function of the nearer tail. */
static double at_tail(const struct worker *worker, double t)
{
    return worker->quantile(worker->self, worker->upper ? 1.0 - t : t);
}

/* Value and slope at both ends make the cubic (Hermite); slopes are differences over 1/16 cell. */
static void make_cubic(const struct worker *worker, double from, double width, double cubic[4])
{
    double step = width / 32.0;
    double a = at_tail(worker, from), b = at_tail(worker, from + width);
    double slope_a = (at_tail(worker, from + step) - at_tail(worker, from - step)) * 16.0;
    double slope_b =
        (at_tail(worker, from + width + step) - at_tail(worker, from + width - step)) * 16.0;

    cubic[0] = a;
    cubic[1] = slope_a;
    cubic[2] = 3.0 * (b - a) - 2.0 * slope_a - slope_b;
    cubic[3] = slope_a + slope_b - 2.0 * (b - a);
}

static bool is_close(const struct worker *worker, double from, double width, const double cubic[4])
{
    for (int i = 1; i < CHECKS; i++) {
        double place = (double)i / CHECKS;
        double x = at_tail(worker, from + place * width);
        double near = cubic[0] + place * (cubic[1] + place * (cubic[2] + place * cubic[3]));

        if (!(fabs(near - x) <= TOLERANCE * fabs(x)))
            return false;
    }
    return true;
}

struct variate_cells *variate_cells_create(double (*quantile)(const void *self, double u),
                                           const void *self)
{
    struct variate_cells *cells = mem_alloc(1, sizeof *cells);
    struct worker worker = {quantile, self, 0};

    for (worker.upper = 0; worker.upper < 2; worker.upper++)
        for (int i = 0; i < VARIATE_CELLS; i++) {
            double *cubic = cells->cubic[worker.upper][i];
            int doubling = i >> VARIATE_CELL_BITS, part = i & ((1 << VARIATE_CELL_BITS) - 1);
            double low = ldexp(1.0, doubling - VARIATE_DOUBLINGS - 1);
            double width = low / (1 << VARIATE_CELL_BITS);
            double from = low + part * width;

            make_cubic(&worker, from, width, cubic);
            if (!is_close(&worker, from, width, cubic))
                cubic[0] = (double)NAN;
        }
    return cells;
}
