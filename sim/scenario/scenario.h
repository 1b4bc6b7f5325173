// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A validated scenario: configs of models, loaded from YAML with `extends` and `--set`, by the
 * tables of the models.
 *
 * A scenario is immutable once loaded and may be shared between threads. It owns its strings, its
 * distributions and its configs. Models are known only through the registry passed by the caller.
 *
 * Keys of a file in addition to the sections of models: name, question, expectation (prose),
 * sources (list of text or map), extends, regions, run settings (struct run_config), expect, sweep.
 */
#ifndef SCENARIO_H
#define SCENARIO_H

#include "diag.h"
#include "known_models.h"
#include "model.h"
#include "run_settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct expectation;    /* expectation.h */
struct lesson_section; /* lesson_section.h */
struct sweep_axis;     /* sweep_axis.h */

/* Items of a list: faults, expectations, conditions. */
#define SCENARIO_ITEMS_MAX 1000
/* Limits on the axes of a sweep and on all their values. */
#define SWEEP_AXES_MAX 64
#define SWEEP_VALUES_TOTAL_MAX 2000

struct scenario {
    char *path, *name, *question, *expectation_text;
    struct lesson_section *lesson; /* lesson_section.h; NULL: none */
    char *set_options; /* what was set on load, for a shell: " --set a.b=1 --set 'c=[2, 3]'" */
    struct run_config run;
    sim_time warmup_given; /* run.warmup, or 0 with warmup: auto */
    struct topology topology;
    const struct scenario_instance
        *instances; /* by model in registry order, then region, then peer */
    size_t instance_count;
    const struct metric *const *metrics; /* of its models and kinds, in order of declaration */
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

/*
 * Load a scenario; NULL on errors, all of them in `diag`, which may have warnings on success.
 * *cannot_read is set if a file cannot be read, is a directory or is too large (exit code 4 instead
 * of 3). `extends` is relative to the file that contains it.
 *
 * Each of `sets` is a `--set path=value`. The path may be any path of a file: client.timeout,
 * regions.us-west-2.app.workers, network."us-west-1 -> us-west-2".loss, faults.0.loss, duration.
 * The value is YAML. Errors name the option `--set`, or `--with` for a text that begins with
 * SCENARIO_WITH.
 */
#define SCENARIO_WITH "--with "
struct scenario *scenario_load(const char *path, const struct registry *registry,
                               const char *const *sets, size_t set_count, struct diag *diag,
                               bool *cannot_read);
/* The same for a point of a study whose scenario has been loaded: the values of its sweep, each of
 * which takes a load, are not checked again. */
struct scenario *scenario_load_point(const char *path, const struct registry *registry,
                                     const char *const *sets, size_t set_count, struct diag *diag,
                                     bool *cannot_read);
/* A stored scenario (`resolved`), without checking its sweep. */
struct scenario *scenario_load_stored(const char *text, size_t length, const char *name,
                                      const struct registry *registry, struct diag *diag);
/* As scenario_load(), for a text in memory; `name` replaces the file name in messages, `extends` is
 * relative to the working directory. */
struct scenario *scenario_load_text(const char *text, size_t length, const char *name,
                                    const struct registry *registry, const char *const *sets,
                                    size_t set_count, struct diag *diag);
void scenario_free(struct scenario *scenario);

/* For check_context_of(). Valid as long as the scenario. */
struct check_context scenario_check_context(const struct scenario *scenario);

#endif
