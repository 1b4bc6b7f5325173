// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Load, lay over, build: run settings first (they say how long a run is), then regions, then
 * instances, then what speaks of them (expectations, sweep). Each step tells its errors and goes
 * on, so that all are told at once.
 */
#include "scenario.h"

#include "csv_column.h"
#include "layers.h"
#include "mem.h"
#include "overlay.h"
#include "run_settings.h"
#include "scenario_internal.h"
#include "sweep_axis.h"
#include "units.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Keys of a file that are neither sections of models nor settings of a run. */
static const char *const other_keys[] = {"name",    "question", "expectation", "sources",
                                         "extends", "regions",  "expect",      "sweep",
                                         "where",   "lockstep", "seed"};
enum { OTHER_KEY_COUNT = sizeof other_keys / sizeof other_keys[0] };

/* --- the top level --------------------------------------------------------------------- */

static size_t collect_keys(const struct registry *registry, const char **names)
{
    size_t count = 0;

    for (size_t i = 0; i < OTHER_KEY_COUNT; i++)
        names[count++] = other_keys[i];
    for (size_t i = 0; i < run_settings_field_count; i++)
        if (!strchr(run_settings_fields[i].name, '.'))
            names[count++] = run_settings_fields[i].name;
    for (size_t i = 0; i < registry->model_count; i++)
        names[count++] = registry->models[i]->section;
    return count;
}

static void check_keys(struct builder *builder)
{
    const struct registry *registry = builder->scenario->registry;
    const char **names = mem_alloc(
        OTHER_KEY_COUNT + run_settings_field_count + registry->model_count, sizeof *names);
    size_t count = collect_keys(registry, names);

    for (size_t i = 0; i < builder->root->count; i++) {
        const struct yaml_node *key = builder->root->entries[i].key;
        const struct model_ops *ops = registry_section(registry, key->text);
        struct strbuf text = STRBUF_INIT;
        bool known = false;

        for (size_t j = 0; j < count && !known; j++)
            known = strcmp(names[j], key->text) == 0;
        if (ops && kind_explain_section(&text, ops, builder->kind)) {
            error_at(builder->errors, key, "%s", text.text);
        } else if (!known) {
            strbuf_addf(&text, "unknown key '%s'", key->text);
            add_remedy(&text, key->text, "allowed are", names, count);
            error_at(builder->errors, key, "%s", text.text);
        }
        strbuf_release(&text);
    }
    free(names);
}

static char *read_prose(struct builder *builder, const char *key)
{
    const struct yaml_node *node = yaml_get(builder->root, key);

    if (!node || node->is_null)
        return NULL;
    if (node->kind != YAML_SCALAR) {
        error_at(builder->errors, node, "'%s' needs a text, got %s", key, yaml_kind_name(node));
        return NULL;
    }
    return mem_strdup(node->text);
}

/* A file that does not say its name is called after itself. */
static char *name_of_path(const char *path)
{
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    const char *dot = strrchr(base, '.');

    return dot && dot > base ? mem_strndup(base, (size_t)(dot - base)) : mem_strdup(base);
}

static void build_prose(struct builder *builder)
{
    struct scenario *scenario = builder->scenario;
    const struct yaml_node *sources = yaml_get(builder->root, "sources");

    scenario->name = read_prose(builder, "name");
    if (!scenario->name)
        scenario->name = name_of_path(scenario->path);
    scenario->question = read_prose(builder, "question");
    scenario->expectation_text = read_prose(builder, "expectation");
    if (sources && sources->kind == YAML_MAP)
        error_at(builder->errors, sources, "'sources' needs a list, got a map");
}

/* --- run settings ---------------------------------------------------------------------- */

static void build_seed(struct builder *builder)
{
    const struct yaml_node *node = yaml_get(builder->root, "seed");
    unsigned long long value = RUN_SEED_DEFAULT;
    const char *text = node ? node->text : "";
    char *end = NULL;

    builder->inner->seed_node = node;
    if (node) {
        errno = 0;
        value = strtoull(text, &end, 0);
        if (node->kind != YAML_SCALAR || node->is_null || !isdigit((unsigned char)text[0]) ||
            *end || errno)
            error_at(builder->errors, node,
                     "'seed' needs a whole number from 0 to 18446744073709551615, got %s%s%s",
                     text[0] ? "'" : "", text[0] ? text : yaml_kind_name(node), text[0] ? "'" : "");
    }
    builder->scenario->run.seed = value;
}

