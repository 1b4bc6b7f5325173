// SPDX-License-Identifier: GPL-3.0-or-later
/* Time, events and memory of a study, for `--stats` and `scripts/bench`. */
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
/* Print one `name value` per line. Processor time and peak memory are those of the whole process;
 * rates per core are per second of processor time, so they also hold on a busy machine. */
void run_stats_print(const struct run_stats *stats, double elapsed_s, FILE *out);

#endif
