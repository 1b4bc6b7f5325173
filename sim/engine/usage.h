// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Billed usage of a run: rows supplied by models and kinds (model_rows.h), summed at the end of the
 * run by item of a price list. The cost model does not depend on the models or kinds.
 */
#ifndef USAGE_H
#define USAGE_H

#include "model_rows.h"
#include "probe.h"

#include <stddef.h>

struct usage_entry {
    const struct usage_row *row;
    const void *state; /* of the instance, if the row has an `amount` */
};
struct usage_list {
    struct usage_entry *entries;
    size_t count, capacity;
};

/* Add the rows of a model or kind that name a metric, once for all its instances. */
void usage_list_add_metrics(struct usage_list *list, const struct model_rows *rows);
/* Add its rows that have an amount, for one instance. */
void usage_list_add_amounts(struct usage_list *list, const struct model_rows *rows,
                            const void *state);
void usage_list_release(struct usage_list *list);

/* Usage of one item since the start of the run; 0 if there is none. O(rows). */
double usage_total(const struct usage_list *list, const struct probes *probes, const char *item);

#endif