/* The root without all keys that are not rows of the table. */
static const struct yaml_node *only_settings(struct builder *builder)
{
    struct yaml_entry *entries = mem_alloc(builder->root->count + 1, sizeof *entries);
    const struct yaml_node *result;
    size_t count = 0;

    for (size_t i = 0; i < builder->root->count; i++)
        if (schema_find(run_settings_fields, run_settings_field_count,
                        builder->root->entries[i].key->text))
            entries[count++] = builder->root->entries[i];
    result = yaml_make(builder->inner->trees, YAML_MAP, builder->root, entries, count);
    free(entries);
    return result;
}

static const struct yaml_node *setting_node(const struct builder *builder, const char *name)
{
    const struct field *field = schema_find(run_settings_fields, run_settings_field_count, name);

    return builder->inner->run_values[field - run_settings_fields].node;
}

static void check_run(struct builder *builder)
{
    struct run_config *run = &builder->scenario->run;
    const struct yaml_node *duration = setting_node(builder, "duration");
    const struct yaml_node *warmup = setting_node(builder, "warmup.given");
    const struct yaml_node *bin = setting_node(builder, "bin");
    struct strbuf text = STRBUF_INIT;

    /* the default must suit a short run too */
    if (!warmup && run->warmup > run->duration / 10)
        run->warmup = run->duration / 10;
    if (run->warmup_kind == WARMUP_GIVEN && run->warmup >= run->duration) {
        strbuf_add(&text, "'warmup' must be shorter than the duration, ");
        units_add_duration(&text, run->duration);
        strbuf_add(&text, ", got ");
        units_add_duration(&text, run->warmup);
        error_at(builder->errors, warmup ? warmup : duration, "%s", text.text);
    }
    if (run->duration / run_settings_bin(run) > RUN_BINS_MAX)
        error_at(builder->errors, bin ? bin : duration, "'bin' cuts the run into more than %d bins",
                 RUN_BINS_MAX);
    strbuf_release(&text);
}

static void build_run(struct builder *builder)
{
    static const struct topology no_regions;
    const struct schema_table table = {"", run_settings_fields, run_settings_field_count, NULL,
                                       NULL};
    const struct schema_context context = {builder->errors, &no_regions, builder->inner->source,
                                           builder->csv};
    struct run_config *run = &builder->scenario->run;
    bool good;

    builder->inner->run_values =
        mem_zalloc(run_settings_field_count, sizeof builder->inner->run_values[0]);
    good = schema_apply(&context, &table, only_settings(builder), true, run,
                        builder->inner->run_values);
    build_seed(builder);
    if (good)
        check_run(builder);
    builder->scenario->warmup_given = run->warmup_kind == WARMUP_GIVEN ? run->warmup : 0;
}

/* --- sweep ----------------------------------------------------------------------------- */

static struct scenario *build_from(const struct loading *loading, const struct yaml_node *root,
                                   bool tries_sweep);
static void scenario_drop(struct scenario *scenario, bool with_trees);

/* A value of an axis is right where the scenario with it is: its errors are told at its own
 * place. */
static void try_sweep_value(struct builder *builder, const struct overlay_path *path,
                            const struct yaml_node *value)
{
    struct yaml_trees *trees = builder->inner->trees;
    const struct loading loading = {.registry = builder->scenario->registry,
                                    .trees = trees,
                                    .source = builder->inner->source,
                                    .errors = builder->errors,
                                    .csv = builder->csv,
                                    .is_trial = true};
    const struct yaml_node *root;

    if (error_list_is_full(builder->errors))
        return;
    root = overlay_set(trees, builder->root, builder->scenario->registry, path, value,
                       builder->errors);
    if (root)
        scenario_drop(build_from(&loading, root, false), false);
}

/* A text with commas or "..": its values stand nowhere, so the errors of one that is wrong are
 * told at the text. `path` NULL: not tried. */
