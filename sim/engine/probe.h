// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * How a model exposes what it counts, and the statistics of a run.
 *
 * A metric is one row of a model's table: a name, a unit, a kind, at most one label, one line of
 * meaning. A probe is one cell of it: (metric, region, label value). Models open probes while the
 * run is wired and touch them with the inline calls below: one add for a counter, some ns for a
 * level or a latency.
 *
 * Counters and levels are cut at every edge of a bin (the time series) and of a window. Windows:
 * `all` (after the warm-up), and where there are faults `before`, `fault`, `after`. Sums over bins
 * or windows are exact: no rounding to bins.
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
    METRIC_RATIO,   /* one counter over another (made, not probed) */
    METRIC_LEVEL,   /* a time-weighted level, >= 0 */
    METRIC_LATENCY, /* a histogram of ns (or of bytes) */
    METRIC_VALUE    /* one value a run, set at its end: a number, censored, or none */
};

const char *metric_kind_name(enum metric_kind kind); /* "count", "ratio", ... */

struct metric {
    const char *name; /* as in the design: "write_timeout_rate" */
    enum unit unit;
    enum metric_kind kind;
    const char *label;               /* name of the label, or NULL */
    const char *const *label_values; /* NULL-terminated; may be NULL where there is a label_set */
    const char *label_set;           /* NULL, or rows of this set give more values (model_rows.h) */
    const char *over, *under; /* RATIO: names of two COUNT metrics; a labelled one is summed, but
                               * for a label that the ratio has too */
    double scale;          /* LEVEL: statistic = level * scale (0 means 1), for shares and such */
    bool series;           /* keep it per bin (COUNT, RATIO, LEVEL) */
    enum direction better; /* NO_DIRECTION: neither way is */
    const char *meaning;   /* one line, with the exact definition */
};

struct probes;
typedef uint32_t probe_id;

#define PROBE_ALL_REGIONS (-1) /* a metric that belongs to no region */

/* --- opening, while wiring ------------------------------------------------------------------- */

/*
 * `metric` must live as long as the probes and be one row of a table given to probes_declare().
 * Asking again for the same (metric, region, label) gives the same id. A label must be one of the
 * row's values (a bug otherwise).
 */
probe_id probe_count_open(struct probes *probes, const char *metric, int region, const char *label);
probe_id probe_level_open(struct probes *probes, const char *metric, int region, const char *label);
probe_id probe_latency_open(struct probes *probes, const char *metric, int region,
                            const char *label);
/* The values of a metric's label, with those that models and kinds supplied: the one of an index
 * (NULL: there are not so many), and the index of one. A metric or value that does not exist is a
 * bug. */
const char *probes_label(const struct probes *probes, const char *metric, size_t index);
size_t probes_label_index(const struct probes *probes, const char *metric, const char *label);

/*
 * A level that a model keeps anyway: it is read from `gauge` at every cut, and what probe_level()
 * is told of it does not count. The gauge is the model's, zero so far, and lives until
 * probes_finish(); what changes it at the very end changes no integral, so books may be closed
 * before. Once a level.
 */
void probe_level_follow(struct probes *probes, probe_id level, const struct time_avg *gauge);

/* --- hot path -------------------------------------------------------------------------------- */

/* The fields below are for the inline functions only. */
struct probes_hot {
    uint64_t *counts;            /* since the last cut, by probe id */
    struct time_avg *levels;     /* by probe id */
    struct histogram *latencies; /* by probe id: of window `all`, before that of the warm-up */
    struct histogram *extra;     /* of the window open now besides `all`, or NULL */
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
    /* Many calls change nothing. */
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
 * METRIC_VALUE: may be set any time, the last call of the three counts. A model sets each of its
 * values in every run, so that one which is missing says why.
 */
/* A number; never NAN or infinite (a bug). */
void probe_value(struct probes *probes, const char *metric, int region, const char *label,
                 double value);
/* Not known when the run ended, at the instant `at`: it is larger than any number that the run
 * could have seen. */
void probe_value_censored(struct probes *probes, const char *metric, int region, const char *label,
                          sim_time at);
/* There is no such value, for `reason`: static text of a few words, such as "no failover". */
void probe_value_none(struct probes *probes, const char *metric, int region, const char *label,
                      const char *reason);

/*
 * Note by which event of the run log (0: none, nothing is noted) what was just counted was caused:
 * a failed attempt by a fault. A metric's tap hands it on (metric_tap.h). For counters and
 * latencies; a rare call.
 */
void probe_count_caused(struct probes *probes, probe_id id, uint32_t event, sim_time now);
void probe_latency_caused(struct probes *probes, probe_id id, uint32_t event, sim_time now);

/* --- the life of a set, by the experiment and the engine ------------------------------------- */

struct probe_span {
    sim_time from, to; /* [from, to) */
};
struct probe_plan {
    sim_time warmup, end;            /* window `all` is [warmup, end] */
    sim_dur bin;                     /* width of a bin of the series, > 0; series cover [0, end] */
    const struct probe_span *faults; /* when some fault acts, any order, may overlap or be empty */
    size_t fault_count;
    uint32_t region_count;
    const struct supplied_rows *rows; /* values of labels; NULL: none. They outlive the probes. */
};
struct probes *probes_create(const struct probe_plan *plan);
void probes_free(struct probes *probes);
/* Make a table's metrics known; the table must outlive the probes. Names are unique over all
 * tables. */
void probes_declare(struct probes *probes, const struct metric *metrics, size_t count);
const struct metric *probes_metric(const struct probes *probes, const char *name); /* or NULL */
struct probes_hot *probes_hot(struct probes *probes); /* valid after the last open; see sim.h */
/* The next instant at which probes_cut() wants to be called, or SIM_NEVER; the engine does so
 * before any event at that instant. */
sim_time probes_next_cut(const struct probes *probes);
void probes_cut(struct probes *probes, sim_time now);
/* Value of a counter (all bins since 0, this one included), for alarms and tests; labels NULL sums.
 * O(bins). */
uint64_t probes_count_total(const struct probes *probes, const char *metric, int region,
                            const char *label);

/* --- statistics: what a finished run says ---------------------------------------------------- */

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
/* Has the statistic an exact `over`; and `under`? */
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
    int region;
    const char *label;
    const double *values; /* one a bin: COUNT per second, RATIO (NAN where under = 0), LEVEL mean */
    const uint64_t *over; /* COUNT and RATIO: what was counted in the bin; else NULL */
    const uint64_t *under; /* RATIO; else NULL */
};
/*
 * Owned by the probes; valid until they are freed. A statistic is in every run, as a number,
 * censored or none; only a window of no length has none. Order: by declaration, region,
 * label, window. A counter with a label has rows for each label value and one summed (label NULL);
 * likewise for regions: a row with region -1 sums, merges or (LEVEL) adds over regions. VALUE
 * totals over regions are set by their models.
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
