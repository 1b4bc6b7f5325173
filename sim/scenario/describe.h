// SPDX-License-Identifier: GPL-3.0-or-later
/* What can be set and what is measured, from the tables of the models; what a scenario came to,
 * from its values. */
#ifndef DESCRIBE_H
#define DESCRIBE_H

#include "scenario.h"

#include <stdio.h>

/* `isthmus describe`: of a model (all parameters: name, unit, default, range, meaning, source; all
 * metrics; its kinds), of one kind of it, of all models in a line each, or of a scenario: every
 * resolved value and where it came from (file:line, default with its source, --set). */
void describe_models(const struct registry *registry, FILE *out, bool json);
/* `name`: a model's name or its section, and with ".KIND" one kind of it; -1 and a suggestion where
 * unknown. */
int describe_model(const struct registry *registry, const char *name, FILE *out, bool json,
                   struct diag *diag);
/* Is there such a model? Whatever follows a dot is not looked at. */
bool describe_knows(const struct registry *registry, const char *name);
void describe_scenario(const struct scenario *scenario, FILE *out, bool json);
/* `describe --presets`: each with what it sets, what the real thing has besides, and its source.
 * `model` (name or section) and `name` may be NULL: of all. -1 and a suggestion where there is
 * none. */
int describe_presets(const struct registry *registry, const char *model, const char *name,
                     FILE *out, bool json, struct diag *diag);
/* `describe --service-metrics`: metrics under the names by which services publish them, of all
 * models and kinds. */
void describe_service_metrics(const struct registry *registry, FILE *out, bool json);
/* Markdown tables of parameters, metrics and kinds, for a page; `name` as above. */
int describe_markdown(const struct registry *registry, const char *name, FILE *out,
                      struct diag *diag);

#endif
