// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A tap on metrics, as a monitoring service publishes them: a statistic of a metric over each
 * period, visible some time after the period's end. It reads existing probes, so its cost is per
 * period, not per event.
 *
 *   kind of metric   statistics                         missing where
 *   count            sum; average: per second           0, where absent_at_zero
 *   ratio            average: over / under              under < samples_min
 *   latency          all; minimum and maximum and       samples < samples_min
 *                    quantiles within 1.6 %
 *   level            average, time-weighted; minimum,   never
 *                    maximum, quantiles: of TAP_SAMPLES samples in each period
 *
 * A period that ends while the tap is off (metric_tap_switch()) is missing too, and so is a metric
 * without a probe in the region. All sources of a tap share period, phase and delay and are
 * published together. Taps work during the warm-up.
 */
#ifndef METRIC_TAP_H
#define METRIC_TAP_H

#include "dist.h"
#include "probe.h"
#include "rng_stream.h"
#include "sim.h"
#include "tap_statistic.h"

#include <stdbool.h>
#include <stdint.h>

#define TAP_SAMPLES 60

/* Whether metrics of this kind have the statistic. */
bool metric_tap_offers(enum metric_kind kind, enum tap_statistic statistic);

struct tap_source {
    const char *metric; /* name; an unknown one, or a VALUE, is a bug */
    int region;         /* PROBE_ALL_REGIONS: aggregated over regions */
    const char *label;  /* label value; NULL: aggregated over values */
    enum tap_statistic statistic;
    double quantile;      /* TAP_QUANTILE: 0.99 */
    uint64_t samples_min; /* 0 counts as 1 */
    bool absent_at_zero;  /* a count: missing in periods in which nothing was counted */
};

struct tap_value {
    bool missing;
    double value;     /* in the metric's unit; 0 if missing */
    uint64_t samples; /* counted values (count, latency; of a ratio: under), or samples (level) */
    uint32_t cause;   /* latest run-log event noted as a cause of the counted values; 0: none */
};
struct tap_period {
    uint32_t number;                /* from 1 */
    sim_time from, to;              /* published now */
    const struct tap_value *values; /* by source */
};

struct metric_tap_config {
    const char *instance; /* prefix of its event names; must outlive the sim */
    const struct tap_source *sources;
    size_t source_count;
    sim_dur period;
    sim_dur phase; /* start of the first period, in [0, period) */
    /* Delay from the end of a period until it is published; NULL: none. Owned by the caller.
     * Periods are published in order. */
    const struct dist *delay;
    struct rng_stream delays;                                     /* keyed by the period's number */
    void (*publish)(void *self, const struct tap_period *period); /* an event of phase WORK */
    void *self;
};

struct metric_tap;
/* Call during wiring; copies the sources. */
struct metric_tap *metric_tap_create(struct sim *sim, const struct metric_tap_config *config);
void metric_tap_free(struct metric_tap *tap); /* NULL is allowed */
/* Schedule the first period. Call at time 0, when all probes are open. */
void metric_tap_start(struct metric_tap *tap);
void metric_tap_switch(struct metric_tap *tap, bool on); /* on at the start */

#endif
