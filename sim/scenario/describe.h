// SPDX-License-Identifier: GPL-3.0-or-later
/* `isthmus describe`: parameters and metrics from the tables of the models, and the resolved values
 * of a scenario. */
#ifndef DESCRIBE_H
#define DESCRIBE_H

#include "scenario.h"

#include <stdio.h>

/* Describe all models (one line each), one model (all parameters with unit, default, range, meaning
 * and source; all metrics; its kinds), one kind, parameter or metric, or a scenario (every resolved
 * value and its origin: file:line, default with its source, --set). */
void describe_models(const struct registry *registry, FILE *out, bool json);
/* `name`: a model's name or its section, with ".KIND" one of its kinds, with ".PARAMETER" one
 * parameter or all that begin so; or a metric. -1 and a suggestion if unknown. */
int describe_model(const struct registry *registry, const char *name, FILE *out, bool json,
                   struct diag *diag);
/* Whether there is such a model; text after a dot is ignored. */
bool describe_knows(const struct registry *registry, const char *name);
void describe_scenario(const struct scenario *scenario, FILE *out, bool json);
/* `describe --presets`: the values of each preset, what it omits, and its source. `model` (name or
 * section) and `name` may be NULL: all. -1 and a suggestion if there is none. */
int describe_presets(const struct registry *registry, const char *model, const char *name,
                     FILE *out, bool json, struct diag *diag);
/* `describe --service-metrics`: metrics under the names by which services publish them, of all
 * models and kinds, or the one of a name. -1 and a suggestion if there is none. */
int describe_service_metrics(const struct registry *registry, const char *name, FILE *out,
                             bool json, struct diag *diag);
/* Markdown tables of parameters, metrics and kinds, for a page; `name` as above. */
int describe_markdown(const struct registry *registry, const char *name, FILE *out,
                      struct diag *diag);

#endif
