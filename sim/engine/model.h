// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What a model is to everything above it: a table of parameters, a table of metrics, and six verbs.
 *
 * The wiring makes instances by scope, gives each its checked config and a zeroed state, and calls,
 * over all instances in registry order: init (keep config, open streams, kinds and probes, offer
 * ports), connect (find the ports of others), start (schedule first events; time is 0), then the
 * run, then finish, then fini. A model meets another only through a port that the other offered
 * under a name.
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
    MODEL_PER_REGION, /* one a region: defaults in section `app`, overrides in `regions.<n>.app` */
    MODEL_PER_LINK,   /* one a directed pair of regions, a region to itself included: defaults in
                       * `network.default` (between regions) and `network.inside` (within one);
                       * overrides in `network."a <-> b"`, `network."a -> b"` */
    MODEL_LIST        /* one instance; section is a sequence, a config for each item (`faults`) */
};

/* The regions of a scenario, in the order in which they were written. */
struct topology {
    uint32_t region_count;
    const char *const *region_names;
};
int topology_region(const struct topology *topology, const char *name); /* -1: unknown */

/* --- ports ----------------------------------------------------------------------------------- */

/*
 * Faces by which models meet: (name, a, b) -> pointer, where a and b are regions or -1. What a name
 * stands for is fixed in models/ports.
 */
struct port_directory;
struct port_directory *port_directory_create(void);
void port_directory_free(struct port_directory *directory);
void port_offer(struct port_directory *directory, const char *name, int a, int b, void *port);
/* NULL where nobody offers it. */
void *port_find(const struct port_directory *directory, const char *name, int a, int b);
/* As port_find(), but a missing one is a bug: the registry lacks a model. */
void *port_need(const struct port_directory *directory, const char *name, int a, int b);

/*
 * Typed accessors of one port, in the header that defines it: port_offer_NOUN(), port_find_NOUN(),
 * port_need_NOUN(). Nothing else names a port by text, so an offer and a use of different types do
 * not compile.
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
    struct run_log *log;              /* what happened, for people: run_log.h */
    const struct model_kind *kind;    /* the chosen one; NULL: the model has no kinds */
    const void *kind_config;          /* its parameters; NULL as above */
    const struct usage_list *usage;   /* complete before the first init: usage.h */
    const struct supplied_rows *rows; /* of all models and kinds of the scenario: model_rows.h */
};

/*
 * Where a model's check reports: the caller's function. `field` is the name of a field or NULL for
 * the whole section; `text` follows it in the message. Both are valid during the call only.
 */
struct validation {
    void (*report)(struct validation *self, const char *field, const char *text);
    /* For what is worth knowing and no error, such as a derived value. NULL: not wanted. */
    void (*note)(struct validation *self, const char *field, const char *text);
};
/* Report that rules between fields are broken; formats `text` and calls validation->report. */
void validation_error(struct validation *validation, const char *field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Report a note; as validation_error(). */
void validation_note(struct validation *validation, const char *field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

struct check_context {
    const struct topology *topology;
    sim_time end;
    int region, peer;              /* as in model_env */
    const struct model_kind *kind; /* as in model_env */
    const void *kind_config;
    const struct supplied_rows *rows; /* as in model_env */
};

/*
 * Parameters that go together under a name: a real thing with its version. A model with presets has
 * a CHOICE `preset` in its table, whose names are "none" and theirs in this order. A preset's
 * values stand below what a scenario sets: they are defaults, laid under the explicit keys of the
 * section with the rules of a file that extends another.
 */
struct preset {
    const char *name;          /* "go-redis-9.22" */
    const char *date;          /* version or date of what was read */
    const char *const *values; /* "retry.attempts=4", as after --set SECTION.; NULL-terminated */
    const char *left_out;      /* what the real one has and the model has not; "" where nothing */
    const char *source;
};

/*
 * One kind of a model: a way of being made, with parameters and metrics of its own. A model with
 * kinds has scope MODEL_ONCE and a CHOICE "kind" whose choices are the names of its kinds.
 *
 * The parameters of the chosen kind stand in the model's section beside the common ones
 * (`store.data_set`); those of another kind are refused. A kind's metrics exist only under it.
 * Neither may have a name that the model's own table has. Two kinds may use one name: for
 * parameters of one type, for metrics whose rows are the same.
 */
struct model_kind {
    const char *name;           /* the value of "kind" */
    const char *meaning;        /* one line */
    size_t config_size;         /* of its own parameters; zeroed, filled and freed by the wiring */
    const struct field *fields; /* MODEL_CONFIG is the kind's own struct */
    size_t field_count;
    const struct metric *metrics;
    size_t metric_count;
    struct model_rows rows; /* for others, where this kind is chosen */
    /* Optional. Rules between fields, the model's and the kind's. */
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
    struct model_rows rows; /* for others */
    const struct preset *presets;
    size_t preset_count;
    const struct model_kind *const *kinds; /* chosen by the CHOICE "kind"; NULL: none */
    size_t kind_count;
    /* NULL: always there; else NULL-terminated names: the model exists only where section
     * MODEL_KIND_SECTION has one of these kinds. */
    const char *const *only_kinds;
    /* All optional but init. config in check: one config (of a MODEL_LIST: each item in turn). */
    void (*check)(const void *config, const struct check_context *context,
                  struct validation *validation);
    void (*init)(void *self, const struct model_env *env);
    void (*connect)(void *self, const struct port_directory *ports);
    void (*start)(void *self);
    void (*finish)(
        void *self); /* the clock is at the end: close books, check conservation, set values */
    void (*fini)(void *self);
    /* MODEL_LIST of faults only: the span in which this item acts, for the windows of the
     * statistics; false: none (such as a fault of strength zero acts all the same). */
    bool (*span)(const void *config, struct probe_span *span);
};

#endif
