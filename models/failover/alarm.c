// SPDX-License-Identifier: GPL-3.0-or-later
#include "alarm.h"

#include "bug.h"
#include "mem.h"
#include "refs.h"
#include "run_log.h"
#include "strbuf.h"

#include <stdlib.h>
#include <string.h>

static uint32_t alarm_range(const struct alarm_rule *rule)
{
    return rule->periods + ALARM_RANGE_EXTRA;
}

/* The latest real points, at most N. */
struct real_points {
    uint32_t good, breaching;
    uint32_t oldest_age; /* in periods; the latest period is 1 */
};

static struct real_points alarm_real_points(const struct alarm_rule *rule,
                                            const enum alarm_point *points)
{
    struct real_points real = {0};
    uint32_t range = alarm_range(rule);

    for (uint32_t age = 1; age <= range && real.good + real.breaching < rule->periods; age++) {
        enum alarm_point point = points[range - age];

        if (point == POINT_MISSING)
            continue;
        real.good += point == POINT_GOOD;
        real.breaching += point == POINT_BREACHING;
        real.oldest_age = age;
    }
    return real;
}

/* Fewer than M breach, and what is missing counts neither way. */
static enum alarm_state alarm_evaluate_sparse(const struct alarm_rule *rule,
                                              const struct real_points *real,
                                              enum alarm_state before)
{
    bool ignored = rule->missing == MISSING_IS_IGNORED;

    if (real->good > 0)
        return ALARM_OK;
    if (real->breaching == 0)
        return ignored ? before : ALARM_INSUFFICIENT;
    if (real->oldest_age < rule->datapoints)
        return before;
    return ignored ? before : ALARM_ALARM;
}

enum alarm_state alarm_evaluate(const struct alarm_rule *rule, const enum alarm_point *points,
                                enum alarm_state before)
{
    struct real_points real = alarm_real_points(rule, points);
    uint32_t missing = rule->periods - real.good - real.breaching;

    if (rule->missing == MISSING_IS_BREACHING)
        real.breaching += missing;
    if (real.breaching >= rule->datapoints)
        return ALARM_ALARM;
    if (missing == 0 || rule->missing == MISSING_IS_BREACHING || rule->missing == MISSING_IS_GOOD)
        return ALARM_OK;
    return alarm_evaluate_sparse(rule, &real, before);
}

void alarm_init(struct alarm *alarm, const struct alarm_rule *rule)
{
    invariant(rule->datapoints >= 1 && rule->datapoints <= rule->periods);
    invariant(rule->periods <= ALARM_PERIODS_MAX);
    alarm->rule = *rule;
    alarm->state = ALARM_OK;
    for (uint32_t i = 0; i < alarm_range(rule); i++)
        alarm->points[i] = POINT_GOOD;
}

void alarm_add(struct alarm *alarm, enum alarm_point point)
{
    uint32_t last = alarm_range(&alarm->rule) - 1;

    memmove(alarm->points, alarm->points + 1, last * sizeof alarm->points[0]);
    alarm->points[last] = point;
}

bool alarm_update(struct alarm *alarm)
{
    enum alarm_state before = alarm->state;

    alarm->state = alarm_evaluate(&alarm->rule, alarm->points, before);
    return alarm->state == ALARM_ALARM && before != ALARM_ALARM;
}

/* --- an alarm at work ------------------------------------------------------------------------ */

struct alarm_watch {
    struct alarm_watch_config config;
    const struct metric *metric;
    double threshold; /* in the metric's own unit */
    struct sim *sim;
    struct run_log *log;
    const struct topology *topology;
    struct metric_tap *tap;
    struct alarm alarm;
    /* By point: the event of the run log of one that breached; 0: none. */
    uint32_t events[ALARM_PERIODS_MAX + ALARM_RANGE_EXTRA];
    bool on;
};

/* Is `a` nearer to breaching than `b`, or further beyond? */
static bool is_worse(const struct alarm_watch *watch, double a, double b)
{
    return watch->config.comparison == ALARM_AT_LEAST ? a > b : a < b;
}

/* The period as one point, and the region that decides it: the first with the worst value. */
static enum alarm_point watch_point(const struct alarm_watch *watch,
                                    const struct tap_period *period, uint32_t *region)
{
    enum alarm_point point = POINT_MISSING;

    *region = 0;
    for (uint32_t r = 0; r < watch->topology->region_count; r++) {
        const struct tap_value *value = &period->values[r];

        if (value->missing)
            continue;
        if (point == POINT_MISSING || is_worse(watch, value->value, period->values[*region].value))
            *region = r;
        if (!is_worse(watch, watch->threshold, value->value))
            point = POINT_BREACHING;
        else if (point == POINT_MISSING)
            point = POINT_GOOD;
    }
    return point;
}

