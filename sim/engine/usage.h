// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What a run has used of things that are paid for: rows that models and kinds supply
 * (model_rows.h), summed at the end of the run by the item of a price list. So who knows the prices
 * knows neither the models nor the kinds.
 */
#ifndef USAGE_H
#define USAGE_H

#include "model_rows.h"
#include "probe.h"

#include <stddef.h>

struct usage_entry {
    const struct usage_row *row;
    const void *state; /* of the instance, where the row has an `amount` */
};
struct usage_list {
    struct usage_entry *entries;
    size_t count, capacity;
};

/* The rows of a model or kind that name a metric, once for all its instances. */
void usage_list_add_metrics(struct usage_list *list, const struct model_rows *rows);
/* Its rows that have an amount, for one instance. */
void usage_list_add_amounts(struct usage_list *list, const struct model_rows *rows,
                            const void *state);
void usage_list_release(struct usage_list *list);

/* Of one item, over the whole run so far; 0 where nobody uses it. O(rows). */
double usage_total(const struct usage_list *list, const struct probes *probes, const char *item);

#endif
