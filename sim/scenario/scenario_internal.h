// SPDX-License-Identifier: GPL-3.0-or-later
/* Private parts of a scenario: the origin of each value, and owned memory. */
#ifndef SCENARIO_INTERNAL_H
#define SCENARIO_INTERNAL_H

#include "error_list.h"
#include "model_kinds.h"
#include "scenario.h"
#include "schema.h"
#include "yaml_tree.h"

/* From what an instance is made. */
struct instance_source {
    const struct yaml_node *node; /* of its section, a list as a whole; NULL: all defaults */
    bool *good;                   /* by config: all values are right */
};

/* Values of a label that are names of a list's items. */
struct item_labels {
    struct item_labels *next;
    struct model_rows rows;
};

struct scenario_internal {
    struct item_labels *item_labels; /* NULL: none */
    struct yaml_trees *trees;
    const struct yaml_source *source; /* the file itself */
    struct scenario_instance *instances;
    struct config_table *tables;     /* by instance: the rows of its parameters */
    struct schema_value **values;    /* by instance: config_count times the rows of its table */
    struct instance_source *sources; /* by instance */
    size_t instance_capacity;
    const struct metric **metrics;
    size_t metric_capacity;
    const char **region_names; /* point to texts of nodes */
    struct probe_span *spans;
    size_t span_capacity;
    struct schema_value *run_values;   /* by row of run_settings_fields */
    const struct yaml_node *seed_node; /* NULL: the default */
};

/* Inputs of building a scenario. */
struct loading {
    const struct registry *registry;
    struct yaml_trees *trees;
    const struct yaml_source *source;
    struct error_list *errors;
    struct csv_cache *csv;
    bool is_trial; /* only to validate a value of a sweep */
};

/* State while a scenario is built. */
struct builder {
    struct scenario *scenario;
    struct scenario_internal *inner;
    const struct yaml_node *root;
    struct error_list *errors;
    const struct model_kind *kind; /* of section MODEL_KIND_SECTION; NULL: unknown */
    struct csv_cache *csv;
};

static inline struct scenario_internal *scenario_internal(const struct scenario *scenario)
{
    return scenario->inner;
}

/* scenario.c: build the scenario of another root, only to report its errors. */
void scenario_try(const struct builder *builder, const struct yaml_node *root);

/* top_level.c: keys, prose, settings of the run. */
void top_level_build(struct builder *builder);
void top_level_free(struct scenario *scenario);

/* topology.c, then instances.c: an instance of each model by its scope, checked. */
void topology_build(struct builder *builder);
void instances_build(struct builder *builder);
void instances_free(struct scenario *scenario);

/* The key of a section that names a preset, and the prefix of the source name of its nodes. */
#define PRESET_KEY "preset"
#define PRESET_ORIGIN "preset "

/* lesson_section.c */
void lesson_build(struct builder *builder);
void lesson_free(struct scenario *scenario);
/* expectation.c */
void expectations_build(struct builder *builder);
void expectations_free(struct scenario *scenario);

/* sweep_build.c; tries: check that each value of each axis gives a valid scenario. */
void sweep_build(struct builder *builder, bool tries);
void sweep_free(struct scenario *scenario);

/* resolved.c: needs all of the above. */
void resolved_build(struct scenario *scenario);

/*
 * Call `visit` for every value that applies, by model and field. If all instances of a model have
 * the same text and origin there is one call, with the path of the section ("app.workers");
 * otherwise one per instance ("regions.us-west-1.app.workers").
 */
struct explicit_value {
    const char *path;
    const struct field *field;
    const struct schema_value *value;
};
void values_each(const struct scenario *scenario,
                 void (*visit)(void *self, const struct explicit_value *item), void *self);
/* "00-baseline.yaml:12", "--set", "default (facts C.3)". Appends. */
void value_add_origin(struct strbuf *out, const struct field *field,
                      const struct schema_value *value);

#endif
