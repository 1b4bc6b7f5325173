// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Repointing by health checks: a failover record for each region, whose health check follows the
 * data stream of a metric of that region.
 */
#ifndef REPOINT_HEALTH_H
#define REPOINT_HEALTH_H

#include "alarm_config.h"
#include "field.h"
#include "repoint.h"

struct repoint_health_config {
    struct alarm_config stream;
    int insufficient; /* enum health_without_data */
    struct dist *effect;
};
enum health_without_data { WITHOUT_DATA_HEALTHY, WITHOUT_DATA_UNHEALTHY, WITHOUT_DATA_KEPT };
extern const char *const health_without_data_names[];

/* The rows of a table of parameters; `member` is the struct repoint_health_config. */
// clang-format off
#define REPOINT_HEALTH_FIELDS(member) \
    TEXT_DEFAULT("health.metric", member.stream.metric, "store-is-primary", "health-check: metric whose data stream each region's health check follows, as alarm.metric", "facts E"), \
    CHOICE("health.statistic", member.stream.statistic, alarm_statistic_names, "published", "health-check: its statistic; percentiles are not possible", "facts E"), \
    CHOICE("health.comparison", member.stream.comparison, alarm_comparison_names, "at-most", "health-check: a period breaches where the metric is at least, or at most, the threshold", "assumption"), \
    SHARE("health.threshold", member.stream.share, "0", "50%", "100%", "health-check: threshold of a metric that is a share", "assumption"), \
    DURATION("health.latency", member.stream.time_ns, "1us", "200ms", "1h", "health-check: threshold of a metric that is a time", "assumption"), \
    NUMBER("health.value", member.stream.value, "0", "0.5", "1e15", "health-check: threshold of any other metric", "assumption"), \
    COUNT("health.samples_min", member.stream.samples_min, "1", "1", "1M", "health-check: minimum number of samples in a period; with fewer its data is missing", "assumption"), \
    DURATION("health.period", member.stream.period_ns, "60s", "60s", "1d", "health-check: period of a data point; standard resolution, so at least 60 s", "facts E"), \
    PHASE_FIELDS("health.phase", member.stream.phase, "phase of the periods"), \
    COUNT("health.datapoints", member.stream.datapoints, "1", "1", "100", "health-check: M of N breaching data points make the record unhealthy", "facts E"), \
    COUNT("health.periods", member.stream.periods, "1", "1", "100", "health-check: N", "facts E"), \
    TIME_DIST("health.delay", member.stream.delay, "0s", "uniform(low=30s, high=90s)", "1h", "health-check: from the end of a period until its data point is in the stream", "facts E"), \
    TEXT_DEFAULT("health.home", member.stream.home, "us-east-1", "health-check: region of the health checks' monitoring, which stops while that region is down; it need not be in the scenario", "routing G"), \
    CHOICE("health.insufficient_data", member.insufficient, health_without_data_names, "unhealthy", "health-check: state of the record without data: healthy, unhealthy, or the last known one", "facts E"), \
    TIME_DIST("health.effect", member.effect, "0s", "uniform(low=5s, high=10s)", "10min", "health-check: from the change of a health check until DNS answers follow", "facts E")
// clang-format on

void repoint_health_check(const struct repoint_health_config *config,
                          const struct check_context *context, struct validation *validation);

/* The record that is answered: the first healthy one of `count`; none is: the first. Pure. */
uint32_t failover_record(const bool *healthy, uint32_t count);

extern const struct repoint_ops repoint_health_ops;

#endif
