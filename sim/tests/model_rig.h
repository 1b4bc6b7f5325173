// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A bench for one model alone: a real struct sim, the model's own tables, and whatever ports a test
 * stubs. For tests of models only; include it once in a test.
 *
 *   struct rig rig;
 *   rig_open(&rig, &dns_zone_ops, 2, 60 * SIM_S);      the config has its defaults
 *   rig_set(&rig, 0, "ttl", "5s");
 *   port_offer_store(rig.ports, -1, -1, &stub);
 *   rig_wire(&rig);                                    init, connect, start
 *   rig_call(&rig, 10 * SIM_S, do_something, &stub);   called as an event of that instant
 *   rig_run(&rig);                                     the run, finish, statistics
 *   rig_close(&rig);
 *
 * A distribution's text is a duration (constant) or uniform(low=.., high=..); distributions default
 * to 0 s here.
 */
#ifndef MODEL_RIG_H
#define MODEL_RIG_H

#include "assert_close.h"
#include "mem.h"
#include "model.h"
#include "run_log.h"
#include "strbuf.h"
#include "units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RIG_CALLS_MAX 64
#define RIG_CONFIGS_MAX 8

struct rig {
    const struct model_ops *ops;
    struct topology topology;
    struct sim *sim;
    struct probes *probes;
    struct port_directory *ports;
    struct run_log log;
    char *configs; /* RIG_CONFIGS_MAX of them */
    size_t config_count;
    void *state;
    struct model_env env;
    kind_id call_kind;
    struct rig_script {
        void (*call)(void *arg);
        void *arg;
    } calls[RIG_CALLS_MAX];
    uint32_t call_count;
    struct sim_outcome outcome;
    const struct statistics *statistics;
};

/* What models complained of, each "field: text" on a line of its own. */
static struct strbuf rig_validation = STRBUF_INIT;

static inline void rig_report(struct validation *validation, const char *field, const char *text)
{
    (void)validation;
    strbuf_addf(&rig_validation, "%s: %s\n", field ? field : "(all)", text);
}

static inline struct dist *rig_dist(const char *text)
{
    struct strbuf why = STRBUF_INIT;
    int64_t low = 0, high = 0;
    char first[32], second[32];
    struct dist *dist;

    if (sscanf(text, "uniform(low=%31[^,], high=%31[^)])", first, second) == 2) {
        assert_true(units_parse_duration(first, &low, &why));
        assert_true(units_parse_duration(second, &high, &why));
        dist = dist_create(
            "uniform", (struct dist_arg[]){{"low", (double)low}, {"high", (double)high}}, 2, &why);
    } else {
        assert_true(units_parse_duration(text, &low, &why));
        dist = dist_constant((double)low);
    }
    strbuf_release(&why);
    return dist;
}

static inline int rig_choice(const char *const *choices, const char *text)
{
    for (int i = 0; choices[i]; i++)
        if (strcmp(choices[i], text) == 0)
            return i;
    fail_msg("no choice '%s'", text);
    return -1;
}

static inline struct link_ref rig_link(const struct topology *topology, const char *text)
{
    char from[32], arrow[8], to[32];

    if (!text || sscanf(text, "%31s %7s %31s", from, arrow, to) != 3)
        return (struct link_ref){-1, -1, false};
    return (struct link_ref){topology_region(topology, from), topology_region(topology, to),
                             strcmp(arrow, "<->") == 0};
}

