// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "quantile_table.h"

#include <math.h>

static struct quantile_table *table_of(double (*function)(double z), size_t cell_count)
{
    struct quantile_table *table = quantile_table_create(cell_count);

    for (size_t i = 0; i <= cell_count; i++)
        table->value[i] = function(quantile_table_z(table, i));
    quantile_table_make_slopes(table);
    return table;
}

static double at(const struct quantile_table *table, double z)
{
    double place;
    size_t cell = quantile_table_cell(table, z, &place);

    return quantile_table_at(table, cell, place);
}

static double step(double z)
{
    return z < 1.0 ? 0.0 : 1.0;
}

static void a_smooth_function_is_met_closely(void **state)
{
    struct quantile_table *table = table_of(exp, 2000);

    (void)state;
    /* Differences are slopes to h^2 / 6 in the third derivative, cubics make h^3 / 50 of it: 1e-8
     * for h = 1 / 121. */
    for (double z = -8.2; z < 8.2; z += 0.0137)
        assert_close(at(table, z), exp(z), 3e-8);
    quantile_table_free(table);
}

static void the_ends_are_in_the_table(void **state)
{
    struct quantile_table *table = table_of(exp, 100);

    (void)state;
    assert_close(at(table, -QUANTILE_Z_MAX), exp(-QUANTILE_Z_MAX), 1e-12);
    assert_close(at(table, QUANTILE_Z_MAX), exp(QUANTILE_Z_MAX), 1e-12);
    quantile_table_free(table);
}

static void cubics_never_decrease_nor_overshoot(void **state)
{
    struct quantile_table *table = table_of(step, 50);
    double last = 0.0;

    (void)state;
    for (double z = -8.0; z < 8.0; z += 0.001) {
        double value = at(table, z);

        assert_true(value >= last && value <= 1.0);
        last = value;
    }
    quantile_table_free(table);
}

static void scaling_scales_all_of_it(void **state)
{
    struct quantile_table *table = table_of(exp, 200);
    struct quantile_table *scaled;

    (void)state;
    table->rough[7] = true;
    scaled = quantile_table_scaled(table, 3.0);
    assert_close(at(scaled, 1.23), 3.0 * at(table, 1.23), 1e-14);
    assert_true(scaled->rough[7] && !scaled->rough[8]);
    quantile_table_free(scaled);
    quantile_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_smooth_function_is_met_closely),
        cmocka_unit_test(the_ends_are_in_the_table),
        cmocka_unit_test(cubics_never_decrease_nor_overshoot),
        cmocka_unit_test(scaling_scales_all_of_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
