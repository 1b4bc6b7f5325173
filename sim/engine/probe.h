// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Metrics: probes that models update, and the statistics of a run.
 *
 * A metric is one row of a model's table: name, unit, kind, at most one label, one line of meaning.
 * A probe is one cell of a metric: (metric, region, label value). Models open probes during wiring
 * and update them with the inline functions below: one add for a counter, a few ns for a level or a
 * latency.
 *
 * Counters and levels are flushed at every edge of a bin (of the time series) and of a window.
 * Windows: `all` (after the warm-up) and, if there are faults, `before`, `fault`, `after`. Sums
 * over bins and windows are exact: no rounding to bins.
 */
#ifndef PROBE_H
#define PROBE_H

#include "direction.h"
#include "histogram.h"
#include "model_rows.h"
#include "sim_time.h"
#include "time_avg.h"
#include "units.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum metric_kind {
    METRIC_COUNT,   /* events counted */
    METRIC_RATIO,   /* one counter over another (derived, no probe) */
    METRIC_LEVEL,   /* a time-weighted level, >= 0 */
    METRIC_LATENCY, /* a histogram of ns (or of bytes) */
    METRIC_VALUE    /* one value per run, set at its end: a number, censored, or none */
};

const char *metric_kind_name(enum metric_kind kind); /* "count", "ratio", ... */

struct metric {
    const char *name; /* "write_timeout_rate" */
    enum unit unit;
    enum metric_kind kind;
    const char *label;               /* name of the label, or NULL */
    const char *const *label_values; /* NULL-terminated; may be NULL if there is a label_set */
    const char *label_set;           /* NULL, or rows of this set add values (model_rows.h) */
    const char *over, *under; /* RATIO: names of two COUNT metrics, summed over labels that the
                                 ratio does not have */
    double scale;   /* LEVEL: statistic = level * scale (0 means 1), for example for shares */
    bool has_total; /* VALUE with a label: it is set without one, too */
    bool no_total;  /* no row for the sum over labels or regions: the values have several units */
    bool series;    /* keep it per bin: all but VALUE; of LATENCY p50 and p99 */
    enum direction better; /* NO_DIRECTION: neither */
    const char *best_none; /* VALUE: reason of "no number" that is better than every number, such
                              as "no outage"; NULL: no number is neither better nor worse */
    const char *meaning;   /* one line, with the exact definition */
};

struct probes;
typedef uint32_t probe_id;

#define PROBE_ALL_REGIONS (-1) /* a metric that belongs to no region */

/* --- opening, while wiring ------------------------------------------------------------------- */

/*
 * `metric` must live as long as the probes and be one row of a table given to probes_declare().
 * Opening the same (metric, region, label) again returns the same id. A label must be one of the
 * row's values (a bug otherwise).
 */
probe_id probe_count_open(struct probes *probes, const char *metric, int region, const char *label);
probe_id probe_level_open(struct probes *probes, const char *metric, int region, const char *label);
probe_id probe_latency_open(struct probes *probes, const char *metric, int region,
                            const char *label);
/* Values of a metric's label, including those supplied by models and kinds: the value of an index
 * (NULL: out of range), and the index of a value. An unknown metric or value is a bug. */
const char *probes_label(const struct probes *probes, const char *metric, size_t index);
size_t probes_label_index(const struct probes *probes, const char *metric, const char *label);

/*
 * Read a level from the model's own `gauge` at every flush; calls of probe_level() for it have no
 * effect. The gauge is owned by the model, must be zero now and must live until probes_finish(). At
 * most once per level.
 */
void probe_level_follow(struct probes *probes, probe_id level, const struct time_avg *gauge);

/* --- hot path -------------------------------------------------------------------------------- */

/* For the inline functions only. */
struct probes_hot {
    uint64_t *counts;            /* since the last flush, by probe id */
    struct time_avg *levels;     /* by probe id */
    struct histogram *latencies; /* by probe id: of window `all`, or of the warm-up before it */
    struct histogram *extra;     /* of the open window other than `all`, or NULL */
    bool measuring;              /* past the warm-up */
};
#ifdef ISTHMUS_SILENT /* a build that records nothing, for scripts/bench to compare with */
static inline void probe_count(struct probes_hot *hot, probe_id id)
{
    (void)hot, (void)id;
}
static inline void probe_count_many(struct probes_hot *hot, probe_id id, uint64_t times)
{
    (void)hot, (void)id, (void)times;
}
static inline void probe_level(struct probes_hot *hot, probe_id id, sim_time now, int64_t level)
{
    (void)hot, (void)id, (void)now, (void)level;
}
static inline void probe_latency(struct probes_hot *hot, probe_id id, int64_t value)
{
    (void)hot, (void)id, (void)value;
}
#else
static inline void probe_count(struct probes_hot *hot, probe_id id)
{
    hot->counts[id]++;
}
static inline void probe_count_many(struct probes_hot *hot, probe_id id, uint64_t times)
{
    hot->counts[id] += times;
}
static inline void probe_level(struct probes_hot *hot, probe_id id, sim_time now, int64_t level)
{
    /* Many calls do not change the level. */
    if (level != hot->levels[id].level)
        time_avg_set(&hot->levels[id], now, level);
}
static inline void probe_latency(struct probes_hot *hot, probe_id id, int64_t value)
{
    histogram_add(&hot->latencies[id], value);
    if (hot->extra)
        histogram_add(&hot->extra[id], value);
}
#endif
/*
 * METRIC_VALUE: may be set at any time; the last call of the three counts. A model sets each of its
 * values in every run, so that a missing value has a reason. A metric with labels may have a total:
 * the value with label NULL. It is set, not summed.
 */
