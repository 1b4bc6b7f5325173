// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Test rig for one model: a real struct sim, the model's tables, and ports stubbed by the test. For
 * tests of models only; include it once in a test.
 *
 *   struct rig rig;
 *   rig_open(&rig, &dns_zone_ops, 2, 60 * SIM_S);      the config has its defaults
 *   rig_set(&rig, 0, "ttl", "5s");
 *   port_offer_promotion(rig.ports, -1, -1, &stub);
 *   rig_wire(&rig);                                    init, connect, start
 *   rig_call(&rig, 10 * SIM_S, do_something, &stub);   called as an event at that time
 *   rig_run(&rig);                                     the run, finish, statistics
 *   rig_close(&rig);
 *
 * Values are parsed as in a scenario; rules between fields are checked only by rig_check().
 * Required fields may be omitted, and a time distribution is 0 s unless a test sets it. The kind of
 * a model is the first one set.
 */
#ifndef MODEL_RIG_H
#define MODEL_RIG_H

#include "assert_close.h"
#include "mem.h"
#include "model.h"
#include "model_kinds.h"
#include "overlay.h"
#include "run_log.h"
#include "schema.h"
#include "strbuf.h"
#include "yaml_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RIG_CALLS_MAX 64
#define RIG_CONFIGS_MAX 8
#define RIG_METRICS_MAX 256

