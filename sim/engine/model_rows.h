// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Rows that a model, or one kind of it, supplies to others: so that who uses them knows neither the
 * models nor the kinds. A scenario has the tables of the models and chosen kinds that it contains,
 * in the order of the registry, a model before its kind.
 */
#ifndef MODEL_ROWS_H
#define MODEL_ROWS_H

#include <stddef.h>

/* One more value of the label of every metric whose `label_set` has this name. */
struct label_row {
    const char *set;     /* "reauth-cause" */
    const char *value;   /* "other-region"; two rows may have the same one */
    const char *meaning; /* one line */
};

/* Something used in a run that is paid for (usage.h). */
struct usage_row {
    const char *item;   /* of the price list (model cost): "transfer"; rows of one item add up */
    const char *metric; /* a counter: its total over the run is the amount */
    double (*amount)(const void *state); /* or, instead: of one instance, at the end of the run */
    const char *meaning;                 /* of what, in which unit; one line */
};

/* All rows of one model or kind. */
struct model_rows {
    const struct label_row *labels;
    size_t label_count;
    const struct usage_row *usage;
    size_t usage_count;
};
#define USAGE_TABLE(table) .usage = (table), .usage_count = sizeof(table) / sizeof((table)[0])
#define LABEL_TABLE(table) .labels = (table), .label_count = sizeof(table) / sizeof((table)[0])

/* The tables that apply in a scenario. */
struct supplied_rows {
    const struct model_rows **tables;
    size_t count, capacity;
};
void supplied_rows_add(struct supplied_rows *supplied, const struct model_rows *rows);
void supplied_rows_release(struct supplied_rows *supplied);

/*
 * Values of a metric's label: its own, then those of its label set, each once. `supplied` may be
 * NULL: none. O(rows).
 */
struct metric;
size_t metric_label_count(const struct supplied_rows *supplied, const struct metric *metric);
/* NULL: there are not so many. */
const char *metric_label(const struct supplied_rows *supplied, const struct metric *metric,
                         size_t index);
/* -1: no such value. */
int metric_label_index(const struct supplied_rows *supplied, const struct metric *metric,
                       const char *value);

#endif