/* A number; never NAN or infinite (a bug). */
void probe_value(struct probes *probes, const char *metric, int region, const char *label,
                 double value);
/* Censored: not observed when the run ended, at time `at`; it sorts above any number. */
void probe_value_censored(struct probes *probes, const char *metric, int region, const char *label,
                          sim_time at);
/* The value does not exist; reason: a few words of static text, such as "no failover". */
void probe_value_none(struct probes *probes, const char *metric, int region, const char *label,
                      const char *reason);

/*
 * Note the run-log event that caused the value just counted (0: none; nothing is noted), such as a
 * fault that made an attempt fail. Metric taps publish it (metric_tap.h). For counters and
 * latencies; called rarely.
 */
void probe_count_caused(struct probes *probes, probe_id id, uint32_t event, sim_time now);
void probe_latency_caused(struct probes *probes, probe_id id, uint32_t event, sim_time now);

/* --- lifecycle of a set, for the experiment and the engine ----------------------------------- */

struct probe_span {
    sim_time from, to; /* [from, to) */
};
struct probe_plan {
    sim_time warmup, end; /* window `all` is [warmup, end] */
    sim_dur bin;          /* width of a bin of the series, > 0; series cover [0, end] */
    const struct probe_span
        *faults; /* spans with an active fault, in any order; may overlap or be empty */
    size_t fault_count;
    uint32_t region_count;
    const struct supplied_rows *rows; /* values of labels; NULL: none. They outlive the probes. */
};
struct probes *probes_create(const struct probe_plan *plan);
void probes_free(struct probes *probes);
/* Declare the metrics of a table, which must outlive the probes. Names are unique over all
 * tables. */
void probes_declare(struct probes *probes, const struct metric *metrics, size_t count);
const struct metric *probes_metric(const struct probes *probes, const char *name); /* or NULL */
/* Is the metric read by a tap (metric_tap.h)? For metrics that are recorded only then; complete
 * when all models have been initialised. */
bool probes_is_tapped(const struct probes *probes, const char *name);
struct probes_hot *probes_hot(struct probes *probes); /* valid after the last open; see sim.h */
/* The next time at which probes_flush() must be called, or SIM_NEVER; the engine does so before any
 * event at that time. */
sim_time probes_next_flush(const struct probes *probes);
void probes_flush(struct probes *probes, sim_time now);
/* Value of a counter since 0, for alarms and tests; label NULL: summed over labels. O(bins). */
uint64_t probes_count_total(const struct probes *probes, const char *metric, int region,
                            const char *label);

/*
 * The value of a series in one bin, as in struct statistic_series, of a region or in total: for
 * observers of a run in progress. The bin's end must have been flushed. NAN: there is no value, or
 * no such series. O(cells of the metric's kind).
 */
double probes_bin_value(const struct probes *probes, const char *metric, const char *stat,
                        int region, size_t bin);

/* --- statistics of a finished run ------------------------------------------------------------ */

enum statistic_state {
    STATISTIC_NUMBER,
    STATISTIC_CENSORED, /* see probe_value_censored() */
    STATISTIC_NONE      /* a ratio over nothing, quantiles of nothing, see probe_value_none() */
};

struct statistic {
    const struct metric *metric;
    const char *stat;   /* NULL, or of a latency: "mean" "p50" "p90" "p99" "p99.9" "max" "count" */
    int region;         /* index, or -1: the total over regions */
    const char *label;  /* value of the label, NULL: none, or summed over it */
    const char *window; /* "all" "before" "fault" "after" */
    enum statistic_state state;
    double value;         /* NUMBER: in the metric's unit, COUNT as a count; else NAN */
    uint64_t over, under; /* exact: COUNT and a latency's "count" have `over`, RATIO has both */
    sim_time censored_at; /* CENSORED */
    const char *reason;   /* NONE */
};
/* Whether the statistic has an exact `over`, and `under`. */
bool statistic_has_over(const struct statistic *statistic);
bool statistic_has_under(const struct statistic *statistic);
struct statistic_histogram {
    const struct metric *metric;
    int region;
    const char *label;
    const char *window;
    const struct histogram *histogram;
};
struct statistic_series {
    const struct metric *metric;
    const char *stat; /* of a latency: "p50", "p99"; else NULL */
    int region;
    const char *label;
    /* one per bin: COUNT per second, RATIO (NAN if under = 0), LEVEL mean, LATENCY the quantile of
     * the bin's values (NAN if there are none), with no row for each label */
    const double *values;
    const uint64_t *over;  /* COUNT and RATIO: what was counted in the bin; else NULL */
    const uint64_t *under; /* RATIO; else NULL */
};
/*
 * Owned by the probes; valid until they are freed. Every run has every statistic, as a number,
 * censored or none; except for windows of length 0. Order: by declaration, region, label, window. A
 * counter with a label has rows for each label value and one summed (label NULL); likewise for
 * regions: a row with region -1 sums, merges or (LEVEL) adds over regions. VALUE totals over
 * regions are set by the models.
 */
struct statistics {
    const struct statistic *statistics;
    size_t statistic_count;
    const struct statistic_histogram *histograms;
    size_t histogram_count;
    const struct statistic_series *series;
    size_t series_count;
    sim_dur bin;
    size_t bin_count;
};
const struct statistics *probes_finish(struct probes *probes, sim_time end);
/* Mix all counters and histograms of window `all` into a hash (for the run's digest): exact
 * integers only. */
uint64_t probes_digest(const struct probes *probes, uint64_t hash);

#endif
