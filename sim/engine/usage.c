// SPDX-License-Identifier: GPL-3.0-or-later
#include "usage.h"

#include "mem.h"

#include <stdlib.h>
#include <string.h>

static void usage_list_add(struct usage_list *list, const struct usage_row *row, const void *state)
{
    MEM_GROW(list->entries, list->capacity, list->count + 1);
    list->entries[list->count++] = (struct usage_entry){row, state};
}

void usage_list_add_metrics(struct usage_list *list, const struct model_rows *rows)
{
    for (size_t i = 0; i < rows->usage_count; i++)
        if (!rows->usage[i].amount)
            usage_list_add(list, &rows->usage[i], NULL);
}

void usage_list_add_amounts(struct usage_list *list, const struct model_rows *rows,
                            const void *state)
{
    for (size_t i = 0; i < rows->usage_count; i++)
        if (rows->usage[i].amount)
            usage_list_add(list, &rows->usage[i], state);
}

void usage_list_release(struct usage_list *list)
{
    free(list->entries);
    *list = (struct usage_list){0};
}

static double entry_amount(const struct usage_entry *entry, const struct probes *probes)
{
    const struct usage_row *row = entry->row;

    if (row->amount)
        return row->amount(entry->state);
    return (double)probes_count_total(probes, row->metric, PROBE_ALL_REGIONS, NULL);
}

double usage_total(const struct usage_list *list, const struct probes *probes, const char *item)
{
    double total = 0;

    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->entries[i].row->item, item) == 0)
            total += entry_amount(&list->entries[i], probes);
    return total;
}
