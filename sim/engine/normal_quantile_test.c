// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "normal_quantile.h"

#include <gsl/gsl_cdf.h>

static void agrees_with_gsl_in_the_middle_and_in_both_tails(void **state)
{
    (void)state;
    for (int i = 1; i < 10000; i++)
        assert_close(normal_quantile(i / 10000.0), gsl_cdf_ugaussian_Pinv(i / 10000.0), 1e-12);
    for (double u = 1e-3; u > 1e-300; u /= 3.0)
        assert_close(normal_quantile(u), gsl_cdf_ugaussian_Pinv(u), 1e-12);
    for (double u = 1e-3; u > 0x1p-53; u /= 3.0)
        assert_close(normal_quantile(1.0 - u), gsl_cdf_ugaussian_Pinv(1.0 - u), 1e-12);
}

static void undoes_the_cdf(void **state)
{
    (void)state;
    for (double z = -8.0; z < -0.005; z += 0.01)
        assert_close(normal_quantile(gsl_cdf_ugaussian_P(z)), z, 1e-11);
}

static void is_odd_about_a_half(void **state)
{
    (void)state;
    assert_close(normal_quantile(0.5), 0.0, 1e-300);
    assert_close(normal_quantile(0.25), -normal_quantile(0.75), 1e-15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_gsl_in_the_middle_and_in_both_tails),
        cmocka_unit_test(undoes_the_cdf),
        cmocka_unit_test(is_odd_about_a_half),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
