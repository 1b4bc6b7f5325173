// SPDX-License-Identifier: GPL-3.0-or-later
/* Lint: settings that are allowed but probably not intended, by the lint rows of the models and
 * kinds of a scenario (model_rows.h). */
#ifndef LINT_H
#define LINT_H

#include "scenario.h"

struct lint_finding {
    const struct lint_row *row;
    const char *instance; /* the first affected instance: "app_tier/us-west-1" */
    size_t more;          /* number of other affected instances, or items of a list */
};
/* One call for each row that applies, by model. O(rows x instances). */
void scenario_lint(const struct scenario *scenario,
                   void (*found)(void *self, const struct lint_finding *finding), void *self);

#endif