static void build_axis_text(struct builder *builder, struct sweep_axis *axis,
                            const struct yaml_node *text, const struct overlay_path *path)
{
    struct strbuf why = STRBUF_INIT;

    if (!sweep_axis_parse(text->text, axis, &why))
        error_at(builder->errors, text, "'sweep' of '%s' %s", axis->path, why.text);
    for (size_t i = 0; path && i < axis->value_count; i++) {
        const struct yaml_node *value =
            yaml_make_scalar(builder->inner->trees, text, axis->values[i]);
        try_sweep_value(builder, path, value);
    }
    strbuf_release(&why);
}

static void build_axis(struct builder *builder, const struct yaml_entry *entry, bool is_tried)
{
    const struct yaml_source *source = yaml_source_add(builder->inner->trees, "sweep", "",
                                                       entry->key->text, strlen(entry->key->text));
    struct sweep_axis *axis = &builder->scenario->axes[builder->scenario->axis_count++];
    struct overlay_path path;
    size_t end;
    bool good = overlay_path_parse(builder->inner->trees, source, '\0', entry->key, builder->errors,
                                   &path, &end);
    const struct yaml_node *list = entry->value;

    axis->path = mem_strdup(entry->key->text);
    if (list->kind == YAML_SCALAR && !list->is_null) {
        build_axis_text(builder, axis, list, good && is_tried ? &path : NULL);
        free(path.segments);
        return;
    }
    if (list->kind != YAML_LIST || list->count == 0 || list->count > SWEEP_VALUES_MAX) {
        error_at(builder->errors, list,
                 "'sweep' needs a list of 1 to %d values for '%s', or a text such as "
                 "'100ms..1s/100ms'",
                 SWEEP_VALUES_MAX, axis->path);
        good = false;
    }
    axis->values = mem_zalloc(list->count + 1, sizeof axis->values[0]);
    for (size_t i = 0; good && i < list->count; i++) {
        struct strbuf text = STRBUF_INIT;

        yaml_add_flow(&text, list->entries[i].value);
        axis->values[axis->value_count++] = strbuf_detach(&text);
        if (is_tried)
            try_sweep_value(builder, &path, list->entries[i].value);
    }
    free(path.segments);
}

/* `where` and `lockstep`: a text, or a list of texts. */
static void build_texts(struct builder *builder, const char *key, char ***texts, size_t *count)
{
    const struct yaml_node *node = yaml_get(builder->root, key);
    size_t items = !node || node->is_null ? 0 : node->kind == YAML_LIST ? node->count : 1;

    if (items > SCENARIO_ITEMS_MAX) {
        error_at(builder->errors, node, "'%s' has %zu items and at most %d are allowed", key, items,
                 SCENARIO_ITEMS_MAX);
        items = 0;
    }
    *texts = mem_zalloc(items + 1, sizeof **texts);
    for (size_t i = 0; i < items; i++) {
        const struct yaml_node *item = node->kind == YAML_LIST ? node->entries[i].value : node;
        if (item->kind == YAML_SCALAR && !item->is_null)
            (*texts)[(*count)++] = mem_strdup(item->text);
        else
            error_at(builder->errors, item, "'%s' needs a text or a list of texts, got %s", key,
                     yaml_kind_name(item));
    }
}

static void build_sweep(struct builder *builder, bool tries)
{
    const struct yaml_node *sweep = yaml_get(builder->root, "sweep");
    bool is_tried = tries && builder->errors->count == 0;
    struct scenario *scenario = builder->scenario;
    size_t value_count = 0;

    build_texts(builder, "where", &scenario->wheres, &scenario->where_count);
    build_texts(builder, "lockstep", &scenario->locksteps, &scenario->lockstep_count);
    if (!sweep || sweep->is_null)
        return;
    if (sweep->kind != YAML_MAP) {
        error_at(builder->errors, sweep,
                 "'sweep' needs a map, such as {client.timeout: [100ms, 300ms]}, got %s",
                 yaml_kind_name(sweep));
        return;
    }
    if (sweep->count > SWEEP_AXES_MAX) {
        error_at(builder->errors, sweep, "'sweep' has %zu axes and at most %d are allowed",
                 sweep->count, SWEEP_AXES_MAX);
        return;
    }
    builder->scenario->axes = mem_zalloc(sweep->count + 1, sizeof builder->scenario->axes[0]);
    for (size_t i = 0; i < sweep->count; i++) {
        struct sweep_axis *axis = &scenario->axes[scenario->axis_count];

        build_axis(builder, &sweep->entries[i], is_tried);
        value_count += axis->value_count;
        if (value_count > SWEEP_VALUES_TOTAL_MAX) {
            error_at(builder->errors, sweep->entries[i].key,
                     "'sweep' has more than %d values in all", SWEEP_VALUES_TOTAL_MAX);
            return;
        }
    }
}

