// SPDX-License-Identifier: GPL-3.0-or-later
#include "statistic_groups.h"

#include "estimate.h"
#include "mem.h"
#include "statistic_text.h"
#include "strbuf.h"
#include "two_groups.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- the replications ------------------------------------------------------------------------ */

struct values {
    double *items;
    uint32_t count;
};

static void keep_value(void *self, const struct value_row *row)
{
    struct values *values = self;
    if (row->replication < values->count && isfinite(row->value)) /* else printed elsewhere */
        values->items[row->replication] = row->value;
}

static int read_values(struct values *values, struct results *results, int64_t study, int64_t point,
                       const struct statistic_text *parts, struct diag *diag)
{
    const struct statistic_name name = {parts->metric, parts->stat, parts->region, parts->label,
                                        parts->window};
    for (uint32_t i = 0; i < values->count; i++)
        values->items[i] = NAN;
    return results_each_value(results, study, point, &name, keep_value, values, diag);
}

static struct statistic_groups split(const struct values *values, double threshold, double level)
{
    struct estimate_sums low = {.over = 0}, high = {.over = 0};
    for (uint32_t i = 0; i < values->count; i++)
        if (!isnan(values->items[i]))
            estimate_add(values->items[i] <= threshold ? &low : &high, values->items[i], 0, 0);
    return (struct statistic_groups){
        .low = estimate_interval(&low, ESTIMATE_POSITIVE, level, NULL),
        .high = estimate_interval(&high, ESTIMATE_POSITIVE, level, NULL),
        .low_max = low.tally.max,
        .high_min = high.tally.min,
    };
}

static bool is_there(const struct statistic_groups_list *list, int64_t point, const char *text)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].point == point && strcmp(list->items[i].text, text) == 0)
            return true;
    return false;
}

static void append(struct statistic_groups_list *list, struct statistic_groups found, int64_t point,
                   const char *text)
{
    MEM_GROW(list->items, list->capacity, list->count + 1);
    found.point = point;
    found.text = mem_strdup(text);
    list->items[list->count++] = found;
}

int statistic_groups_find(struct statistic_groups_list *list, struct results *results,
                          const struct study_row *study, int64_t point, const char *text,
                          struct diag *diag)
{
    struct values values = {NULL, study->replication_count};
    struct statistic_text parts;
    int status = 0;
    statistic_text_parse(&parts, text);
    if (values.count < study->run_count)
        values.count = study->run_count;
    if (!is_there(list, point, parts.text)) {
        values.items = mem_alloc(values.count + 1, sizeof(*values.items));
        status = read_values(&values, results, study->id, point, &parts, diag);
        struct two_groups groups = two_groups_find(values.items, values.count);
        if (status == 0 && groups.found)
            append(list, split(&values, groups.threshold, study->level), point, parts.text);
        free(values.items);
    }
    statistic_text_release(&parts);
    return status;
}

void statistic_groups_release(struct statistic_groups_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i].text);
    free(list->items);
    *list = (struct statistic_groups_list){NULL, 0, 0};
}
