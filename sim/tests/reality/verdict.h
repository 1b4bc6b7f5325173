// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Does a simulated value agree with a measured one?
 *
 * A measured value is one run, a simulated one the mean of n runs of the same length. `h` is the
 * half width of the joint 99 % interval of their difference: Student's t times the standard
 * deviation of a simulated run times sqrt(1 + 1/n). So noise that successive events share counts.
 *
 *   latency    agrees within 2 % of the measured value or 1 ms, whichever is more
 *   p99        the same with 5 %
 *   N%         within N % of the measured value
 *   within N   at most N apart
 *   joint      at most h apart
 *   exact      equal
 *
 * The verdict is `unsure` if the difference is above the tolerance but not above h: the runs are
 * too short.
 */
#ifndef VERDICT_H
#define VERDICT_H

#include "units.h"

#include <stdbool.h>

struct estimate {
    bool known;
    double value, low, high; /* of a simulated value: mean and 99 % interval over n runs */
    double n;
    enum unit unit; /* of a simulated value */
};

/* h of the head, of one run against a mean of simulated->n runs; 0 where n is below 2. */
double joint_half_width(const struct estimate *simulated);

/* "agrees", "unsure", "differs" or "differs: <why>"; NULL for an unknown tolerance. */
const char *verdict_of(const struct estimate *measured, const struct estimate *simulated,
                       const char *tolerance);

#endif
