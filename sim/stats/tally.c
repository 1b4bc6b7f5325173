// SPDX-License-Identifier: GPL-3.0-or-later
#include "tally.h"

#include <math.h>

void tally_add(struct tally *tally, double value)
{
    if (tally->count == 0 || value < tally->min)
        tally->min = value;
    if (tally->count == 0 || value > tally->max)
        tally->max = value;
    tally->count++;
    double delta = value - tally->mean;
    tally->mean += delta / (double)tally->count;
    tally->m2 += delta * (value - tally->mean);
}

double tally_variance(const struct tally *tally)
{
    return tally->count < 2 ? 0.0 : tally->m2 / (double)(tally->count - 1);
}

double tally_sd(const struct tally *tally)
{
    return sqrt(tally_variance(tally));
}
