// SPDX-License-Identifier: GPL-3.0-or-later
/* Parameters, metrics, methods of repointing, faults and rules of the model failover. */
#include "failover_internal.h"

#include "bug.h"
#include "registry.h"

#include <string.h>

/* In the order of their enums. */
static const char *const mode_names[] = {"none", "automatic", "manual", NULL};
static const char *const when_names[] = {"now", "lag = 0", NULL};
static const char *const lost_names[] = {"rejoins", "disassociated", NULL};
static const char *const repair_names[] = {"none", "operator", NULL};
static const char *const failback_names[] = {"none", "planned", "premature", NULL};

/* The methods of repointing, by the CHOICE `repoint`. */
static const char *const repoint_names[] = {
    "function", "routing-control", "health-check", "client-list", "none", NULL};
static const struct repoint_method {
    const struct repoint_ops *ops;
    size_t config; /* where its parameters are */
} repoint_methods[] = {
    {&repoint_function_ops, offsetof(struct failover_config, function)},
    {&repoint_routing_ops, offsetof(struct failover_config, routing)},
    {&repoint_health_ops, offsetof(struct failover_config, health)},
    {&repoint_list_ops, offsetof(struct failover_config, list)},
    {&repoint_fixed_ops, 0},
};
_Static_assert(sizeof repoint_names / sizeof repoint_names[0] ==
                   sizeof repoint_methods / sizeof repoint_methods[0] + 1,
               "a name for each method");

const struct repoint_ops *failover_repoint(const struct failover_config *config,
                                           const void **method_config)
{
    const struct repoint_method *method = &repoint_methods[config->repoint];

    *method_config = (const char *)config + method->config;
    return method->ops;
}

#define MODEL_CONFIG struct failover_config
// clang-format off
static const struct field failover_fields[] = {
    CHOICE("mode", mode, mode_names, "none", "reaction to an alarm: none, automatic promotion, or promotion by an operator", "facts C.1"),
    TEXT_DEFAULT("on", on, "", "name of the alarm of `alarms` that is acted on; '': the alarm of the parameters alarm.*", "facts E"),
    ALARM_FIELDS("alarm.", alarm),
    DURATION("alarm.at", alarm_at_ns, "0s", "0s", "365d", "time at which the alarm is raised, whatever its metric; 0: by its metric alone", "assumption"),
    TIME_DIST("decide", decide, "0s", "2s", "1d", "automatic: time from the alarm to the request for promotion", "facts E"),
    PERSON_FIELDS("operator.", person),
    REGION("target", target, "region to promote; default: the live secondary with the most writes", "assumption"),
    CHOICE("promote_when", promote_when, when_names, "now", "when the promotion may begin: at once, or when the target has all writes that the primary has acknowledged (orders by hand included; a second order goes on at once)", "facts C.1"),
    DURATION("promote_wait", promote_wait_ns, "0s", "0s", "30d", "longest wait for 'promote_when: lag = 0'; 0: no limit", "assumption"),
    TIME_DIST("promotion", promotion, "0s", "lognormal(median=25s, p95=55s, max=120s)", "1d", "time from the request until the new primary accepts writes", "facts C.1"),
    DURATION("api_retry", api_retry_ns, "1s", "10s", "1h", "interval of further requests after the store's API answered with an error or throttled", "assumption"),
    CHOICE("lost_primary", lost_primary, lost_names, "rejoins", "a primary that is down when another is promoted: becomes a secondary when it is back, or is disassociated and must be attached again, with a full copy", "facts C.1"),
    TIME_DIST("reattach", reattach, "0s", "30min", "30d", "disassociated: time from its return until an operator attaches it", "assumption"),
    CHOICE("repoint", repoint, repoint_names, "function", "how clients are pointed to the promoted cluster: notification, function and DNS record; routing controls; health checks of DNS records; a list of endpoints in the client; not at all", "seed 000"),
    CHOICE("repair", repair, repair_names, "none", "after clients could not be pointed to the promoted cluster: nothing, or an operator is paged and does it by hand", "assumption"),
    TIME_DIST("repair_time", repair_time, "0s", "lognormal(median=10min, p95=30min)", "1d", "repair: time from the acknowledgement until the operator knows what to do", "routing G"),
    VARIANT("failback", failback, failback_names, "none", "return to the first primary: never, when it follows again and lacks no write, or as soon as its cluster runs", "facts C.1"),
    DURATION("failback.planned", failback_planned_ns, "0s", "10min", "30d", "time for which it must have followed", "assumption"),
    DURATION("failback.premature", failback_premature_ns, "0s", "1min", "30d", "time for which its cluster must have run, whatever it holds", "assumption"),
    REPOINT_FUNCTION_FIELDS(function),
    REPOINT_ROUTING_FIELDS(routing),
    REPOINT_HEALTH_FIELDS(health),
    REPOINT_LIST_FIELDS(list),
};
// clang-format on

