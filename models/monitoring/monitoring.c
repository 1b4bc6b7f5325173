// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What the monitoring services of the deployment show: the names under which they publish metrics
 * (service_metrics.h), for alarms, and, where asked for, a record of the published data points
 * beside the run's own metrics, so that a plot or an export can be laid beside a dashboard.
 *
 * A data point is recorded when its period ends, in every region that publishes the metric: the
 * level of service_metric{name} is the latest data point, 0 where it is missing, and
 * service_metric_points{name} counts those that are not. What is missing for an alarm is missing
 * here: a region that is down, a count that is absent at zero, a latency without values.
 */
#include "service_metrics.h"

#include "impairment.h"
#include "mem.h"
#include "metric_tap.h"
#include "model.h"
#include "phase_rule.h"
#include "registry.h"

#include <math.h>
#include <stdlib.h>

struct monitoring_config {
    bool record;
    struct phase_rule phase;
};

#define MODEL_CONFIG struct monitoring_config
// clang-format off
static const struct field monitoring_fields[] = {
    FLAG("record", record, "false", "record every metric that services publish and this scenario has (isthmus describe --service-metrics), as service_metric{name}", "assumption"),
    PHASE_FIELDS("phase", phase, "phase of the periods of recorded metrics"),
};

#define MAPPED_ROW(space_, name_, unit_, period_, statistic_, quantile_, metric_, label_, scale_, flags_, meaning_, source_) \
    {.name = name_, .space = space_, .unit = unit_, .scale = scale_, .metric = metric_, .label = label_, .statistic = statistic_, .quantile = quantile_, .period_ns = (period_) * SIM_S, .meaning = meaning_, .source = source_, flags_},
#define UNKNOWN_ROW(space_, name_, unit_, period_, statistic_, meaning_, source_) \
    {.name = name_, .space = space_, .unit = unit_, .statistic = statistic_, .period_ns = (period_) * SIM_S, .meaning = meaning_, .source = source_},
#define MAPPED_NAME(space_, name_, ...) name_,
#define UNKNOWN_NAME(...)
// clang-format on

static const struct service_metric rows[] = {SERVICE_METRICS(MAPPED_ROW, UNKNOWN_ROW)};
static const char *const names[] = {SERVICE_METRICS(MAPPED_NAME, UNKNOWN_NAME) NULL};
#define ROWS (sizeof rows / sizeof rows[0])

/* Values are kept as integers. */
#define LEVEL_SCALE 1e-6

static const struct metric monitoring_metrics[] = {
    {.name = "service_metric",
     .unit = UNIT_NONE,
     .kind = METRIC_LEVEL,
     .label = "name",
     .label_values = names,
     .scale = LEVEL_SCALE,
     .no_total = true,
     .series = true,
     .meaning = "the latest data point of a metric as its service publishes it, in its unit; 0 "
                "where it is missing; recorded with 'monitoring.record: true'"},
    {.name = "service_metric_points",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .label = "name",
     .label_values = names,
     .no_total = true,
     .series = true,
     .meaning = "data points of that metric that are not missing"},
};

/* All recorded metrics of one period. */
struct recorder {
    struct monitoring *monitoring;
    struct metric_tap *tap;
    size_t count; /* of metric and region */
    struct recorded {
        const struct service_metric *row;
        int region;
        probe_id level, points;
    } * metrics;
};

#define PERIODS_MAX 4
#define PHASE_PERIOD (60 * SIM_S) /* a longer period begins with one of these */

struct monitoring {
    const struct monitoring_config *config;
    struct sim *sim;
    uint32_t region_count;
    const struct impairments *impairments;
    struct recorder recorders[PERIODS_MAX];
    size_t recorder_count;
};

/* --- recording ------------------------------------------------------------------------------- */

static bool is_readable(const struct monitoring *monitoring, const struct recorded *metric)
{
    bool down = monitoring->impairments->region[metric->region].count > 0;

    if (!metric->row->at_source)
        return !down;
    for (uint32_t r = 0; r < monitoring->region_count; r++)
        if ((int)r != metric->region && monitoring->impairments->region[r].count == 0)
            return true;
    return false;
}

static void recorder_on_period(void *self, const struct tap_period *period)
{
    struct recorder *recorder = self;
    struct monitoring *monitoring = recorder->monitoring;
    struct probes_hot *probes = sim_probes(monitoring->sim);

    for (size_t i = 0; i < recorder->count; i++) {
        const struct recorded *metric = &recorder->metrics[i];
        const struct tap_value *value = &period->values[i];
        bool missing = value->missing || !is_readable(monitoring, metric);
        double published = missing ? 0 : value->value * metric->row->scale;

        probe_level(probes, metric->level, sim_now(monitoring->sim),
                    llround(published / LEVEL_SCALE));
        if (!missing)
            probe_count(probes, metric->points);
    }
}

