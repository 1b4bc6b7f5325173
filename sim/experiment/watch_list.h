// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The statistics that an adaptive study decides by, each with an amount: a half-width or a margin.
 *
 * As a text: "reauth_rate:5%, write_latency{region=us-west-2}.p50:3ms". After the colon, a
 * percentage is relative to the statistic's mean; anything else is in the statistic's unit (for a
 * ratio: 0.001, not 0.1%).
 */
#ifndef WATCH_LIST_H
#define WATCH_LIST_H

#include "experiment.h"
#include "metric_ref.h"
#include "strbuf.h"

struct amount {
    bool is_relative;
    double value;
};
struct watched {
    struct metric_ref ref;
    char *text; /* as given */
    bool has_amount;
    bool has_own_amount; /* given with the statistic, not the default of all */
    struct amount amount;
    uint32_t watch; /* of the runner */
};
struct watch_list {
    struct watched *items;
    size_t count, capacity;
};

void watch_list_release(struct watch_list *list);
/* Append the statistics that `text` names; messages name `option` ("--precision"). False with the
 * errors reported. */
bool watch_list_parse(struct watch_list *list, const struct scenario *scenario, const char *option,
                      const char *text, struct diag *diag);
/* Append the totals of all rates, latencies (p99) and single values that have a better
 * direction. */
void watch_list_add_main(struct watch_list *list, const struct scenario *scenario);
/* Set the amount of those without one: "5%", or 0. False with the error reported if it is invalid.
 */
bool watch_list_default_amount(struct watch_list *list, const char *option, const char *text,
                               struct diag *diag);
/* Append one statistic; takes ownership of its labels. */
void watch_list_add(struct watch_list *list, const struct scenario *scenario,
                    const struct metric_ref *ref);
void watch_list_open(struct watch_list *list, struct study_runner *runner);
/* A margin in the statistic's unit, at this mean. For a ratio above one half, a relative margin
 * refers to its distance from 1: an availability of 99.9% is worse at 99.8%, not only at 95%. */
double amount_around(const struct amount *amount, enum unit unit, double mean);
/* The least default margin, in the statistic's unit: 5 % of a rate of one in a million is nothing
 * that matters, or that anybody could decide. 0.05 % of a share, 1 of a count a run, 1 ms of a
 * latency, 1 s of a time to recover and such; 0: none. */
double amount_floor(const struct metric_ref *ref);
/* Half the bin of a histogram at this value of a latency's quantile; else 0. Two quantiles
 * that differ by less cannot be distinguished. */
double quantile_resolution(const struct metric_ref *ref, double value);
/*
 * Two sides are compared in a quantile over runs by how often each stays within that quantile of
 * the base: the values become 0 (within) or INFINITY (not within, or never). A base without any
 * value, NAN, bounds nothing; of a base whose quantile never came, all that comes is within. O(n
 * log n).
 */
double quantile_threshold(const double *base, size_t count, double q);
void quantile_outcomes(const double *values, size_t count, double threshold, double *outcomes);
/* "5%" or "3 ms". Appends. */
void amount_add(struct strbuf *out, const struct amount *amount, enum unit unit);

/* A round: replications [from, to) of points [0, point_count). As runner_run(). */
bool run_replications(struct study_runner *runner, uint32_t point_count, uint32_t from,
                      uint32_t to);

#endif