/* --- the whole ------------------------------------------------------------------------- */

/* The scenario of a tree, with whatever is wrong reported. It owns the trees unless it is a trial.
 */
static struct scenario *build_from(const struct loading *loading, const struct yaml_node *root,
                                   bool tries_sweep)
{
    struct scenario *scenario = mem_zalloc(1, sizeof *scenario);
    struct scenario_internal *inner = mem_zalloc(1, sizeof *inner);
    struct builder builder = {.scenario = scenario,
                              .inner = inner,
                              .root = root,
                              .errors = loading->errors,
                              .kind = kind_of_root(loading->registry, root),
                              .csv = loading->csv};

    scenario->registry = loading->registry;
    scenario->inner = inner;
    scenario->path = mem_strdup(loading->source->name);
    inner->trees = loading->trees;
    inner->source = loading->source;
    check_keys(&builder);
    build_prose(&builder);
    build_run(&builder);
    topology_build(&builder);
    instances_build(&builder);
    if (loading->is_trial)
        return scenario;
    expectations_build(&builder);
    build_sweep(&builder, tries_sweep);
    return scenario;
}

static void free_texts(char **texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(texts[i]);
    free(texts);
}

static void scenario_drop(struct scenario *scenario, bool with_trees)
{
    struct scenario_internal *inner = scenario->inner;

    instances_free(scenario);
    expectations_free(scenario);
    for (size_t i = 0; i < scenario->axis_count; i++)
        sweep_axis_release(&scenario->axes[i]);
    free_texts(scenario->wheres, scenario->where_count);
    free_texts(scenario->locksteps, scenario->lockstep_count);
    for (size_t i = 0; i < run_settings_field_count; i++)
        free(inner->run_values[i].text);
    free(inner->run_values);
    free(scenario->axes);
    free(scenario->path);
    free(scenario->name);
    free(scenario->question);
    free(scenario->expectation_text);
    free(scenario->resolved);
    if (with_trees)
        yaml_trees_free(inner->trees);
    free(inner);
    free(scenario);
}

static const struct metric *find_metric(const struct metric *metrics, size_t count,
                                        const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(metrics[i].name, name) == 0)
            return &metrics[i];
    return NULL;
}

const struct metric *registry_metric(const struct registry *registry, const char *name)
{
    const struct metric *found = NULL;

    for (size_t i = 0; i < registry->model_count && !found; i++) {
        const struct model_ops *ops = registry->models[i];

        found = find_metric(ops->metrics, ops->metric_count, name);
        for (size_t j = 0; j < ops->kind_count && !found; j++)
            found = find_metric(ops->kinds[j]->metrics, ops->kinds[j]->metric_count, name);
    }
    return found;
}

const struct model_ops *registry_section(const struct registry *registry, const char *section)
{
    for (size_t i = 0; i < registry->model_count; i++)
        if (strcmp(registry->models[i]->section, section) == 0)
            return registry->models[i];
    return NULL;
}

void scenario_free(struct scenario *scenario)
{
    if (scenario)
        scenario_drop(scenario, true);
}

/* All --set texts over the root, in order; a wrong one is reported and left out. */
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

/* What a load is asked for. */
struct request {
    const struct registry *registry;
    const char *const *sets;
    size_t set_count;
    bool tries_sweep;
};

/* From the merged root on (NULL: it could not be read). */
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
    if (scenario)
        resolved_build(scenario);
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
