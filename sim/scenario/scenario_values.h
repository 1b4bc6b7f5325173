// SPDX-License-Identifier: GPL-3.0-or-later
/* The values of a loaded scenario, by path. */
#ifndef SCENARIO_VALUES_H
#define SCENARIO_VALUES_H

#include "scenario.h"

/* The resolved value at a path, as text ("300ms", or a list), valid as long as the scenario; NULL
 * where there is none, or where regions or links differ in it. O(parameters). */
const char *scenario_value(const struct scenario *scenario, const char *path);
/* The parameters that are assumptions and were left at their default, one a callback. */
void scenario_each_assumption(const struct scenario *scenario,
                              void (*tell)(void *self, const char *path, const char *value,
                                           const char *meaning),
                              void *self);

#endif
