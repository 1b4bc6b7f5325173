// SPDX-License-Identifier: GPL-3.0-or-later
#include "model_rows.h"

#include "mem.h"
#include "probe.h"
#include "suggest.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void supplied_rows_add(struct supplied_rows *supplied, const struct model_rows *rows)
{
    MEM_GROW(supplied->tables, supplied->capacity, supplied->count + 1);
    supplied->tables[supplied->count++] = rows;
}

void supplied_rows_release(struct supplied_rows *supplied)
{
    free(supplied->tables);
    *supplied = (struct supplied_rows){0};
}

const struct fault_capability *supplied_fault(const struct supplied_rows *supplied, size_t index,
                                              const struct model_rows **owner)
{
    for (size_t i = 0; i < supplied->count; i++) {
        const struct model_rows *table = supplied->tables[i];

        if (owner)
            *owner = table;
        if (index < table->fault_count)
            return &table->faults[index];
        index -= table->fault_count;
    }
    return NULL;
}

bool supplied_fault_target(const struct supplied_rows *supplied, const char *target)
{
    const struct fault_capability *row;

    for (size_t i = 0; (row = supplied_fault(supplied, i, NULL)); i++)
        if (strcmp(row->target, target) == 0)
            return true;
    return false;
}

/* --- labels ---------------------------------------------------------------------------------- */

/* Iterator over the values of a metric's label. */
struct label_walk {
    const struct supplied_rows *supplied;
    const struct metric *metric;
    size_t own;        /* next of the metric's own values */
    size_t table, row; /* next row */
};

static bool is_own_value(const struct metric *metric, const char *value)
{
    for (size_t i = 0; metric->label_values && metric->label_values[i]; i++)
        if (strcmp(metric->label_values[i], value) == 0)
            return true;
    return false;
}

/* Whether an earlier row has the same value. */
static bool was_walked(const struct label_walk *walk, const struct label_row *label)
{
    for (size_t t = 0; t <= walk->table; t++) {
        const struct model_rows *table = walk->supplied->tables[t];
        size_t end = t < walk->table ? table->label_count : walk->row;

        for (size_t i = 0; i < end; i++)
            if (strcmp(table->labels[i].set, label->set) == 0 &&
                strcmp(table->labels[i].value, label->value) == 0)
                return true;
    }
    return is_own_value(walk->metric, label->value);
}

/* NULL at the end. */
static const char *label_next(struct label_walk *walk)
{
    const struct metric *metric = walk->metric;

    if (metric->label_values && metric->label_values[walk->own])
        return metric->label_values[walk->own++];
    if (!metric->label_set || !walk->supplied)
        return NULL;
    for (; walk->table < walk->supplied->count; walk->table++, walk->row = 0) {
        const struct model_rows *table = walk->supplied->tables[walk->table];

        for (; walk->row < table->label_count; walk->row++) {
            const struct label_row *label = &table->labels[walk->row];

            if (strcmp(label->set, metric->label_set) == 0 && !was_walked(walk, label)) {
                walk->row++;
                return label->value;
            }
        }
    }
    return NULL;
}

size_t metric_label_count(const struct supplied_rows *supplied, const struct metric *metric)
{
    struct label_walk walk = {.supplied = supplied, .metric = metric};
    size_t count = 0;

    while (label_next(&walk))
        count++;
    return count;
}

const char *metric_label(const struct supplied_rows *supplied, const struct metric *metric,
                         size_t index)
{
    struct label_walk walk = {.supplied = supplied, .metric = metric};
    const char *value = label_next(&walk);

    for (; value && index > 0; index--)
        value = label_next(&walk);
    return value;
}

int metric_label_index(const struct supplied_rows *supplied, const struct metric *metric,
                       const char *value)
{
    struct label_walk walk = {.supplied = supplied, .metric = metric};
    const char *label;

    for (int i = 0; (label = label_next(&walk)); i++)
        if (strcmp(label, value) == 0)
            return i;
    return -1;
}

/* --- service metrics ------------------------------------------------------------------------- */

#define AWS "AWS/"

/* Is `name` the row's, with or without its namespace? */
static bool is_named(const struct service_metric *row, const char *name)
{
    const char *slash = strrchr(name, '/'), *space = row->space;
    size_t length = slash ? (size_t)(slash - name) : 0;

    if (!slash)
        return strcmp(row->name, name) == 0;
    if (strncmp(space, AWS, strlen(AWS)) == 0 && strncmp(name, AWS, strlen(AWS)) != 0)
        space += strlen(AWS);
    return strcmp(row->name, slash + 1) == 0 && strlen(space) == length &&
           strncmp(space, name, length) == 0;
}

const struct service_metric *service_metric_find(const struct supplied_rows *supplied,
                                                 const char *name)
{
    for (size_t t = 0; t < supplied->count; t++)
        for (size_t i = 0; i < supplied->tables[t]->service_metric_count; i++)
            if (is_named(&supplied->tables[t]->service_metrics[i], name))
                return &supplied->tables[t]->service_metrics[i];
    return NULL;
}

const char *service_metric_nearest(const struct supplied_rows *supplied, const char *name)
{
    const char *slash = strrchr(name, '/'), **names = NULL, *nearest;
    size_t count = 0, capacity = 0;

    for (size_t t = 0; t < supplied->count; t++)
        for (size_t i = 0; i < supplied->tables[t]->service_metric_count; i++) {
            MEM_GROW(names, capacity, count + 1);
            names[count++] = supplied->tables[t]->service_metrics[i].name;
        }
    nearest = suggest_nearest(slash ? slash + 1 : name, names, count);
    free(names);
    return nearest;
}
