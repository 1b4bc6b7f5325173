// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Statistics whose replications fall into two groups (two_groups.h), so that one mean describes
 * neither. Private to report.
 */
#ifndef STATISTIC_GROUPS_H
#define STATISTIC_GROUPS_H

#include "query.h"
#include "units.h"

struct statistic_groups {
    int64_t point;
    char *text; /* "write_failure_rate{window=after}" */
    enum unit unit;
    struct interval low, high; /* of each group */
    double low_max, high_min;  /* what lies between them */
};
struct statistic_groups_list {
    struct statistic_groups *items;
    size_t count, capacity;
};

/*
 * Append the statistic that an expectation's text begins with, if its replications fall into two
 * groups and it is not there yet. A text that names none is ignored. 0, or -1 with the error
 * reported.
 */
int statistic_groups_find(struct statistic_groups_list *list, struct results *results,
                          const struct study_row *study, int64_t point, const char *text,
                          struct diag *diag);
void statistic_groups_release(struct statistic_groups_list *list);

#endif