static inline void rig_store(const struct rig *rig, const struct field *field, char *config,
                             const char *text)
{
    void *at = config + field->offset;
    struct strbuf why = STRBUF_INIT;
    int64_t count = 0;

    switch (field->type) {
    case FIELD_DURATION:
        assert_true(!text || units_parse_duration(text, at, &why));
        break;
    case FIELD_COUNT:
        assert_true(units_parse_count(text, &count, &why));
        *(uint32_t *)at = (uint32_t)count;
        break;
    case FIELD_SHARE:
        assert_true(units_parse_share(text, at, &why));
        break;
    case FIELD_NUMBER:
        assert_true(units_parse_number(text, at, &why));
        break;
    case FIELD_SIZE:
        assert_true(units_parse_size(text, at, &why));
        break;
    case FIELD_FLAG:
        *(bool *)at = strcmp(text, "true") == 0;
        break;
    case FIELD_CHOICE:
    case FIELD_VARIANT:
        *(int *)at = rig_choice(field->choices, text);
        break;
    case FIELD_TIME_DIST:
        dist_free(*(struct dist **)at);
        *(struct dist **)at = rig_dist(text);
        break;
    case FIELD_REGION:
        *(int32_t *)at = text ? topology_region(&rig->topology, text) : -1;
        break;
    case FIELD_LINK:
        *(struct link_ref *)at = rig_link(&rig->topology, text);
        break;
    default:
        fail_msg("the rig knows no fields such as '%s'", field->name);
    }
    strbuf_release(&why);
}

/* A choice by its name; any other text is the value of the first one, as in a scenario. */
static inline void rig_store_variant(const struct rig *rig, const struct field *field, char *config,
                                     const char *text)
{
    char first[128];

    for (int i = 0; field->choices[i]; i++)
        if (strcmp(field->choices[i], text) == 0) {
            *(int *)(void *)(config + field->offset) = i;
            return;
        }
    *(int *)(void *)(config + field->offset) = 0;
    snprintf(first, sizeof first, "%s.%s", field->name, field->choices[0]);
    for (size_t i = 0; i < rig->ops->field_count; i++)
        if (strcmp(rig->ops->fields[i].name, first) == 0)
            rig_store(rig, &rig->ops->fields[i], config, text);
}

/* Config `index`; those up to it exist from then on. */
static inline void rig_set(struct rig *rig, size_t index, const char *name, const char *text)
{
    for (; rig->config_count <= index; rig->config_count++)
        for (size_t i = 0; i < rig->ops->field_count; i++) {
            const struct field *field = &rig->ops->fields[i];

            rig_store(rig, field, rig->configs + rig->config_count * rig->ops->config_size,
                      field->type == FIELD_TIME_DIST ? "0s" : field->initial);
        }
    for (size_t i = 0; name && i < rig->ops->field_count; i++)
        if (strcmp(rig->ops->fields[i].name, name) == 0) {
            char *config = rig->configs + index * rig->ops->config_size;

            if (rig->ops->fields[i].type == FIELD_VARIANT)
                rig_store_variant(rig, &rig->ops->fields[i], config, text);
            else
                rig_store(rig, &rig->ops->fields[i], config, text);
            return;
        }
    if (name)
        fail_msg("no field '%s'", name);
}

static inline void rig_on_call(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct rig *rig = self;

    (void)sim, (void)generation;
    rig->calls[entity].call(rig->calls[entity].arg);
}

static const struct event_kind rig_call_kind = {
    .name = "call", .phase = PHASE_WORK, .fire = rig_on_call};

static inline void rig_open(struct rig *rig, const struct model_ops *ops, uint32_t region_count,
                            sim_time end)
{
    static const char *const names[] = {"west", "east", "north", "south"};
    struct probe_plan plan = {.end = end, .bin = end, .region_count = region_count};
    struct sim_options options = {.seed = 7, .end = end, .scenario = "", .capacity_hint = 64};

    *rig = (struct rig){.ops = ops, .topology = {region_count, names}};
    rig->probes = probes_create(&plan);
    probes_declare(rig->probes, ops->metrics, ops->metric_count);
    rig->sim = sim_create(&options, rig->probes);
    rig->ports = port_directory_create();
    rig->configs = mem_zalloc(RIG_CONFIGS_MAX, ops->config_size);
    rig->state = mem_zalloc(1, ops->state_size);
    rig->call_kind = sim_kind_add(rig->sim, &rig_call_kind, "test", rig);
    strbuf_clear(&rig_validation);
    if (ops->scope != MODEL_LIST)
        rig_set(rig, 0, NULL, NULL);
}

/* Whether the model has anything to say against config `index`; see rig_validation. */
static inline bool rig_check(struct rig *rig, size_t index)
{
    struct check_context context = {
        .topology = &rig->topology, .end = sim_end(rig->sim), .region = -1, .peer = -1};
    struct validation validation = {rig_report};

    strbuf_clear(&rig_validation);
    rig->ops->check(rig->configs + index * rig->ops->config_size, &context, &validation);
    return rig_validation.length == 0;
}