/* Returns the event's number. */
static uint32_t watch_log_breach(const struct alarm_watch *watch, const struct tap_period *period,
                                 uint32_t region)
{
    const struct tap_value *value = &period->values[region];
    struct strbuf text = STRBUF_INIT;
    uint32_t number;

    strbuf_addf(&text, "%s is ", watch->config.metric->name);
    units_add(&text, value->value, watch->metric->unit, 3);
    strbuf_addf(&text, " from ");
    units_add(&text, (double)period->from, UNIT_NS, 6);
    strbuf_addf(&text, " to ");
    units_add(&text, (double)period->to, UNIT_NS, 6);
    strbuf_addf(&text, ": breaching");
    number = run_log_event(watch->log, sim_now(watch->sim), "metric",
                           watch->topology->region_names[region],
                           (struct cause){.number = value->cause}, NULL, "%s", text.text);
    strbuf_release(&text);
    return number;
}

/* The first and the last of the points that breach. */
static struct cause watch_cause(const struct alarm_watch *watch)
{
    struct cause cause = {0};

    for (uint32_t i = 0; i < alarm_range(&watch->config.rule); i++)
        if (cause.number == 0)
            cause.number = watch->events[i];
        else if (watch->events[i] > 0)
            cause.waited_for = watch->events[i];
    return cause;
}

static void watch_on_published(void *self, const struct tap_period *period)
{
    struct alarm_watch *watch = self;
    uint32_t last = alarm_range(&watch->config.rule) - 1, region;
    enum alarm_point point = watch_point(watch, period, &region);
    enum alarm_state before = watch->alarm.state;

    alarm_add(&watch->alarm, point);
    memmove(watch->events, watch->events + 1, last * sizeof watch->events[0]);
    watch->events[last] = 0;
    if (watch->on && point == POINT_BREACHING && before != ALARM_ALARM)
        watch->events[last] = watch_log_breach(watch, period, region);
    if (!watch->on)
        return;
    if (alarm_update(&watch->alarm)) {
        sim_set_cause(watch->sim, watch_cause(watch));
        watch->config.raised(watch->config.self);
    } else if (before == ALARM_ALARM && watch->alarm.state != ALARM_ALARM) {
        watch->config.over(watch->config.self);
    }
}

static double watch_threshold(const struct alarm_watch_config *config, enum unit unit)
{
    if (unit == UNIT_SHARE)
        return config->share;
    return unit == UNIT_NS ? (double)config->time_ns : config->value / config->metric->scale;
}

struct alarm_watch *alarm_watch_create(const struct model_env *env,
                                       const struct alarm_watch_config *config)
{
    const struct service_metric *metric = config->metric;
    struct alarm_watch *watch = mem_zalloc(1, sizeof *watch);
    struct tap_source sources[REGIONS_MAX];
    const struct metric_tap_config tap = {
        .instance = env->instance,
        .sources = sources,
        .source_count = env->topology->region_count,
        .period = config->period,
        .phase = phase_start_ns(config->phase, env->sim, env->instance, 0, config->period),
        .delay = config->delay,
        .delays = sim_stream(env->sim, env->instance, "alarm-delay"),
        .publish = watch_on_published,
        .self = watch,
    };

    watch->config = *config;
    watch->metric = probes_metric(sim_probe_set(env->sim), metric->metric);
    watch->threshold = watch_threshold(config, watch->metric->unit);
    watch->sim = env->sim;
    watch->log = env->log;
    watch->topology = env->topology;
    watch->on = true;
    alarm_init(&watch->alarm, &config->rule);
    for (uint32_t r = 0; r < env->topology->region_count; r++)
        sources[r] = (struct tap_source){.metric = metric->metric,
                                         .region = (int)r,
                                         .label = metric->label,
                                         .statistic = metric->statistic,
                                         .quantile = metric->quantile,
                                         .samples_min = config->samples_min};
    watch->tap = metric_tap_create(env->sim, &tap);
    return watch;
}

void alarm_watch_free(struct alarm_watch *watch)
{
    if (!watch)
        return;
    metric_tap_free(watch->tap);
    free(watch);
}

void alarm_watch_start(struct alarm_watch *watch)
{
    metric_tap_start(watch->tap);
}

void alarm_watch_switch(struct alarm_watch *watch, bool on)
{
    watch->on = on;
    metric_tap_switch(watch->tap, on);
}
