// SPDX-License-Identifier: GPL-3.0-or-later
/* What an editor needs to complete and check a scenario file. */
#ifndef JSON_SCHEMA_H
#define JSON_SCHEMA_H

#include "known_models.h"

#include <stdio.h>

/* JSON Schema (2020-12) of scenario files, for editors. */
void scenario_write_schema(const struct registry *registry, FILE *out);

#endif
