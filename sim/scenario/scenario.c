// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Load, merge, build: run settings first (they set the duration), then regions, instances, and the
 * parts that refer to them (expectations, sweep). Each step reports its errors and continues, so
 * that all are reported at once.
 */
#include "scenario.h"

#include "csv_column.h"
#include "layers.h"
#include "mem.h"
#include "old_parameters.h"
#include "overlay.h"
#include "quote.h"
#include "scenario_internal.h"

#include <stdlib.h>

/* Build the scenario of a tree and report all errors; is_trial: only as far as needed. */
static struct scenario *build_from(const struct loading *loading, const struct yaml_node *root,
                                   bool tries_sweep)
{
    struct scenario *scenario = mem_zalloc(1, sizeof *scenario);
    struct scenario_internal *inner = mem_zalloc(1, sizeof *inner);
    struct builder builder = {
        .scenario = scenario,
        .inner = inner,
        .root = old_parameters_replace(loading->trees, loading->registry, root, loading->errors),
        .errors = loading->errors,
        .kind = kind_of_root(loading->registry, root),
        .csv = loading->csv};

    scenario->registry = loading->registry;
    scenario->inner = inner;
    scenario->path = mem_strdup(loading->source->name);
    inner->trees = loading->trees;
    inner->source = loading->source;
    top_level_build(&builder);
    topology_build(&builder);
    instances_build(&builder);
    if (loading->is_trial)
        return scenario;
    expectations_build(&builder);
    sweep_build(&builder, tries_sweep);
    return scenario;
}

/* Free everything except the trees. */
static void scenario_drop(struct scenario *scenario)
{
    instances_free(scenario);
    expectations_free(scenario);
    sweep_free(scenario);
    top_level_free(scenario);
    free(scenario->path);
    free(scenario->set_options);
    free(scenario->resolved);
    free(scenario->inner);
    free(scenario);
}

void scenario_try(const struct builder *builder, const struct yaml_node *root)
{
    const struct loading loading = {.registry = builder->scenario->registry,
                                    .trees = builder->inner->trees,
                                    .source = builder->inner->source,
                                    .errors = builder->errors,
                                    .csv = builder->csv,
                                    .is_trial = true};

    scenario_drop(build_from(&loading, root, false));
}

struct check_context scenario_check_context(const struct scenario *scenario)
{
    return (struct check_context){.topology = &scenario->topology,
                                  .end = scenario->run.duration,
                                  .rows = &scenario->rows,
                                  .metrics = scenario->metrics,
                                  .metric_count = scenario->metric_count,
                                  .instances = scenario->instances,
                                  .instance_count = scenario->instance_count};
}

void scenario_free(struct scenario *scenario)
{
    struct yaml_trees *trees;

    if (!scenario)
        return;
    trees = scenario_internal(scenario)->trees;
    scenario_drop(scenario);
    yaml_trees_free(trees);
}

/* Merge all --set texts over the root, in order; an invalid one is reported and skipped. */
static const struct yaml_node *apply_sets(const struct loading *loading,
                                          const struct yaml_node *root, const char *const *sets,
                                          size_t set_count)
{
    for (size_t i = 0; root && i < set_count; i++) {
        const struct yaml_node *next =
            overlay_set_text(loading->trees, root, loading->registry, sets[i], loading->errors);

        root = next ? next : root;
    }
    return root;
}

static char *set_options(const char *const *sets, size_t set_count)
{
    struct strbuf text = STRBUF_INIT;

    for (size_t i = 0; i < set_count; i++) {
        strbuf_add(&text, " --set ");
        quote_add(&text, QUOTE_SHELL, sets[i]);
    }
    return strbuf_detach(&text);
}

/* Arguments of a load. */
struct request {
    const struct registry *registry;
    const char *const *sets;
    size_t set_count;
    bool tries_sweep;
};

/* Continue from the merged root (NULL: it could not be read). */
static struct scenario *finish_load(struct loading *loading, const struct yaml_node *root,
                                    const struct request *request, size_t errors_before)
{
    struct scenario *scenario = NULL;
    struct csv_cache csv = {0};

    loading->csv = &csv;
    root = apply_sets(loading, root, request->sets, request->set_count);
    if (root)
        scenario = build_from(loading, root, request->tries_sweep);
    else
        yaml_trees_free(loading->trees);
    if (scenario && loading->errors->diag->error_count > errors_before) {
        scenario_free(scenario);
        scenario = NULL;
    }
    if (scenario) {
        scenario->set_options = set_options(request->sets, request->set_count);
        resolved_build(scenario);
    }
    csv_cache_release(&csv);
    error_list_release(loading->errors);
    return scenario;
}

static struct scenario *load_file(const char *path, const struct request *request,
                                  struct diag *diag, bool *cannot_read)
{
    size_t errors_before = diag->error_count;
    struct error_list errors;
    struct loading loading = {
        .registry = request->registry, .trees = yaml_trees_create(), .errors = &errors};
    const struct yaml_node *root;

    if (cannot_read)
        *cannot_read = false;
    error_list_init(&errors, diag);
    root = layers_load_file(loading.trees, request->registry, path, &errors, cannot_read,
                            &loading.source);
    return finish_load(&loading, root, request, errors_before);
}

static struct scenario *load_text(const char *text, size_t length, const char *name,
                                  const struct request *request, struct diag *diag)
{
    size_t errors_before = diag->error_count;
    struct error_list errors;
    struct loading loading = {
        .registry = request->registry, .trees = yaml_trees_create(), .errors = &errors};
    const struct yaml_node *root;

    error_list_init(&errors, diag);
    root = layers_load_text(loading.trees, request->registry, text, length, name, &errors,
                            &loading.source);
    return finish_load(&loading, root, request, errors_before);
}

struct scenario *scenario_load(const char *path, const struct registry *registry,
                               const char *const *sets, size_t set_count, struct diag *diag,
                               bool *cannot_read)
{
    const struct request request = {registry, sets, set_count, true};

    return load_file(path, &request, diag, cannot_read);
}

struct scenario *scenario_load_point(const char *path, const struct registry *registry,
                                     const char *const *sets, size_t set_count, struct diag *diag,
                                     bool *cannot_read)
{
    const struct request request = {registry, sets, set_count, false};

    return load_file(path, &request, diag, cannot_read);
}

struct scenario *scenario_load_text(const char *text, size_t length, const char *name,
                                    const struct registry *registry, const char *const *sets,
                                    size_t set_count, struct diag *diag)
{
    const struct request request = {registry, sets, set_count, true};

    return load_text(text, length, name, &request, diag);
}

struct scenario *scenario_load_stored(const char *text, size_t length, const char *name,
                                      const struct registry *registry, struct diag *diag)
{
    const struct request request = {registry, NULL, 0, false};

    return load_text(text, length, name, &request, diag);
}
