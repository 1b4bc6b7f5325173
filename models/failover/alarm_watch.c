// SPDX-License-Identifier: GPL-3.0-or-later
#include "alarm_watch.h"

#include "bug.h"
#include "impairment.h"
#include "mem.h"
#include "metric_tap.h"
#include "refs.h"
#include "run_log.h"
#include "strbuf.h"

#include <stdlib.h>
#include <string.h>

struct alarm_watch {
    struct alarm_watch_config config;
    struct alarm_metric metric;
    double threshold;     /* in the metric's own unit */
    uint64_t low_samples; /* a percentile of fewer leaves the state alone */
    struct sim *sim;
    struct run_log *log;
    const struct topology *topology;
    const struct impairments *impairments;
    uint32_t first_region, region_count; /* those that are evaluated */
    struct metric_tap *tap;
    struct alarm alarm;
    /* By point: the event of the run log of one that breached; 0: none. */
    uint32_t events[ALARM_PERIODS_MAX + ALARM_RANGE_EXTRA];
    bool on, few_samples; /* few_samples: in the latest point */
    bool forced;          /* raised by `raised_at`, and not by the metric yet */
    struct control_plane plane;
    sim_dur clock_phase;
    kind_id evaluate_kind, force_kind;
};

/* Is `a` nearer to breaching than `b`, or further beyond? */
static bool is_worse(const struct alarm_watch *watch, double a, double b)
{
    return watch->config.config->comparison == ALARM_AT_LEAST ? a > b : a < b;
}

/* --- points ---------------------------------------------------------------------------------- */

/* Is the data of a region's metric out of reach? Of what a region receives, where the regions that
 * send are all down: with two regions, the other one. */
static bool is_unreadable(const struct alarm_watch *watch, uint32_t region)
{
    if (!watch->metric.at_source)
        return watch->impairments->region[region].count > 0;
    for (uint32_t r = 0; r < watch->topology->region_count; r++)
        if (r != region && watch->impairments->region[r].count == 0)
            return false;
    return true;
}

/* The period as one point, and the source that decides it: the first with the worst value. */
static enum alarm_point watch_point(struct alarm_watch *watch, const struct tap_period *period,
                                    uint32_t *worst)
{
    enum alarm_point point = POINT_MISSING;

    *worst = 0;
    for (uint32_t i = 0; i < watch->region_count; i++) {
        const struct tap_value *value = &period->values[i];

        if (value->missing || is_unreadable(watch, watch->first_region + i))
            continue;
        if (point == POINT_MISSING || is_worse(watch, value->value, period->values[*worst].value))
            *worst = i;
        if (!is_worse(watch, watch->threshold, value->value))
            point = POINT_BREACHING;
        else if (point == POINT_MISSING)
            point = POINT_GOOD;
    }
    watch->few_samples =
        point != POINT_MISSING && period->values[*worst].samples < watch->low_samples;
    return point;
}

static void add_metric_name(const struct alarm_watch *watch, struct strbuf *text)
{
    const struct alarm_config *config = watch->config.config;

    if (config->statistic > 0)
        strbuf_addf(text, "%s of ", alarm_statistic_names[config->statistic]);
    strbuf_add(text, config->metric);
}

/* Returns the event's number. */
static uint32_t watch_log_breach(const struct alarm_watch *watch, const struct tap_period *period,
                                 uint32_t worst)
{
    const struct tap_value *value = &period->values[worst];
    struct strbuf text = STRBUF_INIT, why = STRBUF_INIT;
    uint32_t number;

    add_metric_name(watch, &text);
    strbuf_add(&text, " is ");
    units_add(&text, value->value, watch->metric.unit, 3);
    strbuf_add(&text, " from ");
    units_add(&text, (double)period->from, UNIT_NS, 6);
    strbuf_add(&text, " to ");
    units_add(&text, (double)period->to, UNIT_NS, 6);
    strbuf_add(&text, ": breaching");
    strbuf_add(&why, "published ");
    units_add(&why, (double)(sim_now(watch->sim) - period->to), UNIT_NS, 3);
    strbuf_add(&why, " after the end of its period");
    number = run_log_event(watch->log, sim_now(watch->sim), "metric",
                           watch->topology->region_names[watch->first_region + worst],
                           (struct cause){.number = value->cause}, why.text, "%s", text.text);
    strbuf_release(&text);
    strbuf_release(&why);
    return number;
}

