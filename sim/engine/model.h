// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The interface of a model: a table of parameters, a table of metrics, and lifecycle functions.
 *
 * The wiring creates instances by scope, passes each its checked config and a zeroed state, and
 * calls for all instances, in registry order: init (keep config; open streams, kinds and probes;
 * offer ports), connect (look up ports of other models), start (schedule first events at time 0);
 * after the run finish, then fini. Models interact only through named ports.
 */
#ifndef MODEL_H
#define MODEL_H

#include "field.h"
#include "model_rows.h"
#include "probe.h"
#include "sim.h"
#include "usage.h"

#include <stddef.h>
#include <stdint.h>

enum model_scope {
    MODEL_ONCE,       /* one instance: section `store` */
    MODEL_PER_REGION, /* one per region: defaults in section `app`, overrides in `regions.<n>.app`
                       */
    MODEL_PER_LINK,   /* one per directed pair of regions, including a region to itself: defaults in
                         `network.default` (between regions) and `network.inside` (within one);
                         overrides in `network."a <-> b"`, `network."a -> b"` */
    MODEL_LIST        /* one instance; section is a sequence, a config for each item (`faults`) */
};

/* The regions of a scenario, in the order of the file. */
struct topology {
    uint32_t region_count;
    const char *const *region_names;
    uint32_t zone_count; /* availability zones of each region, named a, b, ... */
};
int topology_region(const struct topology *topology, const char *name); /* -1: unknown */

/* --- ports ----------------------------------------------------------------------------------- */

/*
 * Interfaces between models: (name, a, b) -> pointer, where a and b are regions or -1. Each name is
 * defined in models/ports.
 */
struct port_directory;
struct port_directory *port_directory_create(void);
void port_directory_free(struct port_directory *directory);
void port_offer(struct port_directory *directory, const char *name, int a, int b, void *port);
/* NULL if no model offers it. */
void *port_find(const struct port_directory *directory, const char *name, int a, int b);
/* As port_find(), but a missing one is a bug: the registry lacks a model. */
void *port_need(const struct port_directory *directory, const char *name, int a, int b);

/*
 * Typed accessors of one port, in the header that defines it: port_offer_NOUN(), port_find_NOUN(),
 * port_need_NOUN(). Only they use a port's name, so an offer and a use of different types do not
 * compile.
 */
