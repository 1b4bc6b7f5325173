// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A quantile function as cubics over equal cells of z = normal_quantile(u): in z the quantiles of
 * usual distributions are smooth far into both tails; in u they are not. Covers every u that
 * rng_unit() can return.
 */
#ifndef QUANTILE_TABLE_H
#define QUANTILE_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#define QUANTILE_Z_MAX 8.25 /* past normal_quantile(2^-53) */

struct quantile_table {
    size_t cell_count;
    double cells_per_z;
    double *value; /* at node i: z = -QUANTILE_Z_MAX + i / cells_per_z; cell_count + 1 of them */
    double *slope; /* d value / d cell */
    bool *rough;   /* by cell: no cubic is close (a jump or a kink); the owner solves there */
};

/* All zero except the count; the owner fills it. */
struct quantile_table *quantile_table_create(size_t cell_count);
void quantile_table_free(struct quantile_table *table); /* NULL is allowed */
/* A copy with values times `factor`. */
struct quantile_table *quantile_table_scaled(const struct quantile_table *table, double factor);
double quantile_table_z(const struct quantile_table *table, size_t node);
/* Slopes from the values by differences, limited so that each cubic is monotone (Fritsch and
 * Carlson, SIAM J. Numer. Anal. 17(2), 1980). Values must not decrease. */
void quantile_table_make_slopes(struct quantile_table *table);
/* The cell of z, |z| <= QUANTILE_Z_MAX, and the place in it, 0..1. */
size_t quantile_table_cell(const struct quantile_table *table, double z, double *place);
double quantile_table_at(const struct quantile_table *table, size_t cell, double place);

#endif