/* --- states ---------------------------------------------------------------------------------- */

/* The first and the last of the points that breach. */
static struct cause watch_cause(const struct alarm_watch *watch)
{
    struct cause cause = {0};

    for (uint32_t i = 0; i < watch->config.config->periods + ALARM_RANGE_EXTRA; i++)
        if (cause.number == 0)
            cause.number = watch->events[i];
        else if (watch->events[i] > 0)
            cause.waited_for = watch->events[i];
    return cause;
}

static void add_state(const struct alarm_watch *watch, enum alarm_state before, struct strbuf *text)
{
    const struct alarm_config *config = watch->config.config;

    switch (watch->alarm.state) {
    case ALARM_ALARM:
        strbuf_addf(text, " is raised: %u of the last %u periods of ", config->datapoints,
                    config->periods);
        units_add(text, (double)config->period_ns, UNIT_NS, 3);
        strbuf_add(text, " breach");
        return;
    case ALARM_OK:
        strbuf_add(text, before == ALARM_ALARM ? " is over" : " has data again");
        return;
    case ALARM_INSUFFICIENT:
        strbuf_add(text, " has insufficient data");
        return;
    }
}

/* Log the change; its event is the cause of what the listener does. */
static void watch_change(struct alarm_watch *watch, enum alarm_state before, const char *cause_text)
{
    struct strbuf text = STRBUF_INIT;
    struct cause cause = watch->alarm.state == ALARM_ALARM ? watch_cause(watch) : (struct cause){0};

    strbuf_add(&text, "the alarm");
    if (watch->config.name)
        strbuf_addf(&text, " '%s'", watch->config.name);
    add_state(watch, before, &text);
    cause.number = run_log_event(watch->log, sim_now(watch->sim), "alarm", "", cause, cause_text,
                                 "%s", text.text);
    strbuf_release(&text);
    sim_set_cause(watch->sim, (struct cause){.number = cause.number});
    watch->config.listener.changed(watch->config.listener.self, before, watch->alarm.state);
}

static void watch_evaluate(struct alarm_watch *watch)
{
    enum alarm_state before = watch->alarm.state;
    struct strbuf why = STRBUF_INIT;

    if (!watch->on || watch->few_samples)
        return;
    if (watch->forced) {
        watch->forced =
            alarm_evaluate(&watch->alarm.rule, watch->alarm.points, ALARM_OK) != ALARM_ALARM;
        return;
    }
    if (!alarm_update(&watch->alarm))
        return;
    add_metric_name(watch, &why);
    watch_change(watch, before, why.text);
    strbuf_release(&why);
}

static void watch_on_published(void *self, const struct tap_period *period)
{
    struct alarm_watch *watch = self;
    uint32_t last = watch->config.config->periods + ALARM_RANGE_EXTRA - 1, worst;
    enum alarm_point point = watch_point(watch, period, &worst);

    alarm_add(&watch->alarm, point);
    memmove(watch->events, watch->events + 1, last * sizeof watch->events[0]);
    watch->events[last] = 0;
    if (watch->on && point == POINT_BREACHING && watch->alarm.state != ALARM_ALARM)
        watch->events[last] = watch_log_breach(watch, period, worst);
    if (watch->config.config->evaluation == EVALUATED_AT_PUBLICATION)
        watch_evaluate(watch);
}

static void watch_on_evaluate(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct alarm_watch *watch = self;

    sim_after(sim, watch->config.config->clock_ns, watch->evaluate_kind, entity, generation);
    watch_evaluate(watch);
}

static void watch_on_force(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct alarm_watch *watch = self;
    enum alarm_state before = watch->alarm.state;

    (void)sim, (void)entity, (void)generation;
    if (before == ALARM_ALARM)
        return;
    watch->forced = true;
    watch->alarm.state = ALARM_ALARM;
    watch_change(watch, before, "set by the scenario");
}

static const struct event_kind watch_clock = {
    .name = "evaluate", .phase = PHASE_WORK, .fire = watch_on_evaluate};