#define PORT_ACCESSORS(noun, type)                                                                 \
    static inline void port_offer_##noun(struct port_directory *directory, int a, int b,           \
                                         type *port)                                               \
    {                                                                                              \
        port_offer(directory, #noun, a, b, port);                                                  \
    }                                                                                              \
    static inline type *port_find_##noun(const struct port_directory *directory, int a, int b)     \
    {                                                                                              \
        return port_find(directory, #noun, a, b);                                                  \
    }                                                                                              \
    static inline type *port_need_##noun(const struct port_directory *directory, int a, int b)     \
    {                                                                                              \
        return port_need(directory, #noun, a, b);                                                  \
    }

/* --- instances ------------------------------------------------------------------------------- */

struct model_kind;
struct run_log;
struct model_env {
    struct sim *sim;
    const struct topology *topology;
    struct port_directory *ports;
    const char *instance; /* "app_tier/us-west-1", "wan_link/us-west-1->us-west-2", "store" */
    const void *config;   /* MODEL_LIST: an array of config_count configs */
    size_t config_count;
    int region;                       /* PER_REGION: index; PER_LINK: from; else -1 */
    int peer;                         /* PER_LINK: to; else -1 */
    struct run_log *log;              /* events for the reader: run_log.h */
    const struct model_kind *kind;    /* the chosen one; NULL: the model has no kinds */
    const void *kind_config;          /* its parameters; NULL as above */
    const struct usage_list *usage;   /* complete before the first init: usage.h */
    const struct supplied_rows *rows; /* of all models and kinds of the scenario: model_rows.h */
};

/*
 * Callback for validation errors. `field` is the name of a field, or NULL for the whole section;
 * `text` follows it in the message. Both are valid only during the call.
 */
struct validation {
    void (*report)(struct validation *self, const char *field, const char *text);
    /* For what is worth knowing and no error, such as a derived value. NULL: not wanted. */
    void (*note)(struct validation *self, const char *field, const char *text);
    /* Whether the scenario sets the field, or a field below it, to whatever value. NULL: no. */
    bool (*is_given)(const struct validation *self, const char *field);
};
/* Report a violated rule between fields: format the text and call validation->report. */
void validation_error(struct validation *validation, const char *field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool validation_is_given(const struct validation *validation, const char *field);
/* Report a note; as validation_error(). */
void validation_note(struct validation *validation, const char *field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* An instance of a model as its scenario has it. */
struct scenario_instance {
    const struct model_ops *ops;
    char *name;       /* "app_tier/us-west-1" */
    int region, peer; /* as in model_env */
    const void *config;
    size_t config_count;
    const struct model_kind *kind; /* NULL: the model has none */
    const void *kind_config;
};

/* What a config is checked against. */
struct check_context {
    const struct topology *topology;
    sim_time end;
    const struct supplied_rows *rows;    /* as in model_env */
    const struct metric *const *metrics; /* of the scenario's models and kinds */
    size_t metric_count;
    const struct scenario_instance *instances; /* of the scenario, filled; where a value of theirs
                                                  is wrong, it is 0, NULL or the default */
    size_t instance_count;
    /* of the instance that is checked */
    int region, peer;              /* as in model_env */
    const struct model_kind *kind; /* as in model_env */
    const void *kind_config;
    const void *items;       /* MODEL_LIST: all configs */
    size_t item_count, item; /* and which of them is checked */
};
/* The context of an instance's config number `item`, with the first half of `general`. */
struct check_context check_context_of(const struct check_context *general,
                                      const struct scenario_instance *instance, size_t item);
/* Are these the rows of the instance's model or of its kind? */
bool instance_has_rows(const struct scenario_instance *instance, const struct model_rows *rows);

/*
 * A preset: a named set of parameter values, such as a product at a version. A model with presets
 * has a CHOICE `preset` in its table, whose names are "none" and those of the presets, in this
 * order. The values of a preset are defaults: keys set in the scenario override them, by the rules
 * of `extends`.
 */
struct preset {
    const char *name;          /* "go-redis-9.22" */
    const char *date;          /* version or date of the source */
    const char *const *values; /* "retry.attempts=4", as after --set SECTION.; NULL-terminated */
    const char *left_out;      /* features of the product that the model lacks; "": none */
    const char *source;
};

/*
 * A parameter of an earlier version that is a group of parameters now: one value, given at the
 * group's name, is accepted with a warning. Of models with scope MODEL_ONCE.
 */
struct old_parameter {
    const char *name; /* key of the section, and the first part of the names below: "operator" */
    struct old_setting {
        const char *name;  /* "operator.decide"; NULL ends the list */
        const char *value; /* NULL: the value that is given */
    } settings[4];
};

/*
 * A kind of a model: an implementation with its own parameters and metrics. A model with kinds has
 * scope MODEL_ONCE and a CHOICE "kind" whose choices are the names of its kinds.
 *
 * The parameters of the chosen kind are in the model's section with the common ones
 * (`store.data_set`); those of another kind are refused. The metrics of a kind exist only with it.
 * Neither may use a name from the model's own table. Two kinds may use the same name for parameters
 * of the same type and for metrics with equal rows.
 */
struct model_kind {
    const char *name;    /* the value of "kind" */
    const char *meaning; /* one line */
    /* Parameters of the model that do not exist with this kind, by the first part of their names;
     * NULL-terminated; NULL: none. They stay zero in the config. Never "kind". */
    const char *const *lacks;
    /* What other models may ask for and not every kind supports; NULL-terminated; NULL: nothing. */
    const char *const *supports;
    size_t config_size; /* of its parameters; allocated zeroed, filled and freed by the wiring */
    const struct field *fields; /* MODEL_CONFIG is the struct of the kind */
    size_t field_count;
    const struct metric *metrics;
    size_t metric_count;
    struct model_rows rows; /* supplied to other models if this kind is chosen */
    /* Optional. Check rules between fields of the model and the kind. */
    void (*check)(const void *config, const void *kind_config, const struct check_context *context,
                  struct validation *validation);
};

/* The section whose kind decides whether a model with `only_kinds` exists. */
#define MODEL_KIND_SECTION "store"

struct model_ops {
    const char *name;    /* "app_tier": also the name of its page, models/app/app_tier.md */
    const char *section; /* "app" */
    const char *meaning; /* one line */
    enum model_scope scope;
    size_t config_size, state_size; /* both allocated by the wiring, zeroed, freed after .fini */
    const struct field *fields;
    size_t field_count;
    const struct metric *metrics;
    size_t metric_count;
    struct model_rows rows; /* supplied to other models */
    const struct preset *presets;
    size_t preset_count;
    const struct old_parameter *old_parameters;
    size_t old_parameter_count;
    const struct model_kind *const *kinds; /* chosen by the CHOICE "kind"; NULL: none */
    size_t kind_count;
    /* NULL: the model always exists. Otherwise NULL-terminated names: it exists only if section
     * MODEL_KIND_SECTION has one of these kinds. */
    const char *const *only_kinds;
    /* NULL: as above. Otherwise NULL-terminated names: it exists only if the scenario has one of
     * these sections, so that it costs nothing and shows no metrics in any other. */
    const char *const *only_sections;
    /* A MODEL_LIST whose items have names (a char * at this offset of the config): they are values
     * of every metric with this label set. NULL: they are not. */
    const char *item_label_set;
    size_t item_name;
    /* All optional except init. config in check: one config (for a MODEL_LIST, each item in
     * turn). */
    void (*check)(const void *config, const struct check_context *context,
                  struct validation *validation);
    void (*init)(void *self, const struct model_env *env);
    void (*connect)(void *self, const struct port_directory *ports);
    void (*start)(void *self);
    void (*finish)(void *self); /* at the end of the run: check conservation, set values */
    void (*fini)(void *self);
    /* Only for the MODEL_LIST of faults: the time span in which item `index` is active, for the
     * windows of the statistics; false: none (a fault of strength zero has one). */
    bool (*span)(const void *items, size_t count, size_t index, struct probe_span *span);
};

#endif
