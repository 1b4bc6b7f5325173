// SPDX-License-Identifier: GPL-3.0-or-later
#include "statistic_table.h"

#include "mem.h"

#include <stdlib.h>
#include <string.h>

size_t text_list_add(char ***texts, size_t *count, size_t *capacity, const char *name)
{
    for (size_t i = 0; i < *count; i++)
        if (strcmp((*texts)[i], name) == 0)
            return i;
    MEM_GROW(*texts, *capacity, *count + 1);
    (*texts)[*count] = mem_strdup(name);
    return (*count)++;
}

void text_list_release(char ***texts, size_t *count, size_t *capacity)
{
    for (size_t i = 0; i < *count; i++)
        free((*texts)[i]);
    free(*texts);
    *texts = NULL;
    *count = *capacity = 0;
}

/* Rows come in the order of their points. */
static void index_point(struct statistic_table *table, int64_t point)
{
    while ((int64_t)table->start_count <= point) {
        MEM_GROW(table->starts, table->start_capacity, table->start_count + 1);
        table->starts[table->start_count++] = table->count;
    }
}

static void add_row(void *self, const struct summary_row *row)
{
    struct statistic_table *table = self;
    index_point(table, row->point);
    MEM_GROW(table->rows, table->capacity, table->count + 1);
    struct statistic_row *own = &table->rows[table->count++];
    *own = (struct statistic_row){.point = row->point,
                                  .metric = mem_strdup(row->metric),
                                  .stat = mem_strdup(row->stat),
                                  .region = mem_strdup(row->region),
                                  .label_name = mem_strdup(row->label_name),
                                  .label = mem_strdup(row->label),
                                  .window = mem_strdup(row->window),
                                  .interval = row->interval,
                                  .censored = row->censored};
    if (!unit_from_name(row->unit, &own->unit))
        own->unit = UNIT_NONE;
    if (strcmp(row->region, "all") != 0)
        text_list_add(&table->regions, &table->region_count, &table->region_capacity, row->region);
}

int statistic_table_load(struct statistic_table *table, struct results *results, int64_t study,
                         const char *metric, struct diag *diag)
{
    *table = (struct statistic_table){0};
    return results_each_summary(results, study, metric, add_row, table, diag);
}

int statistic_table_load_of(struct statistic_table *table, struct results *results, int64_t study,
                            bool stuck, struct diag *diag)
{
    *table = (struct statistic_table){0};
    return results_each_summary_of(results, study, stuck, add_row, table, diag);
}

void statistic_table_release(struct statistic_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        struct statistic_row *row = &table->rows[i];
        free(row->metric);
        free(row->stat);
        free(row->region);
        free(row->label_name);
        free(row->label);
        free(row->window);
    }
    free(table->rows);
    free(table->starts);
    text_list_release(&table->regions, &table->region_count, &table->region_capacity);
    *table = (struct statistic_table){0};
}

const struct statistic_row *statistic_table_find(const struct statistic_table *table, int64_t point,
                                                 const char *metric, const char *stat,
                                                 const char *region, const char *label,
                                                 const char *window)
{
    if (point < 0 || (size_t)point >= table->start_count)
        return NULL;
    size_t end = (size_t)point + 1 < table->start_count ? table->starts[point + 1] : table->count;
    for (size_t i = table->starts[point]; i < end; i++) {
        const struct statistic_row *row = &table->rows[i];
        if (strcmp(row->metric, metric) == 0 && strcmp(row->stat, stat) == 0 &&
            strcmp(row->region, region) == 0 && strcmp(row->label, label) == 0 &&
            strcmp(row->window, window) == 0)
            return row;
    }
    return NULL;
}
