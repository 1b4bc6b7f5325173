// SPDX-License-Identifier: GPL-3.0-or-later
/* What a study cost the host, for `--stats` and `scripts/bench`. */
#ifndef RUN_STATS_H
#define RUN_STATS_H

#include "result.h"

#include <stdio.h>

struct run_stats {
    uint64_t run_count;
    uint64_t event_count;
    double request_count; /* after the warm-up of each run */
};

void run_stats_add(struct run_stats *stats, const struct run_result *result);
/* One `name value` a line. Processor time and peak memory are the whole process's, and what is said
 * per core is per second of processor time: so it holds on a busy machine, too. */
void run_stats_print(const struct run_stats *stats, double elapsed_s, FILE *out);

#endif
