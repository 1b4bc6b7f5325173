// SPDX-License-Identifier: GPL-3.0-or-later
#include "point_set.h"

#include "mem.h"

#include <stdlib.h>

void point_set_release(struct point_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        for (size_t j = 0; j < set->points[i].param_count; j++) {
            free((char *)(uintptr_t)set->points[i].params[j].path);
            free((char *)(uintptr_t)set->points[i].params[j].value);
        }
        free((struct study_param *)(uintptr_t)set->points[i].params);
        scenario_free(set->scenarios[i]);
    }
    free(set->scenarios);
    free(set->points);
    *set = (struct point_set){NULL, NULL, 0};
}

void point_set_add(struct point_set *set, struct scenario *scenario, struct study_param *params,
                   size_t param_count)
{
    set->scenarios = mem_realloc(set->scenarios, set->count + 1, sizeof *set->scenarios);
    set->points = mem_realloc(set->points, set->count + 1, sizeof *set->points);
    set->scenarios[set->count] = scenario;
    set->points[set->count++] = (struct study_point){scenario, params, param_count};
}

void point_label_add(struct strbuf *out, const struct study_point *point)
{
    for (size_t i = 0; i < point->param_count; i++)
        strbuf_addf(out, "%s%s=%s", i > 0 ? ", " : "", point->params[i].path,
                    point->params[i].value);
    if (point->param_count == 0)
        strbuf_add(out, "base");
}