static const struct event_kind watch_force = {
    .name = "force", .phase = PHASE_WORK, .fire = watch_on_force};

static void watch_set(void *self, uint32_t index, const struct control_state *state)
{
    struct alarm_watch *watch = self;

    (void)index;
    watch->on = state->up;
    metric_tap_switch(watch->tap, state->up);
}

/* --- life ------------------------------------------------------------------------------------ */

static const struct metric *find_in_probes(const void *self, const char *name)
{
    return probes_metric(self, name);
}

/* Keys of the phases. */
enum { PERIOD_ENTITY, CLOCK_ENTITY };

static struct metric_tap *watch_tap(struct alarm_watch *watch, const struct model_env *env)
{
    const struct alarm_config *config = watch->config.config;
    struct tap_source sources[REGIONS_MAX];
    const struct metric_tap_config tap = {
        .instance = env->instance,
        .sources = sources,
        .source_count = watch->region_count,
        .period = config->period_ns,
        .phase = phase_start_ns(&config->phase, env->sim, env->instance, PERIOD_ENTITY,
                                config->period_ns),
        .delay = config->delay,
        .delays = sim_stream(env->sim, env->instance, "alarm-delay"),
        .publish = watch_on_published,
        .self = watch,
    };

    for (uint32_t i = 0; i < watch->region_count; i++)
        sources[i] =
            (struct tap_source){.metric = watch->metric.name,
                                .region = (int)(watch->first_region + i),
                                .label = watch->metric.label[0] ? watch->metric.label : NULL,
                                .statistic = watch->metric.statistic,
                                .quantile = watch->metric.quantile,
                                .samples_min = config->samples_min,
                                .absent_at_zero = watch->metric.absent_at_zero};
    return metric_tap_create(env->sim, &tap);
}

struct alarm_watch *alarm_watch_create(const struct model_env *env,
                                       const struct alarm_watch_config *config)
{
    const struct alarm_metric_source source = {sim_probe_set(env->sim), find_in_probes, env->rows};
    const struct alarm_config *c = config->config;
    const struct alarm_rule rule = {c->datapoints, c->periods, (enum missing_data)c->missing_data};
    struct alarm_watch *watch = mem_zalloc(1, sizeof *watch);

    watch->config = *config;
    if (alarm_metric_read(&watch->metric, c, &source, NULL))
        BUG("the alarm's metric '%s' was not checked", c->metric);
    watch->threshold = alarm_threshold(c, &watch->metric);
    watch->low_samples = alarm_low_samples(c, &watch->metric);
    watch->sim = env->sim;
    watch->log = env->log;
    watch->topology = env->topology;
    watch->first_region = c->region < 0 ? 0 : (uint32_t)c->region;
    watch->region_count = c->region < 0 ? env->topology->region_count : 1;
    watch->on = true;
    alarm_init(&watch->alarm, &rule);
    watch->tap = watch_tap(watch, env);
    if (c->evaluation == EVALUATED_BY_CLOCK)
        watch->clock_phase =
            phase_start_ns(&c->phase, env->sim, env->instance, CLOCK_ENTITY, c->clock_ns);
    watch->evaluate_kind = sim_kind_add(env->sim, &watch_clock, env->instance, watch);
    watch->force_kind = sim_kind_add(env->sim, &watch_force, env->instance, watch);
    watch->plane = (struct control_plane){watch, 0, c->home, watch_set};
    port_offer_control_plane(env->ports, CONTROL_MONITORING, (int)config->plane, &watch->plane);
    return watch;
}

void alarm_watch_free(struct alarm_watch *watch)
{
    if (!watch)
        return;
    metric_tap_free(watch->tap);
    free(watch);
}

void alarm_watch_connect(struct alarm_watch *watch, const struct port_directory *ports)
{
    watch->impairments = impairments_read(ports);
}

void alarm_watch_start(struct alarm_watch *watch)
{
    metric_tap_start(watch->tap);
    if (watch->config.config->evaluation == EVALUATED_BY_CLOCK)
        sim_at(watch->sim, watch->clock_phase, watch->evaluate_kind, 0, 0);
    if (watch->config.raised_at >= 0)
        sim_at(watch->sim, watch->config.raised_at, watch->force_kind, 0, 0);
}
