// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A quantile function as cubics, for drawing: no logarithm, no power, no division on the hot path.
 *
 * With t = min(u, 1 - u), the nearer tail, each power of two of t is cut in 16 cells: so cells are
 * as narrow as the tail is thin, and both tails are followed down to t = 2^-21. What is further out
 * (one draw in a million), and the cells in which no cubic comes within 5e-7 of the value (a kink,
 * a jump, a very heavy tail), are left to the owner's own quantile function.
 *
 * 20 KiB a table, of which the 5 KiB of the middle serve 97 % of the draws.
 */
#ifndef VARIATE_CELLS_H
#define VARIATE_CELLS_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define VARIATE_CELL_BITS 4 /* of the mantissa of t */
#define VARIATE_DOUBLINGS 20
#define VARIATE_CELLS (VARIATE_DOUBLINGS << VARIATE_CELL_BITS)

struct variate_cells {
    double cubic[2][VARIATE_CELLS]
                [4]; /* by side (0: u < 1/2); coefficients, lowest first; NAN: none */
};

/* Make the table of a quantile function; `quantile` is asked some 8 000 times. The caller's. */
struct variate_cells *variate_cells_create(double (*quantile)(const void *self, double u),
                                           const void *self);

/* The variate of a word; false where the owner must find it. */
static inline bool variate_cells_at(const struct variate_cells *cells, uint64_t word, double *x)
{
    /* As rng_unit() does it, u = (k + 1/2) / 2^52; 1 - u has the same form with k's bits turned. */
    uint64_t upper = word >> 63;
    uint64_t k = (word >> 12 ^ -upper) & ((UINT64_C(1) << 51) - 1);
    double t = ((double)(int64_t)k + 0.5) * 0x1p-52, place;
    const double *cubic;
    uint64_t bits, cell;

    memcpy(&bits, &t, sizeof bits);
    /* t = 2^-21 is the first of cell 0; 1022 is the exponent's bias. */
    cell = (bits >> (52 - VARIATE_CELL_BITS)) -
           ((UINT64_C(1022) - VARIATE_DOUBLINGS) << VARIATE_CELL_BITS);
    if (__builtin_expect(cell >= VARIATE_CELLS, 0))
        return false;
    /* The bits below the cell's, as a double in [1, 2). */
    bits = (bits << VARIATE_CELL_BITS & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1023) << 52;
    memcpy(&place, &bits, sizeof place);
    place -= 1.0;
    cubic = cells->cubic[upper][cell];
    *x = cubic[0] + place * (cubic[1] + place * (cubic[2] + place * cubic[3]));
    return !isnan(*x);
}

#endif
