// SPDX-License-Identifier: GPL-3.0-or-later
/* The axes that a command varies: those of the scenario's `sweep` and of --sweep, except those that
 * --set fixes. */
#ifndef AXES_H
#define AXES_H

#include "design.h"
#include "study_command.h"
#include "sweep_axis.h"

struct axis_list {
    const struct sweep_axis **items;
    size_t count;
    struct sweep_axis *own; /* axes of the command line */
    size_t own_count;
};
/* `texts`: "path=values"; replaces an axis of the scenario with the same path. False with the error
 * printed. */
bool axis_list_make(struct axis_list *axes, const struct scenario *scenario,
                    const struct text_list *texts, const struct text_list *sets);
void axis_list_release(struct axis_list *axes);
/* Load a point into the set for each row of values; false with all errors printed. */
bool axis_list_load(const struct invocation *invocation, const struct axis_list *axes,
                    char *const *values, size_t point_count, struct point_set *set, int *code);

#endif
