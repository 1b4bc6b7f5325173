// SPDX-License-Identifier: GPL-3.0-or-later
/* The statistics of a study in memory, found by name, region, label and window. Private to report.
 */
#ifndef STATISTIC_TABLE_H
#define STATISTIC_TABLE_H

#include "query.h"
#include "units.h"

/* The table owns its texts. Missing texts are "", the region of a total is "all". */
struct statistic_row {
    int64_t point;
    char *metric, *stat, *region, *label_name, *label, *window;
    enum unit unit;
    struct interval interval;
    uint64_t censored; /* runs in which it was not known at the end */
};
struct statistic_table {
    struct statistic_row *rows; /* in the order of results_each_summary() */
    size_t count, capacity;
    size_t *starts; /* by point: its first row; after the last point: count */
    size_t start_count, start_capacity;
    char **regions; /* in order of first appearance, without "all" */
    size_t region_count, region_capacity;
};

/* 0, or -1 with an error. metric NULL: all. */
int statistic_table_load(struct statistic_table *table, struct results *results, int64_t study,
                         const char *metric, struct diag *diag);
/* The same over only the runs that were stuck, or only those that were not (query.h). */
int statistic_table_load_of(struct statistic_table *table, struct results *results, int64_t study,
                            bool stuck, struct diag *diag);
void statistic_table_release(struct statistic_table *table);
/* NULL if there is none. O(rows of the point). */
const struct statistic_row *statistic_table_find(const struct statistic_table *table, int64_t point,
                                                 const char *metric, const char *stat,
                                                 const char *region, const char *label,
                                                 const char *window);
/* Add `name` to a list of texts unless it contains it; returns its index. */
size_t text_list_add(char ***texts, size_t *count, size_t *capacity, const char *name);
void text_list_release(char ***texts, size_t *count, size_t *capacity);

#endif
