// SPDX-License-Identifier: GPL-3.0-or-later
#include "rank_quantile.h"

#include "bug.h"
#include "mem.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

static int compare_values(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Chance that the quantile lies in [x(r), x(s)], ranks from 1: r <= B < s, B ~ Binomial(n, q) the
 * number of values below it. */
static double coverage(size_t n, double q, size_t r, size_t s)
{
    return gsl_cdf_binomial_P((unsigned)(s - 1), q, (unsigned)n) -
           gsl_cdf_binomial_P((unsigned)(r - 1), q, (unsigned)n);
}

/*
 * Ranks whose coverage reaches the level: the tails are filled from both ends as evenly as they
 * can be, so that neither side misses more than half of what may be missed where that is possible.
 */
static bool find_ranks(size_t n, double q, double level, size_t *low, size_t *high)
{
    size_t r = 1, s = n;

    if (coverage(n, q, r, s) < level)
        return false;
    for (;;) {
        double raised = r + 1 < s ? coverage(n, q, r + 1, s) : 0;
        double lowered = s - 1 > r ? coverage(n, q, r, s - 1) : 0;

        if (raised < level && lowered < level)
            break;
        if (raised > lowered || (raised >= lowered && (double)(r + s) < q * (double)(2 * n)))
            r++;
        else
            s--;
    }
    *low = r;
    *high = s;
    return true;
}

size_t rank_quantile_needed(double q, double level)
{
    return (size_t)ceil(log((1 - level) / 2) / log(q) - 1e-9);
}

struct rank_quantile rank_quantile(const double *values, size_t n, double q, double level)
{
    struct rank_quantile result = {
        .q = q, .value = (double)NAN, .low = (double)NAN, .high = (double)NAN};
    double *sorted = mem_alloc(n + 1, sizeof *sorted);
    size_t low = 1, high, rank;

    invariant(q > 0 && q < 1 && level > 0 && level < 1);
    for (size_t i = 0; i < n; i++)
        if (!isnan(values[i])) {
            sorted[result.n++] = values[i];
            result.censored += isinf(values[i]) != 0;
        }
    if (result.n == 0)
        goto done;
    qsort(sorted, result.n, sizeof *sorted, compare_values);
    rank = (size_t)ceil(q * (double)result.n - 1e-9);
    result.value = sorted[rank ? rank - 1 : 0];
    if (q * 2 >= 1 && q * 2 <= 1 && result.n % 2 == 0)
        result.value = (sorted[result.n / 2 - 1] + sorted[result.n / 2]) / 2;
    if (result.n < 2)
        goto done;
    high = result.n;
    result.is_range = !find_ranks(result.n, q, level, &low, &high);
    result.low = sorted[low - 1];
    result.high = sorted[high - 1];
    result.level = coverage(result.n, q, low, high);
    result.low_is_sure = !result.is_range || pow(1 - q, (double)result.n) <= (1 - level) / 2;
    result.high_is_sure = !result.is_range || pow(q, (double)result.n) <= (1 - level) / 2;
done:
    free(sorted);
    return result;
}
