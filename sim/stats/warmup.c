// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The statistic of a cut only uses the batches after it, so one pass from the last batch to the
 * first, adding each to a tally, gives the statistic of every cut.
 */
#include "warmup.h"

#include "tally.h"

#include <math.h>

enum { BATCH_SIZE = 5, VALUES_MIN = 50, BATCHES_KEPT_MIN = 5 };

static double batch_mean(const double *values, size_t batch)
{
    double sum = 0.0;
    for (size_t i = 0; i < BATCH_SIZE; i++)
        sum += values[batch * BATCH_SIZE + i];
    return sum / BATCH_SIZE;
}

/* The cut, in batches, that minimises m2 / n^2, the squared standard error but for a constant. */
static size_t best_cut(const double *values, size_t batches)
{
    struct tally kept = {0};
    double least = INFINITY;
    size_t best = 0;
    for (size_t cut = batches; cut-- > 0;) {
        tally_add(&kept, batch_mean(values, cut));
        double n = (double)kept.count;
        double statistic = kept.m2 / (n * n);
        if (kept.count >= BATCHES_KEPT_MIN && statistic <= least) {
            least = statistic;
            best = cut;
        }
    }
    return best;
}

bool warmup_mser5(const double *values, size_t count, size_t *drop)
{
    if (count < VALUES_MIN)
        return false;
    size_t batches = count / BATCH_SIZE;
    size_t cut = best_cut(values, batches);
    if (2 * cut >= batches)
        return false;
    *drop = cut * BATCH_SIZE;
    return true;
}
