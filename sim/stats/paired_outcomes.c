// SPDX-License-Identifier: GPL-3.0-or-later
#include "paired_outcomes.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

/* At least `hits` of `n` fair coins. */
static double at_least(uint64_t hits, uint64_t n)
{
    return hits == 0 ? 1 : gsl_cdf_binomial_Q((unsigned)(hits - 1), 0.5, (unsigned)n);
}

struct paired_outcomes paired_outcomes_compare(const double *base, const double *value, size_t n)
{
    struct paired_outcomes pairs = {0};
    uint64_t differ, larger;

    for (size_t i = 0; i < n; i++) {
        if (isnan(base[i]) || isnan(value[i]))
            continue;
        if (base[i] > 0)
            *(value[i] > 0 ? &pairs.both : &pairs.base_only) += 1;
        else
            *(value[i] > 0 ? &pairs.value_only : &pairs.neither) += 1;
    }
    differ = pairs.base_only + pairs.value_only;
    larger = pairs.base_only > pairs.value_only ? pairs.base_only : pairs.value_only;
    pairs.p = fmin(2 * at_least(larger, differ), 1.0);
    pairs.p_worse = at_least(pairs.base_only, differ);
    return pairs;
}

double outcomes_p_worse(uint64_t base_well, uint64_t base_count, uint64_t value_well,
                        uint64_t value_count)
{
    /* Given how many came out well in all, at most `value_well` of them are the value's. */
    return gsl_cdf_hypergeometric_P((unsigned)value_well, (unsigned)(base_well + value_well),
                                    (unsigned)(base_count + value_count - base_well - value_well),
                                    (unsigned)value_count);
}
