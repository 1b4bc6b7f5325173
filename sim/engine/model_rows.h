// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Rows that a model or a kind supplies to other models, so that the users of the rows do not depend
 * on models or kinds. A scenario has the tables of its models and chosen kinds, in the order of the
 * registry, a model before its kind.
 */
#ifndef MODEL_ROWS_H
#define MODEL_ROWS_H

#include "sim_time.h"
#include "tap_statistic.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct check_context; /* model.h */

/* An additional label value of every metric whose `label_set` has this name. */
struct label_row {
    const char *set;     /* "reauth-cause" */
    const char *value;   /* "other-region"; two rows may have the same value */
    const char *meaning; /* one line */
};

/* A billed quantity used in a run (usage.h). */
struct usage_row {
    const char
        *item; /* item of the price list (model cost): "transfer"; rows of one item are added */
    const char *metric; /* a counter: its total over the run is the amount */
    double (*amount)(
        const void *state); /* alternatively: amount of one instance, at the end of the run */
    const char *meaning;    /* quantity and unit; one line */
};

/* A metric under the name by which a service publishes it, for alarms and comparisons with what
 * operators see; or a name that is known and has no counterpart here. */
struct service_metric {
    const char *name;   /* unique in a scenario: "EngineCPUUtilization" */
    const char *space;  /* the service's namespace: "AWS/ElastiCache"; "": of the application */
    const char *unit;   /* as published: "Percent" */
    double scale;       /* published value = value of `metric` x scale */
    const char *metric; /* name of the metric here; NULL: none, `meaning` says why */
    const char *label;  /* NULL: aggregated over values */
    enum tap_statistic statistic; /* the one commonly used */
    double quantile;              /* TAP_QUANTILE */
    sim_dur period_ns;            /* shortest published period */
    const char *meaning;          /* one line: what it shows and hides */
    const char *source;           /* as the source of a parameter */
    bool absent_at_zero; /* no data point of a period in which nothing was counted, instead of 0 */
    bool at_source;      /* of what a region receives; the data is kept in the region that sends */
};

/* A lint rule: a setting that is allowed but probably not intended. */
struct lint_row {
    const char *code;    /* stable, never reused for another rule: "client-retries-never" */
    const char *field;   /* the parameter that a warning points at: "health.depth"; its owner's */
    const char *meaning; /* one line: what is so, and what follows from it */
    /* Does a config (a MODEL_LIST: one of its items) break the rule? context as in check. */
    bool (*applies)(const void *config, const struct check_context *context);
};

/* What a fault can do to a part that the model or kind simulates. */
struct fault_capability {
    const char *target; /* "link", "control/dns", "instance": as models/faults names it */
    const char *action; /* "loss": the parameter of a fault */
    /* How many of these parts there are in `region` (of a link: from there to `peer`, else -1),
     * as the config of one instance says; the largest answer counts. region -1: outside of all
     * regions. context as in check. NULL: one, wherever it is. */
    uint32_t (*parts)(const void *config, const struct check_context *context, int region,
                      int peer);
};

/* All rows of one model or kind. */
struct model_rows {
    const struct label_row *labels;
    size_t label_count;
    const struct usage_row *usage;
    size_t usage_count;
    const struct service_metric *service_metrics;
    size_t service_metric_count;
    const struct lint_row *lints;
    size_t lint_count;
    const struct fault_capability *faults;
    size_t fault_count;
};
#define LINT_TABLE(table) .lints = (table), .lint_count = sizeof(table) / sizeof((table)[0])
#define SERVICE_METRIC_TABLE(table)                                                                \
    .service_metrics = (table), .service_metric_count = sizeof(table) / sizeof((table)[0])
#define USAGE_TABLE(table) .usage = (table), .usage_count = sizeof(table) / sizeof((table)[0])
#define FAULT_TABLE(table) .faults = (table), .fault_count = sizeof(table) / sizeof((table)[0])
#define LABEL_TABLE(table) .labels = (table), .label_count = sizeof(table) / sizeof((table)[0])

/* The tables that apply in a scenario. */
struct supplied_rows {
    const struct model_rows **tables;
    size_t count, capacity;
};
void supplied_rows_add(struct supplied_rows *supplied, const struct model_rows *rows);
void supplied_rows_release(struct supplied_rows *supplied);

/* Row `index` of all rows of faults, in the order of the tables, and whose it is (owner may be
 * NULL). NULL: there are fewer. */
const struct fault_capability *supplied_fault(const struct supplied_rows *supplied, size_t index,
                                              const struct model_rows **owner);

/* Can a fault do anything to a target of this name? */
bool supplied_fault_target(const struct supplied_rows *supplied, const char *target);

/*
 * Values of a metric's label: its own, then those of its label set, without duplicates. `supplied`
 * may be NULL: none. O(rows).
 */
struct metric;
size_t metric_label_count(const struct supplied_rows *supplied, const struct metric *metric);
/* NULL: index out of range. */
const char *metric_label(const struct supplied_rows *supplied, const struct metric *metric,
                         size_t index);
/* -1: no such value. */
int metric_label_index(const struct supplied_rows *supplied, const struct metric *metric,
                       const char *value);

/* By name, alone or after its namespace, with or without "AWS/": "CurrConnections",
 * "ElastiCache/CurrConnections". NULL: there is none. O(rows). */
const struct service_metric *service_metric_find(const struct supplied_rows *supplied,
                                                 const char *name);
/* The nearest name to one that is unknown; NULL: none is near. */
const char *service_metric_nearest(const struct supplied_rows *supplied, const char *name);

#endif