/* --- wiring ---------------------------------------------------------------------------------- */

/* Does the scenario have the metric, and can it be tapped? */
static bool is_offered(const struct probes *probes, const struct service_metric *row)
{
    const struct metric *metric = row->metric ? probes_metric(probes, row->metric) : NULL;

    return metric && metric_tap_offers(metric->kind, row->statistic);
}

static struct recorder *recorder_of(struct monitoring *monitoring, sim_dur period, sim_dur *periods)
{
    size_t i = 0;

    while (i < monitoring->recorder_count && periods[i] != period)
        i++;
    if (i == monitoring->recorder_count) {
        invariant(i < PERIODS_MAX);
        periods[monitoring->recorder_count++] = period;
        monitoring->recorders[i] = (struct recorder){
            .monitoring = monitoring,
            .metrics = mem_zalloc(ROWS * monitoring->region_count, sizeof(struct recorded))};
    }
    return &monitoring->recorders[i];
}

static void recorder_open(struct recorder *recorder, struct probes *probes, sim_dur period,
                          const struct model_env *env)
{
    struct tap_source *sources = mem_zalloc(recorder->count, sizeof *sources);
    struct metric_tap_config config = {
        .instance = env->instance,
        .sources = sources,
        .source_count = recorder->count,
        .period = period,
        .phase = phase_start_ns(&recorder->monitoring->config->phase, env->sim, env->instance, 0,
                                PHASE_PERIOD),
        .publish = recorder_on_period,
        .self = recorder,
    };

    for (size_t i = 0; i < recorder->count; i++) {
        struct recorded *metric = &recorder->metrics[i];
        const struct service_metric *row = metric->row;

        sources[i] = (struct tap_source){.metric = row->metric,
                                         .region = metric->region,
                                         .label = row->label,
                                         .statistic = row->statistic,
                                         .quantile = row->quantile,
                                         .absent_at_zero = row->absent_at_zero};
        metric->level = probe_level_open(probes, "service_metric", metric->region, row->name);
        metric->points =
            probe_count_open(probes, "service_metric_points", metric->region, row->name);
    }
    recorder->tap = metric_tap_create(env->sim, &config);
    free(sources);
}

static void monitoring_init(void *self, const struct model_env *env)
{
    struct monitoring *monitoring = self;
    struct probes *probes = sim_probe_set(env->sim);
    sim_dur periods[PERIODS_MAX];

    monitoring->config = env->config;
    monitoring->sim = env->sim;
    monitoring->region_count = env->topology->region_count;
    if (!monitoring->config->record)
        return;
    for (size_t i = 0; i < ROWS; i++)
        for (uint32_t r = 0; is_offered(probes, &rows[i]) && r < monitoring->region_count; r++) {
            struct recorder *recorder = recorder_of(monitoring, rows[i].period_ns, periods);

            recorder->metrics[recorder->count++] =
                (struct recorded){.row = &rows[i], .region = (int)r};
        }
    for (size_t i = 0; i < monitoring->recorder_count; i++)
        recorder_open(&monitoring->recorders[i], probes, periods[i], env);
}

static void monitoring_connect(void *self, const struct port_directory *ports)
{
    ((struct monitoring *)self)->impairments = impairments_read(ports);
}

static void monitoring_start(void *self)
{
    struct monitoring *monitoring = self;

    for (size_t i = 0; i < monitoring->recorder_count; i++)
        metric_tap_start(monitoring->recorders[i].tap);
}

static void monitoring_fini(void *self)
{
    struct monitoring *monitoring = self;

    for (size_t i = 0; i < monitoring->recorder_count; i++) {
        metric_tap_free(monitoring->recorders[i].tap);
        free(monitoring->recorders[i].metrics);
    }
}

const struct model_ops monitoring_ops = {
    .name = "monitoring",
    .section = "monitoring",
    .meaning = "metrics under the names of services, for alarms and beside a dashboard",
    .scope = MODEL_ONCE,
    .config_size = sizeof(struct monitoring_config),
    .state_size = sizeof(struct monitoring),
    FIELD_TABLE(monitoring_fields),
    METRIC_TABLE(monitoring_metrics),
    .rows = {SERVICE_METRIC_TABLE(rows)},
    .init = monitoring_init,
    .connect = monitoring_connect,
    .start = monitoring_start,
    .fini = monitoring_fini,
};
