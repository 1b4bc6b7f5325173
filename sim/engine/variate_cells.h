// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A quantile function as cubics, for sampling: no logarithm, power or division on the hot path.
 *
 * With t = min(u, 1 - u), the nearer tail, each power of two of t is divided into 16 cells, so that
 * cells get narrower with the tail, down to t = 2^-21. Values further out (one draw in a million),
 * and cells in which no cubic is within 5e-7 of the value (a kink, a jump, a very heavy tail), use
 * the owner's quantile function.
 *
 * 20 KiB per table; the 5 KiB of the middle serve 97 % of the draws.
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

/* Make the table of a quantile function; `quantile` is called about 8 000 times. The caller frees
 * the result. */
struct variate_cells *variate_cells_create(double (*quantile)(const void *self, double u),
                                           const void *self);

/* The variate of a word; false if the owner must compute it. */
static inline bool variate_cells_at(const struct variate_cells *cells, uint64_t word, double *x)
{
    /*
     * As in rng_unit(), u = (2k + 1) / 2^53; 1 - u has the same form with inverted bits of k. So
     * 2^53 t is an integer, whose leading bit and the next four select the cell.
     */
    uint64_t upper = word >> 63;
    uint64_t whole = ((word >> 11 ^ -upper) & ((UINT64_C(1) << 52) - 1)) | 1;
    uint64_t zeros = (uint64_t)__builtin_clzll(whole);
    uint64_t bits = whole << zeros << 1; /* bits after the leading one */
    uint64_t doubling = (UINT64_C(12) + VARIATE_DOUBLINGS - 1) - zeros;
    double place, low, high;
    const double *cubic;

    if (__builtin_expect(doubling >= VARIATE_DOUBLINGS, 0))
        return false;
    cubic = cells->cubic[upper][doubling << VARIATE_CELL_BITS | bits >> (64 - VARIATE_CELL_BITS)];
    /* The bits after the cell's, as a double in [1, 2). */
    bits = bits << VARIATE_CELL_BITS >> 12 | UINT64_C(1023) << 52;
    memcpy(&place, &bits, sizeof place);
    place -= 1.0;
    low = cubic[0] + place * cubic[1];
    high = cubic[2] + place * cubic[3];
    *x = low + place * place * high;
    return !isnan(*x);
}

#endif
