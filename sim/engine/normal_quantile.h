// SPDX-License-Identifier: GPL-3.0-or-later
/* The quantile function of the standard normal distribution: z with P(Z <= z) = u. */
#ifndef NORMAL_QUANTILE_H
#define NORMAL_QUANTILE_H

/* u in (0, 1); relative error below 1e-15 or so. Algorithm AS 241, PPND16: Wichura, Applied
 * Statistics 37(3), 1988. */
double normal_quantile(double u);

#endif
