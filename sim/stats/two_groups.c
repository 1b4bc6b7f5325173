// SPDX-License-Identifier: GPL-3.0-or-later
#include "two_groups.h"

#include "mem.h"

#include <math.h>
#include <stdlib.h>

/* Of at most `n` values: found below `within`. Simulated with 20 000 samples a law and size. */
static const struct {
    size_t n;
    double within;
} critical[] = {{6, 0.055},  {8, 0.088},  {10, 0.112}, {12, 0.134}, {15, 0.163},  {20, 0.188},
                {25, 0.202}, {30, 0.216}, {40, 0.230}, {60, 0.245}, {100, 0.260}, {200, 0.280}};
enum { CRITICAL_COUNT = sizeof critical / sizeof critical[0] };

static double critical_value(size_t n)
{
    for (size_t i = 1; i < CRITICAL_COUNT; i++)
        if (n <= critical[i].n) {
            double span = (double)(critical[i].n - critical[i - 1].n);
            double part = (double)(n - critical[i - 1].n) / span;

            return critical[i - 1].within + part * (critical[i].within - critical[i - 1].within);
        }
    return critical[CRITICAL_COUNT - 1].within;
}

static int compare_values(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The smallest share of the sum of squares within two groups of sorted values; 1: no split. */
static double smallest_within(const double *sorted, size_t n, size_t *split)
{
    size_t least = n / 5 > 2 ? n / 5 : 2;
    double mean = 0, total = 0, sum = 0, best = 1;

    for (size_t i = 0; i < n; i++)
        mean += sorted[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        total += (sorted[i] - mean) * (sorted[i] - mean);
    if (total <= 0)
        return 1;
    for (size_t i = 0; i + least < n; i++) {
        double count = (double)(i + 1), within;

        sum += sorted[i] - mean;
        if (i + 1 < least || sorted[i + 1] <= sorted[i])
            continue;
        within = 1 - sum * sum * (double)n / (count * ((double)n - count)) / total;
        if (within < best) {
            best = within;
            *split = i + 1;
        }
    }
    return best;
}

/* The largest share over the scales; `split` is that of the scale that shows the groups best. */
static double within_share(const double *sorted, size_t n, size_t *split)
{
    static const double powers[] = {0.5, 0.25, 0}; /* 0: the logarithm, where there is no zero */
    double worst = smallest_within(sorted, n, split), best = worst;
    double *other;

    if (sorted[0] < 0)
        return worst;
    other = mem_alloc(n, sizeof *other);
    for (size_t p = 0; p < sizeof powers / sizeof powers[0]; p++) {
        if (powers[p] <= 0 && sorted[0] <= 0)
            break;
        for (size_t i = 0; i < n; i++)
            other[i] = powers[p] > 0 ? pow(sorted[i], powers[p]) : log(sorted[i]);
        size_t here = 0;
        double within = smallest_within(other, n, &here);

        worst = fmax(worst, within);
        if (within < best) {
            best = within;
            *split = here;
        }
    }
    free(other);
    return worst;
}

struct two_groups two_groups_find(const double *values, size_t n)
{
    struct two_groups result = {.within_share = 1, .threshold = (double)NAN};
    double *sorted = mem_alloc(n + 1, sizeof *sorted);
    size_t count = 0, never = 0, split = 0;

    for (size_t i = 0; i < n; i++)
        if (isinf(values[i]))
            never++;
        else if (!isnan(values[i]))
            sorted[count++] = values[i];
    qsort(sorted, count, sizeof *sorted, compare_values);
    if (never > 0 && count > 0) {
        result = (struct two_groups){true, 0, sorted[count - 1], count, never};
    } else if (count >= TWO_GROUPS_MIN) {
        result.within_share = within_share(sorted, count, &split);
        result.found = result.within_share < critical_value(count);
        if (result.found) {
            result.threshold = sorted[split - 1];
            result.low_count = split;
            result.high_count = count - split;
        }
    }
    free(sorted);
    return result;
}