/* 0.1.0: the time from the alarm until an operator asked for the promotion. */
static const struct old_parameter failover_old[] = {
    {"operator",
     {{"operator.acknowledge", "0s"},
      {"operator.night.acknowledge", "0s"},
      {"operator.decide", NULL}}},
};

static const char *const abandoned_reasons[] = {
    "no-target",   "target-lost",   "dismissed", "function-dropped",
    "safety-rule", "no-repointing", NULL};
static const struct metric failover_metrics[] = {
    {.name = "failovers",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .meaning = "promotions of the region's cluster that were completed"},
    {.name = "failbacks",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .meaning = "promotions among them that returned to the first primary (failback)"},
    {.name = "failovers_abandoned",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .label = "reason",
     .label_values = abandoned_reasons,
     .meaning = "failovers that ended without a promotion, or without pointing clients to it"},
    {.name = "alarms",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .meaning = "changes to alarm of the alarm that is acted on"},
    {.name = "pages",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .meaning = "pages to the operator on call"},
    {.name = "function_invocations",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .series = true,
     .meaning = "runs of the region's function that have ended; throttled calls are none"},
    {.name = "function_errors",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .better = LOWER_IS_BETTER,
     .series = true,
     .meaning = "those that failed"},
    {.name = "function_throttles",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .series = true,
     .meaning = "calls of the region's function that were rejected for concurrency"},
    {.name = "function_duration",
     .unit = UNIT_NS,
     .kind = METRIC_LATENCY,
     .meaning = "length of a run of the function, without its cold start and without waiting"},
    {.name = "function_event_age",
     .unit = UNIT_NS,
     .kind = METRIC_LATENCY,
     .meaning = "age of the function's event when a run begins: 0 at the first try"},
    {.name = "function_events_dropped",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .better = LOWER_IS_BETTER,
     .meaning = "events dropped after the last try of the function: the record is not changed"},
};

/* --- rules between parameters ---------------------------------------------------------------- */

static const struct scenario_instance *instance_of(const struct check_context *context,
                                                   const char *section)
{
    for (size_t i = 0; i < context->instance_count; i++)
        if (strcmp(context->instances[i].ops->section, section) == 0)
            return &context->instances[i];
    return NULL;
}

/* Does the list `alarms` have this name? Its model's first field is the name. */
static bool has_alarm(const struct check_context *context, const char *name)
{
    const struct scenario_instance *list = instance_of(context, "alarms");

    for (size_t i = 0; list && i < list->config_count; i++) {
        const char *config = (const char *)list->config + i * list->ops->config_size;
        const char *item = *(char *const *)(config + list->ops->fields[0].offset);

        if (item && strcmp(item, name) == 0)
            return true;
    }
    return false;
}

static void failover_check(const void *config, const struct check_context *context,
                           struct validation *validation)
{
    const struct failover_config *c = config;

