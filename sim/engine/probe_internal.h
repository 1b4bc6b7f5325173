// SPDX-License-Identifier: GPL-3.0-or-later
/* The inside of a set of probes: probe.c fills it while the run goes on, probe_statistics.c reads
 * it at the end. */
#ifndef PROBE_INTERNAL_H
#define PROBE_INTERNAL_H

#include "probe.h"
#include "uint128.h"

enum probe_window { WINDOW_ALL, WINDOW_BEFORE, WINDOW_FAULT, WINDOW_AFTER, WINDOWS, WINDOW_NONE };
#define METRIC_KINDS 5

/* From this instant to the next segment's, this window is open besides `all`. */
struct segment {
    sim_time from;
    enum probe_window window;
};

/* As in struct statistic. */
struct cell_value {
    enum statistic_state state;
    double number;
    sim_time censored_at;
    const char *reason;
};
struct cell {
    const struct metric *metric;
    int region;
    int label;               /* index of the value, -1: none */
    struct cell_value value; /* METRIC_VALUE */
};
struct cells {
    struct cell *cells; /* by probe id */
    size_t count, capacity;
};

struct probes {
    struct probes_hot hot;
    sim_dur bin;
    sim_time warmup, end;
    uint32_t region_count;
    const struct supplied_rows *rows;
    size_t bin_capacity; /* bins up to the planned end */
    bool has_windows;
    bool sealed; /* the first cut was made: no more cells */

    const struct metric **metrics; /* in order of declaration */
    size_t metric_count, metric_capacity;
    struct cells kinds[METRIC_KINDS];

    struct segment *segments;      /* the first from 0 */
    size_t segment_count, segment; /* segment: the one open now */
    enum probe_window window;
    sim_time last_cut;

    sim_dur window_length[WINDOWS];
    uint64_t *counts[WINDOWS];            /* by counter */
    const struct time_avg **gauges;       /* by level: what it follows; NULL: the models' calls */
    uint64_t *totals;                     /* by counter, since 0 */
    uint128 *areas[WINDOWS];              /* by level: level * ns */
    uint128 *areas_last;                  /* by level, at the last cut */
    struct histogram *latencies[WINDOWS]; /* by latency; `all` is hot.latencies */
    uint64_t *bin_counts;                 /* [bin][counter] */
    double *bin_areas;                    /* [bin][level] */

    struct statistics statistics;
    size_t statistic_capacity, histogram_capacity, series_capacity;
    bool finished;
};

const struct metric *probes_metric(const struct probes *probes, const char *name); /* or NULL */
void probes_flush(struct probes *probes, sim_time now);
void statistics_free(struct probes *probes);

#endif
