// SPDX-License-Identifier: GPL-3.0-or-later
/* Lint: settings that are allowed but probably not intended, by the lint rows of the models and
 * kinds of a scenario (model_rows.h). */
#ifndef LINT_H
#define LINT_H

#include "scenario.h"

/*
 * Add a warning to `diag` for each row that applies, at the row's parameter in the first instance
 * that it applies to; where that has its default, at the section, else the file:
 *
 *   t.yaml:3:23: warning: app-deep-health: app_tier/us-west-1 and 1 more: 'health.depth: ...
 *
 * Never called by a run. O(rows x configs).
 */
void scenario_lint(const struct scenario *scenario, struct diag *diag);

#endif
