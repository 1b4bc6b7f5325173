// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Parameters of an alarm on a metric, shared by the models that have one, and the metric that they
 * name.
 */
#ifndef ALARM_CONFIG_H
#define ALARM_CONFIG_H

#include "model.h"
#include "phase_rule.h"

#include <stdbool.h>
#include <stdint.h>

enum alarm_comparison { ALARM_AT_LEAST, ALARM_AT_MOST };
enum alarm_evaluation { EVALUATED_AT_PUBLICATION, EVALUATED_BY_CLOCK };
enum low_samples { LOW_SAMPLES_EVALUATE, LOW_SAMPLES_IGNORE };

struct alarm_config {
    char *metric, *home;
    int statistic; /* 0: as published; else an index of alarm_statistic_names */
    int32_t region;
    int comparison; /* enum alarm_comparison */
    /* The threshold is one of these, by the metric's unit: a share, a time, or anything else, in
     * the unit in which it is published. */
    double share;
    sim_dur time_ns;
    double value;
    uint32_t samples_min;
    int low_samples; /* enum low_samples */
    sim_dur period_ns;
    struct phase_rule phase;
    uint32_t datapoints, periods;
    struct dist *delay;
    int evaluation; /* enum alarm_evaluation */
    sim_dur clock_ns;
    int missing_data; /* enum missing_data */
};

#define ALARM_STATISTIC_P50 5 /* index of the first percentile in alarm_statistic_names */

extern const char *const alarm_statistic_names[], *const alarm_comparison_names[],
                                                      *const alarm_low_samples_names[],
                                                          *const alarm_evaluation_names[],
                                                              *const alarm_missing_data_names[];

/* The rows of a table of parameters. `of`: before each name, such as "alarm.". */
/* clang-format off */
#define ALARM_FIELDS(of, member) \
    TEXT_DEFAULT(of "metric", member.metric, "write-error-rate", "metric that is evaluated: one of 'isthmus describe --service-metrics', such as ElastiCache/CurrConnections, or any counted or measured metric of the run, such as write_failures or reauths{cause=lost-at-failover}", "assumption"), \
    CHOICE(of "statistic", member.statistic, alarm_statistic_names, "published", "statistic of each period; published: the one that the service publishes, of other metrics the sum of a count, else the average", "facts E"), \
    REGION(of "region", member.region, "region whose metric is evaluated; default: the worst of all regions", "assumption"), \
    CHOICE(of "comparison", member.comparison, alarm_comparison_names, "at-least", "a period breaches where the metric is at least, or at most, the threshold", "assumption"), \
    SHARE(of "threshold", member.share, "0", "50%", "100%", "threshold of a metric that is a share, such as write-error-rate", "assumption"), \
    DURATION(of "latency", member.time_ns, "1us", "200ms", "1h", "threshold of a metric that is a time, such as write-latency", "assumption"), \
    NUMBER(of "value", member.value, "0", "0", "1e15", "threshold of any other metric, in the unit in which it is published", "assumption"), \
    COUNT(of "samples_min", member.samples_min, "1", "1", "1M", "minimum number of samples in a period (write-error-rate, write-latency: attempts); with fewer its data is missing", "assumption"), \
    CHOICE(of "low_samples", member.low_samples, alarm_low_samples_names, "evaluate", "a percentile p of fewer than 10/(1-p) samples (p99: 1000): evaluate it, or keep the alarm's state", "facts E"), \
    DURATION(of "period", member.period_ns, "10s", "60s", "1d", "period of a data point", "facts E"), \
    PHASE_FIELDS(of "phase", member.phase, "phase of the alarm's periods"), \
    COUNT(of "datapoints", member.datapoints, "1", "2", "100", "M of N: breaching data points that raise the alarm", "facts E"), \
    COUNT(of "periods", member.periods, "1", "3", "100", "M of N: number of latest data points that are evaluated", "facts E"), \
    TIME_DIST(of "delay", member.delay, "0s", "uniform(low=30s, high=90s)", "1h", "publication delay: from the end of a period until its data point is available", "facts E"), \
    VARIANT(of "evaluation", member.evaluation, alarm_evaluation_names, "publication", "when the alarm is evaluated: whenever a data point is published, or by a clock of its own", "assumption"), \
    DURATION(of "evaluation.clock", member.clock_ns, "1s", "60s", "1h", "interval of the clock, at a random phase (periods of 10 and 30 s: 10s)", "facts E"), \
    CHOICE(of "missing_data", member.missing_data, alarm_missing_data_names, "missing", "treatment of periods without data", "facts E"), \
    TEXT_DEFAULT(of "home", member.home, "", "region of the monitoring that evaluates the alarm, which stops while that region is down; it need not be in the scenario (us-east-1); '': it is not lost with a region", "facts E")
/* clang-format on */

/* The metric of an alarm. */
struct alarm_metric {
    char name[64];  /* of the metric here */
    char label[64]; /* "": aggregated over values */
    enum tap_statistic statistic;
    double quantile;
    double scale;      /* published value = value x scale */
    sim_dur period_ns; /* a period of the alarm is a multiple */
    enum unit unit;
    bool absent_at_zero, at_source; /* as in struct service_metric */
};

/* How a metric of the run is found by name: by a scenario's check, or in its probes. */
struct alarm_metric_source {
    const void *self;
    const struct metric *(*find)(const void *self, const char *name); /* NULL: there is none */
    const struct supplied_rows *rows;
};

/*
 * Read `metric` and `statistic`. Returns NULL, or the name of the parameter that is wrong, with the
 * reason in `why` (may be NULL where the config was checked).
 */
const char *alarm_metric_read(struct alarm_metric *metric, const struct alarm_config *config,
                              const struct alarm_metric_source *source, struct strbuf *why);
/* The threshold in the metric's own unit. */
double alarm_threshold(const struct alarm_config *config, const struct alarm_metric *metric);
/* Samples of a period below which a percentile counts as low; 0: never. */
uint64_t alarm_low_samples(const struct alarm_config *config, const struct alarm_metric *metric);

/* Rules between the parameters; `of` as in ALARM_FIELDS. */
void alarm_config_check(const struct alarm_config *config, const char *of,
                        const struct check_context *context, struct validation *validation);

#endif