static inline void rig_wire(struct rig *rig)
{
    rig->env = (struct model_env){
        .sim = rig->sim,
        .topology = &rig->topology,
        .ports = rig->ports,
        .instance = rig->ops->name,
        .config = rig->configs,
        .config_count = rig->config_count,
        .region = -1,
        .peer = -1,
        .log = &rig->log,
    };
    rig->ops->init(rig->state, &rig->env);
    if (rig->ops->connect)
        rig->ops->connect(rig->state, rig->ports);
    if (rig->ops->start)
        rig->ops->start(rig->state);
}

static inline void rig_call(struct rig *rig, sim_time when, void (*call)(void *arg), void *arg)
{
    assert_true(rig->call_count < RIG_CALLS_MAX);
    rig->calls[rig->call_count] = (struct rig_script){call, arg};
    sim_at(rig->sim, when, rig->call_kind, rig->call_count++, 0);
}

static inline void rig_run(struct rig *rig)
{
    rig->outcome = sim_run(rig->sim);
    if (rig->ops->finish)
        rig->ops->finish(rig->state);
    rig->statistics = probes_finish(rig->probes, rig->outcome.ended);
}

/* Of window `all`; NULL where the run has none. */
static inline const struct statistic *rig_find(const struct rig *rig, const char *name, int region,
                                               const char *label)
{
    for (size_t i = 0; i < rig->statistics->statistic_count; i++) {
        const struct statistic *statistic = &rig->statistics->statistics[i];
        bool labelled = statistic->label ? label && strcmp(statistic->label, label) == 0 : !label;

        if (strcmp(statistic->metric->name, name) == 0 && statistic->region == region && labelled &&
            strcmp(statistic->window, "all") == 0)
            return statistic;
    }
    return NULL;
}

/* NAN where it is no number. */
static inline double rig_statistic(const struct rig *rig, const char *name, int region,
                                   const char *label)
{
    const struct statistic *statistic = rig_find(rig, name, region, label);

    return statistic ? statistic->value : (double)NAN;
}

static inline void rig_assert_none(const struct rig *rig, const char *name, int region,
                                   const char *label, const char *reason)
{
    const struct statistic *statistic = rig_find(rig, name, region, label);

    assert_non_null(statistic);
    assert_int_equal(statistic->state, STATISTIC_NONE);
    assert_string_equal(statistic->reason, reason);
    assert_true(isnan(statistic->value));
}

static inline void rig_assert_censored(const struct rig *rig, const char *name, int region,
                                       const char *label, sim_time at)
{
    const struct statistic *statistic = rig_find(rig, name, region, label);

    assert_non_null(statistic);
    assert_int_equal(statistic->state, STATISTIC_CENSORED);
    assert_int_equal(statistic->censored_at, at);
    assert_true(isnan(statistic->value));
}

/* How many events of the log are `what` and have `part` in their text. */
static inline int rig_logged(const struct rig *rig, const char *what, const char *part)
{
    int count = 0;

    for (size_t i = 0; i < rig->log.event_count; i++)
        count += strcmp(rig->log.events[i].what, what) == 0 &&
                 strstr(rig->log.events[i].text, part) != NULL;
    return count;
}

static inline void rig_close(struct rig *rig)
{
    if (rig->ops->fini)
        rig->ops->fini(rig->state);
    for (size_t c = 0; c < rig->config_count; c++)
        for (size_t i = 0; i < rig->ops->field_count; i++)
            if (rig->ops->fields[i].type == FIELD_TIME_DIST)
                dist_free(*(struct dist **)(void *)(rig->configs + c * rig->ops->config_size +
                                                    rig->ops->fields[i].offset));
    free(rig->configs);
    free(rig->state);
    sim_free(rig->sim);
    probes_free(rig->probes);
    port_directory_free(rig->ports);
    run_log_release(&rig->log);
    strbuf_release(&rig_validation);
}

#endif
