// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Two alternatives by an outcome that is yes or no in each replication ("recovered"), paired by
 * common random numbers: McNemar's test, exact (Psychometrika 12, 1947; the binomial form).
 * Only pairs in which the two differ say which is better.
 */
#ifndef PAIRED_OUTCOMES_H
#define PAIRED_OUTCOMES_H

#include <stddef.h>
#include <stdint.h>

struct paired_outcomes {
    uint64_t both, base_only, value_only, neither; /* replications in which it came out well */
    double p;                                      /* two-sided; 1 where no pair differs */
    double p_worse;                                /* one-sided, of "value is no worse" */
};

/* Per replication 1 (well), 0 (not), or NAN (not run: the pair is left out). O(n). */
struct paired_outcomes paired_outcomes_compare(const double *base, const double *value, size_t n);

/*
 * Outcomes of two samples that are no pairs: `base_well` of `base_count` and `value_well` of
 * `value_count`. One-sided p-value of "value is no worse", by Fisher's exact test (J. Royal
 * Statist. Soc. 98, 1935).
 */
double outcomes_p_worse(uint64_t base_well, uint64_t base_count, uint64_t value_well,
                        uint64_t value_count);

#endif
