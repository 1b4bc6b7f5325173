// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Round-trip times between regions by name, in milliseconds.
 *
 * Source: cloudping.co, p50 over one year as of May 2025, mean of both directions less 2.0 ms of
 * the method's own overhead (models/sources.md, facts D.1). A dated table: 16 of 120 pairs moved by
 * more than 20 ms between 2019 and 2025. Inside a region: 0.5 ms, between the statistics of one
 * zone and of two (facts D.2; an assumption).
 */
#ifndef REGION_RTT_H
#define REGION_RTT_H

/* Of two region names, in any order; negative where the table lacks one of them. */
double region_rtt_ms(const char *a, const char *b);

#endif
