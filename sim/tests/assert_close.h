// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * For doubles: |actual - expected| <= relative * |expected|, or <= relative where 0 is expected. An
 * infinity is close only to itself, a NAN to nothing. A failure prints both values.
 *
 * cmocka 1.1.5 has only assert_float_equal(), which narrows. Include cmocka.h before this file.
 */
#ifndef ASSERT_CLOSE_H
#define ASSERT_CLOSE_H

#include <math.h>
#include <stdbool.h>

#define assert_close(actual, expected, relative)                                                   \
    assert_close_at((actual), (expected), (relative), #actual, __FILE__, __LINE__)

static inline void assert_close_at(double actual, double expected, double relative,
                                   const char *what, const char *file, int line)
{
    double allowed = expected != 0.0 ? relative * fabs(expected) : relative;
    bool is_close = isinf(expected) ? actual == expected : fabs(actual - expected) <= allowed;
    if (is_close)
        return;
    print_error("%s is %.17g, not within %g of %.17g\n", what, actual, relative, expected);
    _fail(file, line);
}

#endif
