// SPDX-License-Identifier: GPL-3.0-or-later
/* Run settings, as a table like a model's. `seed` is not a row: it has 64 unsigned bits. */
#ifndef RUN_SETTINGS_H
#define RUN_SETTINGS_H

#include "field.h"

#include <stdint.h>

/* Top-level keys of a file. */
struct run_config {
    sim_dur duration; /* `duration`, default 30min, > 0 */
    int warmup_kind;  /* `warmup`: {given: 5min} or just `5min`, or `auto` (MSER-5 on requests'
                         latency) */
    sim_dur warmup;   /* as given */
    sim_dur bin; /* `bin`: width of a bin of the series; 0: duration / 180, rounded up to 1, 2, 5,
                    10, 20, 30, 60 s ... */
    int phase_kind;        /* `phase`: enum phase_choice, GIVEN or RANDOM (the default) */
    sim_dur phase;         /* given */
    uint32_t zones;        /* `zones` of each region, default 3 */
    uint32_t replications; /* `replications`, default 10 */
    uint64_t seed;         /* `seed`, default 1; any 64-bit integer */
    double level;          /* `level` of confidence, default 95 % */
};

extern const struct field run_settings_fields[];
extern const size_t run_settings_field_count;

enum warmup_kind { WARMUP_GIVEN, WARMUP_AUTO };
#define RUN_SEED_DEFAULT 1
#define RUN_SEED_MEANING "seed of all random numbers of the study"
#define RUN_BINS_MAX 100000

/* The width of a bin of the series: as given, or the first of 1, 2, 5, 10, 20, 30, 60 s ... with at
 * most 180 bins. */
sim_dur run_settings_bin(const struct run_config *run);

#endif
