// SPDX-License-Identifier: GPL-3.0-or-later
/* The points of a study and all that they own. A zero-initialised set is empty. */
#ifndef POINT_SET_H
#define POINT_SET_H

#include "result.h"
#include "strbuf.h"

struct point_set {
    struct scenario **scenarios;
    struct study_point *points;
    size_t count;
};

/* Add a point. The set takes ownership of the scenario and of `params`, which may be NULL if the
 * count is 0. */
void point_set_add(struct point_set *set, struct scenario *scenario, struct study_param *params,
                   size_t param_count);
void point_set_release(struct point_set *set);

/* "client.timeout=300ms, client.retry.attempts=2", or "base". Appends. */
void point_label_add(struct strbuf *out, const struct study_point *point);

#endif