struct rig {
    const struct model_ops *ops;
    struct topology topology;
    struct sim *sim;
    struct probes *probes;
    struct port_directory *ports;
    struct run_log log;
    struct usage_list usage;
    struct supplied_rows rows;                     /* the model's own; a test may add others */
    const struct metric *metrics[RIG_METRICS_MAX]; /* declared */
    size_t metric_count;
    struct yaml_trees *trees;
    const struct yaml_node *sections[RIG_CONFIGS_MAX]; /* settings of each config */
    const struct model_kind *kind;
    struct config_table table;
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

/* The errors that checks reported, each "field: text" on a separate line. */
static struct strbuf rig_validation = STRBUF_INIT;

static inline void rig_report(struct validation *validation, const char *field, const char *text)
{
    (void)validation;
    strbuf_addf(&rig_validation, "%s: %s\n", field ? field : "(all)", text);
}

static inline char *rig_config(const struct rig *rig, size_t index)
{
    return rig->configs + index * rig->table.size;
}

/* Time distributions are 0 s unless the test sets them. */
static inline void rig_set_times(const struct rig *rig, char *config,
                                 const struct schema_value *values)
{
    for (size_t i = 0; i < rig->table.field_count; i++) {
        struct dist **dist = (void *)(config + rig->table.fields[i].offset);

        if (rig->table.fields[i].type != FIELD_TIME_DIST || values[i].node)
            continue;
        dist_free(*dist);
        *dist = dist_constant(0);
    }
}

/* Release a config's values and fill it again from its section. */
static inline void rig_fill(struct rig *rig, size_t index, struct error_list *errors)
{
    const struct schema_table table = {"", rig->table.fields, rig->table.field_count,
                                       rig->ops->kind_count > 0 ? rig->ops : NULL, rig->kind};
    const struct schema_context context = {errors, &rig->topology, NULL, NULL};
    struct schema_value *values = mem_zalloc(table.field_count + 1, sizeof *values);
    char *config = rig_config(rig, index);

    schema_release(&table, config, NULL);
    memset(config, 0, rig->table.size);
    schema_apply(&context, &table, rig->sections[index], false, config, values);
    rig_set_times(rig, config, values);
    for (size_t i = 0; i < table.field_count; i++)
        free(values[i].text);
    free(values);
}

/* The rows of the kind that the first config chooses; values so far are the model's own. */
static inline void rig_choose_kind(struct rig *rig)
{
    const struct schema_table table = {"", rig->table.fields, rig->table.field_count, NULL, NULL};

    if (rig->configs)
        schema_release(&table, rig->configs, NULL);
    free(rig->configs);
    config_table_release(&rig->table, rig->ops);
    rig->kind = kind_chosen(rig->ops, rig->sections[0]);
    rig->table = config_table_make(rig->ops, rig->kind);
    rig->configs = mem_zalloc(RIG_CONFIGS_MAX, rig->table.size + 1);
}

/* Set `name` of config `index` (NULL: nothing); configs up to it exist from then on. */
static inline void rig_set(struct rig *rig, size_t index, const char *name, const char *text)
{
    const struct shape shape = overlay_model(rig->ops);
    struct strbuf line = STRBUF_INIT;
    struct diag diag = {0};
    struct error_list errors;

    error_list_init(&errors, &diag);
    if (name) {
        strbuf_addf(&line, "%s=%s", name, text);
        rig->sections[index] = overlay_set_field(
            rig->trees, rig->sections[index], &shape,
            yaml_source_add(rig->trees, "rig", "", line.text, line.length), &errors);
    }
    if (kind_chosen(rig->ops, rig->sections[0]) != rig->kind)
        rig_choose_kind(rig);
    for (; rig->config_count <= index; rig->config_count++)
        rig_fill(rig, rig->config_count, &errors);
    rig_fill(rig, index, &errors);
    if (diag.error_count > 0)
        diag_print(&diag, stderr);
    assert_int_equal(diag.error_count, 0);
    error_list_release(&errors);
    diag_release(&diag);
    strbuf_release(&line);
}

static inline void rig_on_call(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct rig *rig = self;

    (void)sim, (void)generation;
    rig->calls[entity].call(rig->calls[entity].arg);
}

static const struct event_kind rig_call_kind = {
    .name = "call", .phase = PHASE_WORK, .fire = rig_on_call};

static inline void rig_declare(struct rig *rig, const struct metric *metrics, size_t count)
{
    probes_declare(rig->probes, metrics, count);
    assert_true(rig->metric_count + count <= RIG_METRICS_MAX);
    for (size_t i = 0; i < count; i++)
        rig->metrics[rig->metric_count++] = &metrics[i];
}

#define RIG_SEED 7

static inline void rig_open_seeded(struct rig *rig, const struct model_ops *ops,
                                   uint32_t region_count, sim_time end, uint64_t seed)
{
    static const char *const names[] = {"west", "east", "north", "south"};
    struct probe_plan plan = {
        .end = end, .bin = end, .region_count = region_count, .rows = &rig->rows};
    struct sim_options options = {.seed = seed, .end = end, .scenario = "", .capacity_hint = 64};

    *rig = (struct rig){.ops = ops, .topology = {region_count, names, 3}};
    supplied_rows_add(&rig->rows, &ops->rows);
    rig->probes = probes_create(&plan);
    rig_declare(rig, ops->metrics, ops->metric_count);
    rig->sim = sim_create(&options, rig->probes);
    rig->ports = port_directory_create();
    rig->trees = yaml_trees_create();
    rig_choose_kind(rig);
    rig->state = mem_zalloc(1, ops->state_size);
    rig->call_kind = sim_kind_add(rig->sim, &rig_call_kind, "test", rig);
    strbuf_clear(&rig_validation);
    if (ops->scope != MODEL_LIST)
        rig_set(rig, 0, NULL, NULL);
}

static inline void rig_open(struct rig *rig, const struct model_ops *ops, uint32_t region_count,
                            sim_time end)
{
    rig_open_seeded(rig, ops, region_count, end, RIG_SEED);
}

/* Whether the model's check accepts config `index`; errors are in rig_validation. */
static inline bool rig_check(struct rig *rig, size_t index)
{
    const char *config = rig_config(rig, index);
    const void *kind_config = rig->kind ? config + rig->table.kind_offset : NULL;
    struct check_context context = {.topology = &rig->topology,
                                    .end = sim_end(rig->sim),
                                    .region = -1,
                                    .peer = -1,
                                    .kind = rig->kind,
                                    .kind_config = kind_config,
                                    .rows = &rig->rows,
                                    .metrics = rig->metrics,
                                    .metric_count = rig->metric_count,
                                    .items = rig->configs,
                                    .item_count = rig->config_count,
                                    .item = index};
    struct validation validation = {.report = rig_report};

    strbuf_clear(&rig_validation);
    rig->ops->check(config, &context, &validation);
    if (rig->kind && rig->kind->check)
        rig->kind->check(config, kind_config, &context, &validation);
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
        .usage = &rig->usage,
        .rows = &rig->rows,
        .kind = rig->kind,
        .kind_config = rig->kind ? rig->configs + rig->table.kind_offset : NULL,
    };
    if (rig->kind)
        rig_declare(rig, rig->kind->metrics, rig->kind->metric_count);
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

/* Of window `all`; NULL if the run has none. */
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

/* NAN if it is not a number. */
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

/* Number of log events of kind `what` whose text contains `part`. */
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
    const struct schema_table table = {"", rig->table.fields, rig->table.field_count, NULL, NULL};

    if (rig->ops->fini)
        rig->ops->fini(rig->state);
    for (size_t i = 0; i < rig->config_count; i++)
        schema_release(&table, rig_config(rig, i), NULL);
    free(rig->configs);
    config_table_release(&rig->table, rig->ops);
    yaml_trees_free(rig->trees);
    free(rig->state);
    sim_free(rig->sim);
    probes_free(rig->probes);
    port_directory_free(rig->ports);
    run_log_release(&rig->log);
    usage_list_release(&rig->usage);
    supplied_rows_release(&rig->rows);
    strbuf_release(&rig_validation);
}

#endif
