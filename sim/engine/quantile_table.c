// SPDX-License-Identifier: GPL-3.0-or-later
#include "quantile_table.h"

#include "mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct quantile_table *quantile_table_create(size_t cell_count)
{
    struct quantile_table *table = mem_zalloc(1, sizeof *table);

    table->cell_count = cell_count;
    table->cells_per_z = (double)cell_count / (2.0 * QUANTILE_Z_MAX);
    table->value = mem_zalloc(cell_count + 1, sizeof table->value[0]);
    table->slope = mem_zalloc(cell_count + 1, sizeof table->slope[0]);
    table->rough = mem_zalloc(cell_count, sizeof table->rough[0]);
    return table;
}

void quantile_table_free(struct quantile_table *table)
{
    if (!table)
        return;
    free(table->value);
    free(table->slope);
    free(table->rough);
    free(table);
}

struct quantile_table *quantile_table_scaled(const struct quantile_table *table, double factor)
{
    struct quantile_table *scaled = quantile_table_create(table->cell_count);

    for (size_t i = 0; i <= table->cell_count; i++) {
        scaled->value[i] = table->value[i] * factor;
        scaled->slope[i] = table->slope[i] * factor;
    }
    memcpy(scaled->rough, table->rough, table->cell_count * sizeof table->rough[0]);
    return scaled;
}

double quantile_table_z(const struct quantile_table *table, size_t node)
{
    return -QUANTILE_Z_MAX + (double)node / table->cells_per_z;
}

void quantile_table_make_slopes(struct quantile_table *table)
{
    const double *value = table->value;

    for (size_t i = 0; i <= table->cell_count; i++) {
        double before = i > 0 ? value[i] - value[i - 1] : value[1] - value[0];
        double after = i < table->cell_count ? value[i + 1] - value[i] : before;
        double limit = 3.0 * fmin(before, after);

        table->slope[i] = fmin((before + after) / 2.0, limit);
    }
}

size_t quantile_table_cell(const struct quantile_table *table, double z, double *place)
{
    double x = (z + QUANTILE_Z_MAX) * table->cells_per_z;
    size_t cell = (size_t)x;

    if (cell >= table->cell_count)
        cell = table->cell_count - 1;
    *place = x - (double)cell;
    return cell;
}

double quantile_table_at(const struct quantile_table *table, size_t cell, double place)
{
    double a = table->value[cell], b = table->value[cell + 1];
    double slope_a = table->slope[cell], slope_b = table->slope[cell + 1];
    double c = 3.0 * (b - a) - 2.0 * slope_a - slope_b;
    double d = slope_a + slope_b - 2.0 * (b - a);

    return a + place * (slope_a + place * (c + place * d));
}
