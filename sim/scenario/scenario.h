// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A checked scenario: from YAML (and `extends:`, and `--set`) to configs of models, by their tables
 * alone.
 *
 * A scenario is immutable once loaded and may be shared between threads. It owns its strings, its
 * distributions and its configs. Models are known only by the registry that the caller hands over.
 *
 * Keys of a file besides the sections of models: name, question, expectation (prose), sources (list
 * of text or map), extends, regions, run settings (struct run_config), expect, sweep.
 */
#ifndef SCENARIO_H
#define SCENARIO_H

#include "diag.h"
#include "model.h"
#include "quantity.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct registry {
    const struct model_ops *const *models; /* in the order in which they are initialised */
    size_t model_count;
};
/* The metric of that name, of whichever model and kind; NULL where there is none. O(metrics). */
const struct metric *registry_metric(const struct registry *registry, const char *name);
/* The model of that section, or NULL. */
const struct model_ops *registry_section(const struct registry *registry, const char *section);

/* Settings of a run as a whole: top-level keys of a file. */
struct run_config {
    sim_dur duration; /* `duration`, default 30min, > 0 */
    int warmup_kind;  /* `warmup`: {given: 5min} or just `5min`, or `auto` (MSER-5 on requests'
                         latency) */
    sim_dur warmup;   /* given */
    sim_dur bin; /* `bin`: width of a bin of the series; 0: duration / 180, rounded up to 1, 2, 5,
                    10, 20, 30, 60 s ... */
    uint32_t replications; /* `replications`, default 10 */
    uint64_t seed;         /* `seed`, default 1; any 64-bit integer */
    double level;          /* `level` of confidence, default 95 % */
};

enum comparison { CMP_LESS, CMP_LESS_EQUAL, CMP_GREATER, CMP_GREATER_EQUAL };

/* A metric as an expectation names it: "write_timeout_rate{region=us-west-2, window=fault}.p99". */
struct metric_ref {
    const struct metric *metric;
    const char *stat; /* NULL, or "mean" ... "max" (latencies only; "p99" if left out there) */
    int region;       /* -1: total */
    char *label;      /* value of the metric's label, or NULL */
    char *window;     /* "all" if left out */
};
/* What of the left side decides: "metric < 1" the whole interval, so that it may be undecided;
 * "mean(metric) < 1", "lower(metric) < 1" and "upper(metric) < 1" the mean or that bound alone. */
enum expectation_side { BY_INTERVAL, BY_MEAN, BY_LOWER, BY_UPPER };
struct expectation {
    char *text; /* as written */
    enum expectation_side side;
    struct metric_ref left;
    enum comparison comparison;
    bool right_is_metric; /* then compared pairwise over replications */
    struct metric_ref right;
    double factor; /* "2 * metric" on the right; else 1 */
    double value;  /* in the metric's unit */
};

/* Written as a list, or as a text (sweep_axis.h). */
struct sweep_axis {
    char *path;    /* "client.timeout" */
    char **values; /* as written, or made of a range with steps; none: a range to draw from */
    size_t value_count;
    bool has_range, is_log;
    struct quantity from, to; /* of the range */
};

struct scenario_instance {
    const struct model_ops *ops;
    char *name; /* "app_tier/us-west-1" */
    int region, peer;
    const void *config;
    size_t config_count;
    const struct model_kind *kind; /* NULL: the model has none */
    const void *kind_config;
};

/* Items of a list: faults, expectations, conditions. */
#define SCENARIO_ITEMS_MAX 1000
/* Axes of a sweep, and the values of all of them together. */
#define SWEEP_AXES_MAX 64
#define SWEEP_VALUES_TOTAL_MAX 2000

struct scenario {
    char *path, *name, *question, *expectation_text;
    struct run_config run;
    sim_time warmup_given; /* run.warmup, or 0 where it is to be found */
    struct topology topology;
    const struct scenario_instance
        *instances; /* by model in registry order, then region, then peer */
    size_t instance_count;
    const struct metric *const *metrics; /* of its models and their kinds, as they are declared */
    size_t metric_count;
    struct supplied_rows rows; /* of its models and their kinds */
    struct expectation *expects;
    size_t expect_count;
    struct sweep_axis *axes;
    size_t axis_count;
    char **wheres; /* `where`: conditions that a point of the sweep must meet */
    size_t where_count;
    char **locksteps; /* `lockstep`: "a, b": axes that take their first value together, ... */
    size_t lockstep_count;
    const struct probe_span *fault_spans;
    size_t fault_span_count;
    char *resolved; /* canonical YAML: every parameter with its value, sorted; loads to the same
                       scenario */
    uint64_t hash;  /* of `resolved` (hash_text()) */
    const struct registry *registry;
    void *inner;
};