    alarm_config_check(&c->alarm, "alarm.", context, validation);
    if (c->on[0] != '\0' && !has_alarm(context, c->on))
        validation_error(validation, "on", "names no alarm of 'alarms': '%s'", c->on);
    if (c->on[0] != '\0' && c->alarm_at_ns > 0)
        validation_error(validation, "alarm.at", "does not go with 'on'; give one of them");
    if (c->repoint < (int)(sizeof repoint_methods / sizeof repoint_methods[0]) &&
        repoint_methods[c->repoint].ops == &repoint_health_ops)
        repoint_health_check(&c->health, context, validation);
}

static bool has_one_datapoint(const void *config, const struct check_context *context)
{
    const struct failover_config *c = config;

    return c->mode == MODE_AUTOMATIC && c->on[0] == '\0' && c->alarm.datapoints == 1 &&
           supplied_fault_target(context->rows, "promote");
}

static bool has_nothing_to_promote(const void *config, const struct check_context *context)
{
    const struct failover_config *c = config;

    return c->mode != MODE_NONE && !supplied_fault_target(context->rows, "promote");
}

static bool waits_without_end(const void *config, const struct check_context *context)
{
    const struct failover_config *c = config;

    (void)context;
    return c->mode == MODE_AUTOMATIC && c->promote_when == PROMOTE_IN_SYNC &&
           c->promote_wait_ns == 0;
}

static const struct lint_row failover_lints[] = {
    {.code = "failover-one-datapoint",
     .field = "alarm.datapoints",
     .meaning = "'mode: automatic' with 'alarm.datapoints: 1': one bad period promotes, also where "
                "the fault is over by itself before the promotion is",
     .applies = has_one_datapoint},
    {.code = "failover-nothing-to-promote",
     .field = "mode",
     .meaning =
         "this kind of store has no cluster that could be promoted: an alarm changes nothing",
     .applies = has_nothing_to_promote},
    {.code = "failover-waits-for-lost-primary",
     .field = "promote_when",
     .meaning = "'promote_when: lag = 0' in 'mode: automatic' without 'promote_wait': where the "
                "primary is lost with writes that no secondary has, nothing is ever promoted",
     .applies = waits_without_end},
};

/* Where no cluster can be promoted, there is nothing that these do. */
static uint32_t control_parts(const void *config, const struct check_context *context, int region,
                              int peer)
{
    (void)config, (void)region, (void)peer;
    return supplied_fault_target(context->rows, "promote");
}

static uint32_t function_parts(const void *config, const struct check_context *context, int region,
                               int peer)
{
    const struct failover_config *c = config;
    const void *method;

    return failover_repoint(c, &method) == &repoint_function_ops &&
           control_parts(config, context, region, peer);
}

static uint32_t routing_parts(const void *config, const struct check_context *context, int region,
                              int peer)
{
    const struct failover_config *c = config;
    const void *method;

    return failover_repoint(c, &method) == &repoint_routing_ops &&
           control_parts(config, context, region, peer);
}

static const struct fault_capability failover_faults[] = {
    {"control/monitoring", "down", control_parts},
    {"control/function", "down", function_parts},
    {"control/function", "errors", function_parts},
    {"control/function", "throttle", function_parts},
    {"control/store-api", "down", control_parts},
    {"control/store-api", "errors", control_parts},
    {"control/store-api", "throttle", control_parts},
    {"control/routing", "down", routing_parts},
};

const struct model_ops failover_ops = {
    .name = "failover",
    .section = "failover",
    .meaning =
        "failover of the primary: alarm, decision, promotion, repointing of clients, failback",
    .scope = MODEL_ONCE,
    .config_size = sizeof(struct failover_config),
    .state_size = sizeof(struct failover),
    FIELD_TABLE(failover_fields),
    METRIC_TABLE(failover_metrics),
    .rows = {FAULT_TABLE(failover_faults), LINT_TABLE(failover_lints)},
    .old_parameters = failover_old,
    .old_parameter_count = sizeof failover_old / sizeof failover_old[0],
    .check = failover_check,
    .init = failover_init,
    .connect = failover_connect,
    .start = failover_start,
    .fini = failover_fini,
};
