// SPDX-License-Identifier: GPL-3.0-or-later
/* Internals of a set of probes: probe.c fills it during the run, probe_statistics.c reads it at the
 * end. */
#ifndef PROBE_INTERNAL_H
#define PROBE_INTERNAL_H

#include "probe.h"
#include "uint128.h"

enum probe_window { WINDOW_ALL, WINDOW_BEFORE, WINDOW_FAULT, WINDOW_AFTER, WINDOWS, WINDOW_NONE };
#define METRIC_KINDS 5

/* From this time to the next segment's, this window is open in addition to `all`. */
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
/* The latest event that caused something counted by a probe. */
struct probe_cause {
    sim_time time;
    uint32_t event; /* of the run log; 0: none so far */
};

/* A row of statistics: a metric in a region (or all) with a label (or any). */
#define LABEL_ANY (-1)
struct row {
    const struct metric *metric;
    int region;
    int label;
};
/* The cells of a row, as indices among those of their kind. `ids` is owned by the caller. */
struct selection {
    size_t *ids;
    size_t count;
};

#define LATENCY_SERIES_STATS 2
/* A quantile of a latency, by bin: of the cells of a region, or of all series of the metric before
 * it. */
struct latency_series {
    const struct metric *metric;
    int region;               /* PROBE_ALL_REGIONS: the total */
    struct selection cells;   /* none of the total */
    struct histogram pending; /* what the open bin gained, as of the last collection */
    double *quantiles[LATENCY_SERIES_STATS]; /* by bin; NAN: no values */
};

struct probes {
    struct probes_hot hot;
    sim_dur bin;
    sim_time warmup, end;
    uint32_t region_count;
    const struct supplied_rows *rows;
    size_t bin_capacity; /* bins up to the planned end */
    bool has_windows;
    bool sealed; /* flushed once: no more cells can be opened */

    const struct metric **metrics; /* in order of declaration */
    size_t metric_count, metric_capacity;
    const struct metric **tapped; /* read by taps; may have duplicates */
    size_t tapped_count, tapped_capacity;
    struct cells kinds[METRIC_KINDS];

    struct segment *segments;      /* the first from 0 */
    size_t segment_count, segment; /* segment: the one open now */
    enum probe_window window;
    sim_time last_flush;

    sim_dur window_length[WINDOWS];
    uint64_t *counts[WINDOWS];      /* by counter */
    const struct time_avg **gauges; /* by level: the gauge it follows; NULL: set by probe_level() */
    uint64_t *totals;               /* by counter, since 0 */
    uint128 *areas[WINDOWS];        /* by level: level * ns */
    uint128 *areas_last;            /* by level, at the last flush */
    struct histogram *latencies[WINDOWS];     /* by latency; `all` is hot.latencies */
    struct histogram *warmup_latencies;       /* by latency; NULL: no tap needs them */
    bool keeps_warmup;                        /* a tap needs them */
    struct probe_cause *causes[METRIC_KINDS]; /* by probe id; of COUNT and LATENCY */
    uint64_t *bin_counts;                     /* [bin][counter] */
    double *bin_areas;                        /* [bin][level] */
    struct latency_series *latency_series;    /* by metric and region, the total last */
    size_t latency_series_count, latency_series_capacity;
    struct histogram *collected; /* by latency, as of the last collection for its series */

    struct statistics statistics;
    size_t statistic_capacity, histogram_capacity, series_capacity;
    bool finished;
};

void probes_note_tap(struct probes *probes, const struct metric *metric);
struct selection select_cells(const struct probes *probes, const struct metric *metric, int region,
                              int label);
/* A part of a ratio, by name; and the label of a row in terms of a part: LABEL_ANY if the part does
 * not have the ratio's label. */
const struct metric *ratio_part(const struct probes *probes, const struct metric *ratio,
                                const char *name);
int part_label(const struct probes *probes, struct row row, const struct metric *part);
/* Factor for the mean of a level over `cell_count` cells. */
double level_scale(const struct metric *metric, size_t cell_count);

/* --- probe_series.c -------------------------------------------------------------------------- */

extern const struct latency_series_stat {
    const char *name;
    double q;
} latency_series_stats[LATENCY_SERIES_STATS];
void latency_series_open(struct probes *probes); /* once all cells are open */
/* Add to the open bin what the latencies gained since the last collection. */
void latency_series_collect(struct probes *probes);
/* The same before the latencies are emptied. */
void latency_series_restart(struct probes *probes);
/* The open bin ends. O(series x bins of their histograms). */
void latency_series_close(struct probes *probes, size_t bin);
/* The values of a row, owned by the caller; once for each stat. */
double *latency_series_detach(struct probes *probes, struct row row, int stat);
void latency_series_free(struct probes *probes);

void probes_flush_span(struct probes *probes, sim_time now);
void statistics_free(struct probes *probes);

#endif