/* One `--set path=value`. The path may go anywhere a file may: client.timeout,
 * regions.us-west-2.app.workers, network."us-west-1 -> us-west-2".loss, faults.0.loss, duration.
 * The value is YAML. */
struct scenario_set {
    const char *text;
};

/* NULL where anything is wrong: everything wrong is then in `diag`. Warnings may be there on
 * success. A file that cannot be opened or read sets *cannot_read (exit code 4 rather than 3).
 * `extends` is relative to the file that says it. */
struct scenario *scenario_load(const char *path, const struct registry *registry,
                               const char *const *sets, size_t set_count, struct diag *diag,
                               bool *cannot_read);
/* The same of a point of a study, whose scenario was loaded before: its sweep's values are not
 * tried again, each of which costs a load of its own. */
struct scenario *scenario_load_point(const char *path, const struct registry *registry,
                                     const char *const *sets, size_t set_count, struct diag *diag,
                                     bool *cannot_read);
/* A scenario as it was stored (`resolved`), also without trying its sweep. */
struct scenario *scenario_load_stored(const char *text, size_t length, const char *name,
                                      const struct registry *registry, struct diag *diag);
/* As scenario_load(), of a text in memory; `name` stands for the file in messages, `extends` is
 * relative to the working directory. */
struct scenario *scenario_load_text(const char *text, size_t length, const char *name,
                                    const struct registry *registry, const char *const *sets,
                                    size_t set_count, struct diag *diag);
void scenario_free(struct scenario *scenario);

/* The resolved value at a path, as text ("300ms", or a list), valid as long as the scenario; NULL
 * where there is none, or where regions or links differ in it. O(parameters). */
const char *scenario_value(const struct scenario *scenario, const char *path);
/*
 * A metric or an expectation of the command line, as `expect` would have it: "write_latency.p99",
 * "reauth_rate{region=us-west-2} < 0.1%". `name` stands for the file in messages ("--precision").
 * False with the error in `diag`. The result outlives nothing but the scenario's registry and
 * topology; release it in either case.
 */
bool scenario_parse_metric(const struct scenario *scenario, const char *name, const char *text,
                           struct metric_ref *ref, struct diag *diag);
bool scenario_parse_expectation(const struct scenario *scenario, const char *name, const char *text,
                                struct expectation *expect, struct diag *diag);
void metric_ref_release(struct metric_ref *ref);
void expectation_release(struct expectation *expect);
/* "write_latency{region=us-west-2}.p99": what is not the default is left out. Appends. */
void metric_ref_add(struct strbuf *out, const struct metric_ref *ref,
                    const struct topology *topology);
enum unit metric_ref_unit(const struct metric_ref *ref);

/* `isthmus describe`: of a model (all parameters: name, unit, default, range, meaning, source; all
 * metrics; its kinds), of one kind of it, of all models in a line each, or of a scenario: every
 * resolved value and where it came from (file:line, default with its source, --set). */
void describe_models(const struct registry *registry, FILE *out, bool json);
/* `name`: a model's name or its section, and with ".KIND" one kind of it; -1 and a suggestion where
 * unknown. */
int describe_model(const struct registry *registry, const char *name, FILE *out, bool json,
                   struct diag *diag);
/* Is there such a model? Whatever follows a dot is not looked at. */
bool describe_knows(const struct registry *registry, const char *name);
void describe_scenario(const struct scenario *scenario, FILE *out, bool json);
/* `describe --presets`: each with what it sets, what the real thing has besides, and its source.
 * `model` (name or section) and `name` may be NULL: of all. -1 and a suggestion where there is
 * none. */
int describe_presets(const struct registry *registry, const char *model, const char *name,
                     FILE *out, bool json, struct diag *diag);
/* Markdown tables of parameters, metrics and kinds, for a page; `name` as above. */
int describe_markdown(const struct registry *registry, const char *name, FILE *out,
                      struct diag *diag);
/* JSON Schema (2020-12) of scenario files, for editors. */
void scenario_write_schema(const struct registry *registry, FILE *out);
/* The parameters that are assumptions and were left at their default, one a callback. */
void scenario_each_assumption(const struct scenario *scenario,
                              void (*tell)(void *self, const char *path, const char *value,
                                           const char *meaning),
                              void *self);

#endif
