// SPDX-License-Identifier: GPL-3.0-or-later
/* The values of a loaded scenario, by path. */
#ifndef SCENARIO_VALUES_H
#define SCENARIO_VALUES_H

#include "scenario.h"

/* The resolved value at a path, as text ("300ms", or a list), valid as long as the scenario; NULL
 * if there is none, or if regions or links have different values. O(parameters). */
const char *scenario_value(const struct scenario *scenario, const char *path);
/* Call back for each parameter; texts are valid during the call. `source` is that of its default.
 */
void scenario_each_value(const struct scenario *scenario,
                         void (*visit)(void *self, const char *path, const char *value,
                                       const char *source, const char *meaning),
                         void *self);
/* Call back for each parameter that is an assumption and has its default value. */
void scenario_each_assumption(const struct scenario *scenario,
                              void (*visit)(void *self, const char *path, const char *value,
                                            const char *meaning),
                              void *self);

#endif
